/** A seeded source of random numbers whose values favour the corners of integer arithmetic (xorshift128). */
export class Random {
  readonly #state: Uint32Array;

  constructor(seed: number) {
    this.#state = new Uint32Array(4);
    let word = seed >>> 0;
    for (let i = 0; i < 4; i++) {
      word = (word + 0x9e3779b9) >>> 0;
      let mixed = Math.imul(word ^ (word >>> 16), 0x85ebca6b);
      mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
      this.#state[i] = (mixed ^ (mixed >>> 16)) | (i === 0 ? 1 : 0);
    }
  }

  /** 32 random bits. */
  u32(): number {
    const s = this.#state;
    let t = s[3] ?? 0;
    t ^= t << 11;
    t ^= t >>> 8;
    s[3] = s[2] ?? 0;
    s[2] = s[1] ?? 0;
    const first = s[0] ?? 0;
    s[1] = first;
    s[0] = t ^ first ^ (first >>> 19);
    return s[0];
  }

  /** 0 to n - 1. */
  below(n: number): number {
    return this.u32() % n;
  }

  /** From `low` to `high`, both included. */
  between(low: number, high: number): number {
    return low + this.below(high - low + 1);
  }

  /** True with the given probability. */
  chance(probability: number): boolean {
    return this.u32() < probability * 0x100000000;
  }

  pick<T>(values: readonly T[]): T {
    const value = values[this.below(values.length)];
    if (value === undefined) throw new RangeError('Cannot pick from an empty list');
    return value;
  }

  /** 64 bits: often zero, small, all ones, a power of two or a neighbour of one. */
  u64(): bigint {
    switch (this.below(8)) {
      case 0:
        return BigInt.asUintN(64, BigInt(this.between(-2, 2)));
      case 1:
        return BigInt(this.below(256));
      case 2:
        return BigInt.asUintN(64, (1n << BigInt(this.below(64))) + BigInt(this.between(-1, 1)));
      case 3:
        return BigInt.asUintN(64, -BigInt(this.u32()));
      case 4:
        return BigInt(this.u32());
      default:
        return (BigInt(this.u32()) << 32n) | BigInt(this.u32());
    }
  }
}
