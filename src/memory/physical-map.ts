/** The guest-physical map as the machine writes it and as anything outside the vCPUs reads it. */
import { TroupeError } from '../errors/troupe-error.ts';
import {
  CODE_GEN_BASE,
  CODE_GEN_HAS_CODE,
  CODE_GEN_STEP,
  CODE_MASK_BASE,
  DIRTY_BITMAP_BASE,
  GLOBAL_A20_MASK,
  GLOBAL_CPU_COUNT,
  GLOBAL_DIRTY_LOG,
  PAGE_OFFSET_MASK,
  PAGE_SHIFT,
  PAGE_SIZE,
  PHYS_MAP_BASE,
  PHYS_MAP_PAGES,
  PHYS_MMIO,
  PHYS_RAM,
  PHYS_ROM,
  PHYS_TYPE_MASK,
  PHYS_VIDEO,
  VIDEO_DIRTY_BITMAP_BASE,
} from './layout.ts';

export const PHYS_TYPES = { ram: PHYS_RAM, rom: PHYS_ROM, video: PHYS_VIDEO } as const;

/** What backs a range of guest-physical addresses. */
export type BackingType = keyof typeof PHYS_TYPES;

/**
 * A view on the physical map. Mapping changes are legal only while no vCPU is in the guest (before the first run, or
 * with all of them paused), and must be followed by a TLB flush request to each.
 */
export class PhysicalMap {
  readonly #words: Uint32Array;
  readonly #masks: BigUint64Array;

  constructor(memory: WebAssembly.Memory) {
    this.#words = new Uint32Array(memory.buffer);
    this.#masks = new BigUint64Array(memory.buffer);
  }

  /** Writes the global words that every vCPU reads. Once, before the first vCPU starts. */
  initialise(cpus: number): void {
    this.#words[GLOBAL_CPU_COUNT >> 2] = cpus;
    Atomics.store(this.#words, GLOBAL_A20_MASK >> 2, 0xffffffff);
  }

  /**
   * Backs `bytes` at guest-physical `physical` with shared memory at `host`. All three are multiples of 4096.
   * Throws `ERR_MEMORY_MAP` for a range that is misaligned or above the map's end.
   */
  map(physical: number, bytes: number, host: number, type: BackingType): void {
    this.#check(physical, bytes);
    if ((host & PAGE_OFFSET_MASK) !== 0) {
      throw new TroupeError('ERR_MEMORY_MAP', `Host address ${host} is not a multiple of ${PAGE_SIZE}`);
    }
    const first = physical / PAGE_SIZE;
    for (let page = 0; page < bytes / PAGE_SIZE; page++) {
      this.#words[(PHYS_MAP_BASE >> 2) + first + page] = (host + page * PAGE_SIZE) | PHYS_TYPES[type];
    }
  }

  /** Makes `bytes` at `physical` device space. Throws as map() does. */
  unmap(physical: number, bytes: number): void {
    this.#check(physical, bytes);
    const first = (PHYS_MAP_BASE >> 2) + physical / PAGE_SIZE;
    this.#words.fill(PHYS_MMIO, first, first + bytes / PAGE_SIZE);
  }

  /** Entry of the page that an address lies in: host address of the page | PHYS_* type. */
  entry(physical: number): number {
    const page = Math.floor(physical / PAGE_SIZE);
    return page < PHYS_MAP_PAGES ? (this.#words[(PHYS_MAP_BASE >> 2) + page] ?? 0) : PHYS_MMIO;
  }

  /** Host address of a guest-physical address, or undefined where there is no memory. */
  hostAddress(physical: number): number | undefined {
    const page = Math.floor(physical / PAGE_SIZE);
    if (page >= PHYS_MAP_PAGES) return undefined;
    const entry = this.#words[(PHYS_MAP_BASE >> 2) + page] ?? 0;
    if ((entry & PHYS_TYPE_MASK) === PHYS_MMIO) return undefined;
    return ((entry & ~PHYS_TYPE_MASK) >>> 0) + (physical % PAGE_SIZE);
  }

  /**
   * To be called by whoever has written guest memory other than through a vCPU, after the write: ends the generations of
   * code pages and marks the pages dirty. `host` and `bytes` say where in shared memory.
   */
  noteWrite(host: number, bytes: number): void {
    const last = (host + bytes - 1) >>> PAGE_SHIFT;
    const logging = Atomics.load(this.#words, GLOBAL_DIRTY_LOG >> 2) !== 0;
    for (let page = host >>> PAGE_SHIFT; page <= last; page++) {
      this.#endGeneration(page);
      if (logging) this.#setBit(DIRTY_BITMAP_BASE, page);
    }
  }

  /** Takes the dirty bits of 32 host pages beginning at `firstPage` (a multiple of 32): they are zero afterwards. */
  takeDirty(firstPage: number, bitmap: 'migration' | 'video'): number {
    const base = bitmap === 'video' ? VIDEO_DIRTY_BITMAP_BASE : DIRTY_BITMAP_BASE;
    return Atomics.exchange(this.#words, (base >> 2) + (firstPage >>> 5), 0);
  }

  #endGeneration(page: number): void {
    const index = (CODE_GEN_BASE >> 2) + page;
    for (;;) {
      const old = Atomics.load(this.#words, index);
      if ((old & CODE_GEN_HAS_CODE) === 0) return;
      const next = ((old & ~CODE_GEN_HAS_CODE) + CODE_GEN_STEP) >>> 0;
      if (Atomics.compareExchange(this.#words, index, old, next) === old) break;
    }
    Atomics.store(this.#masks, (CODE_MASK_BASE >> 3) + page, 0n);
  }

  #setBit(base: number, page: number): void {
    Atomics.or(this.#words, (base >> 2) + (page >>> 5), 1 << (page & 31));
  }

  #check(physical: number, bytes: number): void {
    if (physical % PAGE_SIZE !== 0 || bytes % PAGE_SIZE !== 0) {
      throw new TroupeError(
        'ERR_MEMORY_MAP',
        `Guest-physical range ${physical} + ${bytes} does not begin and end at multiples of ${PAGE_SIZE}`,
      );
    }
    if ((physical + bytes) / PAGE_SIZE > PHYS_MAP_PAGES) {
      throw new TroupeError(
        'ERR_MEMORY_MAP',
        `Guest-physical range ${physical} + ${bytes} ends above ${PHYS_MAP_PAGES * PAGE_SIZE}`,
      );
    }
  }
}
