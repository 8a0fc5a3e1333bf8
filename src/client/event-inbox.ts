/** Events that nobody has waited for yet, so that whoever waits a moment too late still gets them. */
import type { EventData, EventName, QmpEvent } from './qmp-protocol.ts';

/** Events that are kept, the newest. */
const CAPACITY = 1024;

export interface EventFilter<E extends string> {
  readonly name: E;
  readonly where: (data: EventData<E>) => boolean;
}

interface Waiter {
  /** Whether it took the event; it is not asked again then. */
  offer(event: QmpEvent): boolean;
}

/** Keeps events from the beginning of the session. One that was waited for, and came, is not given again. */
export class EventInbox {
  readonly #kept: QmpEvent[] = [];
  readonly #waiters = new Set<Waiter>();

  /** Gives an event to everyone who waits for it, or keeps it. */
  deliver(event: QmpEvent): void {
    const takers = [...this.#waiters].filter((waiter) => waiter.offer(event));
    for (const taker of takers) {
      this.#waiters.delete(taker);
    }
    if (takers.length === 0 && this.#kept.push(event) > CAPACITY) {
      this.#kept.shift();
    }
  }

  /** The oldest kept event that fits, which is kept no longer. Throws what `where` throws. */
  take<E extends EventName>(filter: EventFilter<E>): QmpEvent<E> | undefined {
    for (const [place, event] of this.#kept.entries()) {
      if (fits(event, filter)) {
        this.#kept.splice(place, 1);
        return event;
      }
    }
    return undefined;
  }

  /** Calls `taken` once with the next event that fits, or `failed` with what `where` throws. Disposing ends the wait. */
  wait<E extends EventName>(
    filter: EventFilter<E>,
    taken: (event: QmpEvent<E>) => void,
    failed: (error: unknown) => void,
  ): Disposable {
    const waiter: Waiter = {
      offer(event) {
        try {
          if (!fits(event, filter)) {
            return false;
          }
          taken(event);
        } catch (error) {
          failed(error);
        }
        return true;
      },
    };
    this.#waiters.add(waiter);
    return { [Symbol.dispose]: () => this.#waiters.delete(waiter) };
  }
}

function fits<E extends EventName>(event: QmpEvent, filter: EventFilter<E>): event is QmpEvent<E> {
  return event.event === filter.name && filter.where((event as QmpEvent<E>).data);
}
