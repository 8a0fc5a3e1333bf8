/**
 * The syntax of options that this version cannot carry out. They are checked before they are refused, so that a
 * mistake in them is reported as one. Each check throws on wrong syntax and has no other effect.
 */
import { chardevFromOptions } from '../backends/chardev/chardev-options.ts';
import { parseLegacyChardev } from '../backends/chardev/legacy-syntax.ts';
import { missingParameter } from '../options/option-error.ts';
import type { OptionGroup } from '../options/option-group.ts';
import { checkParameter, parseGroupText } from '../options/option-group.ts';
import { findOptionGroup } from '../options/option-groups.ts';
import { splitOptionList } from '../options/option-list.ts';
import { parseNumber, stringValue } from '../options/option-values.ts';
import { FSDEV_GROUP, SPICE_GROUP, VIRTFS_GROUP } from '../options/unbuilt-groups.ts';
import { badOptionValue } from './command-line-error.ts';

export type SyntaxCheck = (value: string) => void;

/** Any text but none at all. */
export function notEmpty(expected: string): SyntaxCheck {
  return (value) => {
    if (value === '') {
      throw badOptionValue(expected);
    }
  };
}

/** Text of a given form. */
export function matching(form: RegExp, expected: string): SyntaxCheck {
  return (value) => {
    if (!form.test(value)) {
      throw badOptionValue(`${expected}, not '${value}'`);
    }
  };
}

/** An item of a registered group, with parameters that must be there. */
export function groupWith(name: string, ...required: readonly string[]): SyntaxCheck {
  return (value) => checkGroup(findOptionGroup(name), value, required);
}

function checkGroup(group: OptionGroup, value: string, required: readonly string[]): void {
  const { id, values } = parseGroupText(group, value);
  for (const key of required) {
    if (key === 'id' ? id === undefined : stringValue(values, key) === undefined) {
      throw missingParameter(key);
    }
  }
}

/** `port` or `tls-port` must be there. */
export const checkSpice: SyntaxCheck = (value) => {
  const { values } = parseGroupText(SPICE_GROUP, value);
  if (stringValue(values, 'port') === undefined && stringValue(values, 'tls-port') === undefined) {
    throw badOptionValue('port=N or tls-port=N');
  }
};

export const checkFsdev: SyntaxCheck = (value) => checkGroup(FSDEV_GROUP, value, ['fsdriver', 'id']);

export const checkVirtfs: SyntaxCheck = (value) => checkGroup(VIRTFS_GROUP, value, ['fsdriver', 'mount_tag']);

/** The one-word syntax of a character device, and what it means (cli.md §4). */
export const checkCharacterDevice: SyntaxCheck = (value) => {
  const chardev = parseLegacyChardev(value);
  if (chardev.type === 'device') {
    const group = findOptionGroup('chardev');
    for (const pair of chardev.values) {
      checkParameter(group, pair);
    }
    chardevFromOptions(chardev.values, value, { stdioSignal: true });
  }
};

/** `QEMU_TPM_TYPES` of the reference is one. */
export const checkTpm: SyntaxCheck = (value) => {
  checkGroup(findOptionGroup('tpmdev'), value, ['type', 'id']);
  if (stringValue(splitOptionList(value, 'type'), 'type') !== 'passthrough') {
    throw badOptionValue('passthrough as the TPM type');
  }
};

const VNC_FLAGS =
  'reverse password tls x509 x509verify sasl acl lossy non-adaptive share websocket no-lock-key-sync to'.split(
    ' ',
  );

/** `[HOST]:N`, `unix:PATH` or `none`, then flags. */
export const checkVnc: SyntaxCheck = (value) => {
  const [address = '', ...flags] = value.split(',');
  if (!/^(none|unix:.+|(\[[^\]]+\]|[^:]*):\d{1,5})$/.test(address)) {
    throw badOptionValue(`[HOST]:DISPLAY, unix:PATH or none, not '${address}'`);
  }
  const unknown = flags.find((flag) => !VNC_FLAGS.includes(flag.split('=')[0] ?? ''));
  if (unknown !== undefined) {
    throw badOptionValue(`one of the flags ${VNC_FLAGS.join(', ')}, not '${unknown}'`);
  }
};

/** sdl with its flags, curses, gtk, none or vnc=DISPLAY. */
export const checkDisplay: SyntaxCheck = (value) => {
  if (value.startsWith('vnc=')) {
    checkVnc(value.slice('vnc='.length));
    return;
  }
  const flags = '(,(frame|alt_grab|ctrl_grab|window_close)=(on|off))*';
  if (!new RegExp(`^(sdl${flags}|curses|gtk|none)$`).test(value)) {
    throw badOptionValue(`sdl[,frame=on|off][,...], curses, gtk, none or vnc=DISPLAY, not '${value}'`);
  }
};

/** `file=F`, or `type=0|1` with its fields. */
export const checkSmbios: SyntaxCheck = (value) => {
  const pairs = splitOptionList(value);
  const type = stringValue(pairs, 'type');
  if (stringValue(pairs, 'file') === undefined && type !== '0' && type !== '1') {
    throw badOptionValue('file=F, or type=0 or type=1 with fields');
  }
};

/** A file of table data, or a whole table. */
export const checkAcpiTable: SyntaxCheck = (value) => {
  const pairs = splitOptionList(value);
  if (stringValue(pairs, 'data') === undefined && stringValue(pairs, 'file') === undefined) {
    throw badOptionValue('data=F[:F...] or file=F[:F...]');
  }
};

/** `auto`, or N with 2^N nanoseconds per instruction. */
export const checkIcount: SyntaxCheck = (value) => {
  if (value !== 'auto') {
    parseNumber('icount', value);
  }
};

export const checkNumber =
  (name: string): SyntaxCheck =>
  (value) => {
    parseNumber(name, value);
  };
