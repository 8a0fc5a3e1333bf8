/** The monitors' time: injected, so that rate limits and deadlines are tested without waiting. */
import { type Clock, systemClock } from '../actors/clock.ts';
import { hostWallClock, type WallTime } from '../machine/wall-clock.ts';

export interface MonitorClock extends Clock {
  /** The host's wall clock, for time stamps. */
  wallTime(): WallTime;
}

export const hostClock: MonitorClock = { ...systemClock, wallTime: hostWallClock };
