/**
 * What stands on a PC's boards, in the order in which it is made (cli.md §5): host bridge and buses first, then interrupt
 * controllers, then what uses them.
 */
import type { QmpJson } from '../../qapi/json-value.ts';
import type { MachineConfig } from '../machine-config.ts';

export interface BoardDevice {
  readonly driver: string;
  readonly values?: Readonly<Record<string, QmpJson>>;
  /** Name of its bus; the first of its type when absent. */
  readonly bus?: string;
  /** Where it is in the tree of objects: a path below /machine; among the unattached devices when absent (behaviour.md §10). */
  readonly path?: string;
  /** Only some machines have it. */
  readonly when?: (config: MachineConfig) => boolean;
}

const PCI_FUNCTION = 8;
const ISA_BRIDGE_SLOT = 1;

function slot(number: number, fn = 0): number {
  return number * PCI_FUNCTION + fn;
}

/** 440FX and PIIX3. */
const PCI_CHIPSET: readonly BoardDevice[] = [
  { driver: 'i440FX-pcihost', path: 'i440fx' },
  { driver: 'i440FX', values: { addr: slot(0) } },
  { driver: 'PIIX3', values: { addr: slot(ISA_BRIDGE_SLOT), multifunction: true } },
  { driver: 'ioapic', path: 'i440fx/ioapic' },
];

/** Without PCI the ISA bus hangs directly on the system. */
const ISA_CHIPSET: readonly BoardDevice[] = [{ driver: 'isabus-bridge' }];

/** The year bytes of the clock count from year 0, the century byte included. */
const RTC_BASE_YEAR = 2000;
const SMBUS_BASE = 0xb100;

function isaDevices({ board }: MachineConfig): readonly BoardDevice[] {
  const lostTicks = board.rtc.driftFix === 'slew' ? 'slew' : 'discard';
  return [
    { driver: 'isa-i8259', values: { iobase: 0x20, elcr_addr: 0x4d0, elcr_mask: 0xf8, master: true } },
    { driver: 'isa-i8259', values: { iobase: 0xa0, elcr_addr: 0x4d1, elcr_mask: 0xde, master: false } },
    { driver: 'mc146818rtc', values: { base_year: RTC_BASE_YEAR, lost_tick_policy: lostTicks } },
    { driver: 'hpet', when: ({ machine, board }) => machine !== 'isapc' && board.hpet },
    { driver: 'isa-pit', values: { iobase: 0x40 } },
    { driver: 'isa-pcspk' },
    { driver: 'i8237' },
    { driver: 'i8042' },
    { driver: 'vmport' },
    { driver: 'vmmouse' },
    { driver: 'port92' },
  ];
}

const PCI_DEVICES: readonly BoardDevice[] = [
  { driver: 'piix3-ide', values: { addr: slot(ISA_BRIDGE_SLOT, 1) } },
  {
    driver: 'PIIX4_PM',
    values: { addr: slot(ISA_BRIDGE_SLOT, 3), smb_io_base: SMBUS_BASE },
    when: ({ board }) => board.acpi,
  },
  { driver: 'cirrus-vga', when: ({ vga }) => vga === 'cirrus' },
  { driver: 'VGA', when: ({ vga }) => vga === 'std' },
  { driver: 'fw_cfg', path: 'fw_cfg' },
];

const ISA_ONLY_DEVICES: readonly BoardDevice[] = [
  { driver: 'isa-ide', values: { iobase: 0x1f0, iobase2: 0x3f6, irq: 14 } },
  { driver: 'isa-ide', values: { iobase: 0x170, iobase2: 0x376, irq: 15 } },
  { driver: 'isa-cirrus-vga', when: ({ vga }) => vga === 'cirrus' },
  { driver: 'isa-vga', when: ({ vga }) => vga === 'std' },
  { driver: 'fw_cfg', path: 'fw_cfg' },
];

const LAST_DEVICES: readonly BoardDevice[] = [
  { driver: 'pvpanic', when: ({ machine }) => machine !== 'isapc' },
];

/** The devices of a board, without those that options add. */
export function boardDevices(config: MachineConfig): readonly BoardDevice[] {
  const isIsaOnly = config.machine === 'isapc';
  const all = [
    ...(isIsaOnly ? ISA_CHIPSET : PCI_CHIPSET),
    ...isaDevices(config),
    ...(isIsaOnly ? ISA_ONLY_DEVICES : PCI_DEVICES),
    ...ports(config),
    floppyController(config),
    ...ideDrives(config),
    ...LAST_DEVICES,
  ];
  return all.filter(({ when }) => when === undefined || when(config));
}

/** Serial and parallel ports, with the character devices that they are on. */
function ports({ serials, parallels }: MachineConfig): BoardDevice[] {
  const on = (driver: string, labels: readonly (string | undefined)[]): BoardDevice[] =>
    labels.flatMap((chardev, index) =>
      chardev === undefined ? [] : [{ driver, values: { index, chardev } }],
    );
  return [...on('isa-serial', serials), ...on('isa-parallel', parallels)];
}

/** The floppy controller is there with and without drives. */
function floppyController({ drives }: MachineConfig): BoardDevice {
  const driveOf = (unit: number): string =>
    drives.find((each) => each.interface === 'floppy' && each.unit === unit)?.drive.id ?? '';
  return { driver: 'isa-fdc', values: { driveA: driveOf(0), driveB: driveOf(1) } };
}

/** Drives with if=ide. */
function ideDrives({ drives }: MachineConfig): BoardDevice[] {
  return drives
    .filter((each) => each.interface === 'ide')
    .map(({ drive, bus, unit, media, geometry }) => ({
      driver: media === 'cdrom' ? 'ide-cd' : 'ide-hd',
      bus: `ide.${bus}`,
      values: {
        unit,
        drive: drive.id,
        ...(geometry === undefined
          ? {}
          : { cyls: geometry.cylinders, heads: geometry.heads, secs: geometry.sectors }),
      },
    }));
}
