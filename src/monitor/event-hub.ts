/**
 * Events on their way to the monitors: stamped, limited in rate where the protocol says so, handed to every listener.
 *
 * The limit is global per event name, on the monotonic clock: the first event passes at once and opens a window;
 * later ones inside the window replace each other, and the newest goes out, with its own time stamp, when the window
 * ends, which opens the next.
 */
import type { QmpObject } from '../qapi/json-value.ts';
import type { QmpEventName, QmpEvents } from '../qapi/qmp-types.generated.ts';
import { qmpSchema } from '../qapi/schema-file.ts';
import type { MonitorClock } from './monitor-clock.ts';

/** An event as a client sees it. */
export interface QmpEvent {
  readonly event: string;
  readonly data: QmpObject | undefined;
  /** Host wall clock at creation. */
  readonly seconds: number;
  readonly microseconds: number;
}

export type EventListener = (event: QmpEvent) => void;

interface RateLimit {
  readonly intervalMs: number;
  /** Running while a window is open. */
  window: Disposable | undefined;
  /** The newest event that waits for the window's end. */
  pending: QmpEvent | undefined;
}

export class EventHub {
  readonly #clock: MonitorClock;
  readonly #listeners = new Set<EventListener>();
  readonly #limits = new Map<string, RateLimit>();

  constructor(clock: MonitorClock) {
    this.#clock = clock;
    for (const [name, event] of Object.entries(qmpSchema.events)) {
      if (event.rate_limit_ms > 0) {
        this.#limits.set(name, { intervalMs: event.rate_limit_ms, window: undefined, pending: undefined });
      }
    }
  }

  subscribe(listener: EventListener): Disposable {
    this.#listeners.add(listener);
    return { [Symbol.dispose]: () => this.#listeners.delete(listener) };
  }

  /** Raises an event of the monitor's own thread, stamped with the present time. */
  raise<E extends QmpEventName>(event: E, data?: QmpEvents[E] & QmpObject): void {
    this.publish({ event, data, ...this.#clock.wallTime() });
  }

  /** Passes on an event that its owner has stamped. */
  publish(event: QmpEvent): void {
    const limit = this.#limits.get(event.event);
    if (limit === undefined) {
      this.#deliver(event);
    } else if (limit.window === undefined) {
      this.#openWindow(limit);
      this.#deliver(event);
    } else {
      limit.pending = event;
    }
  }

  /** Drops what waits for a window's end. */
  close(): void {
    for (const limit of this.#limits.values()) {
      limit.window?.[Symbol.dispose]();
      limit.window = undefined;
      limit.pending = undefined;
    }
  }

  #openWindow(limit: RateLimit): void {
    const atEnd = (): void => {
      limit.window = undefined;
      const newest = limit.pending;
      if (newest !== undefined) {
        limit.pending = undefined;
        this.#openWindow(limit);
        this.#deliver(newest);
      }
    };
    limit.window = this.#clock.after(limit.intervalMs, atEnd, { background: true });
  }

  #deliver(event: QmpEvent): void {
    for (const listener of this.#listeners) {
      listener(event);
    }
  }
}
