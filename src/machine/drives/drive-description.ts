/** What one item of the group `drive` describes (cli.md §2): its place on the board, and how its medium is treated. */
import type { DriveConfig } from '../../block/storage-contract.ts';
import type { OptionPair } from '../../options/option-list.ts';
import type { OptionItem } from '../../options/option-store.ts';
import { booleanValue, numberValue, stringValue } from '../../options/option-values.ts';
import type { BoardDrive, DriveInterface } from '../machine-config.ts';
import { DriveError, wrongOption as wrong } from './drive-error.ts';
import { driveGeometry, type Geometry } from './drive-geometry.ts';
import { type DiskPolicy, diskPolicy } from './drive-policy.ts';

const INTERFACES: readonly DriveInterface[] = [
  'ide',
  'scsi',
  'floppy',
  'pflash',
  'mtd',
  'sd',
  'virtio',
  'none',
];
const UNAVAILABLE_INTERFACES = ['scsi', 'pflash', 'xen'];
/** Units a bus; interfaces that are not here have one bus of any number of units. */
const UNITS: Readonly<Partial<Record<DriveInterface, number>>> = { ide: 2, scsi: 7 };
/** Interfaces whose disks can be read-only; a CD-ROM always is. */
const READ_ONLY_INTERFACES: readonly DriveInterface[] = ['scsi', 'virtio', 'floppy', 'none', 'pflash'];
/** Keys of the group that this file reads; all others belong to the block driver. */
const KNOWN_KEYS = new Set(
  (
    'bus unit if index cyls heads secs trans media snapshot file discard cache aio format serial rerror werror ' +
    'addr readonly iops iops_rd iops_wr bps bps_rd bps_wr copy-on-read boot'
  ).split(' '),
);

type Values = readonly OptionPair[];

export interface Place {
  readonly interface: DriveInterface;
  readonly bus: number;
  readonly unit: number;
}

/** Where the drives that have been placed are, and the next free place. */
export class DrivePlaces {
  readonly #taken: Place[];

  /** @param taken where drives are already */
  constructor(taken: readonly Place[] = []) {
    this.#taken = [...taken];
  }

  has(place: Place): boolean {
    return this.#taken.some(
      (each) => each.interface === place.interface && each.bus === place.bus && each.unit === place.unit,
    );
  }

  /** Throws DriveError when the place does not exist, or has a drive. */
  choose(kind: DriveInterface, values: Values): Place {
    const place = this.#wanted(kind, values);
    const units = UNITS[kind] ?? 0;
    if (units > 0 && place.unit >= units) {
      throw wrong(`unit ${place.unit} too big (max is ${units - 1})`);
    }
    if (this.has(place)) {
      const index = place.bus * units + place.unit;
      throw new DriveError(
        'ERR_DRIVE_CONFLICT',
        `drive with bus=${place.bus}, unit=${place.unit} (index=${index}) exists`,
      );
    }
    this.#taken.push(place);
    return place;
  }

  #wanted(kind: DriveInterface, values: Values): Place {
    const units = UNITS[kind] ?? 0;
    const [index, bus, unit] = ['index', 'bus', 'unit'].map((key) => numberValue(values, key));
    if (index !== undefined) {
      if (bus !== undefined || unit !== undefined) {
        throw wrong('index cannot be used with bus and unit');
      }
      return units === 0
        ? { interface: kind, bus: 0, unit: index }
        : { interface: kind, bus: Math.floor(index / units), unit: index % units };
    }
    if (unit !== undefined) {
      return { interface: kind, bus: bus ?? 0, unit };
    }
    let place: Place = { interface: kind, bus: bus ?? 0, unit: 0 };
    while (this.has(place)) {
      const next = place.unit + 1;
      place =
        units > 0 && next >= units ? { ...place, bus: place.bus + 1, unit: 0 } : { ...place, unit: next };
    }
    return place;
  }
}

