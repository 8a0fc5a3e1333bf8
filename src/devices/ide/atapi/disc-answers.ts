/** Short answers about the disc and its drive (MMC-5, clause 6; SPC-3, 6.4). */
import { field } from './big-endian.ts';
import { minuteSecondFrame } from './table-of-contents.ts';

const CD_DVD_DEVICE = 0x05;
const REMOVABLE = 0x80;
/** ATAPI-2, response data format 1. */
const VERSION_FORMAT = 0x21;
const INQUIRY_BYTES = 36;
const BLOCK_BYTES = 2048;

/** INQUIRY. Texts are cut or padded with blanks. */
export function inquiry(product: string, version: string): Uint8Array {
  const text = (value: string, length: number) => [
    ...Buffer.from(value.slice(0, length).padEnd(length), 'latin1'),
  ];
  return Uint8Array.from([
    CD_DVD_DEVICE,
    REMOVABLE,
    0,
    VERSION_FORMAT,
    INQUIRY_BYTES - 5,
    0,
    0,
    0,
    ...text('QEMU', 8),
    ...text(product, 16),
    ...text(version, 4),
  ]);
}

/** READ CAPACITY: the last block, and a block's length. */
export function capacity(blocks: number): Uint8Array {
  return Uint8Array.from([...field(blocks - 1, 4), ...field(BLOCK_BYTES, 4)]);
}

/** READ DISC INFORMATION of a finished disc with one session and one track. */
export function discInformation(): Uint8Array {
  const bytes = new Uint8Array(34);
  bytes.set([...field(32, 2), 0x0e, 1, 1, 1, 1, 0x20]);
  bytes.fill(0xff, 16, 24);
  return bytes;
}

/** READ TRACK INFORMATION of that track. */
export function trackInformation(blocks: number): Uint8Array {
  const bytes = new Uint8Array(36);
  bytes.set([...field(34, 2), 1, 1, 0, 0x04, 0x41]);
  bytes.set(field(blocks, 4), 24);
  return bytes;
}

/** MECHANISM STATUS of a drive that is no changer. */
export function mechanismStatus(trayOpen: boolean): Uint8Array {
  return Uint8Array.from([0, trayOpen ? 0x10 : 0, 0, 0, 0, 1, 0, 0]);
}

/** READ SUB-CHANNEL: no audio is played; the position when it is asked for. */
export function subChannel(wantsPosition: boolean): Uint8Array {
  const NO_AUDIO = 0x15;
  const position = [1, 0x14, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0];
  const body = wantsPosition ? position : [];
  return Uint8Array.from([0, NO_AUDIO, ...field(body.length, 2), ...body]);
}

/** READ DVD STRUCTURE, format 0: physical format of layer 0. */
export function dvdPhysicalFormat(blocks: number): Uint8Array {
  const bytes = new Uint8Array(2052);
  bytes.set(field(2050, 2));
  // Book type DVD-ROM, 120 mm, one layer; the data area begins at sector 30000H.
  bytes.set([0x01, 0x0f, 0x01, 0x00], 4);
  bytes.set([0, ...field(0x30000, 3)], 8);
  bytes.set([0, ...field(0x30000 + blocks - 1, 3)], 12);
  return bytes;
}

const SYNC_BYTES = 12;
export const RAW_BYTES = 2352;
export const RAW_DATA_OFFSET = 16;
const MODE_1 = 1;

/** Sync pattern and header of a raw block in mode 1 (Yellow Book); what follows the data is left as zeros. */
export function rawHeader(block: number): number[] {
  const decimal = (value: number) => Math.floor(value / 10) * 16 + (value % 10);
  const sync = Array.from({ length: SYNC_BYTES }, (_, index) =>
    index === 0 || index === SYNC_BYTES - 1 ? 0 : 0xff,
  );
  return [...sync, ...minuteSecondFrame(block).map(decimal), MODE_1];
}
