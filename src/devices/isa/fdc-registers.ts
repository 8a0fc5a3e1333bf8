/** Names of the Intel 82078 data sheet (order 290475): registers (section 2.1), commands and status (sections 5 and 6). */

export const FDC_SRA = 0;
export const FDC_SRB = 1;
export const FDC_DOR = 2;
export const FDC_TDR = 3;
/** Main status when read, data rate select when written. */
export const FDC_MSR = 4;
export const FDC_FIFO = 5;
/** Digital input when read, configuration control when written. */
export const FDC_DIR = 7;

export const DOR_DRIVE = 0x03;
export const DOR_NOT_RESET = 0x04;
export const DOR_DMA = 0x08;
export const DOR_MOTORS = 0xf0;

export const MSR_BUSY = 0x10;
export const MSR_NON_DMA = 0x20;
export const MSR_TO_HOST = 0x40;
export const MSR_REQUEST = 0x80;

export const DSR_RESET = 0x80;
export const RATE_MASK = 0x03;
export const DIR_CHANGED = 0x80;

export const SRA_INTERRUPT = 0x80;
export const SRA_NOT_SECOND_DRIVE = 0x40;
export const SRA_NOT_TRACK0 = 0x10;
export const SRB_ALWAYS = 0xc0;

export const ST0_ABNORMAL = 0x40;
export const ST0_INVALID = 0x80;
/** After a reset: the drive's ready line may have changed. */
export const ST0_READY_CHANGED = 0xc0;
export const ST0_SEEK_END = 0x20;
export const ST0_NOT_READY = 0x08;
export const ST1_MISSING_MARK = 0x01;
export const ST1_NOT_WRITABLE = 0x02;
export const ST1_NO_DATA = 0x04;
export const ST1_DATA_ERROR = 0x20;
export const ST1_END_OF_CYLINDER = 0x80;
export const ST2_WRONG_CYLINDER = 0x10;
export const ST3_ALWAYS = 0x28;
export const ST3_TRACK0 = 0x10;
export const ST3_WRITE_PROTECTED = 0x40;

export const CMD_MULTI_TRACK = 0x80;
export const CMD_SPECIFY = 0x03;
export const CMD_SENSE_DRIVE = 0x04;
export const CMD_WRITE = 0x05;
export const CMD_READ = 0x06;
export const CMD_RECALIBRATE = 0x07;
export const CMD_SENSE_INTERRUPT = 0x08;
export const CMD_WRITE_DELETED = 0x09;
export const CMD_READ_ID = 0x0a;
export const CMD_READ_DELETED = 0x0c;
export const CMD_FORMAT = 0x0d;
export const CMD_DUMPREG = 0x0e;
export const CMD_SEEK = 0x0f;
export const CMD_VERSION = 0x10;
export const CMD_PERPENDICULAR = 0x12;
export const CMD_CONFIGURE = 0x13;
export const CMD_LOCK = 0x14;
export const CMD_VERIFY = 0x16;
export const CMD_POWERDOWN = 0x17;
export const CMD_PART_ID = 0x18;
/** Of a 82078 and everything after the 82077. */
export const VERSION_ENHANCED = 0x90;
export const PART_ID = 0x41;
