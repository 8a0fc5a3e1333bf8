/**
 * From the `chardev` option group (`-chardev`, `[chardev "id"]`, HMP `chardev-add`) to a ChardevConfig. Parameters that
 * a kind does not use are accepted and have no meaning, as in the reference.
 */
import { TroupeError } from '../../errors/troupe-error.ts';
import { badValue } from '../../options/option-error.ts';
import type { OptionPair } from '../../options/option-list.ts';
import { booleanValue, numberValue, sizeValue, stringValue } from '../../options/option-values.ts';
import type { ChardevConfig, SocketAddress } from './chardev-config.ts';

export type ChardevOptionErrorCode =
  | 'ERR_CHARDEV_SYNTAX'
  | 'ERR_CHARDEV_UNKNOWN_KIND'
  | 'ERR_CHARDEV_UNAVAILABLE'
  | 'ERR_CHARDEV_MISSING_PARAMETER'
  | 'ERR_CHARDEV_BAD_SIZE';

/** Options that do not describe a character device of this version. */
export class ChardevOptionError extends TroupeError {
  override readonly name = 'ChardevOptionError';

  constructor(code: ChardevOptionErrorCode, message: string) {
    super(code, message);
  }
}

export interface ChardevOptionDefaults {
  /** Whether ctrl-c on a `stdio` device raises SIGINT when `signal=` is absent: true, except with -nographic. */
  readonly stdioSignal: boolean;
}

/** Names that `backend=` takes, as `-chardev help` prints them. */
export const CHARDEV_BACKENDS = [
  'null',
  'socket',
  'udp',
  'msmouse',
  'vc',
  'memory',
  'ringbuf',
  'file',
  'pipe',
  'pty',
  'stdio',
  'mux',
] as const;

/** Kinds of the reference that this version does not have. */
export const UNAVAILABLE_CHARDEV_BACKENDS: readonly string[] = [
  'braille',
  'console',
  'parallel',
  'parport',
  'serial',
  'spiceport',
  'spicevmc',
  'tty',
];

/** Bytes of a ring buffer without `size=`. */
const DEFAULT_RING_BUFFER_SIZE = 65536;
const DEFAULT_UDP_HOST = 'localhost';
const ANY_PORT = '0';

type Values = readonly OptionPair[];
type Converter = (values: Values, defaults: ChardevOptionDefaults) => ChardevConfig;

/** `{ [key]: value }`, or nothing: optional members stay absent rather than undefined. */
function optional<K extends string, V>(key: K, value: V | undefined): Partial<Record<K, V>> {
  return value === undefined ? {} : ({ [key]: value } as Record<K, V>);
}

function required(values: Values, kind: string, key: string, message: string): string {
  const value = stringValue(values, key);
  if (value === undefined || value === '') {
    throw new ChardevOptionError('ERR_CHARDEV_MISSING_PARAMETER', `chardev: ${kind}: ${message}`);
  }
  return value;
}

function pathOf(values: Values, kind: string, message: string): string {
  return required(values, kind, 'path', message);
}

/** The address of a stream socket: `path=`, or `host=` and `port=` (protocol.md §9). */
function streamAddress(values: Values): SocketAddress {
  const path = stringValue(values, 'path');
  if (path !== undefined) {
    if (path === '') {
      throw new ChardevOptionError('ERR_CHARDEV_MISSING_PARAMETER', 'unix connect: no path specified');
    }
    return { type: 'unix', path };
  }
  const host = stringValue(values, 'host');
  const port = stringValue(values, 'port');
  if (host === undefined || port === undefined || port === '') {
    throw new ChardevOptionError('ERR_CHARDEV_MISSING_PARAMETER', 'host and/or port not specified');
  }
  return {
    type: 'inet',
    host,
    port,
    ...optional('to', lastPort(values)),
    ...optional('ipv4', booleanValue(values, 'ipv4')),
    ...optional('ipv6', booleanValue(values, 'ipv6')),
  };
}

const MAX_PORT = 65535;

function lastPort(values: Values): number | undefined {
  const to = numberValue(values, 'to');
  if (to !== undefined && to > MAX_PORT) {
    throw badValue('to', `a port of at most ${MAX_PORT}, not ${to}`);
  }
  return to;
}

