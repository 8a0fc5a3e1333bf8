/** The driver's side of a split virtqueue, over a board's RAM. It can also lie: `raw*` writes what it is told. */
import type { DriverBoard, DriverTransport, RingPlace } from './driver-transport.ts';

export const DESC_NEXT = 1;
export const DESC_WRITE = 2;
export const DESC_INDIRECT = 4;

export interface DriverBuffer {
  readonly address: number;
  readonly bytes: number;
  readonly write: boolean;
}

export interface Used {
  readonly head: number;
  readonly bytes: number;
}

/** Buffers that the device reads, in this order, and the bytes of those that it writes. */
export interface OfferedChain {
  readonly head: number;
  /** Addresses of the writable buffers. */
  readonly writable: readonly { readonly address: number; readonly bytes: number }[];
}

export class DriverQueue {
  readonly index: number;
  readonly size: number;
  readonly rings: RingPlace;
  readonly #board: DriverBoard;
  readonly #transport: DriverTransport;
  readonly #free: number[];
  readonly #chains = new Map<number, number[]>();
  readonly #take: (bytes: number) => number;
  #offered = 0;
  #seen = 0;

  /** @param take gives RAM of that many bytes */
  constructor(
    board: DriverBoard,
    transport: DriverTransport,
    index: number,
    take: (bytes: number, align?: number) => number,
    wanted?: number,
  ) {
    this.#board = board;
    this.#transport = transport;
    this.#take = take;
    this.index = index;
    const offered = transport.queueSize(index);
    this.size = transport.kind === 'legacy' ? offered : Math.min(offered, wanted ?? offered);
    this.rings = transport.place(index, take(this.size * 40 + 8192, 4096), this.size);
    this.#free = Array.from({ length: this.size }, (_, each) => each);
  }

  get freeDescriptors(): number {
    return this.#free.length;
  }

  /** Index of the available ring as the driver has it. */
  get offeredIndex(): number {
    return this.#offered;
  }

  /** Makes a chain of copies of `readable` and of room for `writable`, without offering it. */
  prepare(readable: readonly Uint8Array[], writable: readonly number[], indirect = false): OfferedChain {
    const buffers: DriverBuffer[] = [
      ...readable.map((bytes) => {
        const address = this.#take(bytes.length);
        this.#board.guest.write(address, bytes);
        return { address, bytes: bytes.length, write: false };
      }),
      ...writable.map((bytes) => ({ address: this.#take(bytes), bytes, write: true })),
    ];
    return {
      head: indirect ? this.#indirectChain(buffers) : this.#directChain(buffers),
      writable: buffers.filter(({ write }) => write),
    };
  }

  /** Puts heads into the available ring; the device sees them with the last one. */
  offer(...heads: readonly number[]): void {
    for (const head of heads) {
      this.#writeU16(this.rings.available + 4 + (this.#offered % this.size) * 2, head);
      this.#offered = (this.#offered + 1) & 0xffff;
    }
    this.#writeU16(this.rings.available + 2, this.#offered);
  }

  kick(): void {
    this.#transport.kick(this.index);
  }

  /** Prepares, offers and kicks. */
  send(readable: readonly Uint8Array[], writable: readonly number[] = [], indirect = false): OfferedChain {
    const chain = this.prepare(readable, writable, indirect);
    this.offer(chain.head);
    this.kick();
    return chain;
  }

  /** What the device has given back since the last call; its descriptors are free again. */
  collect(): Used[] {
    const used: Used[] = [];
    while (this.#seen !== this.#readU16(this.rings.used + 2)) {
      const entry = this.rings.used + 4 + (this.#seen % this.size) * 8;
      const head = this.#readU32(entry);
      used.push({ head, bytes: this.#readU32(entry + 4) });
      this.#free.push(...(this.#chains.get(head) ?? []));
      this.#chains.delete(head);
      this.#seen = (this.#seen + 1) & 0xffff;
    }
    return used;
  }

  /** Content of the chain's writable buffers. */
  contents({ writable }: OfferedChain): Uint8Array {
    return Uint8Array.from(
      writable.flatMap(({ address, bytes }) => [...this.#board.guest.read(address, bytes)]),
    );
  }

  set interruptsSuppressed(suppressed: boolean) {
    this.#writeU16(this.rings.available, suppressed ? 1 : 0);
  }

  /** The index of the used ring at which the driver wants its next interrupt. */
  set usedEvent(index: number) {
    this.#writeU16(this.rings.available + 4 + this.size * 2, index);
  }

  /** The index of the available ring at which the device wants its next notification. */
  get availableEvent(): number {
    return this.#readU16(this.rings.used + 4 + this.size * 8);
  }

  /** Writes a descriptor as it is told. */
  rawDescriptor(index: number, address: number, bytes: number, flags: number, next: number): void {
    this.#rawDescriptor(this.rings.descriptors, index, { address, bytes, flags, next });
  }

  rawAvailableIndex(index: number): void {
    this.#offered = index;
    this.#writeU16(this.rings.available + 2, index);
  }

  #readU16(address: number): number {
    return Buffer.from(this.#board.guest.read(address, 2)).readUInt16LE();
  }

  #readU32(address: number): number {
    return Buffer.from(this.#board.guest.read(address, 4)).readUInt32LE();
  }

  #writeU16(address: number, value: number): void {
    this.#board.guest.write(address, Uint8Array.of(value & 0xff, (value >> 8) & 0xff));
  }

  #directChain(buffers: readonly DriverBuffer[]): number {
    const entries = this.#free.splice(0, buffers.length);
    if (entries.length < buffers.length) throw new Error('The driver has no free descriptors');
    this.#writeChain(this.rings.descriptors, entries, buffers);
    const [head = 0] = entries;
    this.#chains.set(head, entries);
    return head;
  }

  #indirectChain(buffers: readonly DriverBuffer[]): number {
    const table = this.#take(buffers.length * 16);
    this.#writeChain(
      table,
      buffers.map((_, index) => index),
      buffers,
    );
    const [head] = this.#free.splice(0, 1);
    if (head === undefined) throw new Error('The driver has no free descriptor');
    this.rawDescriptor(head, table, buffers.length * 16, DESC_INDIRECT, 0);
    this.#chains.set(head, [head]);
    return head;
  }

  #writeChain(table: number, entries: readonly number[], buffers: readonly DriverBuffer[]): void {
    for (const [position, { address, bytes, write }] of buffers.entries()) {
      const next = entries[position + 1];
      const flags = (next === undefined ? 0 : DESC_NEXT) | (write ? DESC_WRITE : 0);
      this.#rawDescriptor(table, entries[position] ?? 0, { address, bytes, flags, next: next ?? 0 });
    }
  }

  #rawDescriptor(
    table: number,
    index: number,
    fields: { address: number; bytes: number; flags: number; next: number },
  ): void {
    const entry = new DataView(new ArrayBuffer(16));
    entry.setBigUint64(0, BigInt(fields.address), true);
    entry.setUint32(8, fields.bytes, true);
    entry.setUint16(12, fields.flags, true);
    entry.setUint16(14, fields.next, true);
    this.#board.guest.write(table + index * 16, new Uint8Array(entry.buffer));
  }
}
