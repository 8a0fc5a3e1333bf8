/**
 * Guest-physical memory: what lies where, from RAM to device registers. Keeps the physical map (which vCPUs read) in step
 * with the claims, and answers the accesses that are no plain memory.
 */
import type { AddressSpace, Region, RegionHandler, RegionOptions } from '../../devices/board-services.ts';
import type { IoEntry } from '../../memory/io-table.ts';
import { PAGE_SIZE, PHYS_MAP_BASE, PHYS_MAP_PAGES, PHYS_MMIO } from '../../memory/layout.ts';
import { type BackingType, PHYS_TYPES, type PhysicalMap } from '../../memory/physical-map.ts';
import type { Stillness } from '../../memory/stillness.ts';
import { type DeviceRegion, openBus, readRegion, writeRegion } from './device-region.ts';
import { ioEntries } from './io-entries.ts';
import { type Claim, type DescribedRange, RegionMap, type Segment } from './region-map.ts';

/** Who wins where claims overlap. */
export const PRIORITY = { pciBar: -1, ram: 0, device: 1, shadow: 2 } as const;

/** Shared memory that the guest sees: `host` is where the region's first byte lies. */
interface Backing {
  readonly host: number;
  readonly type: BackingType;
  /** What takes the writes to ROM; they are lost when it is absent. */
  readonly writes: RegionHandler | undefined;
  readonly name: string;
}

type Content = ({ readonly kind: 'device' } & DeviceRegion) | ({ readonly kind: 'backing' } & Backing);

export interface BackingOptions {
  readonly name: string;
  readonly type: BackingType;
  readonly priority: number;
  readonly writes?: RegionHandler;
}

export interface MemorySpaceOptions {
  readonly memory: WebAssembly.Memory;
  readonly map: PhysicalMap;
  readonly stillness: Stillness;
  /** Called after a claim has come or gone. */
  readonly changed: () => void;
}

export class MemorySpace implements AddressSpace {
  readonly #map = new RegionMap<Content>();
  readonly #options: MemorySpaceOptions;
  readonly #words: Uint32Array;
  readonly #view: DataView;

  constructor(options: MemorySpaceOptions) {
    this.#options = options;
    this.#words = new Uint32Array(options.memory.buffer);
    this.#view = new DataView(options.memory.buffer);
  }

  claim(
    first: number,
    bytes: number,
    handler: RegionHandler,
    options: RegionOptions,
    priority: number = PRIORITY.device,
  ): Region {
    return this.#add({
      first,
      last: first + bytes - 1,
      priority,
      value: { kind: 'device', handler, options },
    });
  }

  /** Shows shared memory at `host` to the guest. Addresses and length are multiples of 4096. */
  back(first: number, bytes: number, host: number, options: BackingOptions): Region {
    const { name, type, priority, writes } = options;
    return this.#add({
      first,
      last: first + bytes - 1,
      priority,
      value: { kind: 'backing', host, type, writes, name },
    });
  }

  /** An access of 1, 2 or 4 bytes that the physical map did not answer, or that comes from the machine itself. */
  read(address: number, size: number): number {
    const claim = this.#map.find(address);
    if (claim !== undefined && address + size - 1 <= claim.last) {
      const { first, value } = claim;
      if (value.kind === 'device') return readRegion(value, address - first, size);
      return this.#readHost(value.host + (address - first), size);
    }
    if (size === 1) return openBus(1);
    const half = size / 2;
    return (this.read(address, half) | (this.read(address + half, half) << (half * 8))) >>> 0;
  }

  write(address: number, size: number, value: number): void {
    const claim = this.#map.find(address);
    if (claim !== undefined && address + size - 1 <= claim.last) {
      const { first, value: content } = claim;
      if (content.kind === 'device') writeRegion(content, address - first, size, value);
      else this.#writeBacking(content, address - first, size, value);
    } else if (size > 1) {
      const half = size / 2;
      this.write(address, half, value & openBus(half));
      this.write(address + half, half, value >>> (half * 8));
    }
  }

  ioEntries(): IoEntry[] {
    return ioEntries('memory', this.#map.segments.filter(isDeviceSegment));
  }

  /** Claims as they are seen, lowest first: for `info mtree`. */
  describe(): readonly DescribedRange[] {
    return this.#map.segments.map(({ first, last, claim: { priority, value } }) => ({
      first,
      last,
      priority,
      isWritable: value.kind === 'device' || value.type !== 'rom',
      name: value.kind === 'device' ? value.options.name : value.name,
    }));
  }

  #add(claim: Claim<Content>): Region {
    this.#map.add(claim);
    this.#update(claim);
    return {
      remove: () => {
        this.#map.remove(claim);
        this.#update(claim);
      },
    };
  }

  /** Brings the physical map up to date where that claim came or went. */
  #update({ first, last }: Claim<Content>): void {
    const firstPage = Math.floor(first / PAGE_SIZE);
    const lastPage = Math.min(Math.floor(last / PAGE_SIZE), PHYS_MAP_PAGES - 1);
    const entries = this.#entries(firstPage, lastPage);
    const base = PHYS_MAP_BASE / 4 + firstPage;
    if (entries.some((entry, index) => this.#words[base + index] !== entry)) {
      this.#options.stillness.change(() => this.#words.set(entries, base));
    }
    this.#options.changed();
  }

  /** What the physical map should hold for these pages. A page that is not one kind of memory throughout is MMIO. */
  #entries(firstPage: number, lastPage: number): Uint32Array {
    const entries = new Uint32Array(Math.max(0, lastPage - firstPage + 1)).fill(PHYS_MMIO);
    for (const { first, last, claim } of this.#map.segments) {
      const { value } = claim;
      if (value.kind === 'device') continue;
      const from = Math.max(Math.ceil(first / PAGE_SIZE), firstPage);
      const to = Math.min(Math.floor((last + 1) / PAGE_SIZE) - 1, lastPage);
      const host = value.host + (from * PAGE_SIZE - claim.first);
      for (let page = from; page <= to; page++) {
        entries[page - firstPage] = (host + (page - from) * PAGE_SIZE) | PHYS_TYPES[value.type];
      }
    }
    return entries;
  }

  #readHost(host: number, size: number): number {
    if (size === 1) return this.#view.getUint8(host);
    return size === 2 ? this.#view.getUint16(host, true) : this.#view.getUint32(host, true);
  }

  #writeBacking(backing: Backing, offset: number, size: number, value: number): void {
    if (backing.type === 'rom') {
      backing.writes?.write(offset, size, value);
      return;
    }
    const host = backing.host + offset;
    if (size === 1) this.#view.setUint8(host, value);
    else if (size === 2) this.#view.setUint16(host, value, true);
    else this.#view.setUint32(host, value, true);
    this.#options.map.noteWrite(host, size);
  }
}

function isDeviceSegment(segment: Segment<Content>): segment is Segment<Content & DeviceRegion> {
  return segment.claim.value.kind === 'device';
}
