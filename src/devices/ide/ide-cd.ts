/** `ide-cd`: a CD and DVD reader on an IDE cable. */
import { type Device, defineDevice, type PropertyValues } from '../device-class.ts';
import { PacketDevice } from './atapi/packet-device.ts';
import { IDE_BUS, type IdePorts, ideProperties } from './ide-contract.ts';
import { checkSectorSize, defaultSerial, FIRMWARE_VERSION } from './ide-hd.ts';

export function createCd(ports: IdePorts, values: PropertyValues<typeof ideProperties>): Device {
  checkSectorSize(values.logical_block_size);
  const drive = ports.drive(values.drive);
  let disconnect = () => {};
  const cd = ports.connect(drive, (connection) => {
    disconnect = connection.disconnect;
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
