/** -boot, -rtc, -numa, -m and the small options that describe the board (cli.md §1). */
import { DEFAULT_BOARD } from '../machine/default-board.ts';
import type { BootConfig, NumaNode, RtcBase, RtcConfig, WatchdogAction } from '../machine/machine-config.ts';
import { WATCHDOG_ACTIONS } from '../machine/machine-config.ts';
import { unknownParameter } from '../options/option-error.ts';
import { type OptionPair, splitOptionList } from '../options/option-list.ts';
import type { OptionItem } from '../options/option-store.ts';
import { parseBoolean, parseMemorySize, parseNumber, stringValue } from '../options/option-values.ts';
import { badOptionValue, located } from './command-line-error.ts';

const RAM_GRANULE = 8192n;

/** Bytes of guest RAM, rounded up to 8 KiB; undefined for 0, which means the default. The default unit is MiB. */
export function parseRamSize(text: string): number | undefined {
  const bytes = parseMemorySize(text, 'M');
  const rounded = bytes === undefined ? undefined : ((bytes + RAM_GRANULE - 1n) / RAM_GRANULE) * RAM_GRANULE;
  if (rounded === undefined || rounded > BigInt(Number.MAX_SAFE_INTEGER)) {
    throw badOptionValue('a size such as 512, 1.5G or 65536K (suffixes B K M G T, MiB without one)');
  }
  return rounded === 0n ? undefined : Number(rounded);
}

/** Drive letters a to p, each at most once. */
function bootDevices(key: string, text: string): string {
  if (!/^[a-p]*$/.test(text) || new Set(text).size !== text.length) {
    throw badOptionValue(`${key} to be drive letters a to p, each at most once, not '${text}'`);
  }
  return text;
}

const MAX_BOOT_MS = 65535;

function milliseconds(key: string, text: string): number {
  const value = parseNumber(key, text);
  if (value > BigInt(MAX_BOOT_MS)) {
    throw badOptionValue(`${key} to be milliseconds from 0 to ${MAX_BOOT_MS}, not '${text}'`);
  }
  return Number(value);
}

const NO_REBOOT_TIMEOUT = '-1';

function withBootPair(boot: BootConfig, [key, value]: OptionPair): BootConfig {
  switch (key) {
    case 'order':
      return { ...boot, order: bootDevices(key, value) };
    case 'once':
      return { ...boot, once: bootDevices(key, value) };
    case 'menu':
      return { ...boot, menu: parseBoolean(key, value) };
    case 'strict':
      return { ...boot, strict: parseBoolean(key, value) };
    case 'splash':
      return { ...boot, splash: value };
    case 'splash-time':
      return { ...boot, splashTimeMs: milliseconds(key, value) };
    case 'reboot-timeout':
      return {
        ...boot,
        rebootTimeoutMs: value === NO_REBOOT_TIMEOUT ? undefined : milliseconds(key, value),
      };
    default:
      throw unknownParameter(key);
  }
}

/** What all `boot-opts` items say together; later ones win. */
export function bootConfig(items: readonly OptionItem[]): BootConfig {
  return foldItems(items, DEFAULT_BOARD.boot, withBootPair);
}

function foldItems<T>(items: readonly OptionItem[], start: T, add: (value: T, pair: OptionPair) => T): T {
  let result = start;
  for (const item of items) {
    result = located(item.origin, () => item.values.reduce(add, result));
  }
  return result;
}

const PC_BOOT_DEVICES = 'abcdn';
const PC_BOOT_LIMIT = 3;

/** The PC's CMOS has room for three boot devices, of five kinds. */
export function checkPcBootDevices(boot: BootConfig): void {
  for (const devices of [boot.order, boot.once ?? '']) {
    const bad = [...devices].find((device) => !PC_BOOT_DEVICES.includes(device));
    if (bad !== undefined || devices.length > PC_BOOT_LIMIT) {
      throw badOptionValue(
        `at most ${PC_BOOT_LIMIT} of the boot devices a b c d n on a PC, not '${devices}'`,
      );
    }
  }
}

const DATE = /^(\d{4})-(\d{1,2})-(\d{1,2})(?:T(\d{1,2}):(\d{1,2}):(\d{1,2}))?$/;

/** `YYYY-MM-DD[THH:MM:SS]` as the instant at which a clock on UTC reads that. */
function dateOf(text: string): number | undefined {
  const match = DATE.exec(text);
  if (match === null) {
    return undefined;
  }
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = match
    .slice(1)
    .map((part) => Number(part ?? 0));
  const date = new Date(Date.UTC(year, month - 1, day, hour, minute, second));
  const isReal =
    date.getUTCMonth() === month - 1 &&
    date.getUTCDate() === day &&
    date.getUTCHours() === hour &&
    date.getUTCMinutes() === minute &&
    date.getUTCSeconds() === second;
  return isReal ? date.getTime() : undefined;
}

