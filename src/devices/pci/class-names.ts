import type { PciIdentity } from './pci-contract.ts';

/** Names of PCI classes and subclasses (PCI Code and ID Assignment Specification 1.0), as clients of the reference know them. */
const CLASS_NAMES: ReadonlyMap<number, string> = new Map([
  [0x0100, 'SCSI controller'],
  [0x0101, 'IDE controller'],
  [0x0102, 'Floppy controller'],
  [0x0103, 'IPI controller'],
  [0x0104, 'RAID controller'],
  [0x0106, 'SATA controller'],
  [0x0180, 'Storage controller'],
  [0x0200, 'Ethernet controller'],
  [0x0201, 'Token Ring controller'],
  [0x0202, 'FDDI controller'],
  [0x0203, 'ATM controller'],
  [0x0280, 'Network controller'],
  [0x0300, 'VGA controller'],
  [0x0301, 'XGA controller'],
  [0x0302, '3D controller'],
  [0x0380, 'Display controller'],
  [0x0400, 'Video controller'],
  [0x0401, 'Audio controller'],
  [0x0402, 'Phone'],
  [0x0403, 'Audio controller'],
  [0x0480, 'Multimedia controller'],
  [0x0500, 'RAM controller'],
  [0x0501, 'Flash controller'],
  [0x0580, 'Memory controller'],
  [0x0600, 'Host bridge'],
  [0x0601, 'ISA bridge'],
  [0x0602, 'EISA bridge'],
  [0x0603, 'MC bridge'],
  [0x0604, 'PCI bridge'],
  [0x0605, 'PCMCIA bridge'],
  [0x0606, 'NUBUS bridge'],
  [0x0607, 'CARDBUS bridge'],
  [0x0608, 'RACEWAY bridge'],
  [0x0680, 'Bridge'],
  [0x0c03, 'USB controller'],
  [0x0c05, 'SMBus'],
]);

/** The name of a class (16 bits: class and subclass), or undefined. */
export function pciClassName(code: number): string | undefined {
  return CLASS_NAMES.get(code);
}

/** What firmware calls functions of these classes (IEEE 1275 PCI Bus Binding 2.1, table 1; shortened as SeaBIOS expects it). */
const NODE_NAMES: ReadonlyMap<number, string> = new Map([
  [0x0100, 'scsi'],
  [0x0101, 'ide'],
  [0x0102, 'fdc'],
  [0x0106, 'ide'],
  [0x0200, 'ethernet'],
  [0x0300, 'display'],
  [0x0600, 'host'],
  [0x0601, 'isa'],
  [0x0604, 'pci'],
  [0x0c03, 'usb'],
]);

/** A name in firmware paths; functions of other classes go by their ids. */
export function pciNodeName({ classCode, vendor, device }: PciIdentity): string {
  return NODE_NAMES.get(classCode >> 8) ?? `pci${vendor.toString(16)},${device.toString(16)}`;
}
