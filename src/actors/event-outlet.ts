import { notCloneable } from './actor-error.ts';
import { Fifo } from './fifo.ts';
import { creditBatch } from './limits.ts';
import { type Link, needsCopy } from './link.ts';
import { Op } from './wire.ts';

/** The actor whose events these are. */
export interface Emitter {
  removeOutlet(outlet: EventOutlet): void;
}

/**
 * The emitter's end of one subscription. It may have `inFlight` events on their way; the subscriber returns credits as
 * its thread drains them. Without credits events wait here, at most `queued` of them; then the subscription is ended.
 */
export class EventOutlet {
  readonly subscription: number;
  readonly event: string;
  readonly link: Link;
  readonly emitter: Emitter;
  readonly #queued: number;
  readonly #waiting = new Fifo<unknown>();
  #credits: number;

  constructor(
    subscription: number,
    event: string,
    link: Link,
    emitter: Emitter,
    bounds: { inFlight: number; queued: number },
  ) {
    this.subscription = subscription;
    this.event = event;
    this.link = link;
    this.emitter = emitter;
    this.#credits = bounds.inFlight;
    this.#queued = bounds.queued;
  }

  /** Sends or keeps one event. Returns false when the subscription has overflowed and is over. */
  send(payload: unknown): boolean {
    if (this.#credits > 0) {
      this.link.post([Op.event, this.subscription, payload]);
      this.#credits--;
      return true;
    }
    if (this.#waiting.length < this.#queued) {
      this.#waiting.push(this.#snapshot(payload));
      return true;
    }
    this.#waiting.clear();
    this.link.post([Op.overflow, this.subscription]);
    return false;
  }

  /** The emitter may change its object before the event can leave. */
  #snapshot(payload: unknown): unknown {
    try {
      return needsCopy(payload) ? structuredClone(payload) : payload;
    } catch (error) {
      throw notCloneable(`Event ${this.event}`, error);
    }
  }

  /** The subscriber has drained `count` events. */
  credit(count: number): void {
    this.#credits += count;
    while (this.#credits > 0 && this.#waiting.length > 0) {
      this.#credits--;
      this.link.post([Op.event, this.subscription, this.#waiting.shift()]);
    }
  }
}

/** Counts the events that a subscriber has drained and says when to return their credits. */
export class DrainCounter {
  readonly #batch: number;
  #drained = 0;

  constructor(inFlight: number) {
    this.#batch = creditBatch(inFlight);
  }

  /** Counts one; returns the credits to return now, usually 0. */
  count(): number {
    this.#drained++;
    if (this.#drained < this.#batch) {
      return 0;
    }
    const credits = this.#drained;
    this.#drained = 0;
    return credits;
  }
}
