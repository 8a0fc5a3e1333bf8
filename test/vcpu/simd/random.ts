/** A small reproducible generator (xorshift128) and the vector operands made from it. */
const SINGLES = [
  0, 0x80000000, 0x3f800000, 0xbf800000, 0x7f800000, 0xff800000, 0x7fc00000, 0xffc12345, 0x7f800001,
  0xff8abcde, 0x00000001, 0x807fffff, 0x00400000, 0x00800000, 0x80800000, 0x7f7fffff, 0xff7fffff, 0x4f000000,
  0xcf000000, 0x4effffff, 0x5f000000, 0xdf000000, 0x3f000000, 0x40200000, 0xbfc00000, 0x3effffff, 0x33800000,
  0x4b7fffff, 0x477fe000, 0x477ff000, 0x33000000, 0x38800000, 0x387fffff,
] as const;
const DOUBLES = [
  0n,
  0x8000000000000000n,
  0x3ff0000000000000n,
  0xbff0000000000000n,
  0x7ff0000000000000n,
  0xfff0000000000000n,
  0x7ff8000000000000n,
  0xfff8123456789abcn,
  0x7ff0000000000001n,
  0xfff4000000000000n,
  1n,
  0x800fffffffffffffn,
  0x0008000000000000n,
  0x0010000000000000n,
  0x8010000000000000n,
  0x7fefffffffffffffn,
  0xffefffffffffffffn,
  0x41e0000000000000n,
  0xc1e0000000000000n,
  0x41dfffffffe00000n,
  0xc1e0000000100000n,
  0x43e0000000000000n,
  0xc3e0000000000000n,
  0x3fe0000000000000n,
  0x4004000000000000n,
  0xbff8000000000000n,
  0x47efffffe0000000n,
  0x47efffffefffffffn,
  0x3690000000000000n,
  0x36a0000000000000n,
  0x380fffffffffffffn,
  0x3810000000000000n,
] as const;

export class Random {
  #a: number;
  #b = 0x9e3779b9;
  #c = 0x243f6a88;
  #d = 0xb7e15162;

  constructor(seed: number) {
    this.#a = seed | 1;
    for (let i = 0; i < 16; i++) this.u32();
  }

  u32(): number {
    const t = this.#a ^ (this.#a << 11);
    this.#a = this.#b;
    this.#b = this.#c;
    this.#c = this.#d;
    this.#d = (this.#d ^ (this.#d >>> 19) ^ t ^ (t >>> 8)) | 0;
    return this.#d >>> 0;
  }

  /** An integer in 0..limit-1. */
  below(limit: number): number {
    return Math.floor((this.u32() / 4294967296) * limit);
  }

  pick<T>(from: readonly T[]): T {
    return from[this.below(from.length)] as T;
  }

  u64(): bigint {
    return (BigInt(this.u32()) << 32n) | BigInt(this.u32());
  }

  single(): number {
    if (this.below(3) === 0) return this.pick(SINGLES);
    // Exponents near those of ordinary numbers meet each other more often than evenly spread ones.
    const exponent = this.below(4) ? 110 + this.below(40) : this.below(256);
    const fraction = this.below(2) ? this.u32() & 0x7fffff : (this.u32() & 0x7f) << 16;
    return ((this.u32() & 0x80000000) | (exponent << 23) | fraction) >>> 0;
  }

  double(): bigint {
    if (this.below(3) === 0) return this.pick(DOUBLES);
    const exponent = BigInt(this.below(4) ? 1000 + this.below(70) : this.below(2048));
    const fraction = this.below(2) ? this.u64() & 0xfffffffffffffn : BigInt(this.u32() & 0xff) << 44n;
    return (BigInt(this.u32() & 1) << 63n) | (exponent << 52n) | fraction;
  }

  /** Fills 32 bytes: singles, doubles, random bytes, small integers, or extremes of integers. */
  fill(view: DataView, at: number, bytes: number, kind: number): void {
    for (let i = 0; i < bytes; i += 8) {
      if (kind < 3) {
        view.setUint32(at + i, this.single(), true);
        view.setUint32(at + i + 4, this.single(), true);
      } else if (kind < 6) {
        view.setBigUint64(at + i, this.double(), true);
      } else if (kind < 8) {
        view.setBigUint64(at + i, this.u64(), true);
      } else if (kind < 9) {
        for (let j = 0; j < 8; j += 2) view.setUint16(at + i + j, this.below(40) - 8, true);
      } else {
        for (let j = 0; j < 8; j++)
          view.setUint8(at + i + j, this.pick([0, 1, 0x7f, 0x80, 0xff, 0x30, 0x61, 0x7a]));
      }
    }
  }
}
