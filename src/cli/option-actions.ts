/** What the options of the table do that takes more than a line. */
import { getSystemErrorMessage } from 'node:util';
import { CHARDEV_BACKENDS, chardevFromOptions } from '../backends/chardev/chardev-options.ts';
import { formatConfigFile, parseConfigFile } from '../options/config-file.ts';
import { OptionError } from '../options/option-error.ts';
import { parseGroupText } from '../options/option-group.ts';
import { findOptionGroup, OPTION_GROUPS } from '../options/option-groups.ts';
import { parseBoolean, parseNumber, stringValue } from '../options/option-values.ts';
import { badOptionValue, CommandLineError, unavailable } from './command-line-error.ts';
import type { CommandLineDraft, DefaultDevice } from './draft.ts';
import { groupWith, type SyntaxCheck } from './later-syntax.ts';
import { checkMachine } from './machine-options.ts';

type Action = (draft: CommandLineDraft, value: string) => void;

/** -machine */
export function setMachine(draft: CommandLineDraft, value: string): void {
  checkMachine(parseGroupText(findOptionGroup('machine'), value).values);
  draft.parseGroup('machine', value);
}

/** -M: a name and nothing else. */
export function setMachineType(draft: CommandLineDraft, value: string): void {
  if (/[,=]/.test(value)) {
    throw badOptionValue('the name of a machine type and nothing else; -machine takes the other properties');
  }
  setMachine(draft, `type=${value}`);
}

/** -chardev; checked as far as it can be before -set changes it. */
export function addChardev(draft: CommandLineDraft, value: string): void {
  const { id, values } = parseGroupText(findOptionGroup('chardev'), value);
  if (id === undefined) {
    throw new OptionError('ERR_OPTION_MISSING_PARAMETER', 'chardev: no id specified');
  }
  if (stringValue(values, 'backend') !== undefined) {
    chardevFromOptions(values, id, { stdioSignal: true });
  }
  draft.parseGroup('chardev', value);
}

/** The text of `-chardev help`. */
export function describeChardevBackends(): string {
  return `Available chardev backend types:\n${CHARDEV_BACKENDS.map((name) => `${name}\n`).join('')}`;
}

/** -boot: letters, or the parameters of the group. */
export function setBoot(draft: CommandLineDraft, value: string): void {
  draft.parseGroup('boot-opts', value.includes('=') ? value : `order=${value}`);
}

const SET = /^([^.]+)\.([^.]+)\.([^=]+)=(.*)$/s;

/** -set GROUP.ID.ARG=VALUE */
export function setItemValue(draft: CommandLineDraft, value: string): void {
  const match = SET.exec(value);
  if (match === null) {
    throw new OptionError('ERR_OPTION_SYNTAX', `can't parse: "${value}"; expected GROUP.ID.ARG=VALUE`);
  }
  const [, group = '', id = '', key = '', text = ''] = match;
  draft.store.set(draft.store.find(group, id), key, text);
}

const GLOBAL = /^([^.]+)\.([^=]+)=(.*)$/s;

/** -global DRIVER.PROP=VALUE */
export function addGlobal(draft: CommandLineDraft, value: string): void {
  const match = GLOBAL.exec(value);
  if (match === null) {
    throw new OptionError('ERR_OPTION_SYNTAX', `can't parse: "${value}"; expected DRIVER.PROP=VALUE`);
  }
  const item = draft.store.create('global', undefined, draft.origin);
  draft.store.set(item, 'driver', match[1] ?? '');
  draft.store.set(item, 'property', match[2] ?? '');
  draft.store.set(item, 'value', match[3] ?? '');
}

/** The host's own words for a failed file operation. */
function reasonOf(error: unknown): string {
  if (error instanceof Error && 'errno' in error && typeof error.errno === 'number') {
    return getSystemErrorMessage(error.errno);
  }
  return error instanceof Error ? error.message : String(error);
}

function fileError(verb: string, path: string, error: unknown): CommandLineError {
  const reason = reasonOf(error);
  return new CommandLineError('ERR_CLI_FILE', `could not ${verb} '${path}': ${reason}`, { cause: error });
}

/** -readconfig FILE */
export function readConfig(draft: CommandLineDraft, path: string): void {
  let text: string;
  try {
    text = draft.environment.readFile(path);
  } catch (error) {
    throw fileError('read', path, error);
  }
  parseConfigFile(text, path, draft.store);
}

const STANDARD_OUTPUT = '-';

/** -writeconfig FILE: what the options before this one have put into groups. */
export function writeConfig(draft: CommandLineDraft, path: string): void {
  const sections = draft.store.items().map(({ group, id, values }) => ({ group: group.name, id, values }));
  const text = formatConfigFile(
    sections,
    OPTION_GROUPS.map(({ name }) => name),
  );
  if (path === STANDARD_OUTPUT) {
    draft.environment.writeOutput(text);
    return;
  }
  try {
    draft.environment.writeFile(path, text);
  } catch (error) {
    throw fileError('write', path, error);
  }
}

const MAX_BYTE = 255n;

/** -echr: the code of a character, as a number. */
export function setEscapeCharacter(draft: CommandLineDraft, value: string): void {
  const code = parseNumber('echr', value);
  if (code > MAX_BYTE) {
    throw badOptionValue(`the code of a character, from 0 to ${MAX_BYTE}`);
  }
  draft.escapeCharacter = Number(code);
}

/** An option that can only be `none` in this version. */
export function onlyNone(device: DefaultDevice | undefined, check: SyntaxCheck): Action {
  return (draft, value) => {
    check(value);
    if (value !== 'none') {
      throw unavailable();
    }
    if (device !== undefined) {
      draft.withoutDevices.add(device);
    }
  };
}

/** -vga: the adapters that exist, or none. */
export function setVga(draft: CommandLineDraft, value: string): void {
  if (!/^(std|cirrus|vmware|qxl|xenfb|none)$/.test(value)) {
    throw badOptionValue(`std, cirrus, vmware, qxl, xenfb or none, not '${value}'`);
  }
  if (value !== 'std' && value !== 'cirrus' && value !== 'none') {
    throw unavailable();
  }
  draft.vga = value;
}

/** -balloon none|virtio[,addr=ADDRESS] */
export function setBalloon(draft: CommandLineDraft, value: string): void {
  const match = /^(?:none|virtio(?:,addr=(.+))?)$/.exec(value);
  if (match === null) {
    throw badOptionValue('none or virtio[,addr=ADDRESS]');
  }
  draft.balloon = value === 'none' ? undefined : { address: match[1] };
}

/** An option that makes an item of a group, some of whose parameters must be there. */
export function addGroupItem(group: string, ...needed: readonly string[]): Action {
  const check = groupWith(group, ...needed);
  return (draft, value) => {
    check(value);
    draft.parseGroup(group, value);
  };
}

/** An option of one boolean parameter that this version can only leave off; without text it is on. */
export function onlyOff(group: string, key: string): Action {
  return (draft, value) => {
    const { values } = parseGroupText(findOptionGroup(group), value);
    if (parseBoolean(key, stringValue(values, key) ?? 'on')) {
      throw unavailable();
    }
    draft.parseGroup(group, value);
  };
}

/** An existing path or a name that must not be empty. */
export function required(value: string, expected: string): string {
  if (value === '') {
    throw badOptionValue(expected);
  }
  return value;
}
