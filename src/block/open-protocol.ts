/** The bottom of an image: the protocol that its bytes are reached by. */

import { BlockError, EINVAL } from './block-error.ts';
import type { BlockNode } from './block-node.ts';
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
}

const NBD_KEYS = ['host', 'port', 'path', 'export'];

/** @param fileName '' when the keys say all. Rejects with HostError or BlockError. */
export async function openProtocol(fileName: string, options: ProtocolOptions): Promise<BlockNode> {
  const { keys, readOnly, direct, device } = options;
  const name = optionValue(keys, 'filename') ?? fileName;
  const format = optionValue(keys, 'driver') ?? protocolOf(name);
  if (protocolKind(format) === 'host') {
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

/** A name by which an export can be opened again. */
function nbdName({ socket, exportName }: ReturnType<typeof parseNbdName>): string {
  const place = socket.type === 'unix' ? `unix:${socket.path}` : `${socket.host}:${socket.port}`;
  return `nbd:${place}${exportName === '' ? '' : `:exportname=${exportName}`}`;
}
