/** A Linux kernel image and its setup header (Linux, Documentation/x86/boot.rst). */
import { viewOf } from './bytes.ts';
import { FirmwareError } from './firmware-error.ts';
import type { ImageFile } from './image-file.ts';

const SECTOR = 512;
const HEADER_PROBE_BYTES = 0x268;
const SETUP_SECTORS = 0x1f1;
const BOOT_FLAG = 0x1fe;
const JUMP_LENGTH = 0x201;
const SIGNATURE = 0x202;
const VERSION = 0x206;
const LOAD_FLAGS = 0x211;
const CODE32_START = 0x214;
const INITRD_ADDRESS_MAX = 0x22c;
const COMMAND_LINE_SIZE = 0x238;

export const SETUP_HEADER = 0x1f1;

const BOOT_FLAG_VALUE = 0xaa55;
const SIGNATURE_VALUE = 0x53726448;
const LOADED_HIGH = 1;
const DEFAULT_SETUP_SECTORS = 4;
const OLD_INITRD_MAX = 0x37ffffff;
const OLD_COMMAND_LINE_SIZE = 255;

/** Version at which a 32-bit entry came that needs nothing of the real-mode code (2.02 with LOADED_HIGH). */
const PROTOCOL_32_BIT = 0x202;
const PROTOCOL_INITRD_MAX = 0x203;
const PROTOCOL_COMMAND_LINE_SIZE = 0x206;

export interface LinuxImage {
  readonly file: ImageFile;
  /** Boot protocol, 0x20f for 2.15; 0 for kernels before 2.00. */
  readonly protocol: number;
  /** Bytes of the real-mode part, boot sector included; the protected-mode part follows in the file. */
  readonly setupBytes: number;
  /** End of the header's fields from SETUP_HEADER on. */
  readonly headerEnd: number;
  readonly loadedHigh: boolean;
  /** Where a bzImage's protected-mode part wants to start. */
  readonly code32Start: number;
  readonly initrdAddressMax: number;
  /** Longest command line, without its zero. */
  readonly commandLineBytes: number;
  /** The real-mode part. */
  readonly setup: Uint8Array;
}

/** The image in the file, or undefined when it is none. */
export function linuxImage(file: ImageFile): LinuxImage | undefined {
  const head = file.read(0, HEADER_PROBE_BYTES);
  if (head.length < HEADER_PROBE_BYTES) return undefined;
  const view = viewOf(head);
  if (view.getUint16(BOOT_FLAG, true) !== BOOT_FLAG_VALUE) return undefined;
  if (view.getUint32(SIGNATURE, true) !== SIGNATURE_VALUE) return undefined;
  const protocol = view.getUint16(VERSION, true);
  const setupBytes = ((head[SETUP_SECTORS] || DEFAULT_SETUP_SECTORS) + 1) * SECTOR;
  if (file.bytes <= setupBytes) {
    throw new FirmwareError(
      'ERR_FIRMWARE_KERNEL',
      `-kernel ${file.path}: a Linux image whose real-mode part alone has ${setupBytes} bytes, but the file has ${file.bytes}`,
    );
  }
  return {
    file,
    protocol,
    setupBytes,
    headerEnd: SIGNATURE + (head[JUMP_LENGTH] ?? 0),
    loadedHigh: ((head[LOAD_FLAGS] ?? 0) & LOADED_HIGH) !== 0,
    code32Start: view.getUint32(CODE32_START, true),
    initrdAddressMax:
      protocol >= PROTOCOL_INITRD_MAX ? view.getUint32(INITRD_ADDRESS_MAX, true) : OLD_INITRD_MAX,
    commandLineBytes:
      protocol >= PROTOCOL_COMMAND_LINE_SIZE
        ? view.getUint32(COMMAND_LINE_SIZE, true)
        : OLD_COMMAND_LINE_SIZE,
    setup: file.read(0, setupBytes),
  };
}

/** Whether the kernel can be entered in 32-bit mode, with its real-mode part unused. */
export function hasProtectedEntry(image: LinuxImage): boolean {
  return image.protocol >= PROTOCOL_32_BIT && image.loadedHigh;
}

const VIDEO_MODES: Readonly<Record<string, number>> = { normal: 0xffff, ext: 0xfffe, ask: 0xfffd };

/** `vga=` of a command line as the header's vid_mode; undefined when it is absent. */
export function videoMode(commandLine: string): number | undefined {
  const value = /(?:^|\s)vga=(\S+)/.exec(commandLine)?.[1];
  if (value === undefined) return undefined;
  const mode = VIDEO_MODES[value] ?? Number(value);
  return Number.isInteger(mode) ? mode & 0xffff : undefined;
}

/** Where an initrd of `bytes` bytes goes: as high as the kernel and `limit` (first address not free) allow, page-aligned. */
export function initrdAddress(image: LinuxImage, bytes: number, limit: number): number {
  const end = Math.min(limit, image.initrdAddressMax + 1);
  const address = Math.floor((end - bytes) / 4096) * 4096;
  if (address < 0x100000 + (image.file.bytes - image.setupBytes)) {
    throw new FirmwareError(
      'ERR_FIRMWARE_KERNEL',
      `The initrd of ${bytes} bytes does not fit below ${end.toString(16)}H beside the kernel ${image.file.path}; give the machine more memory (-m)`,
    );
  }
  return address;
}
