/** -serial, -parallel, -debugcon, -qtest: shorthand for a character device and what is to use it (cli.md §1, §4). */
import { parseLegacyChardev } from '../backends/chardev/legacy-syntax.ts';
import type { OptionPair } from '../options/option-list.ts';
import { stringValue } from '../options/option-values.ts';
import { badOptionValue, CommandLineError, located } from './command-line-error.ts';
import type { CommandLineDraft, GivenPort } from './draft.ts';

const TEXT_CONSOLE = 'vc:80Cx24C';
const MONITOR_PREFIX = 'mon:';

function addItem(draft: CommandLineDraft, group: string, id: string, pairs: readonly OptionPair[]): void {
  const item = draft.store.create(group, id, draft.origin);
  for (const [key, value] of pairs) {
    draft.store.set(item, key, value);
  }
}

/**
 * Makes the character device called `label` that a text asks for, and with `mon:` a human monitor on it.
 *
 * @returns the label of the device to use (of another one after `chardev:ID`), or undefined for `none`
 */
export function addPortChardev(draft: CommandLineDraft, label: string, text: string): string | undefined {
  const chardev = parseLegacyChardev(text);
  if (chardev.type === 'none') {
    return undefined;
  }
  if (chardev.type === 'reference') {
    return chardev.id;
  }
  addItem(draft, 'chardev', label, chardev.values);
  if (text.startsWith(MONITOR_PREFIX)) {
    addItem(draft, 'mon', label, [
      ['mode', 'readline'],
      ['chardev', label],
    ]);
    draft.wantsDefaultMonitor = false;
  }
  return label;
}

interface PortFamily {
  /** Stem of the labels: `serial0`. */
  readonly stem: 'serial' | 'parallel';
  readonly most: number;
}

const SERIAL: PortFamily = { stem: 'serial', most: 4 };
const PARALLEL: PortFamily = { stem: 'parallel', most: 3 };

/** Notes -serial DEV or -parallel DEV; the devices are made when every option is known. */
export function notePort(family: 'serial' | 'parallel'): (draft: CommandLineDraft, value: string) => void {
  return (draft, value) => {
    parseLegacyChardev(value);
    draft.ports[family].push({ text: value, origin: draft.origin });
    draft.withoutDevices.add(family === 'serial' ? 'serial port' : 'parallel port');
    if (value.startsWith(MONITOR_PREFIX)) {
      draft.wantsDefaultMonitor = false;
    }
  };
}

function buildPorts(draft: CommandLineDraft, family: PortFamily, given: readonly GivenPort[]): string[] {
  const labels: string[] = [];
  for (const { text, origin } of given) {
    draft.origin = origin;
    located(origin, () => {
      if (text === 'none') {
        return;
      }
      if (labels.length === family.most) {
        throw new CommandLineError(
          'ERR_CLI_BAD_VALUE',
          `too many ${family.stem} ports; a board has at most ${family.most}`,
        );
      }
      const label = addPortChardev(draft, `${family.stem}${labels.length}`, text);
      if (label !== undefined) {
        labels.push(label);
      }
    });
  }
  return labels;
}

/** Which character devices the default ports of a board are on; undefined where the board is to have no such port. */
function defaultPort(draft: CommandLineDraft, family: 'serial' | 'parallel'): string | undefined {
  const device = family === 'serial' ? 'serial port' : 'parallel port';
  if (draft.noDefaults || draft.withoutDevices.has(device)) {
    return undefined;
  }
  if (!draft.nographic) {
    return TEXT_CONSOLE;
  }
  if (family === 'parallel') {
    return 'null';
  }
  return draft.wantsDefaultMonitor ? 'mon:stdio' : 'stdio';
}

/** Makes the character devices of the ports. Before the default monitor is added, which may share the serial port's. */
export function buildCharacterPorts(
  draft: CommandLineDraft,
  hasDefaultDevices: boolean,
): { readonly serials: readonly string[]; readonly parallels: readonly string[] } {
  const portsOf = (family: PortFamily) => {
    const initial = hasDefaultDevices ? defaultPort(draft, family.stem) : undefined;
    const origin = `default ${family.stem} port`;
    return buildPorts(
      draft,
      family,
      initial === undefined ? draft.ports[family.stem] : [{ text: initial, origin }],
    );
  };
  return { serials: portsOf(SERIAL), parallels: portsOf(PARALLEL) };
}

/** -debugcon DEV */
export function setDebugConsole(draft: CommandLineDraft, value: string): void {
  draft.debugConsole = addPortChardev(draft, 'debugcon', value);
}

/** -qtest DEV */
export function setQtest(draft: CommandLineDraft, value: string): void {
  const label = addPortChardev(draft, 'qtest', value);
  if (label === undefined) {
    throw badOptionValue('a character device, not none');
  }
  draft.qtest = label;
}

/** Default devices that a -device of the user stands in for (cli.md §1, -nodefaults). */
const REPLACED_BY: Readonly<Record<string, 'serial port' | 'parallel port' | 'VGA' | 'CD-ROM' | 'floppy'>> = {
  'isa-serial': 'serial port',
  'isa-parallel': 'parallel port',
  'isa-fdc': 'floppy',
  'ide-cd': 'CD-ROM',
  'ide-hd': 'CD-ROM',
  'ide-drive': 'CD-ROM',
  'scsi-cd': 'CD-ROM',
  VGA: 'VGA',
  'cirrus-vga': 'VGA',
  'isa-vga': 'VGA',
  'isa-cirrus-vga': 'VGA',
  'vmware-svga': 'VGA',
  'qxl-vga': 'VGA',
};

/** Leaves out the default devices that a -device replaces. */
export function replaceDefaultDevices(draft: CommandLineDraft): void {
  for (const { values } of draft.store.itemsOf('device')) {
    const replaced = REPLACED_BY[stringValue(values, 'driver') ?? ''];
    if (replaced !== undefined) {
      draft.withoutDevices.add(replaced);
    }
  }
}
