/** Where an NBD server is and which export is meant, in each of the ways in which that can be written. */
import type { SocketAddress } from '../../backends/chardev/chardev-config.ts';
import { BlockError, EINVAL } from '../block-error.ts';

export const NBD_PORT = '10809';

export interface NbdAddress {
  readonly socket: Exclude<SocketAddress, { type: 'fd' }>;
  readonly exportName: string;
}

function wrong(message: string): BlockError {
  return new BlockError('ERR_BLOCK_OPEN', message, { errno: EINVAL });
}

function inet(host: string, port: string): NbdAddress['socket'] {
  return { type: 'inet', host, port };
}

/**
 * `nbd:HOST:PORT[:exportname=NAME]`, `nbd:unix:PATH[:exportname=NAME]`, `nbd://HOST[:PORT]/[NAME]`, `nbd+tcp://…`,
 * `nbd+unix:///[NAME]?socket=PATH`. Throws BlockError.
 */
export function parseNbdName(fileName: string): NbdAddress {
  return /^nbd(\+\w+)?:\/\//.test(fileName) ? parseUri(fileName) : parseLegacy(fileName);
}

function parseUri(fileName: string): NbdAddress {
  // The URL parser leaves schemes that it does not know without some of its rules.
  const match = /^nbd(?:\+(\w+))?:\/\/([^/?]*)(?:\/([^?]*))?(?:\?(.*))?$/.exec(fileName);
  const [, transport = 'tcp', authority = '', path = '', query = ''] = match ?? [];
  const exportName = decodeURIComponent(path);
  if (transport === 'unix') {
    const socket = new URLSearchParams(query).get('socket');
    if (socket === null || authority !== '')
      throw wrong(`'${fileName}': expected nbd+unix:///NAME?socket=PATH`);
    return { socket: { type: 'unix', path: socket }, exportName };
  }
  const parts = /^(?:\[(.+)\]|([^:]+))(?::(\d+))?$/.exec(authority);
  if (transport !== 'tcp' || parts === null) throw wrong(`'${fileName}': expected nbd://HOST[:PORT]/NAME`);
  return { socket: inet(parts[1] ?? parts[2] ?? '', parts[3] ?? NBD_PORT), exportName };
}

const EXPORT_NAME = ':exportname=';

function parseLegacy(fileName: string): NbdAddress {
  const at = fileName.indexOf(EXPORT_NAME);
  const exportName = at < 0 ? '' : fileName.slice(at + EXPORT_NAME.length);
  const address = fileName.slice('nbd:'.length, at < 0 ? undefined : at);
  if (at >= 0 && exportName === '') throw wrong(`'${fileName}': the name of the export is missing`);
  if (address.startsWith('unix:')) {
    return { socket: { type: 'unix', path: address.slice('unix:'.length) }, exportName };
  }
  const parts = /^(?:\[(.+)\]|([^:]+)):([^:]+)$/.exec(address);
  if (parts === null) throw wrong(`'${fileName}': expected nbd:HOST:PORT or nbd:unix:PATH`);
  return { socket: inet(parts[1] ?? parts[2] ?? '', parts[3] ?? ''), exportName };
}

/** From the keys `host`, `port`, `path`, `export` of -drive's `file.` options. Throws BlockError. */
export function nbdAddressOf(keys: ReadonlyMap<string, string>): NbdAddress {
  const [host, path] = [keys.get('host'), keys.get('path')];
  const exportName = keys.get('export') ?? '';
  if (host !== undefined && path !== undefined)
    throw wrong('path and host may not be used at the same time.');
  if (path !== undefined) return { socket: { type: 'unix', path }, exportName };
  if (host === undefined) throw wrong('one of path and host must be specified.');
  return { socket: inet(host, keys.get('port') ?? NBD_PORT), exportName };
}
