/** Which interrupt controllers there are (ACPI Specification 5.0, 5.2.12). */
import { concat, u8, u16, u32 } from '../bytes.ts';
import { type BoardDescription, IO_APIC_ADDRESS, LOCAL_APIC_ADDRESS, SCI_LINE } from './board-description.ts';
import { table } from './table.ts';

const REVISION = 1;
const PCAT_COMPATIBLE = 1;
const TYPE_LOCAL_APIC = 0;
const TYPE_IO_APIC = 1;
const TYPE_OVERRIDE = 2;
const TYPE_LOCAL_NMI = 4;

const IO_APIC_ID = 0;
const ISA_BUS = 0;
const CONFORMING = 0;
/** Polarity active high, trigger level. */
const LEVEL_HIGH = 0x000d;
const ALL_PROCESSORS = 0xff;
const LINT1 = 1;

/** ISA lines that PIRQs may be routed to, and the SCI. */
const LEVEL_LINES = [5, SCI_LINE, 10, 11];

/** A processor; those that can be plugged in later are there, not enabled. */
export function localApicEntry(apicId: number, enabled: boolean): Uint8Array {
  return concat(u8(TYPE_LOCAL_APIC, 8, apicId, apicId), u32(enabled ? 1 : 0));
}

function override(line: number, globalInterrupt: number, flags: number): Uint8Array {
  return concat(u8(TYPE_OVERRIDE, 10, ISA_BUS, line), u32(globalInterrupt), u16(flags));
}

export function madt(board: BoardDescription): Uint8Array {
  return table(
    { signature: 'APIC', revision: REVISION },
    concat(
      u32(LOCAL_APIC_ADDRESS, PCAT_COMPATIBLE),
      ...board.cpus.map((cpu) => localApicEntry(cpu.apicId, cpu.present)),
      u8(TYPE_IO_APIC, 12, IO_APIC_ID, 0),
      u32(IO_APIC_ADDRESS, 0),
      override(0, 2, CONFORMING),
      ...LEVEL_LINES.map((line) => override(line, line, LEVEL_HIGH)),
      u8(TYPE_LOCAL_NMI, 6, ALL_PROCESSORS),
      u16(CONFORMING),
      u8(LINT1),
    ),
  );
}
