/** Names of ATA/ATAPI-6 (T13/1410D): registers of the command block, their bits, and command codes (clauses 7 and 8). */

/** Offsets in the command block. */
export const REG_DATA = 0;
/** Error when read, Features when written. */
export const REG_ERROR = 1;
export const REG_SECTOR_COUNT = 2;
export const REG_LBA_LOW = 3;
export const REG_LBA_MID = 4;
export const REG_LBA_HIGH = 5;
export const REG_DEVICE = 6;
/** Status when read, Command when written. */
export const REG_STATUS = 7;

export const STATUS_ERR = 0x01;
export const STATUS_DRQ = 0x08;
/** Bit 4: seek complete of older standards, service of ATAPI. */
export const STATUS_DSC = 0x10;
export const STATUS_DF = 0x20;
export const STATUS_DRDY = 0x40;
export const STATUS_BSY = 0x80;

export const ERROR_ABRT = 0x04;
export const ERROR_IDNF = 0x10;
export const ERROR_UNC = 0x40;
/** Result of the diagnostics: device 0 passed, device 1 passed or is not there. */
export const DIAGNOSTIC_PASSED = 0x01;

export const DEVICE_LBA = 0x40;
export const DEVICE_DEV1 = 0x10;
/** Bits that read as ones in older standards; drivers write them. */
export const DEVICE_OBSOLETE = 0xa0;
export const DEVICE_HEAD = 0x0f;

export const CONTROL_NIEN = 0x02;
export const CONTROL_SRST = 0x04;
export const CONTROL_HOB = 0x80;

/** Interrupt reason, in the sector count register of a packet device. */
export const REASON_COMMAND = 0x01;
export const REASON_TO_HOST = 0x02;

export const CMD_NOP = 0x00;
export const CMD_DATA_SET_MANAGEMENT = 0x06;
export const CMD_DEVICE_RESET = 0x08;
export const CMD_RECALIBRATE = 0x10;
export const CMD_READ = 0x20;
export const CMD_READ_NO_RETRY = 0x21;
export const CMD_READ_EXT = 0x24;
export const CMD_READ_DMA_EXT = 0x25;
export const CMD_READ_NATIVE_MAX_EXT = 0x27;
export const CMD_READ_MULTIPLE_EXT = 0x29;
export const CMD_WRITE = 0x30;
export const CMD_WRITE_NO_RETRY = 0x31;
export const CMD_WRITE_EXT = 0x34;
export const CMD_WRITE_DMA_EXT = 0x35;
export const CMD_WRITE_MULTIPLE_EXT = 0x39;
export const CMD_WRITE_VERIFY = 0x3c;
export const CMD_WRITE_DMA_FUA_EXT = 0x3d;
export const CMD_VERIFY = 0x40;
export const CMD_VERIFY_NO_RETRY = 0x41;
export const CMD_VERIFY_EXT = 0x42;
export const CMD_SEEK = 0x70;
export const CMD_DIAGNOSTIC = 0x90;
export const CMD_INITIALIZE_PARAMETERS = 0x91;
export const CMD_PACKET = 0xa0;
export const CMD_IDENTIFY_PACKET = 0xa1;
export const CMD_SMART = 0xb0;
export const CMD_READ_MULTIPLE = 0xc4;
export const CMD_WRITE_MULTIPLE = 0xc5;
export const CMD_SET_MULTIPLE = 0xc6;
export const CMD_READ_DMA = 0xc8;
export const CMD_READ_DMA_NO_RETRY = 0xc9;
export const CMD_WRITE_DMA = 0xca;
export const CMD_WRITE_DMA_NO_RETRY = 0xcb;
export const CMD_WRITE_MULTIPLE_FUA_EXT = 0xce;
export const CMD_STANDBY_IMMEDIATE = 0xe0;
export const CMD_IDLE_IMMEDIATE = 0xe1;
export const CMD_STANDBY = 0xe2;
export const CMD_IDLE = 0xe3;
export const CMD_CHECK_POWER_MODE = 0xe5;
export const CMD_SLEEP = 0xe6;
export const CMD_FLUSH = 0xe7;
export const CMD_FLUSH_EXT = 0xea;
export const CMD_IDENTIFY = 0xec;
export const CMD_SET_FEATURES = 0xef;
export const CMD_READ_NATIVE_MAX = 0xf8;