function socket(values: Values): ChardevConfig {
  const server = booleanValue(values, 'server') ?? false;
  return {
    kind: 'socket',
    address: streamAddress(values),
    server,
    wait: server && (booleanValue(values, 'wait') ?? true),
    nodelay: !(booleanValue(values, 'delay') ?? true),
    telnet: booleanValue(values, 'telnet') ?? false,
    reconnect: numberValue(values, 'reconnect') ?? 0,
  };
}

/** `remote port not specified` without a port; the remote host defaults to localhost, the local port to any. */
function udp(values: Values): ChardevConfig {
  const port = required(values, 'udp', 'port', 'remote port not specified');
  const families = {
    ...optional('ipv4', booleanValue(values, 'ipv4')),
    ...optional('ipv6', booleanValue(values, 'ipv6')),
  };
  const remote: SocketAddress = {
    type: 'inet',
    host: stringValue(values, 'host') || DEFAULT_UDP_HOST,
    port,
    ...families,
  };
  const localHost = stringValue(values, 'localaddr');
  const localPort = stringValue(values, 'localport');
  if (localHost === undefined && localPort === undefined) {
    return { kind: 'udp', remote };
  }
  const local: SocketAddress = {
    type: 'inet',
    host: localHost ?? '',
    port: localPort || ANY_PORT,
    ...families,
  };
  return { kind: 'udp', remote, local };
}

function ringBuffer(values: Values): ChardevConfig {
  const size = sizeValue(values, 'size') ?? DEFAULT_RING_BUFFER_SIZE;
  if (size === 0 || (BigInt(size) & (BigInt(size) - 1n)) !== 0n) {
    throw new ChardevOptionError('ERR_CHARDEV_BAD_SIZE', 'size of memory chardev must be power of two');
  }
  return { kind: 'memory', size };
}

const CONVERTERS: Readonly<Record<(typeof CHARDEV_BACKENDS)[number], Converter>> = {
  null: () => ({ kind: 'null' }),
  pty: () => ({ kind: 'pty' }),
  msmouse: () => ({ kind: 'msmouse' }),
  stdio: (values, defaults) => ({
    kind: 'stdio',
    signal: booleanValue(values, 'signal') ?? defaults.stdioSignal,
  }),
  file: (values) => ({ kind: 'file', out: pathOf(values, 'file', 'no filename given') }),
  pipe: (values) => ({ kind: 'pipe', path: pathOf(values, 'pipe', 'no device path given') }),
  socket,
  udp,
  vc: (values) => ({
    kind: 'vc',
    ...optional('width', numberValue(values, 'width')),
    ...optional('height', numberValue(values, 'height')),
    ...optional('cols', numberValue(values, 'cols')),
    ...optional('rows', numberValue(values, 'rows')),
  }),
  memory: ringBuffer,
  ringbuf: ringBuffer,
  mux: (values) => ({ kind: 'mux', chardev: required(values, 'mux', 'chardev', 'no chardev given') }),
};

function isBackend(name: string): name is (typeof CHARDEV_BACKENDS)[number] {
  return Object.hasOwn(CONVERTERS, name);
}

export interface DescribedChardev {
  readonly config: ChardevConfig;
  /** `mux=on`: a multiplexer goes before it. */
  readonly mux: boolean;
}

/**
 * The device that the values of one `chardev` item describe. `label` is its id, for messages.
 * Throws ChardevOptionError, or OptionError for a value of the wrong type.
 */
export function chardevFromOptions(
  values: readonly OptionPair[],
  label: string,
  defaults: ChardevOptionDefaults,
): DescribedChardev {
  const backend = stringValue(values, 'backend');
  if (backend === undefined) {
    throw new ChardevOptionError('ERR_CHARDEV_MISSING_PARAMETER', `chardev: "${label}" missing backend`);
  }
  if (UNAVAILABLE_CHARDEV_BACKENDS.includes(backend)) {
    throw new ChardevOptionError(
      'ERR_CHARDEV_UNAVAILABLE',
      `chardev backend '${backend}' is not available in this version`,
    );
  }
  if (!isBackend(backend)) {
    throw new ChardevOptionError('ERR_CHARDEV_UNKNOWN_KIND', `chardev: backend "${backend}" not found`);
  }
  return {
    config: CONVERTERS[backend](values, defaults),
    mux: booleanValue(values, 'mux') ?? false,
  };
}
