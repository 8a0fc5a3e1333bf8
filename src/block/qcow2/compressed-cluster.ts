/** Compressed clusters: a raw deflate stream, or a zstd frame, padded to what its sectors hold. */
import { promisify } from 'node:util';
import { constants, createZstdDecompress, deflateRaw, inflateRaw, zstdCompress } from 'node:zlib';
import { type Compression, corrupt } from './qcow2-header.ts';

const inflateRawAsync = promisify(inflateRaw);
const deflateRawAsync = promisify(deflateRaw);
const zstdCompressAsync = promisify(zstdCompress);
/** log2 of the history that a deflate stream may refer to: readers expect no more. */
const WINDOW_BITS = 12;

function inflate(bytes: Uint8Array, clusterBytes: number): Promise<Uint8Array> {
  // The stream ends somewhere in its last sector; what follows is none of its business.
  return inflateRawAsync(bytes, { maxOutputLength: clusterBytes, finishFlush: constants.Z_SYNC_FLUSH });
}

/** The frame's end is not known beforehand: what follows it is an error that comes after all of its contents. */
function decompressZstd(bytes: Uint8Array, clusterBytes: number): Promise<Uint8Array> {
  return new Promise((resolve, reject) => {
    const parts: Uint8Array[] = [];
    let total = 0;
    const stream = createZstdDecompress();
    stream.on('error', reject);
    stream.on('end', () => resolve(Buffer.concat(parts)));
    stream.on('data', (part: Uint8Array) => {
      parts.push(part);
      total += part.length;
      if (total >= clusterBytes) {
        resolve(Buffer.concat(parts));
        stream.destroy();
      }
    });
    stream.end(bytes);
  });
}

/** The cluster's contents. Throws BlockError `ERR_BLOCK_CORRUPT` when they are not exactly as long as a cluster. */
export async function decompressCluster(
  bytes: Uint8Array,
  clusterBytes: number,
  compression: Compression,
  fileName: string,
): Promise<Uint8Array> {
  try {
    const decompress = compression === 'zlib' ? inflate : decompressZstd;
    const contents = await decompress(bytes, clusterBytes);
    if (contents.length === clusterBytes) return contents;
  } catch {
    // Said below: the library's words help nobody here.
  }
  throw corrupt(fileName, 'a compressed cluster cannot be expanded');
}

/** @returns undefined when the contents do not get shorter */
export async function compressCluster(
  contents: Uint8Array,
  compression: Compression,
): Promise<Uint8Array | undefined> {
  const packed = await (compression === 'zlib'
    ? deflateRawAsync(contents, { windowBits: WINDOW_BITS })
    : zstdCompressAsync(contents));
  return packed.length < contents.length ? packed : undefined;
}
