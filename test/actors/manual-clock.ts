import type { Clock } from '../../src/actors/clock.ts';

interface Timer {
  due: number;
  callback: () => void;
}

/** A clock that stands still until the test moves it. Timers fire in order of their due times. */
export class ManualClock implements Clock {
  /** Threads that share a processor. */
  threadsPerProcessor = 1;
  #now = 0;
  readonly #timers = new Set<Timer>();

  now(): number {
    return this.#now;
  }

  crowding(): number {
    return this.threadsPerProcessor;
  }

  get pending(): number {
    return this.#timers.size;
  }

  after(ms: number, callback: () => void): Disposable {
    const timer = { due: this.#now + ms, callback };
    this.#timers.add(timer);
    return {
      [Symbol.dispose]: () => {
        this.#timers.delete(timer);
      },
    };
  }

  advance(ms: number): void {
    const end = this.#now + ms;
    for (let next = this.#next(end); next !== undefined; next = this.#next(end)) {
      this.#timers.delete(next);
      this.#now = next.due;
      next.callback();
    }
    this.#now = end;
  }

  #next(end: number): Timer | undefined {
    return [...this.#timers].filter((timer) => timer.due <= end).sort((a, b) => a.due - b.due)[0];
  }
}
