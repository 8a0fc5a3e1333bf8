/** Making image files of the formats that this version writes. */
import { stringValue } from '../options/option-values.ts';
import { BlockError, reasonOf } from './block-error.ts';
import { COW_CREATOR } from './formats/cow.ts';
import { PARALLELS_CREATOR } from './formats/parallels.ts';
import { QCOW_CREATOR } from './formats/qcow.ts';
import { VDI_CREATOR } from './formats/vdi.ts';
import { VMDK_CREATOR } from './formats/vmdk/vmdk-creator.ts';
import { VPC_CREATOR } from './formats/vpc.ts';
import {
  type CreateImageOptions,
  type ImageCreator,
  invalidOption,
  type PreparedImage,
} from './image-creator.ts';
import { findFormat } from './image-formats.ts';
import { openImage } from './open-image.ts';
import { backingPath } from './protocol-names.ts';
import { QCOW2_CREATOR } from './qcow2/qcow2-creator.ts';
import { RAW_CREATOR } from './raw-creator.ts';

export type { CreateImageOptions } from './image-creator.ts';

const CREATORS: readonly ImageCreator[] = [
  QCOW2_CREATOR,
  RAW_CREATOR,
  VDI_CREATOR,
  VMDK_CREATOR,
  VPC_CREATOR,
  QCOW_CREATOR,
  PARALLELS_CREATOR,
  COW_CREATOR,
];
const SECTOR_BYTES = 512;

/** How images of a format are made. Throws BlockError for a format that there is not, or that is only read. */
export function findCreator(format: string): ImageCreator {
  const creator = CREATORS.find((each) => each.format === format);
  if (creator === undefined) {
    findFormat(format);
    throw new BlockError(
      'ERR_BLOCK_UNAVAILABLE',
      `Format driver '${format}' does not support image creation`,
    );
  }
  return creator;
}

/** Options that the format shares with all others may be given either way; those of `-o` come last. */
function withBacking(
  options: CreateImageOptions,
  { takesBacking, format }: ImageCreator,
): CreateImageOptions {
  const { formatOptions: pairs } = options;
  const backingFile = stringValue(pairs, 'backing_file') ?? options.backingFile;
  const backingFormat = stringValue(pairs, 'backing_fmt') ?? options.backingFormat;
  if (backingFile !== undefined && !takesBacking) {
    throw invalidOption(`Backing file not supported for file format '${format}'`);
  }
  if (backingFormat !== undefined && !takesBacking) {
    throw invalidOption(`Backing file format not supported for file format '${format}'`);
  }
  if (backingFormat !== undefined) findFormat(backingFormat);
  if (backingFile !== undefined && backingPath(backingFile, options.fileName) === options.fileName) {
    throw invalidOption('Error: Trying to create an image with the same filename as the backing file');
  }
  return { ...options, backingFile, backingFormat };
}

async function lengthOf({
  bytes,
  backingFile,
  backingFormat,
  fileName,
  unsafe,
}: CreateImageOptions): Promise<number> {
  if (backingFile !== undefined && unsafe !== true) {
    const path = backingPath(backingFile, fileName);
    const backing = await openImage(path, { format: backingFormat, readOnly: true, driverOptions: [] }).catch(
      (cause: unknown) => {
        throw new BlockError(
          'ERR_BLOCK_OPEN',
          `Could not open '${path}': ${reasonOf(cause)}\nCould not open backing image.`,
          { cause },
        );
      },
    );
    const backingBytes = backing.bytes;
    await backing.close();
    if (bytes === undefined) return backingBytes;
  }
  if (bytes === undefined) throw invalidOption('Image creation needs a size parameter');
  return Math.ceil(bytes / SECTOR_BYTES) * SECTOR_BYTES;
}

/**
 * Looks at all of the options of an image that is to be made.
 * Throws BlockError, HostError or OptionError.
 */
export async function prepareImage(
  options: CreateImageOptions,
): Promise<PreparedImage & { readonly bytes: number }> {
  const creator = findCreator(options.format);
  const unknown = options.formatOptions.find(([key]) => !creator.options.some(({ name }) => name === key));
  if (unknown !== undefined) throw invalidOption(`Invalid parameter '${unknown[0]}'`);
  const complete = withBacking(options, creator);
  const bytes = await lengthOf(complete);
  const { description, write } = creator.prepare({ ...complete, bytes });
  return {
    bytes,
    description,
    write: () =>
      write().catch((cause: unknown) => {
        if (cause instanceof BlockError) throw cause;
        const message = `${options.fileName}: error while creating ${options.format}: ${reasonOf(cause)}`;
        throw new BlockError('ERR_BLOCK_CREATE', message, { cause });
      }),
  };
}

/**
 * Makes an image, replacing a file of that name.
 * @returns the length of the disk in bytes. Throws BlockError, HostError or OptionError.
 */
export async function createImage(options: CreateImageOptions): Promise<number> {
  const { bytes, write } = await prepareImage(options);
  await write();
  return bytes;
}
