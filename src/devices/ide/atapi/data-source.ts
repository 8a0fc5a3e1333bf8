/** Where the data of a packet command comes from: an answer, or blocks of the disc. Plain data, so that it can be saved. */

export interface ReplySource {
  readonly kind: 'reply';
  readonly bytes: Uint8Array;
  position: number;
}

export interface BlockSource {
  readonly kind: 'blocks';
  /** The next block of 2048 bytes that has not been loaded. */
  block: number;
  left: number;
  /** As 2352 bytes with sync pattern and header. */
  readonly raw: boolean;
}

export type DataSource = ReplySource | BlockSource;

export const BLOCK_BYTES = 2048;
