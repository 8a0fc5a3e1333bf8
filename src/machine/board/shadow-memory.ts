/** RAM behind A0000H–FFFFFH, which the host bridge shows or hides: shadow RAM of the firmware, and SMRAM. */
import type { SharedPiece } from '../../block/shared-piece.ts';
import type { Region } from '../../devices/board-services.ts';
import { SHADOW_SEGMENTS, type ShadowControl } from '../../devices/pci/chipset-contract.ts';
import { GLOBAL_SMRAM } from '../../memory/layout.ts';
import type { Stillness } from '../../memory/stillness.ts';
import { openBus } from './device-region.ts';
import { type MemorySpace, PRIORITY } from './memory-space.ts';

const SMRAM_FIRST = 0xa0000;
const SMRAM_BYTES = 0x20000;
const SEGMENT_0 = 0xf0000;
const SEGMENT_0_BYTES = 0x10000;
const SEGMENT_1 = 0xc0000;
const SEGMENT_BYTES = 0x4000;

export interface ShadowOptions {
  readonly memory: WebAssembly.Memory;
  readonly space: MemorySpace;
  readonly stillness: Stillness;
  /** Host address of guest RAM. */
  readonly ramHost: number;
  /** The ROM that shows where shadow RAM is not read. */
  readonly rom: { readonly first: number; readonly last: number; readonly host: number };
}

interface Segment {
  readonly first: number;
  readonly bytes: number;
  reads: boolean;
  writes: boolean;
  region: Region | undefined;
}

function segments(): Segment[] {
  return Array.from({ length: SHADOW_SEGMENTS }, (_, index) => ({
    first: index === 0 ? SEGMENT_0 : SEGMENT_1 + (index - 1) * SEGMENT_BYTES,
    bytes: index === 0 ? SEGMENT_0_BYTES : SEGMENT_BYTES,
    reads: false,
    writes: false,
    region: undefined,
  }));
}

export class ShadowMemory implements ShadowControl {
  readonly #options: ShadowOptions;
  readonly #segments = segments();
  readonly #view: DataView;
  #open: Region | undefined;
  #enabled = false;

  constructor(options: ShadowOptions) {
    this.#options = options;
    this.#view = new DataView(options.memory.buffer);
  }

  setSegment(index: number, reads: boolean, writes: boolean): void {
    const segment = this.#segments[index];
    if (segment === undefined || (segment.reads === reads && segment.writes === writes)) return;
    segment.reads = reads;
    segment.writes = writes;
    this.#options.stillness.change(() => {
      segment.region?.remove();
      segment.region = this.#show(segment);
    });
  }

  /**
   * RAM everywhere, with the ROM copied into it: a machine without a host bridge has nothing that would hide it, and its
   * BIOS keeps variables among its code. Gives where it has written.
   */
  showAsRam(): SharedPiece {
    const { memory, ramHost, rom } = this.#options;
    const bytes = rom.last - rom.first + 1;
    const host = ramHost + rom.first;
    new Uint8Array(memory.buffer).copyWithin(host, rom.host, rom.host + bytes);
    this.#segments.forEach((_segment, index) => {
      this.setSegment(index, true, true);
    });
    return { host, bytes };
  }

  setSmram(open: boolean, enabled: boolean): void {
    const { space, stillness, ramHost, memory } = this.#options;
    if (open === (this.#open !== undefined) && enabled === this.#enabled) return;
    this.#enabled = enabled;
    stillness.change(() => {
      this.#open?.remove();
      this.#open = open
        ? space.back(SMRAM_FIRST, SMRAM_BYTES, ramHost + SMRAM_FIRST, {
            name: 'smram',
            type: 'ram',
            priority: PRIORITY.shadow,
          })
        : undefined;
      const word = enabled ? ramHost + SMRAM_FIRST : 0;
      Atomics.store(new Int32Array(memory.buffer), GLOBAL_SMRAM >> 2, word);
    });
  }

  #show({ first, bytes, reads, writes }: Segment): Region | undefined {
    const { space, ramHost } = this.#options;
    const host = ramHost + first;
    if (reads) {
      const type = writes ? 'ram' : 'rom';
      return space.back(first, bytes, host, { name: 'shadow-ram', type, priority: PRIORITY.shadow });
    }
    return writes ? this.#showWriteOnly(first, bytes, host) : undefined;
  }

  /** Copying a ROM onto itself: reads see it, writes go to the RAM behind it. */
  #showWriteOnly(first: number, bytes: number, host: number): Region {
    const { space, rom } = this.#options;
    const writes = {
      read: (_offset: number, size: number) => openBus(size),
      write: (offset: number, size: number, value: number) => this.#writeRam(host + offset, size, value),
    };
    if (first < rom.first || first + bytes - 1 > rom.last) {
      return space.claim(first, bytes, writes, { name: 'shadow-ram' }, PRIORITY.shadow);
    }
    return space.back(first, bytes, rom.host + (first - rom.first), {
      name: 'shadow-ram',
      type: 'rom',
      priority: PRIORITY.shadow,
      writes,
    });
  }

  #writeRam(host: number, size: number, value: number): void {
    if (size === 1) this.#view.setUint8(host, value);
    else if (size === 2) this.#view.setUint16(host, value, true);
    else this.#view.setUint32(host, value, true);
  }
}
