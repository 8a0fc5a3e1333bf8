/** Expanding packed blocks. */
import { promisify } from 'node:util';
import { constants, inflate, inflateRaw } from 'node:zlib';
import { damaged } from './block-map.ts';

const inflateAsync = promisify(inflate);
const inflateRawAsync = promisify(inflateRaw);

export interface UnpackOptions {
  readonly fileName: string;
  readonly format: string;
  /** How long the contents are; what they lack is zeros. */
  readonly bytes: number;
  /** Without the header and the checksum of zlib. */
  readonly raw?: boolean;
}

/** Throws BlockError `ERR_BLOCK_CORRUPT` for what is no stream of deflate, or is longer. */
export async function unpack(packed: Uint8Array, options: UnpackOptions): Promise<Uint8Array> {
  const { fileName, format, bytes, raw = false } = options;
  const contents = new Uint8Array(bytes);
  try {
    // The stream may be followed by what fills its sector.
    const settings = { maxOutputLength: bytes, finishFlush: constants.Z_SYNC_FLUSH };
    contents.set(await (raw ? inflateRawAsync : inflateAsync)(packed, settings));
  } catch {
    throw damaged(fileName, format, 'a compressed block cannot be expanded');
  }
  return contents;
}
