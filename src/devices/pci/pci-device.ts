/** What every device on the PCI bus can be told. */
import { property } from '../device-class.ts';
import { onOff, pciDevfn, string, uint32 } from '../property-types.ts';

export const pciDevice = {
  name: 'pci-device',
  abstract: true,
  properties: {
    addr: property(pciDevfn, -1, 'slot and function; absent: the first free slot'),
    romfile: property(string, '', 'file with the option ROM'),
    rombar: property(uint32, 1, 'whether the option ROM has a base address register'),
    multifunction: property(onOff, false, 'whether the slot has more functions'),
    command_serr_enable: property(onOff, true, 'whether SERR# can be enabled'),
  },
} as const;
