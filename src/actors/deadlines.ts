import type { Clock } from './clock.ts';

/** Something with a deadline. It carries the list that it waits in, so that starting and ending one costs no timer. */
export interface DeadlineEntry {
  /** When it expires, on the clock of its `Deadlines`; set while it waits. */
  due: number;
  lane: DeadlineLane | undefined;
  previous: DeadlineEntry | undefined;
  next: DeadlineEntry | undefined;
  /** Its time has come; it waits no more. */
  expired(afterMs: number): void;
}

/** The longest delay that Node's timers take; what is longer counts as never. */
const LONGEST_DELAY_MS = 0x7fff_ffff;

/**
 * Deadlines by the thousand, nearly all of which are called off: one timer for all of the same length, set for the oldest,
 * and set anew only when it fires. A timer for each would cost as much as the message whose answer it guards. It keeps
 * no process alive; the links of the actors do.
 */
export class Deadlines {
  readonly #clock: Clock;
  readonly #lanes = new Map<number, DeadlineLane>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Lets `entry` expire after `ms` milliseconds; never, if that is longer than timers can hold. */
  start(entry: DeadlineEntry, ms: number): void {
    if (ms > LONGEST_DELAY_MS) {
      return;
    }
    let lane = this.#lanes.get(ms);
    if (lane === undefined) {
      lane = new DeadlineLane(this.#clock, ms, () => this.#lanes.delete(ms));
      this.#lanes.set(ms, lane);
    }
    lane.add(entry);
  }
}

/** Deadlines of one length, which therefore expire in the order in which they were started. */
export class DeadlineLane {
  readonly #clock: Clock;
  readonly #ms: number;
  readonly #idle: () => void;
  #first: DeadlineEntry | undefined;
  #last: DeadlineEntry | undefined;
  #armed = false;

  /** @param idle called when the timer has found nothing to wait for */
  constructor(clock: Clock, ms: number, idle: () => void) {
    this.#clock = clock;
    this.#ms = ms;
    this.#idle = idle;
  }

  add(entry: DeadlineEntry): void {
    entry.due = this.#clock.now() + this.#ms;
    entry.lane = this;
    entry.previous = this.#last;
    if (this.#last === undefined) {
      this.#first = entry;
    } else {
      this.#last.next = entry;
    }
    this.#last = entry;
    if (!this.#armed) {
      this.#arm(this.#ms);
    }
  }

  /** Calls the deadline off. */
  remove(entry: DeadlineEntry): void {
    if (entry.previous === undefined) {
      this.#first = entry.next;
    } else {
      entry.previous.next = entry.next;
    }
    if (entry.next === undefined) {
      this.#last = entry.previous;
    } else {
      entry.next.previous = entry.previous;
    }
    entry.lane = undefined;
    entry.previous = undefined;
    entry.next = undefined;
  }

  #arm(ms: number): void {
    this.#armed = true;
    this.#clock.after(ms, () => this.#fire(), { background: true });
  }

  #fire(): void {
    this.#armed = false;
    const now = this.#clock.now();
    // Node's timers count whole milliseconds and may fire a fraction of one before the time on the clock.
    for (let entry = this.#first; entry !== undefined && entry.due < now + 1; entry = this.#first) {
      this.remove(entry);
      entry.expired(this.#ms);
    }
    if (this.#first !== undefined) {
      this.#arm(this.#first.due - now);
    } else if (!this.#armed) {
      this.#idle();
    }
  }
}
