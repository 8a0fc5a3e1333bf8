/** Guest RAM from address 0, at the end of one shared buffer that also holds shared words and video memory. */
import type { SharedPiece } from '../../../src/block/shared-piece.ts';
import type { GuestMemory } from '../../../src/devices/board-services.ts';

const ONES = 0xff;

export class FakeGuestMemory implements GuestMemory {
  /** Every noteWrite, as pieces. */
  readonly noted: SharedPiece[] = [];
  /** The RAM itself. */
  readonly bytes: Uint8Array;
  readonly #host: number;

  /** @param host where in `shared` the RAM begins; it goes to the end */
  constructor(shared: SharedArrayBuffer, host: number) {
    this.bytes = new Uint8Array(shared, host);
    this.#host = host;
  }

  read(address: number, bytes: number): Uint8Array {
    const target = new Uint8Array(bytes).fill(ONES);
    this.readInto(address, target);
    return target;
  }

  readInto(address: number, target: Uint8Array): void {
    target.fill(ONES);
    if (address < this.bytes.length) target.set(this.bytes.subarray(address, address + target.length));
  }

  write(address: number, bytes: Uint8Array): void {
    if (address >= this.bytes.length) return;
    this.bytes.set(bytes.subarray(0, this.bytes.length - address), address);
  }

  readU8(address: number): number {
    return this.#view(address, 1).getUint8(0);
  }

  readU16(address: number): number {
    return this.#view(address, 2).getUint16(0, true);
  }

  readU32(address: number): number {
    return this.#view(address, 4).getUint32(0, true);
  }

  readU64(address: number): bigint {
    return this.#view(address, 8).getBigUint64(0, true);
  }

  writeU8(address: number, value: number): void {
    this.#put(address, 1, (view) => view.setUint8(0, value));
  }

  writeU16(address: number, value: number): void {
    this.#put(address, 2, (view) => view.setUint16(0, value, true));
  }

  writeU32(address: number, value: number): void {
    this.#put(address, 4, (view) => view.setUint32(0, value, true));
  }

  writeU64(address: number, value: bigint): void {
    this.#put(address, 8, (view) => view.setBigUint64(0, value, true));
  }

  pieces(address: number, bytes: number, _forWrite: boolean): readonly SharedPiece[] | undefined {
    if (address + bytes > this.bytes.length) return undefined;
    return bytes === 0 ? [] : [{ host: this.#host + address, bytes }];
  }

  noteWrite(pieces: readonly SharedPiece[]): void {
    this.noted.push(...pieces);
  }

  #view(address: number, bytes: number): DataView {
    return new DataView(this.read(address, bytes).buffer);
  }

  #put(address: number, bytes: number, fill: (view: DataView) => void): void {
    const buffer = new Uint8Array(bytes);
    fill(new DataView(buffer.buffer));
    this.write(address, buffer);
  }
}
