/** Making image files of the formats that this version writes. */
import type { OptionPair } from '../options/option-list.ts';
import { booleanValue, sizeValue, stringValue } from '../options/option-values.ts';
import { BlockError, EINVAL, reasonOf } from './block-error.ts';
import { FileNode } from './file-node.ts';
import { findFormat } from './image-formats.ts';
import { backingPath, hostPath, openImage } from './open-image.ts';
import { createQcow2, QCOW2_DEFAULTS } from './qcow2/create-qcow2.ts';

export interface CreateImageOptions {
  readonly fileName: string;
  /** `raw` or `qcow2`. */
  readonly format: string;
  /** Bytes; that of the backing file when undefined. */
  readonly bytes: number | undefined;
  readonly backingFile: string | undefined;
  readonly backingFormat: string | undefined;
  /** `-o`: options of the format. */
  readonly formatOptions: readonly OptionPair[];
}

const QCOW2_OPTIONS = [
  'compat',
  'cluster_size',
  'refcount_bits',
  'lazy_refcounts',
  'preallocation',
  'encryption',
];
const SECTOR_BYTES = 512;

function invalid(message: string): BlockError {
  return new BlockError('ERR_BLOCK_CREATE', message, { errno: EINVAL });
}

async function lengthOf({
  bytes,
  backingFile,
  backingFormat,
  fileName,
}: CreateImageOptions): Promise<number> {
  if (bytes !== undefined) {
    return Math.ceil(bytes / SECTOR_BYTES) * SECTOR_BYTES;
  }
  if (backingFile === undefined) {
    throw invalid('Image creation needs a size parameter');
  }
  const path = backingPath(backingFile, fileName);
  const backing = await openImage(path, { format: backingFormat, readOnly: true, driverOptions: [] });
  try {
    return backing.bytes;
  } finally {
    await backing.close();
  }
}

/** What of qcow2's options this version can honour. Throws BlockError. */
function qcow2Options(pairs: readonly OptionPair[]) {
  const unknown = pairs.find(([key]) => !QCOW2_OPTIONS.includes(key));
  if (unknown !== undefined) throw invalid(`Unknown option '${unknown[0]}'`);
  const compat = stringValue(pairs, 'compat') ?? '1.1';
  if (!['0.10', '1.1', 'v2', 'v3'].includes(compat))
    throw invalid(`Invalid compatibility level: '${compat}'`);
  const preallocation = stringValue(pairs, 'preallocation') ?? 'off';
  if (preallocation !== 'off') {
    throw new BlockError(
      'ERR_BLOCK_UNAVAILABLE',
      `preallocation=${preallocation}: not available in this version`,
    );
  }
  for (const key of ['encryption', 'lazy_refcounts']) {
    if (booleanValue(pairs, key) === true) {
      throw new BlockError('ERR_BLOCK_UNAVAILABLE', `${key}=on: not available in this version`);
    }
  }
  return {
    version: compat === '0.10' || compat === 'v2' ? 2 : 3,
    clusterBytes: sizeValue(pairs, 'cluster_size') ?? QCOW2_DEFAULTS.clusterBytes,
    refcountBits: sizeValue(pairs, 'refcount_bits') ?? QCOW2_DEFAULTS.refcountBits,
  } as const;
}

/**
 * Makes an image, replacing a file of that name.
 * @returns the length of the disk in bytes. Throws BlockError, HostError or OptionError.
 */
export async function createImage(options: CreateImageOptions): Promise<number> {
  const { fileName, format, backingFile, backingFormat, formatOptions } = options;
  findFormat(format);
  if (format !== 'raw' && format !== 'qcow2') {
    throw new BlockError('ERR_BLOCK_UNAVAILABLE', `${format}: not available in this version`);
  }
  if (format === 'raw' && backingFile !== undefined) {
    throw invalid(`Backing file not supported for file format '${format}'`);
  }
  if (backingFile !== undefined && backingPath(backingFile, fileName) === fileName) {
    throw invalid('Error: Trying to create an image with the same filename as the backing file');
  }
  const own = format === 'qcow2' ? qcow2Options(formatOptions) : undefined;
  const bytes = await lengthOf(options);
  try {
    await writeEmptyImage(fileName, async (file) => {
      if (own === undefined) await file.resize(bytes);
      else await createQcow2(file, { ...own, bytes, backingFile, backingFormat });
    });
  } catch (error) {
    throw error instanceof BlockError
      ? error
      : new BlockError(
          'ERR_BLOCK_CREATE',
          `${fileName}: error while creating ${format}: ${reasonOf(error)}`,
          {
            cause: error,
          },
        );
  }
  return bytes;
}

async function writeEmptyImage(fileName: string, write: (file: FileNode) => Promise<void>): Promise<void> {
  const file = FileNode.open(hostPath(fileName), { readOnly: false, create: true });
  try {
    await write(file);
  } finally {
    await file.close();
  }
}
