/** `ide-cd`: a CD and DVD reader on an IDE cable. */
import { type Device, defineDevice, type PropertyValues } from '../device-class.ts';
import { PacketDevice } from './atapi/packet-device.ts';
import { UNITS } from './ide-channel.ts';
import { IDE_BUS, type IdePorts, ideBootPlace, ideProperties } from './ide-contract.ts';
import { checkSectorSize, defaultSerial, FIRMWARE_VERSION } from './ide-hd.ts';

export function createCd(ports: IdePorts, values: PropertyValues<typeof ideProperties>): Device {
  checkSectorSize(values.logical_block_size);
  const drive = ports.drive(values.drive);
  let disconnect = () => {};
  let unit = 0;
  const cd = ports.connect(drive, (connection) => {
    disconnect = connection.disconnect;
    unit = connection.index % UNITS;
    const identity = {
      model: values.model || 'QEMU DVD-ROM',
      serial: values.serial || drive.serial || defaultSerial(connection.index),
      version: values.ver || FIRMWARE_VERSION,
    };
    return new PacketDevice(drive, identity, connection);
  });
  return {
    reset: () => cd.reset(),
    save: () => cd.save(),
    restore: (state) => cd.restore(state),
    unrealize: () => disconnect(),
    bootPlaces: [ideBootPlace(values.bootindex, unit)],
  };
}

export const ideCd = defineDevice({
  name: 'ide-cd',
  bus: IDE_BUS,
  description: 'virtual IDE CD-ROM',
  hotpluggable: false,
  userCreatable: true,
  properties: ideProperties,
  create: (ports: IdePorts, values): Device => createCd(ports, values),
});
