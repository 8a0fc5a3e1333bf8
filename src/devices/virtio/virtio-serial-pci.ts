/** A controller of serial ports as a virtio device on the PCI bus. */
import { defineDevice, property } from '../device-class.ts';
import { PCI_BUS, type PciPorts } from '../pci/pci-contract.ts';
import { hex32, onOff, uint32 } from '../property-types.ts';
import { SerialModel } from './serial-model.ts';
import { TYPE_CONSOLE } from './virtio-bits.ts';
import { VirtioConfigError } from './virtio-config-error.ts';
import { createVirtioPci, virtioPci } from './virtio-pci.ts';

const TRANSITIONAL_ID = 0x1003;
/** Simple communication controller, other. */
const COMMUNICATION_OTHER = 0x078000;
const CLASS_SHIFT = 8;
const MOST_PORTS = 31;

export const virtioSerialPci = defineDevice({
  name: 'virtio-serial-pci',
  parent: virtioPci,
  bus: PCI_BUS,
  alias: 'virtio-serial',
  hotpluggable: true,
  userCreatable: true,
  properties: {
    ioeventfd: property(onOff, true, 'accepted: notifications never wait for the device'),
    vectors: property(uint32, 2, 'MSI-X vectors; 0: INTx'),
    class: property(hex32, 0, 'PCI class and subclass; 0: communication controller'),
    max_ports: property(uint32, MOST_PORTS, 'ports that can be plugged into it'),
  },
  create: (ports: PciPorts, values) => {
    if (values.max_ports < 1 || values.max_ports > MOST_PORTS) {
      throw new VirtioConfigError(
        `Device 'virtio-serial-pci' cannot have max_ports ${values.max_ports}: 1 to ${MOST_PORTS} are expected`,
      );
    }
    return createVirtioPci(ports, {
      type: TYPE_CONSOLE,
      transitionalId: TRANSITIONAL_ID,
      classCode: values.class === 0 ? COMMUNICATION_OTHER : values.class << CLASS_SHIFT,
      vectors: values.vectors,
      values,
      createModel: (host) => new SerialModel(host, ports, values.max_ports),
    });
  },
});
