/** One request of a block device, from its chain to its status byte (VIRTIO 1.1, 5.2.6). */

import type { BlockBackend } from '../block-backend.ts';
import type { GuestMemory } from '../board-services.ts';
import { MOST_RANGE_SECTORS, MOST_RANGES, SECTOR_BYTES } from './blk-config.ts';
import { readSegments, sharedPieces, sliceSegments, writeSegments } from './segment-bytes.ts';
import type { Chain } from './virtqueue.ts';

/** Request types. A legacy driver may OR the barrier bit to them. */
const TYPE_IN = 0;
const TYPE_OUT = 1;
const TYPE_FLUSH = 4;
const TYPE_GET_ID = 8;
const TYPE_DISCARD = 11;
const TYPE_WRITE_ZEROES = 13;
const LEGACY_BARRIER = 0x80000000;

export const STATUS_OK = 0;
export const STATUS_IO_ERROR = 1;
export const STATUS_UNSUPPORTED = 2;

const HEADER_BYTES = 16;
const HEADER_SECTOR = 8;
const TWO_TO_32 = 2 ** 32;
const STATUS_BYTES = 1;
const ID_BYTES = 20;
/** struct virtio_blk_discard_write_zeroes */
const RANGE_BYTES = 16;
const RANGE_COUNT = 8;
const RANGE_FLAGS = 12;
const RANGE_UNMAP = 1;
/** Bytes of one request; drivers stay far below. It bounds what a guest can make the machine do at once. */
const LARGEST_TRANSFER = 2 ** 31;
/** errno of the host for what a backend cannot do. */
const ENOTSUP = 95;

/** What a request works on. */
export interface RequestDisk {
  readonly guest: GuestMemory;
  readonly backend: BlockBackend;
  readonly logicalBlock: number;
  readonly serial: string;
  readonly readOnly: boolean;
  /** A write is followed by a flush before it is done. */
  readonly flushAfterWrite: boolean;
}

/** How it ended, and how many bytes in the chain's writable buffers are the device's (the status byte included). */
export type RequestDone = (status: number, written: number) => void;

/** A run of bytes on the medium. */
interface Range {
  readonly offset: number;
  readonly bytes: number;
}

/** Whether the chain has room for what every request has: a header and a status. */
export function isRequest(chain: Chain): boolean {
  return chain.readableBytes >= HEADER_BYTES && chain.writableBytes >= STATUS_BYTES;
}

/** Writes the status to the last writable byte. */
export function writeRequestStatus(guest: GuestMemory, chain: Chain, status: number): void {
  const last = chain.writable.at(-1);
  if (last !== undefined) {
    guest.writeU8(last.address + last.bytes - 1, status);
  }
}

/** Carries a request out; `done` is called once, possibly before this returns. `isRequest(chain)` holds. */
export function serveRequest(disk: RequestDisk, chain: Chain, done: RequestDone): void {
  const { type, sector } = readHeader(disk.guest, chain);
  switch ((type & ~LEGACY_BARRIER) >>> 0) {
    case TYPE_IN:
      readSectors(disk, chain, sector, done);
      break;
    case TYPE_OUT:
      writeSectors(disk, chain, sector, done);
      break;
    case TYPE_FLUSH:
      disk.backend.flush((outcome) => done(statusOf(outcome), STATUS_BYTES));
      break;
    case TYPE_GET_ID:
      giveId(disk, chain, done);
      break;
    case TYPE_DISCARD:
      serveRanges(disk, chain, 'discard', done);
      break;
    case TYPE_WRITE_ZEROES:
      serveRanges(disk, chain, 'writeZeroes', done);
      break;
    default:
      done(STATUS_UNSUPPORTED, STATUS_BYTES);
  }
}

/** Type and sector; sectors beyond 2^53 lose digits, but no medium reaches so far. */
function readHeader(guest: GuestMemory, { readable }: Chain): { type: number; sector: number } {
  const [first] = readable;
  if (first !== undefined && first.bytes >= HEADER_BYTES) {
    const at = first.address + HEADER_SECTOR;
    return {
      type: guest.readU32(first.address),
      sector: guest.readU32(at + 4) * TWO_TO_32 + guest.readU32(at),
    };
  }
  const view = new DataView(readSegments(guest, readable, 0, HEADER_BYTES).buffer);
  return { type: view.getUint32(0, true), sector: Number(view.getBigUint64(HEADER_SECTOR, true)) };
}

function statusOf(outcome: number): number {
  if (outcome === 0) {
    return STATUS_OK;
  }
  return outcome === ENOTSUP ? STATUS_UNSUPPORTED : STATUS_IO_ERROR;
}

