/** Names of internet hosts and services to numeric endpoints, with the reference's error texts (protocol.md §9). */
import { lookup } from 'node:dns/promises';
import { isIP } from 'node:net';
import { reasonOf } from '../../host/host-error.ts';
import { bytesAt, libc } from '../../host/libc.ts';
import type { InetEndpoint } from '../../host/socket-address.ts';
import type { SocketAddress } from './chardev-config.ts';
import { ChardevError } from './chardev-error.ts';

export type InetAddress = Extract<SocketAddress, { type: 'inet' }>;
export type Transport = 'tcp' | 'udp';

/** From <netdb.h>: service not supported for socket type; address family for hostname not supported. */
const EAI_SERVICE = -8;
const SERVENT_PORT_OFFSET = 16;
const LARGEST_PORT = 65535;

function resolutionFailed(address: InetAddress, reason: string, cause?: unknown): ChardevError {
  const message = `address resolution failed for ${address.host}:${address.port}: ${reason}`;
  return new ChardevError('ERR_CHARDEV_SOCKET', message, { cause });
}

function resolvePort(address: InetAddress, transport: Transport): number {
  if (/^\d+$/.test(address.port)) {
    const port = Number(address.port);
    if (port <= LARGEST_PORT) {
      return port;
    }
  } else {
    const service = libc().getservbyname(address.port, transport);
    if (service !== null) {
      const bytes = bytesAt(service, SERVENT_PORT_OFFSET + 2);
      return ((bytes[SERVENT_PORT_OFFSET] ?? 0) << 8) | (bytes[SERVENT_PORT_OFFSET + 1] ?? 0);
    }
  }
  throw resolutionFailed(address, libc().gai_strerror(EAI_SERVICE));
}

/** 4, 6, or 0 for both. */
function familyOf(address: InetAddress): 0 | 4 | 6 {
  if (address.ipv4 === true && address.ipv6 !== true) {
    return 4;
  }
  return address.ipv6 === true && address.ipv4 !== true ? 6 : 0;
}

/**
 * The endpoints that an address stands for, in the order in which they are to be tried; at least one.
 *
 * @param passive for listening: an empty host is every interface
 * Throws `ERR_CHARDEV_SOCKET`.
 */
export async function resolveInet(
  address: InetAddress,
  transport: Transport,
  passive: boolean,
): Promise<InetEndpoint[]> {
  if (address.port === '' || (address.host === '' && !passive)) {
    throw new ChardevError('ERR_CHARDEV_SOCKET', 'host and/or port not specified');
  }
  const family = familyOf(address);
  const port = resolvePort(address, transport);
  if (address.host === '') {
    return [{ host: family === 6 ? '::' : '0.0.0.0', port }];
  }
  if (isIP(address.host) !== 0 && (family === 0 || isIP(address.host) === family)) {
    return [{ host: address.host, port }];
  }
  try {
    const found = await lookup(address.host, { all: true, family, order: 'verbatim' });
    return found.map((entry) => ({ host: entry.address, port }));
  } catch (error) {
    throw resolutionFailed(address, reasonOf(error), error);
  }
}

/** `HOST:PORT`, IPv6 hosts in brackets. */
export function endpointText(endpoint: InetEndpoint): string {
  return endpoint.host.includes(':')
    ? `[${endpoint.host}]:${endpoint.port}`
    : `${endpoint.host}:${endpoint.port}`;
}
