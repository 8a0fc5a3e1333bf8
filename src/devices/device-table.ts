/** Every device class of this version: what -device, device-list-properties and the boards choose from. A line each. */
import type { AnyDeviceClass } from './device-class.ts';
import { cirrusVga, isaCirrusVga } from './display/cirrus-vga.ts';
import { isaVga } from './display/isa-vga.ts';
import { stdVga } from './display/std-vga.ts';
import { ideCd } from './ide/ide-cd.ts';
import { ideDrive } from './ide/ide-drive.ts';
import { ideHd } from './ide/ide-hd.ts';
import { isaIde } from './ide/isa-ide.ts';
import { piix3Ide } from './ide/piix3-ide.ts';
import { i8042 } from './isa/i8042.ts';
import { i8237 } from './isa/i8237.ts';
import { isaPit } from './isa/i8254.ts';
import { isaI8259 } from './isa/i8259.ts';
import { isaDebugExit } from './isa/isa-debug-exit.ts';
import { isaDebugcon } from './isa/isa-debugcon.ts';
import { isaFdc } from './isa/isa-fdc.ts';
import { isaParallel } from './isa/isa-parallel.ts';
import { isaSerial } from './isa/isa-serial.ts';
import { isabusBridge } from './isa/isabus-bridge.ts';
import { mc146818rtc } from './isa/mc146818rtc.ts';
import { isaPcspk } from './isa/pc-speaker.ts';
import { pcTestdev } from './isa/pc-testdev.ts';
import { port92 } from './isa/port92.ts';
import { pvpanic } from './isa/pvpanic.ts';
import { vmmouse } from './isa/vmmouse.ts';
import { vmport } from './isa/vmport.ts';
import { i440fx } from './pci/i440fx.ts';
import { i440fxPciHost } from './pci/i440fx-pcihost.ts';
import { pciTestdev } from './pci/pci-testdev.ts';
import { piix3 } from './pci/piix3.ts';
import { piix4Pm } from './pci/piix4-pm.ts';
import { fwCfg } from './system/fw-cfg.ts';
import { hpet } from './system/hpet.ts';
import { ioapic } from './system/ioapic.ts';
import { virtioBalloonPci } from './virtio/virtio-balloon-pci.ts';
import { virtioBlkPci } from './virtio/virtio-blk-pci.ts';
import { virtioRngPci } from './virtio/virtio-rng-pci.ts';
import { virtioSerialPci } from './virtio/virtio-serial-pci.ts';
import { virtconsole, virtserialport } from './virtio/virtio-serial-ports.ts';

export const DEVICE_CLASSES: readonly AnyDeviceClass[] = [
  isaSerial,
  isaParallel,
  isaI8259,
  isaPit,
  isaPcspk,
  ioapic,
  hpet,
  i8042,
  i440fxPciHost,
  i440fx,
  piix3,
  isabusBridge,
  mc146818rtc,
  virtioBlkPci,
  virtioSerialPci,
  virtconsole,
  virtserialport,
  virtioRngPci,
  virtioBalloonPci,
  fwCfg,
  stdVga,
  isaVga,
  piix4Pm,
  piix3Ide,
  isaFdc,
  isaIde,
  ideHd,
  ideCd,
  ideDrive,
  i8237,
  port92,
  isaDebugcon,
  isaDebugExit,
  pvpanic,
  vmport,
  vmmouse,
  pcTestdev,
  pciTestdev,
  cirrusVga,
  isaCirrusVga,
];
