/** A source of random bytes as a virtio device on the PCI bus. */
import type { EntropySource } from '../../backends/entropy/entropy-source.ts';
import { defineDevice, property } from '../device-class.ts';
import { PCI_BUS, type PciPorts } from '../pci/pci-contract.ts';
import { onOff, string, uint32, uint64 } from '../property-types.ts';
import { RngModel } from './rng-model.ts';
import { TYPE_ENTROPY } from './virtio-bits.ts';
import { VirtioConfigError } from './virtio-config-error.ts';
import { createVirtioPci, virtioPci } from './virtio-pci.ts';

const TRANSITIONAL_ID = 0x1005;
/** A device of no defined class. */
const CLASS_OTHERS = 0x00ff00;
const UNLIMITED = 2n ** 63n - 1n;

export interface RngPorts extends PciPorts {
  /** The source of the object with that id (`-object rng-random,id=`), or the host's own when the id is empty. Throws when there is none. */
  entropy(id: string): EntropySource;
}

export const virtioRngPci = defineDevice({
  name: 'virtio-rng-pci',
  parent: virtioPci,
  bus: PCI_BUS,
  alias: 'virtio-rng',
  hotpluggable: true,
  userCreatable: true,
  properties: {
    ioeventfd: property(onOff, true, 'accepted: notifications never wait for the device'),
    vectors: property(uint32, 2, 'MSI-X vectors; 0: INTx'),
    rng: property(string, '', 'id of the object that gives the bytes; empty: the host'),
    'max-bytes': property(uint64, UNLIMITED, 'bytes that the guest gets in a period'),
    period: property(uint32, 65536, 'length of a period in ms'),
  },
  create: (ports: RngPorts, values) => {
    const { period } = values;
    if (period === 0) {
      throw new VirtioConfigError("Device 'virtio-rng-pci' cannot have period 0: 1 ms or more is expected");
    }
    const maxBytes =
      values['max-bytes'] >= UNLIMITED ? Number.POSITIVE_INFINITY : Number(values['max-bytes']);
    const source = ports.entropy(values.rng);
    return createVirtioPci(ports, {
      type: TYPE_ENTROPY,
      transitionalId: TRANSITIONAL_ID,
      classCode: CLASS_OTHERS,
      vectors: values.vectors,
      values,
      createModel: (host) =>
        new RngModel(host, { source, clock: ports.clocks.virtual, maxBytes, periodMs: period }),
    });
  },
});
