/** `ide-hd`: a disk on an IDE cable. */
import type { BlockBackend } from '../block-backend.ts';
import { type Device, defineDevice, type PropertyValues, property } from '../device-class.ts';
import { biosChsTrans, uint32 } from '../property-types.ts';
import { AtaDisk, SECTOR_BYTES } from './ata-disk.ts';
import { UNITS } from './ide-channel.ts';
import { IDE_BUS, IdeError, type IdePorts, ideBootPlace, ideProperties } from './ide-contract.ts';
import type { Geometry } from './task-file.ts';

export const diskProperties = {
  ...ideProperties,
  cyls: property(uint32, 0, 'cylinders; 0: by size'),
  heads: property(uint32, 0, 'heads'),
  secs: property(uint32, 0, 'sectors a track'),
  'bios-chs-trans': property(biosChsTrans, 'auto', 'how the BIOS translates the geometry'),
};

/** What the reference's firmware version is; guests show it. */
export const FIRMWARE_VERSION = '1.5.50';
const MOST_CYLINDERS = 65535;
const MOST_HEADS = 16;
const MOST_SECTORS = 255;

/** Throws IdeError. */
export function checkSectorSize(bytes: number): void {
  if (bytes !== SECTOR_BYTES) {
    throw new IdeError('ERR_IDE_PROPERTY', 'logical_block_size must be 512 for IDE');
  }
}

function forcedGeometry(values: PropertyValues<typeof diskProperties>): Geometry | undefined {
  const { cyls, heads, secs } = values;
  if (cyls === 0 && heads === 0 && secs === 0) {
    return undefined;
  }
  for (const [name, value, most] of [
    ['cyls', cyls, MOST_CYLINDERS],
    ['heads', heads, MOST_HEADS],
    ['secs', secs, MOST_SECTORS],
  ] as const) {
    if (value < 1 || value > most) {
      throw new IdeError('ERR_IDE_PROPERTY', `${name} must be between 1 and ${most}`);
    }
  }
  return { cylinders: cyls, heads, sectors: secs };
}

/** `QM00001`, by the disk's place on the board. */
export function defaultSerial(index: number): string {
  return `QM${String(index + 1).padStart(5, '0')}`;
}

export function createDisk(ports: IdePorts, values: PropertyValues<typeof diskProperties>): Device {
  checkSectorSize(values.logical_block_size);
  const geometry = forcedGeometry(values);
  const drive: BlockBackend = ports.drive(values.drive);
  if (drive.medium === undefined) {
    throw new IdeError('ERR_IDE_NO_MEDIUM', 'Device needs media, but drive is empty');
  }
  if (drive.medium.readOnly) {
    throw new IdeError('ERR_IDE_READ_ONLY', `Can't use a read-only drive`);
  }
  let disconnect = () => {};
  let unit = 0;
  const disk = ports.connect(drive, (connection) => {
    disconnect = connection.disconnect;
    unit = connection.index % UNITS;
    const identity = {
      model: values.model || 'QEMU HARDDISK',
      serial: values.serial || drive.serial || defaultSerial(connection.index),
      version: values.ver || FIRMWARE_VERSION,
      wwn: values.wwn,
      geometry,
    };
    return new AtaDisk(drive, identity, connection);
  });
  return {
    reset: () => disk.reset(),
    save: () => disk.save(),
    restore: (state) => disk.restore(state),
    unrealize: () => disconnect(),
    bootPlaces: [ideBootPlace(values.bootindex, unit)],
  };
}

export const ideHd = defineDevice({
  name: 'ide-hd',
  bus: IDE_BUS,
  description: 'virtual IDE disk',
  hotpluggable: false,
  userCreatable: true,
  properties: diskProperties,
  create: (ports: IdePorts, values): Device => createDisk(ports, values),
});
