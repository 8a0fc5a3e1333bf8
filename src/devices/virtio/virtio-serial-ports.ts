/** The two kinds of port of a virtio-serial controller. */
import { type Device, type DeviceClass, defineDevice, property } from '../device-class.ts';
import { chr, string, uint32 } from '../property-types.ts';
import { ANY_PORT, type PluggedPort, VIRTIO_SERIAL_BUS, type VirtioSerialPorts } from './serial-bus.ts';

const properties = {
  nr: property(uint32, ANY_PORT, 'number of the port; 4294967295: the first free one'),
  chardev: property(chr, '', 'id of the character device'),
  name: property(string, '', 'what the guest calls the port'),
} as const;

type PortClass = DeviceClass<typeof properties, Record<never, never>, VirtioSerialPorts>;

function portClass(name: string, isConsole: boolean, description: string): PortClass {
  return defineDevice({
    name,
    bus: VIRTIO_SERIAL_BUS,
    description,
    hotpluggable: true,
    userCreatable: true,
    properties,
    create: (ports: VirtioSerialPorts, values): Device => {
      const port = ports.addPort({ number: values.nr, name: values.name, isConsole }, () =>
        values.chardev === '' ? undefined : ports.character(values.chardev),
      );
      return {
        chosen: { nr: port.number },
        describe: () => [describePort(port)],
        reset: () => port.reset(),
        save: () => port.save(),
        restore: (state) => port.restore(state),
        unrealize: () => port.remove(),
      };
    },
  });
}

function describePort({ number, status }: PluggedPort): string {
  const { guestOpen, hostOpen, throttled } = status();
  const onOff = (isOn: boolean): string => (isOn ? 'on' : 'off');
  return `port ${number}, guest ${onOff(guestOpen)}, host ${onOff(hostOpen)}, throttle ${onOff(throttled)}`;
}

export const virtconsole = portClass('virtconsole', true, 'a console of the guest (hvc0…)');
export const virtserialport = portClass('virtserialport', false, 'a byte stream to the guest');
