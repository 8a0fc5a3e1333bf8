/** A set of sectors of a disk, in memory, as big as the parts of the disk that it has members in. */

/** Sectors a chunk: 32 MiB of disk in 8 KiB of bits. */
const CHUNK_SECTORS = 65536;
const BITS_A_BYTE = 8;
const ALL = 0xff;

export class SectorMap {
  readonly #chunks = new Map<number, Uint8Array>();

  /** Adds `count` sectors from `first` on. */
  add(first: number, count: number): void {
    for (let sector = first; sector < first + count; ) {
      const chunk = this.#chunk(Math.floor(sector / CHUNK_SECTORS));
      const bit = sector % CHUNK_SECTORS;
      if (bit % BITS_A_BYTE === 0 && first + count - sector >= BITS_A_BYTE) {
        chunk[bit / BITS_A_BYTE] = ALL;
        sector += BITS_A_BYTE;
      } else {
        const index = Math.floor(bit / BITS_A_BYTE);
        chunk[index] = (chunk[index] ?? 0) | (1 << (bit % BITS_A_BYTE));
        sector += 1;
      }
    }
  }

  has(sector: number): boolean {
    const chunk = this.#chunks.get(Math.floor(sector / CHUNK_SECTORS));
    const bit = sector % CHUNK_SECTORS;
    return ((chunk?.[Math.floor(bit / BITS_A_BYTE)] ?? 0) & (1 << (bit % BITS_A_BYTE))) !== 0;
  }

  /** How many sectors from `first` on are alike in being members or not; at most `limit`. */
  run(first: number, limit: number): number {
    const member = this.has(first);
    let sector = first + 1;
    while (sector < first + limit) {
      const step = this.#uniform(sector, member);
      if (step === 0) {
        break;
      }
      sector += step;
    }
    return Math.min(sector - first, limit);
  }

  /** Takes every sector from `first` on out. */
  truncate(first: number): void {
    for (const [index, chunk] of this.#chunks) {
      const from = first - index * CHUNK_SECTORS;
      if (from <= 0) {
        this.#chunks.delete(index);
      } else if (from < CHUNK_SECTORS) {
        const byte = Math.floor(from / BITS_A_BYTE);
        chunk[byte] = (chunk[byte] ?? 0) & ((1 << (from % BITS_A_BYTE)) - 1);
        chunk.fill(0, byte + 1);
      }
    }
  }

  /** How many sectors can be stepped over at once because all of them are (not) members; 0 when `sector` differs. */
  #uniform(sector: number, member: boolean): number {
    const chunk = this.#chunks.get(Math.floor(sector / CHUNK_SECTORS));
    const bit = sector % CHUNK_SECTORS;
    if (chunk === undefined) {
      return member ? 0 : CHUNK_SECTORS - bit;
    }
    if (bit % BITS_A_BYTE === 0 && chunk[bit / BITS_A_BYTE] === (member ? ALL : 0)) {
      return BITS_A_BYTE;
    }
    return this.has(sector) === member ? 1 : 0;
  }

  #chunk(index: number): Uint8Array {
    let chunk = this.#chunks.get(index);
    if (chunk === undefined) {
      chunk = new Uint8Array(CHUNK_SECTORS / BITS_A_BYTE);
      this.#chunks.set(index, chunk);
    }
    return chunk;
  }
}
