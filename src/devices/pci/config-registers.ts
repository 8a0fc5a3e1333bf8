/** Offsets and bits of the configuration header, type 0 (PCI Local Bus Specification 3.0, 6.1 and 6.2). */

export const CONFIG_BYTES = 256;

export const VENDOR_ID = 0x00;
export const DEVICE_ID = 0x02;
export const COMMAND = 0x04;
export const STATUS = 0x06;
export const REVISION_ID = 0x08;
export const PROGRAMMING_INTERFACE = 0x09;
export const SUBCLASS = 0x0a;
export const BASE_CLASS = 0x0b;
export const CACHE_LINE_SIZE = 0x0c;
export const LATENCY_TIMER = 0x0d;
export const HEADER_TYPE = 0x0e;
/** Six base address registers of four bytes. */
export const BAR0 = 0x10;
export const SUBSYSTEM_VENDOR_ID = 0x2c;
export const SUBSYSTEM_ID = 0x2e;
export const ROM_BAR = 0x30;
export const CAPABILITIES_POINTER = 0x34;
export const INTERRUPT_LINE = 0x3c;
export const INTERRUPT_PIN = 0x3d;
/** Device-specific registers and capabilities begin here. */
export const HEADER_BYTES = 0x40;

export const COMMAND_IO = 0x0001;
export const COMMAND_MEMORY = 0x0002;
export const COMMAND_MASTER = 0x0004;
export const COMMAND_PARITY = 0x0040;
export const COMMAND_SERR = 0x0100;
export const COMMAND_INTX_DISABLE = 0x0400;

export const STATUS_INTERRUPT = 0x0008;
export const STATUS_CAPABILITIES = 0x0010;
/** Error bits, which a write of 1 clears. */
export const STATUS_CLEARABLE = 0xf900;

export const HEADER_MULTIFUNCTION = 0x80;

/** Low bits of base address registers. */
export const BAR_IO = 0x1;
export const BAR_MEMORY64 = 0x4;
export const BAR_PREFETCHABLE = 0x8;
export const BAR_IO_FLAGS = 0x3;
export const BAR_MEMORY_FLAGS = 0xf;
export const ROM_ENABLE = 0x1;
/** Bits 10:1 of the ROM register are reserved. */
export const ROM_FLAGS = 0x7ff;

export const CAPABILITY_MSIX = 0x11;
