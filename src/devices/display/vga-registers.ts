/**
 * Registers and bits of the VGA, named as in IBM's PS/2 Hardware Interface Technical Reference, "Video Subsystem", and in
 * the FreeVGA project's hardware reference.
 */

/** Ports, counted from 3B0: the CRT controller's are here with the colour address (3Dx) and, 20H lower, the mono one. */
export const FIRST_PORT = 0x3b0;
export const PORT_COUNT = 0x30;
export const MONO_CRTC_INDEX = 0x3b4;
export const MONO_CRTC_DATA = 0x3b5;
export const MONO_STATUS = 0x3ba;
export const ATTRIBUTE = 0x3c0;
export const ATTRIBUTE_READ = 0x3c1;
/** Read: input status 0; write: miscellaneous output. */
export const MISC_WRITE = 0x3c2;
export const SEQUENCER_INDEX = 0x3c4;
export const SEQUENCER_DATA = 0x3c5;
export const DAC_MASK = 0x3c6;
/** Read: state; write: index to read from. */
export const DAC_READ_INDEX = 0x3c7;
export const DAC_WRITE_INDEX = 0x3c8;
export const DAC_DATA = 0x3c9;
export const FEATURE_READ = 0x3ca;
export const MISC_READ = 0x3cc;
export const GRAPHICS_INDEX = 0x3ce;
export const GRAPHICS_DATA = 0x3cf;
export const COLOUR_CRTC_INDEX = 0x3d4;
export const COLOUR_CRTC_DATA = 0x3d5;
/** Read: input status 1; write: feature control. */
export const COLOUR_STATUS = 0x3da;

export const MISC_COLOUR_ADDRESS = 1 << 0;
export const MISC_RAM_ENABLE = 1 << 1;
export const MISC_CLOCK_SHIFT = 2;
export const MISC_CLOCK_MASK = 3;

/** Input status 0: the DAC's comparators see a colour monitor. */
export const STATUS_0_SWITCH_SENSE = 0x10;
export const STATUS_1_NOT_DISPLAYING = 1 << 0;
export const STATUS_1_VERTICAL_RETRACE = 1 << 3;

export const SR_COUNT = 5;
export const SR_CLOCKING = 1;
export const SR_MAP_MASK = 2;
export const SR_CHARACTER_MAP = 3;
export const SR_MEMORY_MODE = 4;
export const SR_MASKS: readonly number[] = [0x03, 0x3d, 0x0f, 0x3f, 0x0e];
export const CLOCKING_8_DOTS = 1 << 0;
export const CLOCKING_HALF = 1 << 3;
export const MEMORY_MODE_SEQUENTIAL = 1 << 2;
export const MEMORY_MODE_CHAIN_4 = 1 << 3;

export const GR_COUNT = 9;
export const GR_SET_RESET = 0;
export const GR_ENABLE_SET_RESET = 1;
export const GR_COLOUR_COMPARE = 2;
export const GR_ROTATE = 3;
export const GR_READ_MAP = 4;
export const GR_MODE = 5;
export const GR_MISC = 6;
export const GR_COLOUR_DONT_CARE = 7;
export const GR_BIT_MASK = 8;
export const GR_MASKS: readonly number[] = [0x0f, 0x0f, 0x0f, 0x1f, 0x03, 0x7b, 0x0f, 0x0f, 0xff];
export const MODE_WRITE_MASK = 3;
export const MODE_READ_COMPARE = 1 << 3;
export const MODE_ODD_EVEN = 1 << 4;
export const MODE_SHIFT_INTERLEAVE = 1 << 5;
export const MODE_SHIFT_256 = 1 << 6;
export const GR_MISC_GRAPHICS = 1 << 0;
export const GR_MISC_CHAIN_ODD_EVEN = 1 << 1;
export const GR_MISC_MAP_SHIFT = 2;
export const GR_MISC_MAP_MASK = 3;

export const CR_COUNT = 0x19;
export const CR_HORIZONTAL_TOTAL = 0x00;
export const CR_HORIZONTAL_END = 0x01;
export const CR_HORIZONTAL_RETRACE_START = 0x04;
export const CR_VERTICAL_TOTAL = 0x06;
export const CR_OVERFLOW = 0x07;
export const CR_PRESET_ROW_SCAN = 0x08;
export const CR_MAXIMUM_SCAN_LINE = 0x09;
export const CR_CURSOR_START = 0x0a;
export const CR_CURSOR_END = 0x0b;
export const CR_START_HIGH = 0x0c;
export const CR_START_LOW = 0x0d;
export const CR_CURSOR_HIGH = 0x0e;
export const CR_CURSOR_LOW = 0x0f;
export const CR_VERTICAL_RETRACE_START = 0x10;
export const CR_VERTICAL_RETRACE_END = 0x11;
export const CR_VERTICAL_END = 0x12;
export const CR_OFFSET = 0x13;
export const CR_UNDERLINE = 0x14;
export const CR_MODE_CONTROL = 0x17;
export const CR_LINE_COMPARE = 0x18;
/** CR11: CR0 to CR7 cannot be written, but for the line compare bit of CR7. */
export const CR_PROTECT = 0x80;
export const CR_LAST_PROTECTED = 0x07;
export const OVERFLOW_LINE_COMPARE = 1 << 4;
export const UNDERLINE_DOUBLEWORD = 1 << 6;
export const CRTC_ROW_SCAN_0 = 1 << 0;
export const CRTC_ROW_SCAN_1 = 1 << 1;
export const CRTC_WRAP_64K = 1 << 5;
export const CRTC_BYTE_MODE = 1 << 6;
export const SCAN_LINE_MASK = 0x1f;
export const SCAN_LINE_DOUBLE = 1 << 7;
export const CURSOR_OFF = 1 << 5;

export const AR_COUNT = 0x15;
export const AR_MODE = 0x10;
export const AR_OVERSCAN = 0x11;
export const AR_PLANE_ENABLE = 0x12;
export const AR_PANNING = 0x13;
export const AR_COLOUR_SELECT = 0x14;
export const AR_INDEX_MASK = 0x1f;
/** Palette address source: the palette belongs to the display. While it is clear the screen is blank. */
export const AR_DISPLAY = 0x20;
export const ATTRIBUTE_MONO = 1 << 1;
export const ATTRIBUTE_LINE_GRAPHICS = 1 << 2;
export const ATTRIBUTE_BLINK = 1 << 3;
export const ATTRIBUTE_PANNING_COMPATIBLE = 1 << 5;
export const ATTRIBUTE_256_COLOURS = 1 << 6;
export const ATTRIBUTE_PALETTE_SELECT = 1 << 7;

export const DAC_ENTRIES = 256;
/** 3C7 reads 3 after an index to read from was written, 0 after one to write to. */
export const DAC_STATE_READ = 3;
