/** A moment on the host's wall clock, as QMP's events carry it. */
export interface WallTime {
  readonly seconds: number;
  readonly microseconds: number;
}

export type WallClock = () => WallTime;

/** How far the monotonic clock may have drifted from the wall clock, in ms, before its finer digits are not used. */
const STEP_MS = 2;

/** The host's wall clock, in microseconds where the monotonic clock lends them. */
export const hostWallClock: WallClock = () => {
  const fine = performance.timeOrigin + performance.now();
  const wall = Date.now();
  const milliseconds = Math.abs(fine - wall) < STEP_MS ? fine : wall;
  const seconds = Math.floor(milliseconds / 1000);
  return { seconds, microseconds: Math.floor((milliseconds - seconds * 1000) * 1000) };
};
