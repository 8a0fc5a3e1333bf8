/** `ide-drive`: a disk or a CD-ROM, as the drive behind it is (a name of older command lines). */
import { type Device, defineDevice } from '../device-class.ts';
import { createCd } from './ide-cd.ts';
import { IDE_BUS, type IdePorts } from './ide-contract.ts';
import { createDisk, diskProperties } from './ide-hd.ts';

export interface IdeDrivePorts extends IdePorts {
  /** Whether the drive with that id was declared with media=cdrom. */
  isCdrom(driveId: string): boolean;
}

export const ideDrive = defineDevice({
  name: 'ide-drive',
  bus: IDE_BUS,
  description: 'virtual IDE disk or CD-ROM (legacy)',
  hotpluggable: false,
  userCreatable: true,
  properties: diskProperties,
  create: (ports: IdeDrivePorts, values): Device =>
    ports.isCdrom(values.drive) ? createCd(ports, values) : createDisk(ports, values),
});
