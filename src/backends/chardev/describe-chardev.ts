import type { ChardevConfig, SocketAddress } from './chardev-config.ts';

/** What a character device is, in the words of the command line (`unix:/tmp/q`, `file:/tmp/log`), for messages. */
export function describeChardev(config: ChardevConfig): string {
  switch (config.kind) {
    case 'socket':
      return describeAddress(config.address, config.telnet ? 'telnet' : 'tcp');
    case 'udp':
      return describeAddress(config.remote, 'udp');
    case 'file':
      return `file:${config.out}`;
    case 'pipe':
      return `pipe:${config.path}`;
    case 'mux':
      return `mux of ${config.chardev}`;
    default:
      return config.kind;
  }
}

function describeAddress(address: SocketAddress, protocol: 'tcp' | 'telnet' | 'udp'): string {
  switch (address.type) {
    case 'inet':
      return `${protocol}:${address.host}:${address.port}`;
    case 'unix':
      return `unix:${address.path}`;
    case 'fd':
      return `fd:${address.name}`;
  }
}
