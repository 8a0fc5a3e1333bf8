/** From a file name to the nodes of an image. */
import { dirname, isAbsolute, join, resolve } from 'node:path';
import { BlockError, errnoOf, reasonOf } from './block-error.ts';
import type { BlockNode, OpenOptions } from './block-node.ts';
import { FileNode } from './file-node.ts';
import { openFormat } from './image-formats.ts';

/** `nbd:`, `http:`… but not a path that has a colon behind a slash (file names with a colon are written `./a:b`). */
const PROTOCOL = /^([A-Za-z0-9+.-]+):/;
const FILE_PREFIXES = ['file', 'host_device', 'host_cdrom', 'host_floppy'];
const LATER_PROTOCOLS = ['nbd', 'http', 'https', 'ftp', 'ftps', 'tftp', 'blkdebug', 'blkverify', 'fat'];

/** The path of a file of the host. Throws BlockError for other protocols. */
export function hostPath(fileName: string): string {
  const [prefix = '', protocol] = PROTOCOL.exec(fileName) ?? [];
  if (protocol === undefined) {
    return fileName;
  }
  if (FILE_PREFIXES.includes(protocol)) {
    return fileName.slice(prefix.length);
  }
  if (LATER_PROTOCOLS.includes(protocol)) {
    throw new BlockError('ERR_BLOCK_UNAVAILABLE', `${protocol}: not available in this version`);
  }
  throw new BlockError('ERR_BLOCK_OPEN', `Unknown protocol '${protocol}'`);
}

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

/** A relative name of a backing file counts from the directory of the image that names it. */
export function backingPath(fileName: string, imageName: string): string {
  if (PROTOCOL.test(fileName) || isAbsolute(fileName)) return fileName;
  return join(dirname(hostPath(imageName)), fileName);
}

/** How an image names the one that it builds on: by its full path, or by its protocol and address. */
export function recordedName(fileName: string): string {
  return PROTOCOL.test(fileName) && !FILE_PREFIXES.some((each) => fileName.startsWith(`${each}:`))
    ? fileName
    : resolve(hostPath(fileName));
}

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
  const openBacking = async (name: string, format: string | undefined): Promise<BlockNode | undefined> => {
    if (options.noBacking === true) return undefined;
    try {
      const path = backingPath(name, fileName);
      if (options.standIn !== undefined) return options.standIn(path, format);
      return await openAtDepth(path, { format, readOnly: true, driverOptions: [] }, depth + 1);
    } catch (error) {
      throw new BlockError('ERR_BLOCK_OPEN', `Could not open backing file '${name}': ${reasonOf(error)}`, {
        cause: error,
        errno: errnoOf(error),
      });
    }
  };
  const file = FileNode.open(hostPath(fileName), options);
  try {
    return await openFormat(file, options.format, options, openBacking);
  } catch (error) {
    await file.close();
    throw error;
  }
}
