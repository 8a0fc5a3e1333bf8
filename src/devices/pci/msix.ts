/** MSI-X: a function's table of messages and its pending bits (PCI Local Bus Specification 3.0, 6.8.2). */
import type { RegionHandler } from '../board-services.ts';
import type { DeviceState } from '../device-class.ts';
import { stateLike } from '../saved-state.ts';
import type { MsixTable } from './pci-contract.ts';

/** Offsets in the capability (figure 6-11). */
export const MSIX_CONTROL = 2;
export const MSIX_TABLE = 4;
export const MSIX_PENDING = 8;
export const MSIX_CAPABILITY_BYTES = 12;
export const MSIX_ENABLE = 0x8000;
export const MSIX_FUNCTION_MASK = 0x4000;

/** Offsets in an entry of the table (figure 6-12). */
const ENTRY_BYTES = 16;
const ENTRY_DATA = 8;
const ENTRY_CONTROL = 12;
const ENTRY_MASKED = 1;

/** The pending bits have the second half of the structures' page, or what follows a table that is longer. */
const SMALL_TABLE_BYTES = 0x800;
const PAGE = 4096;

export interface MsixHost {
  /** The control word of the capability. */
  readonly control: () => number;
  readonly send: (address: number, data: number) => void;
}

export class Msix implements MsixTable, RegionHandler {
  /** Bytes of the base address register, and where in it the pending bits are. */
  readonly bytes: number;
  readonly pendingOffset: number;
  readonly #host: MsixHost;
  readonly #vectors: number;
  readonly #table: DataView<ArrayBuffer>;
  readonly #pending: Uint8Array<ArrayBuffer>;

  constructor(vectors: number, host: MsixHost) {
    const tableBytes = vectors * ENTRY_BYTES;
    this.#vectors = vectors;
    this.#host = host;
    this.#table = new DataView(new ArrayBuffer(tableBytes));
    this.#pending = new Uint8Array(Math.ceil(vectors / 64) * 8);
    this.pendingOffset = Math.max(tableBytes, SMALL_TABLE_BYTES);
    this.bytes = 2 ** Math.ceil(Math.log2(Math.max(PAGE, this.pendingOffset + this.#pending.length)));
    this.reset();
  }

  get enabled(): boolean {
    return (this.#host.control() & MSIX_ENABLE) !== 0;
  }

  notify(vector: number): void {
    if (!this.enabled || vector >= this.#vectors) return;
    if (this.#isMasked(vector)) this.#setPending(vector, true);
    else this.#send(vector);
  }

  /** Every vector is masked after a reset. */
  reset(): void {
    for (let vector = 0; vector < this.#vectors; vector++) {
      const entry = vector * ENTRY_BYTES;
      for (let offset = 0; offset < ENTRY_CONTROL; offset += 4)
        this.#table.setUint32(entry + offset, 0, true);
      this.#table.setUint32(entry + ENTRY_CONTROL, ENTRY_MASKED, true);
    }
    this.#pending.fill(0);
  }

  read(offset: number, size: number): number {
    const { bytes, at } = this.#find(offset, size);
    if (bytes === undefined) return 0;
    return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).readUIntLE(at, size);
  }

  /** Only whole doublewords may be written, and nothing to the pending bits. */
  write(offset: number, size: number, value: number): void {
    if (size !== 4 || offset % 4 !== 0 || offset + size > this.#table.byteLength) return;
    const vector = Math.floor(offset / ENTRY_BYTES);
    const isControl = offset % ENTRY_BYTES === ENTRY_CONTROL;
    this.#table.setUint32(offset, isControl ? value & ENTRY_MASKED : value, true);
    if (isControl) this.#sendIfPending(vector);
  }

  /** To be called when the control word has changed: what a mask held back may be sent. */
  controlChanged(): void {
    for (let vector = 0; vector < this.#vectors; vector++) this.#sendIfPending(vector);
  }

  save(): DeviceState {
    return { table: new Uint8Array(this.#table.buffer.slice(0)), pending: this.#pending.slice() };
  }

  restore(state: DeviceState): void {
    const own = { table: new Uint8Array(this.#table.buffer), pending: this.#pending };
    const saved = stateLike(own, state, 'msix');
    own.table.set(saved.table);
    own.pending.set(saved.pending);
  }

  #find(offset: number, size: number): { bytes: DataView | Uint8Array | undefined; at: number } {
    if (offset + size <= this.#table.byteLength) return { bytes: this.#table, at: offset };
    const at = offset - this.pendingOffset;
    return { bytes: at >= 0 && at + size <= this.#pending.length ? this.#pending : undefined, at };
  }

  #isMasked(vector: number): boolean {
    if ((this.#host.control() & MSIX_FUNCTION_MASK) !== 0) return true;
    return (this.#table.getUint32(vector * ENTRY_BYTES + ENTRY_CONTROL, true) & ENTRY_MASKED) !== 0;
  }

  #send(vector: number): void {
    const entry = vector * ENTRY_BYTES;
    this.#host.send(this.#table.getUint32(entry, true), this.#table.getUint32(entry + ENTRY_DATA, true));
  }

  #sendIfPending(vector: number): void {
    const bit = 1 << (vector & 7);
    if (((this.#pending[vector >> 3] ?? 0) & bit) === 0 || !this.enabled || this.#isMasked(vector)) return;
    this.#setPending(vector, false);
    this.#send(vector);
  }

  #setPending(vector: number, on: boolean): void {
    const byte = this.#pending[vector >> 3] ?? 0;
    const bit = 1 << (vector & 7);
    this.#pending[vector >> 3] = on ? byte | bit : byte & ~bit;
  }
}
