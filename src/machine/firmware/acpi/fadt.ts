/** Fixed hardware: the PIIX4's power management block (ACPI Specification 3.0, 5.2.9; Intel 82371AB, 7.2). */
import { concat, u8, u16, u32, u64 } from '../bytes.ts';
import { type BoardDescription, GPE0_BASE, GPE0_BYTES, SCI_LINE } from './board-description.ts';
import { table } from './table.ts';

const REVISION = 3;
/** Where the pointers to FACS and DSDT lie in the table: 32 bits, and the 64-bit DSDT. */
export const FADT_FACS_OFFSET = 36;
export const FADT_DSDT_OFFSET = 40;
export const FADT_X_DSDT_OFFSET = 140;

const APM_CONTROL_PORT = 0xb2;
const APM_ACPI_ENABLE = 0xf1;
const APM_ACPI_DISABLE = 0xf0;
const RESET_PORT = 0xcf9;
const RESET_VALUE = 0x06;
const CMOS_CENTURY = 0x32;

const PM1_EVENT = { offset: 0, bytes: 4 };
const PM1_CONTROL = { offset: 4, bytes: 2 };
const PM_TIMER = { offset: 8, bytes: 4 };

/** Latencies that say "not supported" (µs). */
const NO_C2 = 0xfff;
const NO_C3 = 0xfff;

const LEGACY_DEVICES = 1;
const HAS_8042 = 2;

const WBINVD = 1 << 0;
const PROC_C1 = 1 << 2;
const NO_FIXED_SLEEP_BUTTON = 1 << 5;
const RTC_WAKES_S4 = 1 << 7;
const RESET_REGISTER = 1 << 10;
const USE_PLATFORM_CLOCK = 1 << 15;

const SPACE_IO = 1;
const ACCESS_BYTE = 1;
const ACCESS_WORD = 2;
const ACCESS_DWORD = 3;

/** A generic address structure for ports (5.2.3.1); `bytes` 0 for a block that is not there. */
function portBlock(port: number, bytes: number, access: number): Uint8Array {
  return bytes === 0 ? new Uint8Array(12) : concat(u8(SPACE_IO, bytes * 8, 0, access), u64(port));
}

/** The pointers to FACS and DSDT are left zero, for the linker. */
export function fadt(board: BoardDescription): Uint8Array {
  const pm = (block: { offset: number }) => board.pmBase + block.offset;
  const body = concat(
    u32(0, 0),
    u8(0, 0),
    u16(SCI_LINE),
    u32(APM_CONTROL_PORT),
    u8(APM_ACPI_ENABLE, APM_ACPI_DISABLE, 0, 0),
    u32(pm(PM1_EVENT), 0, pm(PM1_CONTROL), 0, 0, pm(PM_TIMER), GPE0_BASE, 0),
    u8(PM1_EVENT.bytes, PM1_CONTROL.bytes, 0, PM_TIMER.bytes, GPE0_BYTES, 0, 0, 0),
    u16(NO_C2, NO_C3, 0, 0),
    u8(0, 0, 0, 0, CMOS_CENTURY),
    u16(LEGACY_DEVICES | HAS_8042),
    u8(0),
    u32(WBINVD | PROC_C1 | NO_FIXED_SLEEP_BUTTON | RTC_WAKES_S4 | RESET_REGISTER | USE_PLATFORM_CLOCK),
    portBlock(RESET_PORT, 1, ACCESS_BYTE),
    u8(RESET_VALUE, 0, 0, 0),
    u64(0, 0),
    portBlock(pm(PM1_EVENT), PM1_EVENT.bytes, ACCESS_WORD),
    portBlock(0, 0, 0),
    portBlock(pm(PM1_CONTROL), PM1_CONTROL.bytes, ACCESS_WORD),
    portBlock(0, 0, 0),
    portBlock(0, 0, 0),
    portBlock(pm(PM_TIMER), PM_TIMER.bytes, ACCESS_DWORD),
    portBlock(GPE0_BASE, GPE0_BYTES, ACCESS_BYTE),
    portBlock(0, 0, 0),
  );
  return table({ signature: 'FACP', revision: REVISION }, body);
}
