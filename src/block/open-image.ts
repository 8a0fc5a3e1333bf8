/** From a file name to the nodes of an image. */
import { BlockError, errnoOf, reasonOf } from './block-error.ts';
import type { BlockNode, OpenOptions } from './block-node.ts';
import { optionsBehind, optionValue } from './driver-options.ts';
import { openFormat } from './image-formats.ts';
import { openProtocol } from './open-protocol.ts';
import { backingPath } from './protocol-names.ts';

export interface ImageOptions extends OpenOptions {
  /** Guessed from the contents when undefined. */
  readonly format: string | undefined;
  /** What the image builds on is not opened: the caller puts something in its place (`replaceBacking`). */
  readonly noBacking?: boolean;
  /** What the image builds on is not opened: this stands in its place. */
  readonly standIn?: (fileName: string, format: string | undefined) => BlockNode;
}

/** Longer chains are taken for loops. */
const MOST_BACKING_FILES = 200;

/**
 * Opens an image with everything below it.
 * Throws HostError or BlockError; nothing is left open then.
 */
export function openImage(fileName: string, options: ImageOptions): Promise<BlockNode> {
  return openAtDepth(fileName, options, 0);
}

async function openAtDepth(fileName: string, options: ImageOptions, depth: number): Promise<BlockNode> {
  if (depth > MOST_BACKING_FILES) {
    throw new BlockError('ERR_BLOCK_OPEN', `More than ${MOST_BACKING_FILES} images build on each other`);
  }
  const { driverOptions, device, readOnly, direct = false } = options;
  const ofBacking = optionsBehind(driverOptions, 'backing.');
  const openBacking = async (name: string, format: string | undefined): Promise<BlockNode | undefined> => {
    if (options.noBacking === true) return undefined;
    try {
      const path = backingPath(name, fileName);
      if (options.standIn !== undefined) return options.standIn(path, format);
      const below = { format, readOnly: true, driverOptions: ofBacking, device, direct };
      return await openAtDepth(path, below, depth + 1);
    } catch (error) {
      throw new BlockError('ERR_BLOCK_OPEN', `Could not open backing file '${name}': ${reasonOf(error)}`, {
        cause: error,
        errno: errnoOf(error),
      });
    }
  };
  const file = await openProtocol(fileName, {
    readOnly,
    direct,
    device,
    keys: optionsBehind(driverOptions, 'file.'),
    openImage: (name) =>
      openAtDepth(name, { format: undefined, readOnly, driverOptions: [], device, direct }, depth + 1),
  });
  try {
    const own = driverOptions.filter(([key]) => !/^(file|backing)\.|^driver$/.test(key));
    const format = optionValue(driverOptions, 'driver') ?? options.format;
    return await openFormat(file, format, { ...options, driverOptions: own }, openBacking);
  } catch (error) {
    await file.close();
    throw error;
  }
}
