/** The schema's `ChardevBackend`, as `chardev-add` has it → the configuration that creates a character device. */
import type { ChardevConfig, SocketAddress } from '../../backends/chardev/chardev-config.ts';
import type { ChardevBackend, SocketAddress as QmpSocketAddress } from '../../qapi/qmp-types.generated.ts';
import { qmpSchema } from '../../qapi/schema-file.ts';
import { MonitorError } from '../monitor-error.ts';

/** Bytes that a `memory` device holds when its size is not given. */
const DEFAULT_RING_BYTES = 65536;

/** Throws `ERR_MONITOR_CHARDEV` for the kinds that this version does not have. */
export function chardevConfig(backend: ChardevBackend): ChardevConfig {
  switch (backend.type) {
    case 'file':
      return { kind: 'file', ...backend.data };
    case 'pipe':
      return { kind: 'pipe', path: backend.data.device };
    case 'socket': {
      const { addr, server = true, wait = false, nodelay = false, telnet = false } = backend.data;
      return { kind: 'socket', address: socketAddress(addr), server, wait, nodelay, telnet, reconnect: 0 };
    }
    case 'udp': {
      const { remote, local } = backend.data;
      const localAddress = local === undefined ? {} : { local: socketAddress(local) };
      return { kind: 'udp', remote: socketAddress(remote), ...localAddress };
    }
    case 'pty':
    case 'null':
    case 'msmouse':
      return { kind: backend.type };
    case 'mux':
      return { kind: 'mux', chardev: backend.data.chardev };
    case 'stdio':
      return { kind: 'stdio', signal: backend.data.signal ?? false };
    case 'vc':
      return { kind: 'vc', ...sizes(backend.data) };
    case 'memory':
      return { kind: 'memory', size: Number(backend.data.size ?? DEFAULT_RING_BYTES) };
    default:
      throw new MonitorError('ERR_MONITOR_CHARDEV', `unknown chardev backend (${kindNumber(backend.type)})`);
  }
}

export function socketAddress(address: QmpSocketAddress): SocketAddress {
  switch (address.type) {
    case 'inet':
      return { type: 'inet', ...address.data };
    case 'unix':
      return { type: 'unix', ...address.data };
    case 'fd':
      return { type: 'fd', name: address.data.str };
  }
}

/** Pixels and characters fit a JavaScript number whatever the client writes. */
function sizes(data: { readonly [name: string]: number | bigint }): { [name: string]: number } {
  return Object.fromEntries(Object.entries(data).map(([name, value]) => [name, Number(value)]));
}

/** The reference names a kind that is not built by its place in the enumeration. */
function kindNumber(kind: string): number {
  const type = qmpSchema.types['ChardevBackend'];
  return type?.kind === 'union' ? Object.keys(type.branches).indexOf(kind) : -1;
}
