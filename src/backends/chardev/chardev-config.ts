/**
 * What a character device is, as data: the branches of schema.json's `ChardevBackend`, plus what only the command
 * line can say. QMP `chardev-add`, `-chardev` and the legacy text syntax (`tcp:host:port,server`) all end here.
 */

export type SocketAddress =
  | {
      readonly type: 'inet';
      readonly host: string;
      readonly port: string;
      /** Last port to try when binding. */
      readonly to?: number;
      readonly ipv4?: boolean;
      readonly ipv6?: boolean;
    }
  | { readonly type: 'unix'; readonly path: string }
  /** A descriptor by its `getfd` name, or by its number when the text is a number. */
  | { readonly type: 'fd'; readonly name: string };

export type ChardevConfig =
  | { readonly kind: 'null' }
  | { readonly kind: 'pty' }
  | { readonly kind: 'msmouse' }
  | { readonly kind: 'stdio'; readonly signal: boolean }
  | { readonly kind: 'file'; readonly out: string; readonly in?: string }
  | { readonly kind: 'pipe'; readonly path: string }
  | {
      readonly kind: 'socket';
      readonly address: SocketAddress;
      readonly server: boolean;
      /** Creation ends only when a client has connected (server mode). */
      readonly wait: boolean;
      readonly nodelay: boolean;
      readonly telnet: boolean;
      /** Seconds between attempts to connect again (client mode); 0 = never. */
      readonly reconnect: number;
    }
  | { readonly kind: 'udp'; readonly remote: SocketAddress; readonly local?: SocketAddress }
  | {
      readonly kind: 'vc';
      readonly width?: number;
      readonly height?: number;
      readonly cols?: number;
      readonly rows?: number;
    }
  /** `ringbuf` on newer command lines; `size` in bytes, a power of two. */
  | { readonly kind: 'memory'; readonly size: number }
  | { readonly kind: 'mux'; readonly chardev: string };

/** How many front ends a multiplexer takes. */
export const MUX_FRONT_ENDS = 4;

export type ChardevKind = ChardevConfig['kind'];
