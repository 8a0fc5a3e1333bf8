/** -drive and its short forms (cli.md §1, §2): from the items of the group to the drives of the board. */
import { AVAILABLE_FORMATS } from '../block/format-names.ts';
import { chooseInterface, DrivePlaces, describeDrive } from '../machine/drives/drive-description.ts';
import type { BoardDrive, DriveInterface } from '../machine/machine-config.ts';
import type { OptionPair } from '../options/option-list.ts';
import { badOptionValue, located } from './command-line-error.ts';
import type { CommandLineDraft, DefaultDevice } from './draft.ts';

const CDROM_INDEX = 2;

type Values = readonly OptionPair[];

/** Makes the item that -hda, -cdrom… stand for. */
function addDrive(draft: CommandLineDraft, file: string, pairs: Values): void {
  if (file === '') {
    throw badOptionValue('a file name');
  }
  const item = draft.store.create('drive', undefined, draft.origin);
  for (const [key, value] of [['file', file], ...pairs] as const) {
    draft.store.set(item, key, value);
  }
}

/** The text of `-drive format=help`. */
export function describeFormats(): string {
  return `Supported formats: ${AVAILABLE_FORMATS.join(' ')}\n`;
}

/** -hda to -hdd, by index. */
export const addHardDisk =
  (index: number) =>
  (draft: CommandLineDraft, file: string): void =>
    addDrive(draft, file, [
      ['index', String(index)],
      ['media', 'disk'],
    ]);

/** -cdrom */
export function addCdrom(draft: CommandLineDraft, file: string): void {
  addDrive(draft, file, [
    ['index', String(CDROM_INDEX)],
    ['media', 'cdrom'],
  ]);
}

/** -fda, -fdb, -sd, by index; -mtdblock takes the next free one. */
export const addOther =
  (kind: DriveInterface, index?: number) =>
  (draft: CommandLineDraft, file: string): void =>
    addDrive(draft, file, [
      ['if', kind],
      ...(index === undefined ? [] : [['index', String(index)] as const]),
    ]);

/** The empty drives of a board whose owner has said nothing of them (cli.md §5). */
const DEFAULT_DRIVES: readonly (readonly [DefaultDevice, pairs: Values])[] = [
  [
    'CD-ROM',
    [
      ['index', String(CDROM_INDEX)],
      ['media', 'cdrom'],
    ],
  ],
  [
    'floppy',
    [
      ['if', 'floppy'],
      ['index', '0'],
    ],
  ],
  [
    'SD card',
    [
      ['if', 'sd'],
      ['index', '0'],
    ],
  ],
];

/**
 * All drives in the order of their creation: those given, then the empty default ones for which there is room.
 * Throws CommandLineError with the reference's texts.
 * @param hasDefaults whether the board has default devices
 */
export function buildDrives(draft: CommandLineDraft, hasDefaults: boolean): BoardDrive[] {
  const places = new DrivePlaces();
  const surroundings = {
    places,
    snapshotAll: draft.snapshot,
    hdaGeometry: draft.hdaGeometry,
    warn: (message: string) => draft.warnings.push(message),
  };
  const drives = draft.store
    .itemsOf('drive')
    .map((item) => located(item.origin, () => describeDrive(item, surroundings)));
  if (!hasDefaults || draft.noDefaults) {
    return drives;
  }
  for (const [, pairs] of DEFAULT_DRIVES.filter(([name]) => !draft.withoutDevices.has(name))) {
    const place = new DrivePlaces().choose(chooseInterface(pairs), pairs);
    if (!places.has(place)) {
      drives.push(describeDrive({ id: undefined, values: pairs }, surroundings));
    }
  }
  return drives;
}
