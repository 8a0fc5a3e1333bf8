/** `struct sockaddr` of the three families used here, as bytes (LP64 Linux, little-endian). */
import { isIPv6 } from 'node:net';

export const AF_UNIX = 1;
export const AF_INET = 2;
export const AF_INET6 = 10;

/** Longest path of a unix socket: `sun_path` is 108 bytes with its final NUL (unix(7)). */
export const UNIX_PATH_MAX = 107;
/** Room for any of the addresses (`struct sockaddr_storage`). */
export const SOCKADDR_STORAGE_BYTES = 128;

const FAMILY_BYTES = 2;
const INET_BYTES = 16;
const INET6_BYTES = 28;
const INET6_ADDRESS_OFFSET = 8;
const INET6_SCOPE_OFFSET = 24;

export interface InetEndpoint {
  /** A numeric address. */
  readonly host: string;
  readonly port: number;
}

/** @param path at most UNIX_PATH_MAX bytes of UTF-8 without NUL */
export function encodeUnixAddress(path: string): Uint8Array {
  const bytes = Buffer.from(path);
  const address = new Uint8Array(FAMILY_BYTES + bytes.length + 1);
  address[0] = AF_UNIX;
  address.set(bytes, FAMILY_BYTES);
  return address;
}

/** @returns the path, '' for a socket without one, or undefined when the bytes are no unix address */
export function decodeUnixAddress(address: Uint8Array): string | undefined {
  const bytes = Buffer.from(address.buffer, address.byteOffset, address.byteLength);
  if (bytes.readUInt16LE(0) !== AF_UNIX) {
    return undefined;
  }
  const end = bytes.indexOf(0, FAMILY_BYTES);
  return bytes.toString('utf8', FAMILY_BYTES, end < 0 ? bytes.length : end);
}

/** @param endpoint an IPv4 or IPv6 address in numbers, the latter perhaps with `%` and a numeric scope */
export function encodeInetAddress(endpoint: InetEndpoint): Uint8Array {
  const v6 = isIPv6(endpoint.host);
  const address = new Uint8Array(v6 ? INET6_BYTES : INET_BYTES);
  const view = new DataView(address.buffer);
  view.setUint16(0, v6 ? AF_INET6 : AF_INET, true);
  view.setUint16(2, endpoint.port, false);
  if (v6) {
    const [text = '', scope = '0'] = endpoint.host.split('%');
    address.set(ipv6Bytes(text), INET6_ADDRESS_OFFSET);
    view.setUint32(INET6_SCOPE_OFFSET, Number(scope) || 0, true);
  } else {
    address.set(endpoint.host.split('.').map(Number), 4);
  }
  return address;
}

/** @returns the endpoint, or undefined when the bytes are no IPv4 or IPv6 address */
export function decodeInetAddress(address: Uint8Array): InetEndpoint | undefined {
  const view = new DataView(address.buffer, address.byteOffset, address.byteLength);
  const family = view.getUint16(0, true);
  const port = view.getUint16(2, false);
  if (family === AF_INET) {
    return { host: address.subarray(4, 8).join('.'), port };
  }
  if (family === AF_INET6) {
    const groups = Array.from({ length: 8 }, (_, i) => view.getUint16(INET6_ADDRESS_OFFSET + 2 * i, false));
    return { host: ipv6Text(groups), port };
  }
  return undefined;
}

function ipv6Bytes(text: string): Uint8Array {
  // The URL parser writes every form (embedded IPv4, any zero compression) in groups of hexadecimal digits.
  const canonical = new URL(`http://[${text}]`).hostname.slice(1, -1);
  const [head = '', tail] = canonical.split('::');
  const left = head === '' ? [] : head.split(':');
  const right = tail === undefined || tail === '' ? [] : tail.split(':');
  const groups = [...left, ...Array<string>(8 - left.length - right.length).fill('0'), ...right];
  return Uint8Array.from(
    groups.flatMap((group) => [Number.parseInt(group, 16) >> 8, Number.parseInt(group, 16)]),
  );
}

function ipv6Text(groups: readonly number[]): string {
  const full = groups.map((group) => group.toString(16)).join(':');
  return new URL(`http://[${full}]`).hostname.slice(1, -1);
}
