/** The bounds of the runtime. Every queue in it is under one of them. */
export interface RuntimeLimits {
  /** Asks of one reference that have not been answered yet. */
  readonly asks: number;
  /** Tells of one reference whose handlers have not run yet. */
  readonly tells: number;
  /** Events of one subscription that are on their way to the subscriber's thread. */
  readonly eventsInFlight: number;
  /** Events of one subscription that the emitter keeps back once that many are on their way. */
  readonly eventsQueued: number;
  /** Deadline of an ask that names none, milliseconds. */
  readonly askDeadlineMs: number;
}

export const DEFAULT_LIMITS: RuntimeLimits = {
  asks: 1024,
  tells: 1024,
  eventsInFlight: 1024,
  eventsQueued: 4096,
  askDeadlineMs: 30_000,
};

/**
 * How many messages a receiver handles before it returns their credits in one acknowledgement: often enough that the
 * sender never runs dry while the receiver keeps up, rarely enough that acknowledgements cost little.
 */
export function creditBatch(limit: number): number {
  return Math.max(1, limit >> 2);
}
