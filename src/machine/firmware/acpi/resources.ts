/** Resource descriptors (ACPI Specification 5.0, 6.4) and templates made of them. Address ranges are inclusive. */
import { concat, u8, u16, u32 } from '../bytes.ts';
import { type Aml, buffer } from './aml.ts';

const IRQ_NO_FLAGS = 0x22;
const DMA = 0x2a;
const IO_PORT = 0x47;
const END_TAG = 0x79;
const MEMORY32_FIXED = 0x86;
const DWORD_ADDRESS = 0x87;
const WORD_ADDRESS = 0x88;
const EXTENDED_INTERRUPT = 0x89;

const DECODE_16_BITS = 1;
const READ_WRITE = 1;

const TYPE_MEMORY = 0;
const TYPE_IO = 1;
const TYPE_BUS = 2;
const PRODUCER_MIN_MAX_FIXED = 0x0c;
const ENTIRE_RANGE = 3;
const NON_CACHEABLE_WRITABLE = 1;
const CACHEABLE_WRITABLE = 3;

/** `bytes` ports from `first`. */
export function ioPorts(first: number, bytes: number): Uint8Array {
  return concat(u8(IO_PORT, DECODE_16_BITS), u16(first, first), u8(1, bytes));
}

/** An edge-triggered, active-high ISA interrupt. */
export function isaInterrupt(line: number): Uint8Array {
  return concat(u8(IRQ_NO_FLAGS), u16(1 << line));
}

/** Channel of an 8237, 8-bit transfers. */
export function isaDma(channel: number): Uint8Array {
  return u8(DMA, 1 << channel, 0);
}

export function fixedMemory(first: number, bytes: number): Uint8Array {
  return concat(u8(MEMORY32_FIXED), u16(9), u8(READ_WRITE), u32(first, bytes));
}

const CONSUMER = 1;
const SHARED = 1 << 3;

/** Level-triggered, active-high, shared interrupts: what a PIRQ link can be set to. */
export function levelInterrupts(...lines: readonly number[]): Uint8Array {
  return concat(
    u8(EXTENDED_INTERRUPT),
    u16(2 + 4 * lines.length),
    u8(CONSUMER | SHARED, lines.length),
    u32(...lines),
  );
}

/** Where the number of the first interrupt lies in a template that begins with `levelInterrupts`. */
export const FIRST_INTERRUPT_OFFSET = 5;

export function busNumbers(first: number, last: number): Uint8Array {
  return concat(
    u8(WORD_ADDRESS),
    u16(13),
    u8(TYPE_BUS, PRODUCER_MIN_MAX_FIXED, 0),
    u16(0, first, last, 0, last - first + 1),
  );
}

/** A window of ports that a bridge passes on. */
export function ioWindow(first: number, last: number): Uint8Array {
  return concat(
    u8(WORD_ADDRESS),
    u16(13),
    u8(TYPE_IO, PRODUCER_MIN_MAX_FIXED, ENTIRE_RANGE),
    u16(0, first, last, 0, last - first + 1),
  );
}

/** A window of memory below 4 GiB. */
export function memoryWindow(first: number, last: number, cacheable = false): Uint8Array {
  return concat(
    u8(DWORD_ADDRESS),
    u16(23),
    u8(TYPE_MEMORY, PRODUCER_MIN_MAX_FIXED, cacheable ? CACHEABLE_WRITABLE : NON_CACHEABLE_WRITABLE),
    u32(0, first, last, 0, last - first + 1),
  );
}

/** The buffer that _CRS and _PRS give. */
export function resources(...descriptors: readonly Uint8Array[]): Aml {
  return buffer(concat(...descriptors, u8(END_TAG, 0)));
}
