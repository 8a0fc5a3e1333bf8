/** Brings the i440FX board into the state in which a BIOS hands it over, through the accesses that a BIOS would make. */
import { PCI_MEMORY_END, SCI_LINE } from '../acpi/board-description.ts';
import type { Platform } from '../firmware-contract.ts';
import { devfnOf, type PciConfig } from './pci-config.ts';
import { assignPciResources, type PciFunctionPlace, PIRQ_LINES } from './pci-resources.ts';

const HOST_BRIDGE = devfnOf(0, 0);
const ISA_BRIDGE = devfnOf(1, 0);
const IDE = devfnOf(1, 1);
const POWER_MANAGEMENT = devfnOf(1, 3);

/** Programmable attribute map: F0000H in bits 5:4 of the first, then 32 KiB a register up from C0000H (82441FX, 3.2.18). */
const PAM_FIRST = 0x59;
const PAM_REGISTERS = 7;
const PAM_RAM = 0x33;
const PAM_FIRST_RAM = 0x30;

const PIRQ_ROUTE = 0x60;
/** Edge/level control of lines 8 to 15: 10 and 11 are PCI's (82371SB, 2.4.3). */
const ELCR_HIGH = 0x4d1;
const ELCR_PCI_LINES = 0x0c;

/** IDE timing registers; bit 15 lets a channel decode its ports (82371SB, 2.5.10). */
const IDE_TIMING = [0x40, 0x42] as const;
const IDE_DECODE_ENABLE = 0x8000;

export const PM_BASE = 0xb000;
const PM_BASE_REGISTER = 0x40;
const PM_MISC = 0x80;
const PM_MISC_IO_ENABLE = 1;
const SMBUS_BASE = 0xb100;
const SMBUS_BASE_REGISTER = 0x90;
const SMBUS_HOST_CONFIG = 0xd2;
const SMBUS_ENABLE_IRQ9 = 0x09;
const INTERRUPT_LINE = 0x3c;
const BASE_IS_IO = 1;
const VENDOR = 0x00;
const POWER_MANAGEMENT_ID = 0x71138086;

const SYSTEM_CONTROL_A = 0x92;
const A20_ENABLED = 0x02;

/** 8259: edge-triggered, cascaded, 8086 mode, bases 08H and 70H, all lines but the cascade masked. */
const PIC_SETUP: readonly (readonly [port: number, value: number])[] = [
  [0x20, 0x11],
  [0x21, 0x08],
  [0x21, 0x04],
  [0x21, 0x01],
  [0xa0, 0x11],
  [0xa1, 0x70],
  [0xa1, 0x02],
  [0xa1, 0x01],
  [0x21, 0xfb],
  [0xa1, 0xff],
];

/** 8254 counter 0: rate generator, 18.2 Hz. */
const PIT_SETUP: readonly (readonly [port: number, value: number])[] = [
  [0x43, 0x34],
  [0x40, 0x00],
  [0x40, 0x00],
];

function powerManagement(config: PciConfig): void {
  if (config.read(POWER_MANAGEMENT, VENDOR, 4) !== POWER_MANAGEMENT_ID) return;
  config.write(POWER_MANAGEMENT, INTERRUPT_LINE, 1, SCI_LINE);
  config.write(POWER_MANAGEMENT, PM_BASE_REGISTER, 4, PM_BASE | BASE_IS_IO);
  config.write(POWER_MANAGEMENT, PM_MISC, 1, PM_MISC_IO_ENABLE);
  config.write(POWER_MANAGEMENT, SMBUS_BASE_REGISTER, 4, SMBUS_BASE | BASE_IS_IO);
  config.write(POWER_MANAGEMENT, SMBUS_HOST_CONFIG, 1, SMBUS_ENABLE_IRQ9);
}

/** Makes C0000H–FFFFFH RAM. */
export function openShadowRam(config: PciConfig): void {
  config.write(HOST_BRIDGE, PAM_FIRST, 1, PAM_FIRST_RAM);
  for (let register = 1; register < PAM_REGISTERS; register++) {
    config.write(HOST_BRIDGE, PAM_FIRST + register, 1, PAM_RAM);
  }
}

/** PM base as the firmware of the moment has set it: what the ACPI tables must say. */
export function currentPmBase(config: PciConfig): number {
  if (config.read(POWER_MANAGEMENT, VENDOR, 4) !== POWER_MANAGEMENT_ID) return PM_BASE;
  const base = config.read(POWER_MANAGEMENT, PM_BASE_REGISTER, 4) & 0xffc0;
  return base === 0 ? PM_BASE : base;
}

/** Everything but memory; gives the PCI functions with the places of their ROMs. `lowRamEnd` is where the PCI window may begin. */
export function setUpChipset(
  platform: Platform,
  config: PciConfig,
  lowRamEnd: number,
): readonly PciFunctionPlace[] {
  const enabled = platform.readPort(SYSTEM_CONTROL_A, 1) | A20_ENABLED;
  platform.writePort(SYSTEM_CONTROL_A, 1, enabled & ~1);
  for (const [port, value] of [...PIC_SETUP, ...PIT_SETUP]) platform.writePort(port, 1, value);
  for (const [pirq, line] of PIRQ_LINES.entries()) config.write(ISA_BRIDGE, PIRQ_ROUTE + pirq, 1, line);
  platform.writePort(ELCR_HIGH, 1, ELCR_PCI_LINES);
  const places = assignPciResources(config, { first: Math.max(lowRamEnd, PCI_WINDOW), end: PCI_MEMORY_END });
  for (const timing of IDE_TIMING) config.write(IDE, timing, 2, IDE_DECODE_ENABLE);
  powerManagement(config);
  return places;
}

/** Memory types say "uncached" from here on, so devices are placed no lower. */
const PCI_WINDOW = 0xe0000000;
