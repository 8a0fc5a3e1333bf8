/** What an image format of equal blocks has to say of itself; `mapped-disk.ts` does the rest. */
import { BlockError } from '../block-error.ts';
import type { BlockNode } from '../block-node.ts';

/** Where a block's contents are. */
export type Place =
  /** Not in this image: the backing image shows through, or there are zeros. */
  | { readonly kind: 'absent' }
  | { readonly kind: 'zero' }
  /** In the file, as they are (or encrypted). */
  | { readonly kind: 'data'; readonly offset: number }
  | { readonly kind: 'packed'; readonly unpack: () => Promise<Uint8Array> };

export const ABSENT: Place = { kind: 'absent' };
export const ZERO: Place = { kind: 'zero' };

/** Places of several blocks, one behind the other: all of one kind, and data without gaps between them. */
export interface PlaceRun {
  readonly place: Place;
  readonly blocks: number;
}

export interface BlockMap {
  readonly blockBytes: number;
  /** @param most how many blocks the caller wants to know of; at least 1. Throws BlockError `ERR_BLOCK_CORRUPT`. */
  lookUp(block: number, most: number): Promise<PlaceRun>;
  /** Absent where the format is only read. */
  readonly changes?: BlockMapChanges | undefined;
}

/** Calls come one at a time. */
export interface BlockMapChanges {
  /**
   * Finds room in the file for some blocks, whose whole contents are written there before `link` is called.
   * @returns where, and for how many of them, at least one
   */
  allocate(block: number, most: number): Promise<{ readonly offset: number; readonly blocks: number }>;
  /** From now on the blocks lie there; on disk after `write`. */
  link(block: number, blocks: number, offset: number): Promise<void>;
  /** Lets an absent or zero block read as zeros though there is a backing image. Absent where the format cannot say that. */
  markZero?(block: number): Promise<void>;
  /** Whether `write` should be called soon, so that memory stays bounded. */
  readonly isFull?: boolean;
  /** Writes the changed tables to the file. What they refer to is on disk already. */
  write(): Promise<void>;
  /** The image is about to be written by us, or is not written any more. */
  claim?(): Promise<void>;
  release?(): Promise<void>;
}

/** An image whose header or tables cannot be. */
export function damaged(fileName: string, format: string, what: string): BlockError {
  return new BlockError('ERR_BLOCK_CORRUPT', `'${fileName}' is no sound ${format} image: ${what}`);
}

/** An image that is sound for all one knows, but of a kind that is not read here. */
export function unknownKind(fileName: string, format: string, what: string): BlockError {
  return new BlockError(
    'ERR_BLOCK_UNSUPPORTED',
    `'${fileName}': ${format} images with ${what} are not supported`,
  );
}

/** Longer tables are not taken into memory. */
const MOST_TABLE_BYTES = 256 * 1024 * 1024;

/**
 * Reads a table, of which a header told where it lies.
 * Throws BlockError `ERR_BLOCK_CORRUPT` when it is not inside the file, or longer than any image that makes sense has it.
 */
export async function readTable(
  file: BlockNode,
  format: string,
  { offset, bytes, what }: { readonly offset: number; readonly bytes: number; readonly what: string },
): Promise<DataView<ArrayBuffer>> {
  if (!(offset >= 0 && bytes >= 0 && bytes <= MOST_TABLE_BYTES && offset + bytes <= file.bytes)) {
    const place = `${bytes} bytes at ${offset}`;
    throw damaged(
      file.fileName,
      format,
      `its ${what} (${place}) is not inside the file of ${file.bytes} bytes`,
    );
  }
  const table = new Uint8Array(bytes);
  if (bytes > 0) await file.read(offset, [table]);
  return new DataView(table.buffer);
}

/** The header of an image, whose fields are all there. Throws BlockError `ERR_BLOCK_CORRUPT`. */
export function readHeader(file: BlockNode, format: string, bytes: number): Promise<DataView<ArrayBuffer>> {
  return readTable(file, format, { offset: 0, bytes, what: 'header' });
}

/**
 * Checks where a table says that a block lies.
 * @param start where data may begin, behind header and tables
 */
export function checkPlace(file: BlockNode, format: string, offset: number, start: number): number {
  if (!(offset >= start && offset <= file.bytes)) {
    const range = `bytes ${start} to ${file.bytes}`;
    throw damaged(
      file.fileName,
      format,
      `a block is said to lie at ${offset}, outside of ${range} of the file`,
    );
  }
  return offset;
}

/** Throws BlockError `ERR_BLOCK_CORRUPT` for a length that no disk has. */
export function checkLength(fileName: string, format: string, bytes: bigint | number): number {
  if (bytes < 0 || bytes > Number.MAX_SAFE_INTEGER)
    throw damaged(fileName, format, `a disk of ${bytes} bytes`);
  return Number(bytes);
}

/** No more blocks than that are looked at in one go. */
const MOST_MERGED = 65536;

/** Puts blocks that are alike together. @param placeOf the place of the block so many behind the first */
export function mergePlaces(most: number, blockBytes: number, placeOf: (index: number) => Place): PlaceRun {
  const place = placeOf(0);
  const end = place.kind === 'packed' ? 1 : Math.min(most, MOST_MERGED);
  let blocks = 1;
  for (; blocks < end; blocks++) {
    const next = placeOf(blocks);
    if (next.kind !== place.kind) break;
    const goesOn =
      place.kind !== 'data' || (next.kind === 'data' && next.offset === place.offset + blocks * blockBytes);
    if (!goesOn) break;
  }
  return { place, blocks };
}