export function chooseInterface(values: Values): DriveInterface {
  const name = stringValue(values, 'if') ?? 'ide';
  if (UNAVAILABLE_INTERFACES.includes(name)) {
    throw new DriveError('ERR_DRIVE_UNAVAILABLE', `if=${name}: not available in this version`);
  }
  const kind = INTERFACES.find((each) => each === name);
  if (kind === undefined) {
    throw wrong(`unsupported bus type '${name}'`);
  }
  return kind;
}

function chooseMedia(values: Values, geometry: Geometry | undefined): 'disk' | 'cdrom' {
  const media = stringValue(values, 'media') ?? 'disk';
  if (media !== 'disk' && media !== 'cdrom') {
    throw wrong(`'${media}' invalid media`);
  }
  if (media === 'cdrom' && geometry !== undefined) {
    throw wrong(`CHS can't be set with media=${media}`);
  }
  return media;
}

/** `ide0-hd0`, `ide1-cd0`, `floppy0`, `virtio2` (cli.md §5). */
function defaultId({ interface: kind, bus, unit }: Place, media: 'disk' | 'cdrom'): string {
  const medium = kind === 'ide' || kind === 'scsi' ? (media === 'cdrom' ? '-cd' : '-hd') : '';
  return UNITS[kind] === undefined ? `${kind}${medium}${unit}` : `${kind}${bus}${medium}${unit}`;
}

function chooseReadOnly(values: Values, kind: DriveInterface, media: 'disk' | 'cdrom'): boolean {
  if (media === 'cdrom') {
    return true;
  }
  const readOnly = booleanValue(values, 'readonly') ?? false;
  if (readOnly && !READ_ONLY_INTERFACES.includes(kind)) {
    throw wrong('readonly not supported by this bus type');
  }
  return readOnly;
}

function driveConfig(
  id: string,
  values: Values,
  policy: DiskPolicy,
  options: { readOnly: boolean; snapshotAll: boolean },
): DriveConfig {
  const { readOnly } = options;
  const snapshot = options.snapshotAll || (booleanValue(values, 'snapshot') ?? false);
  const file = stringValue(values, 'file');
  return {
    ...policy,
    id,
    file: file === '' ? undefined : file,
    format: stringValue(values, 'format'),
    readOnly,
    snapshot,
    // What a temporary overlay holds is gone after a power cut in any case.
    cache: snapshot ? 'unsafe' : policy.cache,
    copyOnRead: !readOnly && (booleanValue(values, 'copy-on-read') ?? false),
    driverOptions: values.filter(([key]) => !KNOWN_KEYS.has(key)),
  };
}

export interface DriveSurroundings {
  readonly places: DrivePlaces;
  /** -snapshot */
  readonly snapshotAll: boolean;
  /** -hdachs: the geometry of the first disk. */
  readonly hdaGeometry: Geometry | undefined;
  /** Told of what is obsolete. */
  readonly warn: (message: string) => void;
}

/** Places one item and reads the rest of it. Throws DriveError and OptionError with the reference's texts. */
export function describeDrive(
  item: Pick<OptionItem, 'id' | 'values'>,
  { places, snapshotAll, hdaGeometry, warn }: DriveSurroundings,
): BoardDrive {
  const { values } = item;
  const kind = chooseInterface(values);
  const geometry = driveGeometry(values);
  const media = chooseMedia(values, geometry);
  const policy = diskPolicy(values, kind);
  const readOnly = chooseReadOnly(values, kind, media);
  const address = stringValue(values, 'addr');
  if (address !== undefined && kind !== 'virtio') {
    throw wrong('addr is not supported by this bus type');
  }
  const place = places.choose(kind, values);
  if (booleanValue(values, 'boot') !== undefined) {
    warn('boot=on|off is deprecated and will be ignored');
  }
  if (readOnly && booleanValue(values, 'copy-on-read') === true) {
    warn('disabling copy_on_read on read-only drive');
  }
  const isFirstDisk = kind === 'ide' && place.bus === 0 && place.unit === 0;
  return {
    ...place,
    media,
    address,
    geometry: geometry ?? (isFirstDisk ? hdaGeometry : undefined),
    serial: stringValue(values, 'serial'),
    drive: driveConfig(item.id ?? defaultId(place, media), values, policy, {
      readOnly,
      snapshotAll,
    }),
  };
}