/** The run of whole blocks from `sector` on; undefined when it is not on the medium. */
function rangeOnMedium(disk: RequestDisk, sector: number, bytes: number): Range | undefined {
  const offset = sector * SECTOR_BYTES;
  const { medium } = disk.backend;
  if (medium === undefined || offset + bytes > medium.bytes || bytes > LARGEST_TRANSFER) {
    return undefined;
  }
  const whole = offset % disk.logicalBlock === 0 && bytes % disk.logicalBlock === 0;
  return whole ? { offset, bytes } : undefined;
}

function readSectors(disk: RequestDisk, chain: Chain, sector: number, done: RequestDone): void {
  const bytes = chain.writableBytes - STATUS_BYTES;
  const range = rangeOnMedium(disk, sector, bytes);
  // A request that is not on the medium may be of any length: its buffers are not worth a look.
  const pieces = range && sharedPieces(disk.guest, sliceSegments(chain.writable, 0, bytes), true);
  if (range === undefined || pieces === undefined) {
    done(STATUS_IO_ERROR, STATUS_BYTES);
    return;
  }
  disk.backend.read(range.offset, pieces, (outcome) => {
    const status = statusOf(outcome);
    // A failed read leaves the buffers as they were; the status lies behind them all the same.
    done(status, status === STATUS_OK ? bytes + STATUS_BYTES : STATUS_BYTES);
  });
}

function writeSectors(disk: RequestDisk, chain: Chain, sector: number, done: RequestDone): void {
  const range = rangeOnMedium(disk, sector, chain.readableBytes - HEADER_BYTES);
  const pieces = range && sharedPieces(disk.guest, sliceSegments(chain.readable, HEADER_BYTES), false);
  if (range === undefined || pieces === undefined || disk.readOnly) {
    done(STATUS_IO_ERROR, STATUS_BYTES);
    return;
  }
  disk.backend.write(range.offset, pieces, (outcome) => finishWrite(disk, outcome, done));
}

function finishWrite(disk: RequestDisk, outcome: number, done: RequestDone): void {
  if (outcome === 0 && disk.flushAfterWrite) {
    disk.backend.flush((flushed) => done(statusOf(flushed), STATUS_BYTES));
  } else {
    done(statusOf(outcome), STATUS_BYTES);
  }
}

/** The serial number: 20 bytes, filled with zeros, without a terminator when it is that long. */
function giveId(disk: RequestDisk, chain: Chain, done: RequestDone): void {
  const room = Math.min(ID_BYTES, chain.writableBytes - STATUS_BYTES);
  const id = new Uint8Array(ID_BYTES);
  id.set(new TextEncoder().encode(disk.serial).subarray(0, ID_BYTES));
  const written = writeSegments(disk.guest, chain.writable, 0, id.subarray(0, room));
  done(STATUS_OK, written + STATUS_BYTES);
}

/** DISCARD and WRITE_ZEROES: a list of ranges, one after the other; the first that fails ends the request (5.2.6.2). */
function serveRanges(
  disk: RequestDisk,
  chain: Chain,
  operation: 'discard' | 'writeZeroes',
  done: RequestDone,
): void {
  const bytes = chain.readableBytes - HEADER_BYTES;
  if (disk.readOnly || bytes === 0 || bytes % RANGE_BYTES !== 0 || bytes / RANGE_BYTES > MOST_RANGES) {
    done(STATUS_IO_ERROR, STATUS_BYTES);
    return;
  }
  const list = readSegments(disk.guest, chain.readable, HEADER_BYTES, bytes);
  const ranges: Range[] = [];
  for (let at = 0; at < bytes; at += RANGE_BYTES) {
    const range = readRange(disk, new DataView(list.buffer, at, RANGE_BYTES), operation);
    if (typeof range === 'number') {
      done(range, STATUS_BYTES);
      return;
    }
    ranges.push(range);
  }
  serveNextRange(disk, ranges, operation, done);
}

/** A range of the list, or the status that refuses it. */
function readRange(disk: RequestDisk, view: DataView, operation: 'discard' | 'writeZeroes'): Range | number {
  const flags = view.getUint32(RANGE_FLAGS, true);
  if ((flags & ~(operation === 'discard' ? 0 : RANGE_UNMAP)) !== 0) {
    return STATUS_UNSUPPORTED;
  }
  const sectors = view.getUint32(RANGE_COUNT, true);
  if (sectors > MOST_RANGE_SECTORS) {
    return STATUS_IO_ERROR;
  }
  return rangeOnMedium(disk, Number(view.getBigUint64(0, true)), sectors * SECTOR_BYTES) ?? STATUS_IO_ERROR;
}

function serveNextRange(
  disk: RequestDisk,
  ranges: readonly Range[],
  operation: 'discard' | 'writeZeroes',
  done: RequestDone,
): void {
  const [range, ...others] = ranges;
  if (range === undefined) {
    finishWrite(disk, 0, done);
    return;
  }
  disk.backend[operation](range.offset, range.bytes, (outcome) => {
    if (outcome === 0) {
      serveNextRange(disk, others, operation, done);
    } else {
      done(statusOf(outcome), STATUS_BYTES);
    }
  });
}
