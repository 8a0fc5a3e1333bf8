/** Bytes in and out of a chain's buffers. Offsets and lengths in bytes, counted over all buffers of the list. */
import type { SharedPiece } from '../../block/shared-piece.ts';
import type { GuestMemory } from '../board-services.ts';
import type { Segment } from './descriptor-chain.ts';

/** The part of `segments` from `offset` on, at most `bytes` long. */
export function sliceSegments(
  segments: readonly Segment[],
  offset: number,
  bytes = Number.POSITIVE_INFINITY,
): Segment[] {
  const slice: Segment[] = [];
  let skip = offset;
  let left = bytes;
  for (const segment of segments) {
    if (left <= 0) {
      break;
    }
    if (skip >= segment.bytes) {
      skip -= segment.bytes;
      continue;
    }
    const taken = Math.min(segment.bytes - skip, left);
    slice.push({ address: segment.address + skip, bytes: taken });
    skip = 0;
    left -= taken;
  }
  return slice;
}

/** At most `bytes` bytes from `offset` on; fewer where the buffers end. */
export function readSegments(
  guest: GuestMemory,
  segments: readonly Segment[],
  offset: number,
  bytes: number,
): Uint8Array {
  const parts = sliceSegments(segments, offset, bytes);
  const result = new Uint8Array(parts.reduce((sum, part) => sum + part.bytes, 0));
  let at = 0;
  for (const part of parts) {
    guest.readInto(part.address, result.subarray(at, at + part.bytes));
    at += part.bytes;
  }
  return result;
}

/** Puts as much of `data` as fits from `offset` on. Gives how many bytes that was. */
export function writeSegments(
  guest: GuestMemory,
  segments: readonly Segment[],
  offset: number,
  data: Uint8Array,
): number {
  let at = 0;
  for (const part of sliceSegments(segments, offset, data.length)) {
    guest.write(part.address, data.subarray(at, at + part.bytes));
    at += part.bytes;
  }
  return at;
}

/** Where the buffers lie in shared memory; undefined if any of them is not wholly in RAM. */
export function sharedPieces(
  guest: GuestMemory,
  segments: readonly Segment[],
  forWrite: boolean,
): SharedPiece[] | undefined {
  const pieces: SharedPiece[] = [];
  for (const { address, bytes } of segments) {
    const found = guest.pieces(address, bytes, forWrite);
    if (found === undefined) {
      return undefined;
    }
    pieces.push(...found);
  }
  return pieces;
}
