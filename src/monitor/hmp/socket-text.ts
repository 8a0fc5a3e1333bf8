/** Socket addresses as human monitors write them (protocol.md §9). */
import type { SocketAddress } from '../../qapi/qmp-types.generated.ts';
import { HmpError } from './hmp-error.ts';

function wrong(what: string, text: string): HmpError {
  return new HmpError('ERR_HMP_SYNTAX', `error parsing ${what} '${text}'`);
}

/** `unix:PATH`, `fd:NAME`, `HOST:PORT`, `[HOST]:PORT`, with `,to=`, `,ipv4`, `,ipv6`. Throws HmpError. */
export function parseSocketText(text: string): SocketAddress {
  if (text.startsWith('unix:')) {
    const path = text.slice('unix:'.length);
    if (path === '') throw new HmpError('ERR_HMP_SYNTAX', 'invalid Unix socket address');
    return { type: 'unix', data: { path } };
  }
  if (text.startsWith('fd:')) {
    const name = text.slice('fd:'.length);
    if (name === '') throw new HmpError('ERR_HMP_SYNTAX', 'invalid file descriptor address');
    return { type: 'fd', data: { str: name } };
  }
  return { type: 'inet', data: parseInet(text) };
}

function parseInet(text: string): Extract<SocketAddress, { type: 'inet' }>['data'] {
  const [address = '', ...options] = text.split(',');
  if (address.startsWith(':') && !/^:[^:]+$/.test(address)) throw wrong('port in address', text);
  if (address.startsWith('[') && !/^\[[0-9A-Fa-f:.%]+\]:[^:]+$/.test(address))
    throw wrong('IPv6 address', text);
  const parts = /^(?:\[(.*)\]|([^:]*)):([^:]+)$/.exec(address);
  if (parts === null) throw wrong('address', text);
  const to = options.findLast((each) => each.startsWith('to='))?.slice('to='.length);
  if (to !== undefined && !/^\d+$/.test(to))
    throw new HmpError('ERR_HMP_SYNTAX', 'error parsing to= argument');
  return {
    host: parts[1] ?? parts[2] ?? '',
    port: parts[3] ?? '',
    ...(to === undefined ? {} : { to: Number(to) }),
    ...(options.includes('ipv4') ? { ipv4: true } : {}),
    ...(options.includes('ipv6') ? { ipv6: true } : {}),
  };
}
