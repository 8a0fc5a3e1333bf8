/** What the CL-GD5446 adds to the VGA's registers (Cirrus Logic, "CL-GD5446 Technical Reference Manual", 1996). */

export const SR_COUNT = 0x20;
export const SR_UNLOCK = 0x06;
export const SR_EXTENDED_MODE = 0x07;
export const SR_DRAM_CONTROL = 0x0f;
/** Eight indices, 10H to F0H and 11H to F1H, carry the three low bits of a coordinate. */
export const SR_CURSOR_X = 0x10;
export const SR_CURSOR_Y = 0x11;
export const SR_CURSOR_ATTRIBUTES = 0x12;
export const SR_CURSOR_PATTERN = 0x13;
export const SR_MEMORY_SIZE = 0x15;
export const SR_CONFIGURATION = 0x17;
export const SR_MCLK = 0x1f;
/** SR6: this key opens the extensions; they are open here either way, and SR6 says which it was. */
export const UNLOCK_KEY = 0x12;
export const UNLOCK_MASK = 0x17;
export const LOCKED = 0x0f;
/** SR7. */
export const EXTENDED = 1 << 0;
export const EXTENDED_DEPTH_MASK = 0x0e;
export const CURSOR_SHOWN = 1 << 0;
/** The DAC's data port reaches the cursor's two colours. */
export const CURSOR_PALETTE = 1 << 1;
export const CURSOR_LARGE = 1 << 2;
/** SR17: where the blitter's registers are in memory, beside their BAR. */
export const CONFIGURATION_MMIO = 1 << 2;
export const CONFIGURATION_MMIO_LINEAR = 1 << 6;
export const CONFIGURATION_BUS_MASK = 0x38;
export const CONFIGURATION_PCI = 0x20;
export const CONFIGURATION_ISA = 0x38;

export const GR_COUNT = 0x3a;
/** All eight bits: the low byte of the background and the foreground colour. */
export const GR_BACKGROUND = 0x00;
export const GR_FOREGROUND = 0x01;
export const GR_OFFSET_0 = 0x09;
export const GR_OFFSET_1 = 0x0a;
export const GR_EXTENSIONS = 0x0b;
/** The other bytes of the two colours, alternating. */
export const GR_COLOUR_BYTES = 0x10;
export const GR_MEMORY_TIMING = 0x18;
export const GR_WIDTH = 0x20;
export const GR_HEIGHT = 0x22;
export const GR_DESTINATION_PITCH = 0x24;
export const GR_SOURCE_PITCH = 0x26;
export const GR_DESTINATION = 0x28;
export const GR_DESTINATION_TOP = 0x2a;
export const GR_SOURCE = 0x2c;
export const GR_LEFT_SKIP = 0x2f;
export const GR_BLT_MODE = 0x30;
export const GR_BLT_STATUS = 0x31;
export const GR_BLT_ROP = 0x32;
export const GR_BLT_EXTENSIONS = 0x33;
export const GR_TRANSPARENT = 0x34;
/** GRB. */
export const OFFSETS_DUAL = 1 << 0;
export const OFFSETS_BY_8 = 1 << 1;
export const WRITE_MODES_EXTENDED = 1 << 2;
export const OFFSETS_BY_16 = 0x14;
export const OFFSETS_16K = 1 << 5;
/** GR5 has a third bit of write mode. */
export const WRITE_MODE_MASK = 7;
/** Only set bits are written, with the foreground colour. */
export const WRITE_MODE_FOREGROUND = 4;
/** Set bits are written with the foreground colour, others with the background. */
export const WRITE_MODE_BOTH = 5;

/** GR30. */
export const BLT_BACKWARDS = 1 << 0;
export const BLT_TO_SYSTEM = 1 << 1;
export const BLT_FROM_SYSTEM = 1 << 2;
export const BLT_TRANSPARENT = 1 << 3;
export const BLT_DEPTH_SHIFT = 4;
export const BLT_DEPTH_MASK = 3;
export const BLT_PATTERN = 1 << 6;
export const BLT_EXPAND = 1 << 7;
/** GR31. */
export const STATUS_BUSY = 1 << 0;
export const STATUS_START = 1 << 1;
export const STATUS_RESET = 1 << 2;
export const STATUS_BUFFERED = 1 << 3;
export const STATUS_AUTOSTART = 1 << 7;
/** GR33. */
export const EXTENSION_DOUBLEWORD = 1 << 0;
export const EXTENSION_INVERT = 1 << 1;
export const EXTENSION_SOLID = 1 << 2;

export const CR_COUNT = 0x28;
export const CR_MISCELLANEOUS = 0x1a;
export const CR_EXTENDED_DISPLAY = 0x1b;
export const CR_OVERLAY = 0x1d;
export const CR_LATCH = 0x22;
export const CR_ATTRIBUTE_STATE = 0x24;
export const CR_ATTRIBUTE_INDEX = 0x26;
export const CR_ID = 0x27;
export const LAST_WRITABLE_CR = 0x1d;
export const FLIP_FLOP_IS_DATA = 0x80;
export const INTERLACED = 1 << 0;

/** Which bits of the blitter's registers exist; all eight of those that are not here. */
export const GR_MASKS: ReadonlyMap<number, number> = new Map([
  [0x21, 0x1f],
  [0x23, 0x07],
  [0x25, 0x1f],
  [0x27, 0x1f],
  [0x2a, 0x3f],
  [0x2e, 0x3f],
]);

/** Registers in memory, by their offset (manual, table "Memory-mapped I/O"): the GR index of each. */
export const MMIO_REGISTERS: ReadonlyMap<number, number> = new Map([
  [0x00, 0x00],
  [0x01, 0x10],
  [0x02, 0x12],
  [0x03, 0x14],
  [0x04, 0x01],
  [0x05, 0x11],
  [0x06, 0x13],
  [0x07, 0x15],
  ...Array.from({ length: 11 }, (_, index): [number, number] => [0x08 + index, 0x20 + index]),
  [0x14, 0x2c],
  [0x15, 0x2d],
  [0x16, 0x2e],
  [0x17, 0x2f],
  [0x18, 0x30],
  [0x1a, 0x32],
  [0x1b, 0x33],
  [0x1c, 0x34],
  [0x1d, 0x35],
  [0x20, 0x38],
  [0x21, 0x39],
  [0x40, 0x31],
]);
