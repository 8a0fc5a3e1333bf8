/** The bottom of an image: the protocol that its bytes are reached by. */

import { BlockError, EINVAL } from './block-error.ts';
import type { BlockNode } from './block-node.ts';
import { BlkdebugNode, readRules } from './debug/blkdebug-node.ts';
import { BlkverifyNode } from './debug/blkverify-node.ts';
import { checkOptions, type DriverOptions, optionValue } from './driver-options.ts';
import { FileNode } from './file-node.ts';
import { nbdAddressOf, parseNbdName } from './nbd/nbd-address.ts';
import { NbdNode } from './nbd/nbd-node.ts';
import { hostPath, protocolKind, protocolOf } from './protocol-names.ts';

export interface ProtocolOptions {
  readonly readOnly: boolean;
  /** Past the page cache of the host, where that can be. */
  readonly direct: boolean;
  /** The drive, for messages. */
  readonly device: string | undefined;
  /** `driver`, `filename`, and what the driver itself knows. */
  readonly keys: DriverOptions;
  /** Opens an image with its format, which blkverify compares with a raw file; absent where no image lies over a protocol. */
  readonly openImage?: (fileName: string) => Promise<BlockNode>;
}

/** The two names in `PROTOCOL:FIRST:SECOND`, of which the first has no colon. */
const TWO_NAMES = /^[^:]*:([^:]*):(.+)$/s;
const NBD_KEYS = ['host', 'port', 'path', 'export'];

/** @param fileName '' when the keys say all. Rejects with HostError or BlockError. */
export async function openProtocol(fileName: string, options: ProtocolOptions): Promise<BlockNode> {
  const { keys, readOnly, direct, device } = options;
  const name = optionValue(keys, 'filename') ?? fileName;
  const format = optionValue(keys, 'driver') ?? protocolOf(name);
  const kind = protocolKind(format);
  if (kind === 'blkdebug' || kind === 'blkverify') {
    checkOptions(keys, ['driver', 'filename'], { format, device });
    return kind === 'blkdebug' ? openBlkdebug(name, options) : openBlkverify(name, options);
  }
  if (kind === 'host') {
    checkOptions(keys, ['driver', 'filename'], { format, device });
    if (name === '') {
      throw new BlockError('ERR_BLOCK_OPEN', `The '${format}' block driver requires a file name`, {
        errno: EINVAL,
      });
    }
    return FileNode.open(hostPath(name), { readOnly, direct });
  }
  checkOptions(keys, ['driver', 'filename', ...NBD_KEYS], { format, device });
  if (name !== '') return NbdNode.open(parseNbdName(name), name, readOnly);
  const address = nbdAddressOf(new Map(keys));
  return NbdNode.open(address, nbdName(address), readOnly);
}

function twoNames(name: string, usage: string): readonly [string, string] {
  const [, first, second] = TWO_NAMES.exec(name) ?? [];
  if (first === undefined || second === undefined) {
    throw new BlockError('ERR_BLOCK_OPEN', `'${name}' should be ${usage}`, { errno: EINVAL });
  }
  return [first, second];
}

async function openBlkdebug(name: string, options: ProtocolOptions): Promise<BlockNode> {
  const [rules, fileName] = twoNames(name, 'blkdebug:[RULES]:FILE');
  const state = readRules(rules);
  return new BlkdebugNode(name, await openProtocol(fileName, { ...options, keys: [] }), state);
}

async function openBlkverify(name: string, options: ProtocolOptions): Promise<BlockNode> {
  const [raw, image] = twoNames(name, 'blkverify:RAW:IMAGE');
  if (options.openImage === undefined) {
    throw new BlockError('ERR_BLOCK_OPEN', `'${name}' cannot be used here`, { errno: EINVAL });
  }
  const file = await openProtocol(raw, { ...options, keys: [] });
  try {
    return new BlkverifyNode(name, file, await options.openImage(image));
  } catch (error) {
    await file.close();
    throw error;
  }
}

/** A name by which an export can be opened again. */
function nbdName({ socket, exportName }: ReturnType<typeof parseNbdName>): string {
  const place = socket.type === 'unix' ? `unix:${socket.path}` : `${socket.host}:${socket.port}`;
  return `nbd:${place}${exportName === '' ? '' : `:exportname=${exportName}`}`;
}
