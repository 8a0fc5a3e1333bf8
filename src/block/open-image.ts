/** From a file name to the nodes of an image. */
import { BlockError } from './block-error.ts';
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
}

/**
 * Opens an image with everything below it.
 * Throws HostError or BlockError; nothing is left open then.
 */
export async function openImage(fileName: string, options: ImageOptions): Promise<BlockNode> {
  const file = FileNode.open(hostPath(fileName), options);
  try {
    return await openFormat(file, options.format, options);
  } catch (error) {
    await file.close();
    throw error;
  }
}
