/** The monitors' time: injected, so that rate limits and deadlines are tested without waiting. */
export interface MonitorClock {
  /** Milliseconds of the host's monotonic clock. */
  monotonicMs(): number;
  /** Microseconds of the host's wall clock since 1970. */
  wallMicroseconds(): number;
  /** Calls back once after `delayMs`; does not keep the process alive. */
  after(delayMs: number, callback: () => void): Disposable;
}

export const hostClock: MonitorClock = {
  monotonicMs: () => performance.now(),
  wallMicroseconds: () => Math.round((performance.timeOrigin + performance.now()) * 1000),
  after(delayMs, callback) {
    const timer = setTimeout(callback, delayMs);
    timer.unref();
    return { [Symbol.dispose]: () => clearTimeout(timer) };
  },
};
