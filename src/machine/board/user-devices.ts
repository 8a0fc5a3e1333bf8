/** The devices that -device asks for. */
import type { OptionSection } from '../machine-config.ts';
import type { DeviceFactory } from './device-factory.ts';

/** Keys of -device that are no properties of the device. */
const OWN_KEYS = new Set(['driver', 'bus', 'id']);

/** Makes the devices of these sections, in the order given. Throws what a device throws. */
export function userDevices(sections: readonly OptionSection[], factory: DeviceFactory): void {
  for (const section of sections) if (section.group === 'device') addDevice(section, factory);
}

function addDevice({ id, values }: OptionSection, factory: DeviceFactory): void {
  const given = new Map(values);
  const driver = given.get('driver') ?? '';
  const busName = given.get('bus');
  const place = id === undefined ? { place: factory.nextAnonymousPlace() } : { id };
  factory.create({
    driver,
    ...place,
    ...(busName === undefined ? {} : { bus: factory.findBus(busName) }),
    texts: values.filter(([key]) => !OWN_KEYS.has(key)),
  });
}
