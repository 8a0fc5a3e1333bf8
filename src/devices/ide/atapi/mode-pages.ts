/** MODE SENSE of a drive that only reads (MMC-5, 7.2 and annex; SPC-3, 7.4). */
import { field } from './big-endian.ts';

const PAGE_ERROR_RECOVERY = 0x01;
const PAGE_AUDIO = 0x0e;
const PAGE_CAPABILITIES = 0x2a;
const PAGE_ALL = 0x3f;
const MEDIUM_NONE = 0x70;
const MEDIUM_DATA = 0x01;
/** KB/s of 24×, in the obsolete speed fields. */
const SPEED = 4234;
const BUFFER_KIB = 512;
const VOLUME_LEVELS = 256;
/** CD-R, CD-RW, Method 2, DVD-ROM. */
const READS = 0x0b;
/** Audio play, mode 2 forms, multi-session. */
const PLAYS = 0x70;
/** CD-DA commands, sub-channels, UPC. */
const COMMANDS = 0x03;
const LOADING_TRAY = 0x20;
const CAN_EJECT = 0x08;
const CAN_LOCK = 0x01;
const LOCKED = 0x02;
const RETRIES = 5;

function errorRecovery(): number[] {
  return [PAGE_ERROR_RECOVERY, 0x06, 0, RETRIES, 0, 0, 0, 0];
}

function audioControl(): number[] {
  return [PAGE_AUDIO, 0x0e, 0x04, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
}

function capabilities(locked: boolean): number[] {
  const mechanism = CAN_LOCK | (locked ? LOCKED : 0) | CAN_EJECT | LOADING_TRAY;
  return [
    PAGE_CAPABILITIES,
    0x14,
    READS,
    0,
    PLAYS,
    COMMANDS,
    mechanism,
    0,
    ...field(SPEED, 2),
    ...field(VOLUME_LEVELS, 2),
    ...field(BUFFER_KIB, 2),
    ...field(SPEED, 2),
    0,
    0,
    0,
    0,
    0,
    0,
  ];
}

/** MODE SENSE (10): header and pages. Undefined for a page that there is not. */
export function modePages(
  page: number,
  drive: { hasMedium: boolean; locked: boolean },
): Uint8Array | undefined {
  const pages: ReadonlyMap<number, readonly number[]> = new Map([
    [PAGE_ERROR_RECOVERY, errorRecovery()],
    [PAGE_AUDIO, audioControl()],
    [PAGE_CAPABILITIES, capabilities(drive.locked)],
  ]);
  const body = page === PAGE_ALL ? [...pages.values()].flat() : pages.get(page);
  if (body === undefined) {
    return undefined;
  }
  const header = [drive.hasMedium ? MEDIUM_DATA : MEDIUM_NONE, 0, 0, 0, 0, 0];
  return Uint8Array.from([...field(header.length + body.length, 2), ...header, ...body]);
}
