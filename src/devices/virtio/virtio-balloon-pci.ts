/** A memory balloon as a virtio device on the PCI bus. */
import { defineDevice, property } from '../device-class.ts';
import { PCI_BUS } from '../pci/pci-contract.ts';
import { hex32, onOff } from '../property-types.ts';
import type { BalloonPorts } from './balloon-contract.ts';
import { BalloonModel } from './balloon-model.ts';
import { TYPE_BALLOON } from './virtio-bits.ts';
import { createVirtioPci, virtioPci } from './virtio-pci.ts';

const TRANSITIONAL_ID = 0x1002;
/** A device of no defined class. */
const CLASS_OTHERS = 0x00ff00;
const CLASS_SHIFT = 8;
const NO_MSIX = 0;

export const virtioBalloonPci = defineDevice({
  name: 'virtio-balloon-pci',
  parent: virtioPci,
  bus: PCI_BUS,
  alias: 'virtio-balloon',
  hotpluggable: true,
  userCreatable: true,
  properties: {
    class: property(hex32, 0, 'PCI class and subclass; 0: no defined class'),
    'deflate-on-oom': property(onOff, false, 'the guest may take pages back when it runs out of memory'),
  },
  create: (ports: BalloonPorts, values) =>
    createVirtioPci(ports, {
      type: TYPE_BALLOON,
      transitionalId: TRANSITIONAL_ID,
      classCode: values.class === 0 ? CLASS_OTHERS : values.class << CLASS_SHIFT,
      vectors: NO_MSIX,
      values,
      createModel: (host) => new BalloonModel(host, ports, values['deflate-on-oom']),
    }),
});
