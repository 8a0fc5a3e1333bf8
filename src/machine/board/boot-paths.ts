/** Where firmware finds what has a boot index. */
import type { BootPath } from '../firmware/firmware-contract.ts';
import { DeviceObject } from '../qom/device-object.ts';
import { DeviceError, type DeviceFactory } from './device-factory.ts';

/**
 * OpenFirmware paths as SeaBIOS reads them, lowest index first.
 * @throws DeviceError when two have the same index
 */
export function bootPaths(factory: DeviceFactory): readonly BootPath[] {
  const paths = factory
    .objects()
    .flatMap((object) =>
      (object.device?.bootPlaces ?? []).map(({ index, node }) => ({
        index,
        path: `${devicePath(object, factory)}/${node}`,
      })),
    )
    .filter(({ index }) => index >= 0)
    .toSorted((left, right) => left.index - right.index);
  const twice = paths.find(({ index }, place) => paths[place + 1]?.index === index);
  if (twice !== undefined) {
    throw new DeviceError('ERR_DEVICE_BOOT_INDEX', `Two devices with same boot index ${twice.index}`);
  }
  return paths;
}

/** The path of a device; parts that firmware has no name for are left out. */
function devicePath(object: DeviceObject, factory: DeviceFactory): string {
  const owner = object.parentBus?.parent;
  const above = owner instanceof DeviceObject ? devicePath(owner, factory) : '';
  const node = factory.firmwareNode(object);
  return node === undefined ? above : `${above}/${node}`;
}
