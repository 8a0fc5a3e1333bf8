/** Descriptor chains of a split virtqueue: from the guest's table to checked lists of buffers (VIRTIO 1.1, 2.6.5). */
import type { GuestMemory } from '../board-services.ts';

/** A buffer in guest-physical memory; at least one byte long. */
export interface Segment {
  readonly address: number;
  readonly bytes: number;
}

/** The buffers of one chain, in their order: what the device reads comes before what it writes (2.6.4.2). */
export interface ChainBuffers {
  readonly readable: readonly Segment[];
  readonly writable: readonly Segment[];
  readonly readableBytes: number;
  readonly writableBytes: number;
}

/** What a driver has done wrong; the device that finds it needs a reset. */
export interface RingFault {
  readonly fault: string;
}

export interface DescriptorTable {
  readonly address: number;
  readonly entries: number;
}

export const DESCRIPTOR_BYTES = 16;
const ADDRESS_HIGH = 4;
const LENGTH = 8;
const FLAGS = 12;
const NEXT = 14;
/** Buffers in a chain, indirect ones included. Drivers of the time build indirect tables longer than the ring. */
const LONGEST_CHAIN = 1024;
const FLAG_NEXT = 1;
const FLAG_WRITE = 2;
const FLAG_INDIRECT = 4;
const TWO_TO_32 = 2 ** 32;
/** Bits of the address's upper half that no PC can decode: 52 bits in all (SDM vol. 3, 4.1.4). */
const UNDECODABLE = 0xfff00000;

interface Descriptor {
  readonly address: number;
  readonly bytes: number;
  readonly flags: number;
  readonly next: number;
}

/** Reads the chains of one virtqueue. */
export class ChainReader {
  readonly #guest: GuestMemory;

  constructor(guest: GuestMemory) {
    this.#guest = guest;
  }

  /** The chain that begins at `head` of `table`. Never more than LONGEST_CHAIN steps, whatever the table holds. */
  read(table: DescriptorTable, head: number, indirectAllowed: boolean): ChainBuffers | RingFault {
    const readable: Segment[] = [];
    const writable: Segment[] = [];
    let current = table;
    let index = head;
    for (let steps = 0; ; steps++) {
      if (index >= current.entries) {
        return { fault: `descriptor ${index} of a table with ${current.entries}` };
      }
      if (readable.length + writable.length >= LONGEST_CHAIN || steps > LONGEST_CHAIN) {
        return { fault: `a chain of more than ${LONGEST_CHAIN} descriptors from ${head} on` };
      }
      const descriptor = this.#descriptor(current.address + index * DESCRIPTOR_BYTES);
      if ('fault' in descriptor) {
        return descriptor;
      }
      if ((descriptor.flags & FLAG_INDIRECT) !== 0) {
        const inner = indirectTable(descriptor, current === table && indirectAllowed);
        if ('fault' in inner) {
          return inner;
        }
        current = inner;
        index = 0;
        continue;
      }
      const fault = append(descriptor, readable, writable);
      if (fault !== undefined) {
        return fault;
      }
      if ((descriptor.flags & FLAG_NEXT) === 0) {
        return { readable, writable, readableBytes: total(readable), writableBytes: total(writable) };
      }
      index = descriptor.next;
    }
  }

  #descriptor(address: number): Descriptor | RingFault {
    const guest = this.#guest;
    const high = guest.readU32(address + ADDRESS_HIGH);
    if ((high & UNDECODABLE) !== 0) {
      return { fault: `a buffer above 4 PiB (upper half of the address: ${high})` };
    }
    return {
      address: high * TWO_TO_32 + guest.readU32(address),
      bytes: guest.readU32(address + LENGTH),
      flags: guest.readU16(address + FLAGS),
      next: guest.readU16(address + NEXT),
    };
  }
}

/** 2.6.5.3: an indirect table is the last of its chain, holds whole descriptors and no further table. */
function indirectTable(descriptor: Descriptor, allowed: boolean): DescriptorTable | RingFault {
  if (!allowed) {
    return { fault: 'an indirect descriptor where none is allowed' };
  }
  if ((descriptor.flags & FLAG_NEXT) !== 0) {
    return { fault: 'an indirect descriptor that is not the last one of its chain' };
  }
  if (descriptor.bytes === 0 || descriptor.bytes % DESCRIPTOR_BYTES !== 0) {
    return { fault: `an indirect table of ${descriptor.bytes} bytes` };
  }
  return { address: descriptor.address, entries: descriptor.bytes / DESCRIPTOR_BYTES };
}

function append(
  { address, bytes, flags }: Descriptor,
  readable: Segment[],
  writable: Segment[],
): RingFault | undefined {
  if (bytes === 0) {
    return { fault: 'a buffer of no bytes' };
  }
  if ((flags & FLAG_WRITE) !== 0) {
    writable.push({ address, bytes });
  } else if (writable.length > 0) {
    return { fault: 'a readable buffer behind a writable one' };
  } else {
    readable.push({ address, bytes });
  }
  return undefined;
}

function total(segments: readonly Segment[]): number {
  return segments.reduce((sum, { bytes }) => sum + bytes, 0);
}
