/** What a file name says of where an image is: a path of the host, or a protocol and what it makes of the rest. */
import { dirname, isAbsolute, join, resolve } from 'node:path';
import { BlockError } from './block-error.ts';

/** `nbd:`, `http:`… but not a path that has a colon behind a slash (file names with a colon are written `./a:b`). */
const PROTOCOL = /^([A-Za-z0-9+.-]+):/;
const HOST_PROTOCOLS = ['file', 'host_device', 'host_cdrom', 'host_floppy'];
const NBD_PROTOCOLS = ['nbd', 'nbd+tcp', 'nbd+unix'];
const LATER_PROTOCOLS = ['http', 'https', 'ftp', 'ftps', 'tftp', 'fat'];

export type ProtocolKind = 'host' | 'nbd' | 'blkdebug' | 'blkverify';

/** Which implementation a protocol's name stands for. Throws BlockError. */
export function protocolKind(protocol: string): ProtocolKind {
  if (HOST_PROTOCOLS.includes(protocol)) return 'host';
  if (NBD_PROTOCOLS.includes(protocol)) return 'nbd';
  if (protocol === 'blkdebug' || protocol === 'blkverify') return protocol;
  if (LATER_PROTOCOLS.includes(protocol)) {
    throw new BlockError('ERR_BLOCK_UNAVAILABLE', `${protocol}: not available in this version`);
  }
  throw new BlockError('ERR_BLOCK_OPEN', `Unknown protocol '${protocol}'`);
}

/** The protocol of a name, `file` where it has none. It may be one that does not exist. */
export function protocolOf(fileName: string): string {
  return PROTOCOL.exec(fileName)?.[1] ?? 'file';
}

/** The path of a file of the host. Throws BlockError for other protocols. */
export function hostPath(fileName: string): string {
  const protocol = protocolOf(fileName);
  if (protocolKind(protocol) !== 'host') {
    throw new BlockError('ERR_BLOCK_OPEN', `'${fileName}' is no file of this host`);
  }
  return fileName.startsWith(`${protocol}:`) ? fileName.slice(protocol.length + 1) : fileName;
}

/** A relative name of a backing file counts from the directory of the image that names it. */
export function backingPath(fileName: string, imageName: string): string {
  if (PROTOCOL.test(fileName) || isAbsolute(fileName)) return fileName;
  return join(dirname(hostPath(imageName)), fileName);
}

/** How an image names the one that it builds on: by its full path, or by its protocol and address. */
export function recordedName(fileName: string): string {
  return HOST_PROTOCOLS.includes(protocolOf(fileName)) ? resolve(hostPath(fileName)) : fileName;
}
