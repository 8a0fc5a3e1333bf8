/** Operand patterns for floating-point tests: every class and boundary, and random values drawn near them. */

/** A small seeded generator (xorshift128), so that every run and every golden file can be made again. */
export class RandomWords {
  #a: number;
  #b = 0x9e3779b9;
  #c = 0x243f6a88;
  #d = 0xb7e15162;

  constructor(seed: number) {
    this.#a = seed | 1;
    for (let i = 0; i < 16; i++) this.next();
  }

  /** The next 32 random bits. */
  next(): number {
    let t = this.#d;
    const s = this.#a;
    this.#d = this.#c;
    this.#c = this.#b;
    this.#b = s;
    t ^= t << 11;
    t ^= t >>> 8;
    this.#a = (t ^ s ^ (s >>> 19)) | 0;
    return this.#a >>> 0;
  }

  /** A random integer in [0, limit). */
  below(limit: number): number {
    return Math.floor((this.next() / 4294967296) * limit);
  }

  /** 64 random bits with a taste for long runs, few bits and round numbers. */
  bits64(): bigint {
    const raw = (BigInt(this.next()) << 32n) | BigInt(this.next());
    switch (this.below(6)) {
      case 0:
        return raw & (0xffffffffffffffffn << BigInt(this.below(64))) & 0xffffffffffffffffn;
      case 1:
        return 0xffffffffffffffffn >> BigInt(this.below(64));
      case 2:
        return ((1n << BigInt(this.below(64))) + BigInt(this.below(5)) - 2n) & 0xffffffffffffffffn;
      case 3:
        return (0xffffffffffffffffn << BigInt(this.below(64))) & 0xffffffffffffffffn;
      default:
        return raw;
    }
  }
}

/** An extended real as sign/exponent word and significand. */
export interface Extended {
  readonly se: number;
  readonly significand: bigint;
}

const TOP = 1n << 63n;
const ONES = (1n << 64n) - 1n;

const MAGNITUDES: readonly (readonly [exponent: number, significand: bigint])[] = [
  [0, 0n],
  [0, 1n],
  [0, 0x7fffffffffffffffn],
  [0, 0x0000000080000000n],
  [0, TOP],
  [0, TOP | 1n],
  [0, ONES],
  [1, TOP],
  [1, TOP | 1n],
  [1, ONES],
  [2, TOP],
  [64, TOP],
  [0x3fbe, TOP],
  [0x3fdf, 0xb504f333f9de6484n],
  [0x3ffe, TOP],
  [0x3ffe, ONES],
  [0x3ffe, 0xc90fdaa22168c235n],
  [0x3ffe, 0xb17217f7d1cf79acn],
  [0x3fff, TOP],
  [0x3fff, TOP | 1n],
  [0x3fff, 0xc000000000000000n],
  [0x3fff, 0xc90fdaa22168c235n],
  [0x3fff, 0xffffff7fffffffffn],
  [0x3fff, 0xffffff8000000000n],
  [0x3fff, 0xfffffffffffffc00n],
  [0x3fff, 0xfffffffffffffbffn],
  [0x3fff, ONES],
  [0x4000, TOP],
  [0x4000, 0xa000000000000000n],
  [0x4000, 0xc90fdaa22168c235n],
  [0x400d, ONES],
  [0x400d, 0xffff000000000000n],
  [0x400e, TOP],
  [0x401d, 0xffffffff00000000n],
  [0x401e, TOP],
  [0x403a, 0xde0b6b3a763ffff0n],
  [0x403a, 0xde0b6b3a76400000n],
  [0x403d, ONES],
  [0x403e, TOP],
  [0x403e, ONES],
  [0x407e, TOP],
  [0x3f80, TOP],
  [0x3f81, TOP],
  [0x407e, 0xffffff7fffffffffn],
  [0x3c00, ONES],
  [0x3c01, TOP],
  [0x43fe, 0xfffffffffffffbffn],
  [0x43fe, 0xfffffffffffffc00n],
  [0x7ffd, ONES],
  [0x7ffe, TOP],
  [0x7ffe, 0xffffff7fffffffffn],
  [0x7ffe, 0xfffffffffffffbffn],
  [0x7ffe, ONES],
  [0x7fff, TOP],
  [0x7fff, 0xc000000000000000n],
  [0x7fff, 0xc000000000000001n],
  [0x7fff, 0xc000000000000002n],
  [0x7fff, TOP | 1n],
  [0x7fff, TOP | 2n],
  [0x7fff, 0xbfffffffffffffffn],
  [0x7fff, ONES],
  [0x7fff, 0n],
  [0x7fff, 1n],
  [0x7fff, 0x7fffffffffffffffn],
  [0x3fff, 0x7fffffffffffffffn],
  [0x3fff, 0n],
  [1, 0n],
];

/** Every class of operand and the boundaries of the formats, both signs. */
export const SPECIAL_EXTENDED: readonly Extended[] = MAGNITUDES.flatMap(([se, significand]) => [
  { se, significand },
  { se: se | 0x8000, significand },
]);

/** A random extended real; with `near`, mostly of an exponent close to that one's. */
export function randomExtended(random: RandomWords, near?: Extended): Extended {
  const kind = random.below(32);
  if (kind === 0) return SPECIAL_EXTENDED[random.below(SPECIAL_EXTENDED.length)] as Extended;
  const sign = random.next() & 0x8000;
  if (kind === 1) return { se: random.next() & 0xffff, significand: random.bits64() };
  if (kind === 2) return { se: sign, significand: random.bits64() };
  let exponent: number;
  if (near !== undefined && kind < 20) exponent = (near.se & 0x7fff) + random.below(140) - 70;
  else if (kind < 26) exponent = 0x3fff + random.below(160) - 80;
  else if (kind < 28) exponent = random.below(80);
  else if (kind < 30) exponent = 0x7ffe - random.below(80);
  else exponent = random.below(0x7fff);
  exponent = Math.min(0x7ffe, Math.max(0, exponent));
  return { se: sign | exponent, significand: random.bits64() | TOP };
}

/** Writes an extended real as its ten bytes. */
export function writeExtended(buffer: Buffer, offset: number, value: Extended): void {
  buffer.writeBigUInt64LE(value.significand, offset);
  buffer.writeUInt16LE(value.se, offset + 8);
}