/** `utc`, `localtime` or a date. */
export function parseRtcBase(text: string): RtcBase {
  if (text === 'utc' || text === 'localtime') {
    return { kind: text };
  }
  const epochMs = dateOf(text);
  if (epochMs === undefined) {
    throw badOptionValue(`the base to be utc, localtime, 2006-06-17T16:01:21 or 2006-06-17, not '${text}'`);
  }
  return { kind: 'date', epochMs };
}

function withRtcPair(rtc: RtcConfig, [key, value]: OptionPair): RtcConfig {
  switch (key) {
    case 'base':
      return { ...rtc, base: parseRtcBase(value) };
    case 'clock':
      if (value !== 'host' && value !== 'rt' && value !== 'vm') {
        throw badOptionValue(`clock to be host, rt or vm, not '${value}'`);
      }
      return { ...rtc, clock: value };
    case 'driftfix':
      if (value !== 'none' && value !== 'slew') {
        throw badOptionValue(`driftfix to be none or slew, not '${value}'`);
      }
      return { ...rtc, driftFix: value };
    default:
      throw unknownParameter(key);
  }
}

/** What all `rtc` items say together; later ones win. */
export function rtcConfig(items: readonly OptionItem[]): RtcConfig {
  return foldItems(items, DEFAULT_BOARD.rtc, withRtcPair);
}

const MAX_NUMA_NODES = 64;
const MAX_CPU_INDEX = 254;

function cpuRange(text: string): number[] {
  const match = /^(\d{1,3})(?:-(\d{1,3}))?$/.exec(text);
  const first = Number(match?.[1]);
  const last = Number(match?.[2] ?? match?.[1]);
  if (match === null || last < first || last > MAX_CPU_INDEX) {
    throw badOptionValue(`cpus to be N or N-M with N <= M <= ${MAX_CPU_INDEX}, not '${text}'`);
  }
  return Array.from({ length: last - first + 1 }, (_, index) => first + index);
}

/** `node[,mem=size][,cpus=a[-b]][,nodeid=n]`; `nextId` is the id of a node that gives none. */
export function parseNumaNode(text: string, nextId: number): NumaNode {
  const pairs = splitOptionList(text, 'type');
  if (pairs[0]?.[0] !== 'type' || pairs[0][1] !== 'node') {
    throw badOptionValue(`node[,mem=size][,cpus=first[-last]][,nodeid=n], not '${text}'`);
  }
  const stray = pairs.slice(1).find(([key]) => !['mem', 'cpus', 'nodeid'].includes(key));
  if (stray !== undefined) {
    throw unknownParameter(stray[0]);
  }
  const idText = stringValue(pairs, 'nodeid');
  const id = idText === undefined ? nextId : Number(parseNumber('nodeid', idText));
  if (id >= MAX_NUMA_NODES) {
    throw badOptionValue(`nodeid to be less than ${MAX_NUMA_NODES}, not ${id}`);
  }
  const memory = stringValue(pairs, 'mem');
  const cpus = stringValue(pairs, 'cpus');
  return {
    id,
    ramBytes: memory === undefined ? undefined : parseRamSize(memory),
    cpus: cpus === undefined ? [] : cpuRange(cpus),
  };
}

/** reset, shutdown, poweroff, pause, debug or none, in any case. */
export function parseWatchdogAction(text: string): WatchdogAction {
  const action = WATCHDOG_ACTIONS.find((candidate) => candidate === text.toLowerCase());
  if (action === undefined) {
    throw badOptionValue(`one of ${WATCHDOG_ACTIONS.join(', ')}`);
  }
  return action;
}

const KEYBOARD_LAYOUTS =
  'ar bepo cz da de de-ch en-gb en-us es et fi fo fr fr-be fr-ca fr-ch hr hu is it ja lt lv mk nl nl-be no pl pt pt-br ru sl sv th tr'.split(
    ' ',
  );

/** One of the key maps that the reference comes with. */
export function parseKeyboardLayout(text: string): string {
  if (!KEYBOARD_LAYOUTS.includes(text)) {
    throw badOptionValue(`one of the key maps ${KEYBOARD_LAYOUTS.join(' ')}`);
  }
  return text;
}

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

/** 8-4-4-4-12 hexadecimal digits, in lower case afterwards. */
export function parseUuid(text: string): string {
  const uuid = text.toLowerCase();
  if (!UUID.test(uuid)) {
    throw badOptionValue('a UUID of 8-4-4-4-12 hexadecimal digits');
  }
  return uuid;
}

const NAME = /^((?:[^,]|,,)*)(?:,process=((?:[^,]|,,)*))?$/s;

/** `NAME[,process=TITLE]`; a comma inside either is doubled. */
export function parseName(text: string): { name: string; processTitle: string | undefined } {
  const match = NAME.exec(text);
  if (match === null) {
    throw badOptionValue('NAME[,process=TITLE], a comma in either written as two');
  }
  const [, name = '', processTitle] = match;
  return { name: name.replaceAll(',,', ','), processTitle: processTitle?.replaceAll(',,', ',') };
}
