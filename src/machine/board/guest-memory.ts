/** Guest-physical memory as devices reach it by DMA: through the physical map, page by page. */

import type { SharedPiece } from '../../block/shared-piece.ts';
import type { GuestMemory } from '../../devices/board-services.ts';
import { PAGE_SIZE, PHYS_MMIO, PHYS_ROM, PHYS_TYPE_MASK } from '../../memory/layout.ts';
import type { PhysicalMap } from '../../memory/physical-map.ts';

const OPEN_BUS = 0xff;

export class MappedGuestMemory implements GuestMemory {
  readonly #map: PhysicalMap;
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  /** For values that straddle pages. */
  readonly #scratch = new DataView(new ArrayBuffer(8));

  constructor(memory: WebAssembly.Memory, map: PhysicalMap) {
    this.#map = map;
    this.#bytes = new Uint8Array(memory.buffer);
    this.#view = new DataView(memory.buffer);
  }

  read(address: number, bytes: number): Uint8Array {
    const target = new Uint8Array(bytes);
    this.readInto(address, target);
    return target;
  }

  readInto(address: number, target: Uint8Array): void {
    this.#eachPage(address, target.length, (at, done, bytes) => {
      const host = this.#host(at, false);
      if (host === undefined) target.fill(OPEN_BUS, done, done + bytes);
      else target.set(this.#bytes.subarray(host, host + bytes), done);
    });
  }

  write(address: number, bytes: Uint8Array): void {
    this.#eachPage(address, bytes.length, (at, done, count) => {
      const host = this.#host(at, true);
      if (host === undefined) return;
      this.#bytes.set(bytes.subarray(done, done + count), host);
      this.#map.noteWrite(host, count);
    });
  }

  readU8(address: number): number {
    const host = this.#host(address, false);
    return host === undefined ? OPEN_BUS : (this.#bytes[host] ?? 0);
  }

  readU16(address: number): number {
    const host = this.#within(address, 2, false);
    return host === undefined
      ? this.#gather(address, 2).getUint16(0, true)
      : this.#view.getUint16(host, true);
  }

  readU32(address: number): number {
    const host = this.#within(address, 4, false);
    return host === undefined
      ? this.#gather(address, 4).getUint32(0, true)
      : this.#view.getUint32(host, true);
  }

  readU64(address: number): bigint {
    const host = this.#within(address, 8, false);
    return host === undefined
      ? this.#gather(address, 8).getBigUint64(0, true)
      : this.#view.getBigUint64(host, true);
  }

  writeU8(address: number, value: number): void {
    this.#scratch.setUint8(0, value);
    this.#scatter(address, 1);
  }

  writeU16(address: number, value: number): void {
    const host = this.#within(address, 2, true);
    if (host === undefined) {
      this.#scratch.setUint16(0, value, true);
      this.#scatter(address, 2);
      return;
    }
    this.#view.setUint16(host, value, true);
    this.#map.noteWrite(host, 2);
  }

  writeU32(address: number, value: number): void {
    const host = this.#within(address, 4, true);
    if (host === undefined) {
      this.#scratch.setUint32(0, value, true);
      this.#scatter(address, 4);
      return;
    }
    this.#view.setUint32(host, value, true);
    this.#map.noteWrite(host, 4);
  }

  writeU64(address: number, value: bigint): void {
    const host = this.#within(address, 8, true);
    if (host === undefined) {
      this.#scratch.setBigUint64(0, value, true);
      this.#scatter(address, 8);
      return;
    }
    this.#view.setBigUint64(host, value, true);
    this.#map.noteWrite(host, 8);
  }

  pieces(address: number, bytes: number, forWrite: boolean): readonly SharedPiece[] | undefined {
    const pieces: { host: number; bytes: number }[] = [];
    let isComplete = true;
    this.#eachPage(address, bytes, (at, _, count) => {
      const host = this.#host(at, forWrite);
      const last = pieces.at(-1);
      if (host === undefined) isComplete = false;
      else if (last !== undefined && last.host + last.bytes === host) last.bytes += count;
      else pieces.push({ host, bytes: count });
    });
    return isComplete ? pieces : undefined;
  }

  noteWrite(pieces: readonly SharedPiece[]): void {
    for (const { host, bytes } of pieces) if (bytes > 0) this.#map.noteWrite(host, bytes);
  }

  /** Host address, or undefined where there is no memory, or none that may be written. */
  #host(address: number, forWrite: boolean): number | undefined {
    const entry = this.#map.entry(address);
    const type = entry & PHYS_TYPE_MASK;
    if (type === PHYS_MMIO || (forWrite && type === PHYS_ROM)) return undefined;
    return ((entry & ~PHYS_TYPE_MASK) >>> 0) + (address % PAGE_SIZE);
  }

  #within(address: number, bytes: number, forWrite: boolean): number | undefined {
    return (address % PAGE_SIZE) + bytes > PAGE_SIZE ? undefined : this.#host(address, forWrite);
  }

  #gather(address: number, bytes: number): DataView {
    this.readInto(address, new Uint8Array(this.#scratch.buffer, 0, bytes));
    return this.#scratch;
  }

  #scatter(address: number, bytes: number): void {
    this.write(address, new Uint8Array(this.#scratch.buffer, 0, bytes));
  }

  #eachPage(
    address: number,
    bytes: number,
    visit: (address: number, done: number, bytes: number) => void,
  ): void {
    for (let done = 0; done < bytes; ) {
      const at = address + done;
      const count = Math.min(PAGE_SIZE - (at % PAGE_SIZE), bytes - done);
      visit(at, done, count);
      done += count;
    }
  }
}
