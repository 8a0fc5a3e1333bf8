/** The syntax of -netdev and -net (cli.md §3). There is no network back end yet; the options are checked, then refused. */
import { badValue, missingParameter, unknownParameter } from '../options/option-error.ts';
import { type OptionPair, parseOptionList } from '../options/option-list.ts';
import { parseNumber, parseSize, stringValue } from '../options/option-values.ts';

type NetworkOptionType = 'text' | 'boolean' | 'number' | 'size';
type NetworkOptions = Readonly<Record<string, NetworkOptionType>>;

function options(type: NetworkOptionType, names: string): NetworkOptions {
  return Object.fromEntries(names.split(' ').map((name) => [name, type]));
}

/** What a back end takes, by its type. */
const BACKENDS: Readonly<Record<string, NetworkOptions>> = {
  user: {
    ...options(
      'text',
      'hostname ip net host tftp bootfile dhcpstart dns dnssearch smb smbserver hostfwd guestfwd',
    ),
    restrict: 'boolean',
  },
  tap: {
    ...options('text', 'ifname fd fds script downscript helper vhostfd vhostfds'),
    ...options('boolean', 'vnet_hdr vhost vhostforce'),
    sndbuf: 'size',
    queues: 'number',
  },
  socket: options('text', 'fd listen connect mcast udp localaddr'),
  vde: { ...options('text', 'sock group'), ...options('number', 'port mode') },
  bridge: options('text', 'br helper'),
  hubport: { hubid: 'number' },
};

/** Types that only -net has. */
const LEGACY_TYPES: Readonly<Record<string, NetworkOptions>> = {
  nic: { ...options('text', 'macaddr model addr netdev'), vectors: 'number' },
  dump: { len: 'size', file: 'text' },
  none: {},
};

const LEGACY_COMMON: NetworkOptions = { vlan: 'number', name: 'text' };

const NETWORK_BOOLEANS = ['on', 'yes', 'y', 'off', 'no', 'n'];

function checkOption(known: NetworkOptions, [key, value]: OptionPair): void {
  const type = Object.hasOwn(known, key) ? known[key] : undefined;
  if (type === undefined) {
    throw unknownParameter(key);
  }
  if (type === 'boolean' && !NETWORK_BOOLEANS.includes(value)) {
    throw badValue(key, NETWORK_BOOLEANS.join('|'));
  }
  if (type === 'number') {
    parseNumber(key, value);
  }
  if (type === 'size') {
    parseSize(key, value);
  }
}

function checkOptions(values: readonly OptionPair[], known: NetworkOptions): void {
  for (const pair of values) {
    if (pair[0] !== 'type') {
      checkOption(known, pair);
    }
  }
}

function typeOf(values: readonly OptionPair[]): string {
  const type = stringValue(values, 'type');
  if (type === undefined) {
    throw missingParameter('type');
  }
  return type;
}

/** `[type]=TYPE,id=ID,...`. Throws OptionError with the texts of netdev_add. */
export function checkNetdev(text: string): void {
  const { id, values } = parseOptionList(text, 'type');
  const type = typeOf(values);
  if (id === undefined) {
    throw missingParameter('id');
  }
  if (Object.hasOwn(LEGACY_TYPES, type)) {
    throw badValue('type', 'a netdev backend type');
  }
  const known = Object.hasOwn(BACKENDS, type) ? BACKENDS[type] : undefined;
  if (known === undefined) {
    throw unknownParameter(type);
  }
  checkOptions(values, known);
}

/** `TYPE[,vlan=N][,name=N],...`. */
export function checkNet(text: string): void {
  const { values } = parseOptionList(text, 'type');
  const type = typeOf(values);
  const all: Readonly<Record<string, NetworkOptions>> = { ...BACKENDS, ...LEGACY_TYPES };
  const known = Object.hasOwn(all, type) && type !== 'hubport' ? all[type] : undefined;
  if (known === undefined) {
    throw unknownParameter(type);
  }
  checkOptions(values, { ...known, ...LEGACY_COMMON });
}
