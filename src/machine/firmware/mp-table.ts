/** The MP configuration table for systems that do not read ACPI (Intel MultiProcessor Specification 1.4, chapter 4). */
import { IO_APIC_ADDRESS, LOCAL_APIC_ADDRESS } from './acpi/board-description.ts';
import { checksum, concat, fixedText, u8, u16, u32 } from './bytes.ts';

const SPEC_REVISION = 4;
const FLOATING_BYTES = 16;
const CHECKSUM_IN_FLOATING = 10;
const CHECKSUM_IN_TABLE = 7;
const TABLE_HEADER_BYTES = 44;

const ENTRY_PROCESSOR = 0;
const ENTRY_BUS = 1;
const ENTRY_IO_APIC = 2;
const ENTRY_IO_INTERRUPT = 3;
const ENTRY_LOCAL_INTERRUPT = 4;

const LOCAL_APIC_VERSION = 0x14;
const IO_APIC_VERSION = 0x11;
const CPU_ENABLED = 1;
const CPU_BOOT = 2;
/** Family 6, and the flags FPU and APIC: what is said of processors that are not asked. */
const CPU_SIGNATURE = 0x600;
const CPU_FLAGS = 0x201;

const BUS_PCI = 0;
const BUS_ISA = 1;
const IO_APIC_ID = 0;
const ALL_LOCAL_APICS = 0xff;

const INT = 0;
const NMI = 1;
const EXT_INT = 3;
const CONFORMING = 0;
const LEVEL_HIGH = 0x000d;

const ISA_LINES = 16;
const CASCADE_LINE = 2;

export interface MpDemand {
  readonly apicIds: readonly number[];
  /** What each PIRQ is routed to. */
  readonly pirqLines: readonly number[];
}

function processors(apicIds: readonly number[]): readonly Uint8Array[] {
  return apicIds.map((apicId, index) =>
    concat(
      u8(ENTRY_PROCESSOR, apicId, LOCAL_APIC_VERSION, CPU_ENABLED | (index === 0 ? CPU_BOOT : 0)),
      u32(CPU_SIGNATURE, CPU_FLAGS, 0, 0),
    ),
  );
}

function interrupt(bus: number, source: number, pin: number, flags: number): Uint8Array {
  return concat(u8(ENTRY_IO_INTERRUPT, INT), u16(flags), u8(bus, source, IO_APIC_ID, pin));
}

/** INTx of every slot: source = device << 2 | pin (D.1). */
function pciInterrupts(pirqLines: readonly number[]): readonly Uint8Array[] {
  return Array.from({ length: 31 * 4 }, (_, row) => {
    const slot = 1 + (row >> 2);
    const pin = row & 3;
    const line = pirqLines[(slot - 1 + pin) & 3] ?? 0;
    return interrupt(BUS_PCI, (slot << 2) | pin, line, LEVEL_HIGH);
  });
}

/** ISA lines that are not PCI's: line 0 comes in at pin 2, which the cascade leaves free. */
function isaInterrupts(pirqLines: readonly number[]): readonly Uint8Array[] {
  return Array.from({ length: ISA_LINES }, (_, line) => line)
    .filter((line) => line !== CASCADE_LINE && !pirqLines.includes(line))
    .map((line) => interrupt(BUS_ISA, line, line === 0 ? 2 : line, CONFORMING));
}

function localInterrupts(): readonly Uint8Array[] {
  return [
    concat(u8(ENTRY_LOCAL_INTERRUPT, EXT_INT), u16(CONFORMING), u8(BUS_ISA, 0, ALL_LOCAL_APICS, 0)),
    concat(u8(ENTRY_LOCAL_INTERRUPT, NMI), u16(CONFORMING), u8(BUS_ISA, 0, ALL_LOCAL_APICS, 1)),
  ];
}

function configurationTable(demand: MpDemand): Uint8Array {
  const entries = [
    ...processors(demand.apicIds),
    concat(u8(ENTRY_BUS, BUS_PCI), fixedText('PCI', 6)),
    concat(u8(ENTRY_BUS, BUS_ISA), fixedText('ISA', 6)),
    concat(u8(ENTRY_IO_APIC, IO_APIC_ID, IO_APIC_VERSION, 1), u32(IO_APIC_ADDRESS)),
    ...pciInterrupts(demand.pirqLines),
    ...isaInterrupts(demand.pirqLines),
    ...localInterrupts(),
  ];
  const body = concat(...entries);
  const bytes = concat(
    fixedText('PCMP', 4),
    u16(TABLE_HEADER_BYTES + body.length),
    u8(SPEC_REVISION, 0),
    fixedText('TROUPE', 8),
    fixedText('PC', 12),
    u32(0),
    u16(0, entries.length),
    u32(LOCAL_APIC_ADDRESS, 0),
    body,
  );
  bytes[CHECKSUM_IN_TABLE] = checksum(bytes);
  return bytes;
}

/** Floating pointer and table, to be placed at `address`, a multiple of 16. */
export function mpTable(demand: MpDemand, address: number): Uint8Array {
  const floating = concat(
    fixedText('_MP_', 4),
    u32(address + FLOATING_BYTES),
    u8(1, SPEC_REVISION, 0, 0, 0, 0, 0, 0),
  );
  floating[CHECKSUM_IN_FLOATING] = checksum(floating);
  return concat(floating, configurationTable(demand));
}
