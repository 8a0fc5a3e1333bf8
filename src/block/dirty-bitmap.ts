/**
 * Which parts of a disk have changed, in memory that several threads share: the storage thread marks what it has written, a
 * block job's thread takes what it is going to copy.
 *
 * The shared words: word 0 is the number of dirty granules, the others hold a bit for each granule. All of them are touched
 * with `Atomics` only, so anybody may mark and take. A bit is changed before the count, so the count may lag, but it is right
 * whenever nobody is in the middle of a change. Nobody is woken.
 */

const BITS_A_WORD = 32;
const COUNT = 0;
const FIRST_WORD = 1;

const ALL = -1;

/** How many bits of a 32-bit word are set. */
function bitsIn(word: number): number {
  let pairs = word - ((word >>> 1) & 0x55555555);
  pairs = (pairs & 0x33333333) + ((pairs >>> 2) & 0x33333333);
  return Math.imul((pairs + (pairs >>> 4)) & 0x0f0f0f0f, 0x01010101) >>> 24;
}

/** A bitmap as it is sent between threads. */
export interface SharedBitmap {
  readonly words: SharedArrayBuffer;
  /** Length of the disk in bytes. */
  readonly bytes: number;
  /** Bytes that a bit stands for; a power of two. */
  readonly granularity: number;
}

/** Bytes of a disk, from `offset` on. */
export interface DirtyRange {
  readonly offset: number;
  readonly bytes: number;
}

export class DirtyBitmap {
  readonly shared: SharedBitmap;
  readonly #words: Int32Array;
  readonly #granules: number;

  constructor(shared: SharedBitmap) {
    this.shared = shared;
    this.#words = new Int32Array(shared.words);
    this.#granules = Math.ceil(shared.bytes / shared.granularity);
  }

  /** A bitmap of a clean disk. Throws RangeError where the host has no memory for it. */
  static allocate(bytes: number, granularity: number): DirtyBitmap {
    const words = FIRST_WORD + Math.ceil(Math.ceil(bytes / granularity) / BITS_A_WORD);
    const memory = new SharedArrayBuffer(words * Int32Array.BYTES_PER_ELEMENT);
    return new DirtyBitmap({ words: memory, bytes, granularity });
  }

  get granularity(): number {
    return this.shared.granularity;
  }

  /** Dirty granules, in bytes; no more than the disk has. */
  get dirtyBytes(): number {
    const granules = Math.max(0, Atomics.load(this.#words, COUNT));
    return Math.min(granules * this.granularity, this.shared.bytes);
  }

  /** Every granule that the range touches is dirty from now on. */
  mark(offset: number, bytes: number): void {
    this.#change(offset, bytes, true);
  }

  /** Every granule that the range touches is clean from now on. */
  clear(offset: number, bytes: number): void {
    this.#change(offset, bytes, false);
  }

  /** Whether the granule that byte lies in is dirty. */
  isDirty(offset: number): boolean {
    return this.#has(Math.floor(offset / this.granularity));
  }

  /**
   * The first dirty granules from byte `from` on, as far as they are in a row, but at most `most` bytes (at least a granule).
   * Undefined when there are none up to the end of the disk.
   */
  next(from: number, most: number): DirtyRange | undefined {
    const { granularity, bytes } = this.shared;
    const first = this.#firstFrom(Math.floor(from / granularity));
    if (first === undefined) return undefined;
    const limit = Math.max(1, Math.floor(most / granularity));
    let end = first + 1;
    while (end < this.#granules && end - first < limit && this.#has(end)) end += 1;
    const offset = first * granularity;
    return { offset, bytes: Math.min(end * granularity, bytes) - offset };
  }

  /** The same, and they are clean from now on: their taker is the one who deals with them. */
  take(from: number, most: number): DirtyRange | undefined {
    const range = this.next(from, most);
    if (range !== undefined) this.clear(range.offset, range.bytes);
    return range;
  }

  #has(granule: number): boolean {
    const word = Atomics.load(this.#words, FIRST_WORD + Math.floor(granule / BITS_A_WORD));
    return (word & (1 << (granule % BITS_A_WORD))) !== 0;
  }

  #change(offset: number, bytes: number, dirty: boolean): void {
    const { granularity } = this.shared;
    const end = Math.min(Math.ceil((offset + bytes) / granularity), this.#granules);
    let changed = 0;
    for (let granule = Math.floor(offset / granularity); granule < end; ) {
      const first = granule % BITS_A_WORD;
      const count = Math.min(BITS_A_WORD - first, end - granule);
      const mask = (count === BITS_A_WORD ? ALL : (1 << count) - 1) << first;
      const index = FIRST_WORD + (granule - first) / BITS_A_WORD;
      const old = dirty ? Atomics.or(this.#words, index, mask) : Atomics.and(this.#words, index, ~mask);
      changed += bitsIn((dirty ? ~old : old) & mask);
      granule += count;
    }
    if (changed > 0) Atomics.add(this.#words, COUNT, dirty ? changed : -changed);
  }

  #firstFrom(granule: number): number | undefined {
    for (let at = granule; at < this.#granules; ) {
      const inWord = at % BITS_A_WORD;
      const word = Atomics.load(this.#words, FIRST_WORD + (at - inWord) / BITS_A_WORD) >>> inWord;
      if (word === 0) {
        at += BITS_A_WORD - inWord;
        continue;
      }
      const found = at + BITS_A_WORD - 1 - Math.clz32(word & -word);
      return found < this.#granules ? found : undefined;
    }
    return undefined;
  }
}
