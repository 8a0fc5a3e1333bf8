/**
 * The one-word syntax of character devices (cli.md §4): `tcp:host:port,server`, `unix:PATH`, `mon:stdio`… It is
 * shorthand for the `chardev` option group, so it is turned into that group's pairs.
 */
import type { OptionPair } from '../../options/option-list.ts';
import { splitOptionList } from '../../options/option-list.ts';
import { ChardevOptionError } from './chardev-options.ts';

export type LegacyChardev =
  /** `none`: no device at all. */
  | { readonly type: 'none' }
  /** `chardev:ID`: a device that is defined elsewhere. */
  | { readonly type: 'reference'; readonly id: string }
  /** Pairs for `chardevFromOptions`. */
  | { readonly type: 'device'; readonly values: readonly OptionPair[] };

function syntaxError(text: string, expected: string): ChardevOptionError {
  return new ChardevOptionError(
    'ERR_CHARDEV_SYNTAX',
    `parse error: '${text}': expected ${expected} as a character device`,
  );
}

/** `[HOST]:PORT` and what follows; the host may be an IPv6 address in brackets. */
const HOST_AND_PORT = /^(\[[^\]]*\]|[^:,@]*):([^,@]+)(.*)$/s;

function hostAndPort(text: string): { host: string; port: string; rest: string } | undefined {
  const match = HOST_AND_PORT.exec(text);
  if (match === null) {
    return undefined;
  }
  const [, host = '', port = '', rest = ''] = match;
  return { host: host.startsWith('[') ? host.slice(1, -1) : host, port, rest };
}

function tcp(text: string, telnet: boolean): OptionPair[] {
  const address = hostAndPort(telnet ? text.slice('telnet:'.length) : text.slice('tcp:'.length));
  if (address === undefined || !/^(,|$)/.test(address.rest)) {
    throw syntaxError(text, `${telnet ? 'telnet' : 'tcp'}:[HOST]:PORT[,server][,nowait][,nodelay]`);
  }
  const pairs: OptionPair[] = [
    ['backend', 'socket'],
    ['host', address.host],
    ['port', address.port],
    ...splitOptionList(address.rest.slice(1)),
  ];
  return telnet ? [...pairs, ['telnet', 'on']] : pairs;
}

/** Without a path the device says that it misses one. */
function unix(list: string): OptionPair[] {
  const backend: OptionPair = ['backend', 'socket'];
  return list === '' ? [backend, ['path', '']] : [backend, ...splitOptionList(list, 'path')];
}

function udp(text: string): OptionPair[] {
  const expected = 'udp:[RHOST]:RPORT[@[LHOST]:LPORT]';
  const remote = hostAndPort(text.slice('udp:'.length));
  if (remote === undefined || !/^(@|$)/.test(remote.rest)) {
    throw syntaxError(text, expected);
  }
  const pairs: OptionPair[] = [
    ['backend', 'udp'],
    ['host', remote.host],
    ['port', remote.port],
  ];
  if (remote.rest === '') {
    return pairs;
  }
  const local = hostAndPort(remote.rest.slice(1));
  if (local === undefined || local.rest !== '') {
    throw syntaxError(text, expected);
  }
  return [...pairs, ['localaddr', local.host], ['localport', local.port]];
}

function virtualConsole(text: string): OptionPair[] {
  const backend: OptionPair = ['backend', 'vc'];
  if (text === 'vc') {
    return [backend];
  }
  const pixels = /^vc:(\d{1,7})x(\d{1,7})$/.exec(text);
  if (pixels !== null) {
    return [backend, ['width', pixels[1] ?? ''], ['height', pixels[2] ?? '']];
  }
  const characters = /^vc:(\d{1,7})Cx(\d{1,7})C$/.exec(text);
  if (characters === null) {
    throw syntaxError(text, 'vc, vc:WxH in pixels or vc:WCxHC in characters');
  }
  return [backend, ['cols', characters[1] ?? ''], ['rows', characters[2] ?? '']];
}

/** Words that are a device by themselves. */
const PLAIN: Readonly<Record<string, string>> = {
  null: 'null',
  pty: 'pty',
  msmouse: 'msmouse',
  braille: 'braille',
  stdio: 'stdio',
  'con:': 'console',
};

/** What a word starts with, and how the whole word is read. The first that fits counts. */
const PREFIXES: readonly (readonly [prefix: string, read: (text: string) => OptionPair[]])[] = [
  ['vc', virtualConsole],
  [
    'COM',
    (text) => [
      ['backend', 'serial'],
      ['path', text],
    ],
  ],
  ['file:', (text) => withPath('file', text.slice('file:'.length))],
  ['pipe:', (text) => withPath('pipe', text.slice('pipe:'.length))],
  ['tcp:', (text) => tcp(text, false)],
  ['telnet:', (text) => tcp(text, true)],
  ['udp:', udp],
  ['unix:', (text) => unix(text.slice('unix:'.length))],
  ['/dev/parport', (text) => withPath('parallel', text)],
  ['/dev/ppi', (text) => withPath('parallel', text)],
  ['/dev/', (text) => withPath('serial', text)],
];

/** The path is taken as it is: commas in it need no doubling. */
function withPath(backend: string, path: string): OptionPair[] {
  return [
    ['backend', backend],
    ['path', path],
  ];
}

function devicePairs(text: string): OptionPair[] {
  const plain = Object.hasOwn(PLAIN, text) ? PLAIN[text] : undefined;
  if (plain !== undefined) {
    return [['backend', plain]];
  }
  const read = PREFIXES.find(([prefix]) => text.startsWith(prefix))?.[1];
  if (read === undefined) {
    throw syntaxError(
      text,
      'null, pty, stdio, msmouse, vc, file:, pipe:, tcp:, telnet:, udp:, unix:, mon: or chardev:',
    );
  }
  return read(text);
}

const MULTIPLEXED = 'mon:';
const REFERENCE = 'chardev:';

/**
 * Parses the one-word syntax. `mon:DEV` gives DEV with `mux=on`. Whether the pairs fit the option group is not checked
 * here. Throws ChardevOptionError `ERR_CHARDEV_SYNTAX`.
 */
export function parseLegacyChardev(text: string): LegacyChardev {
  if (text === 'none') {
    return { type: 'none' };
  }
  if (text.startsWith(REFERENCE)) {
    const id = text.slice(REFERENCE.length);
    if (id === '') {
      throw syntaxError(text, 'the id of a character device after chardev:');
    }
    return { type: 'reference', id };
  }
  return text.startsWith(MULTIPLEXED)
    ? { type: 'device', values: [['mux', 'on'], ...devicePairs(text.slice(MULTIPLEXED.length))] }
    : { type: 'device', values: devicePairs(text) };
}
