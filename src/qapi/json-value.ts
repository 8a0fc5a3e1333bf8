/**
 * JSON as QMP has it: integers are 64-bit and exact, and an integer is not a float (`1` and `1.0` are different
 * types to the schema). There is no null on the wire.
 */

/** A number that was written as a float (`1.0`, `1e3`, or an integer beyond 64 bits). */
export class QmpFloat {
  readonly value: number;

  constructor(value: number) {
    this.value = value;
  }
}

/** Integers are `number` while safe and `bigint` beyond ±(2^53−1). Plain objects keep the order of insertion. */
export type QmpJson = string | boolean | number | bigint | QmpFloat | readonly QmpJson[] | QmpObject;

export interface QmpObject {
  readonly [member: string]: QmpJson;
}
