/** Loads Linux for its 32-bit entry: "zero page", command line, kernel, initrd (boot.rst, "32-bit boot protocol"). */
import { viewOf, zeroTerminated } from '../bytes.ts';
import { type E820Entry, ENTRY_BYTES, EXTENDED_MEMORY, encodeE820 } from '../e820.ts';
import { FirmwareError } from '../firmware-error.ts';
import type { ImageFile } from '../image-file.ts';
import { initrdAddress, type LinuxImage, SETUP_HEADER } from '../linux-image.ts';
import { bytesPiece, filePiece, type LoadPlan } from '../load-plan.ts';

const BOOT_PARAMS_ADDRESS = 0x10000;
const BOOT_PARAMS_BYTES = 4096;
const COMMAND_LINE_ADDRESS = 0x20000;

const VIDEO_PAGE_MODE = 0x06;
const VIDEO_COLUMNS = 0x07;
const VIDEO_EGA_BX = 0x0a;
const VIDEO_LINES = 0x0e;
const VIDEO_IS_VGA = 0x0f;
const VIDEO_POINTS = 0x10;
const EXTENDED_KB = 0x02;
const ACPI_RSDP_ADDRESS = 0x70;
const ALTERNATIVE_KB = 0x1e0;
const E820_ENTRIES = 0x1e8;
const E820_TABLE = 0x2d0;
const E820_LIMIT = 128;
const TYPE_OF_LOADER = 0x210;
const LOADER_UNDEFINED = 0xff;
const RAMDISK_IMAGE = 0x218;
const RAMDISK_SIZE = 0x21c;
const COMMAND_LINE_POINTER = 0x228;

const TEXT_MODE = 3;
const EGA_64_KIB_COLOUR = 3;
const KIB = 1024;
const MAX_EXTENDED_KB = 0xffff;

export interface LinuxDemand {
  readonly image: LinuxImage;
  readonly initrd: ImageFile | undefined;
  readonly commandLine: string;
  readonly map: readonly E820Entry[];
  readonly usableEnd: number;
  /** Address of the ACPI root pointer, or undefined. */
  readonly rsdp: number | undefined;
  /** Whether a graphics card stands in 80×25 text mode. */
  readonly textMode: boolean;
}

/** Screen as the real-mode code would have found it. */
function writeScreen(page: Uint8Array): void {
  page[VIDEO_PAGE_MODE] = TEXT_MODE;
  page[VIDEO_COLUMNS] = 80;
  page[VIDEO_EGA_BX] = EGA_64_KIB_COLOUR;
  page[VIDEO_LINES] = 25;
  page[VIDEO_IS_VGA] = 1;
  page[VIDEO_POINTS] = 16;
}

function writeMap(page: Uint8Array, demand: LinuxDemand): void {
  const entries = demand.map.slice(0, E820_LIMIT);
  page[E820_ENTRIES] = entries.length;
  page.set(encodeE820(entries).subarray(0, E820_LIMIT * ENTRY_BYTES), E820_TABLE);
  const kb = (demand.usableEnd - EXTENDED_MEMORY) / KIB;
  viewOf(page).setUint32(ALTERNATIVE_KB, kb, true);
  viewOf(page).setUint16(EXTENDED_KB, Math.min(kb, MAX_EXTENDED_KB), true);
}

/** Throws `ERR_FIRMWARE_KERNEL` where the kernel, its command line or the initrd do not fit. */
export function linuxPlan(demand: LinuxDemand): LoadPlan {
  const { image, initrd, commandLine } = demand;
  const text = zeroTerminated(commandLine);
  if (text.length - 1 > image.commandLineBytes) {
    throw new FirmwareError(
      'ERR_FIRMWARE_KERNEL',
      `-append has ${text.length - 1} bytes; ${image.file.path} takes at most ${image.commandLineBytes}`,
    );
  }
  const page = new Uint8Array(BOOT_PARAMS_BYTES);
  const view = viewOf(page);
  page.set(image.setup.subarray(SETUP_HEADER, image.headerEnd), SETUP_HEADER);
  page[TYPE_OF_LOADER] = LOADER_UNDEFINED;
  view.setUint32(COMMAND_LINE_POINTER, COMMAND_LINE_ADDRESS, true);
  if (demand.rsdp !== undefined) view.setBigUint64(ACPI_RSDP_ADDRESS, BigInt(demand.rsdp), true);
  if (demand.textMode) writeScreen(page);
  writeMap(page, demand);
  const kernelBytes = image.file.bytes - image.setupBytes;
  const pieces = [
    bytesPiece(BOOT_PARAMS_ADDRESS, page),
    bytesPiece(COMMAND_LINE_ADDRESS, text),
    filePiece(image.code32Start, image.file, image.setupBytes, kernelBytes),
  ];
  if (initrd !== undefined && initrd.bytes > 0) {
    const address = initrdAddress(image, initrd.bytes, demand.usableEnd);
    view.setUint32(RAMDISK_IMAGE, address, true);
    view.setUint32(RAMDISK_SIZE, initrd.bytes, true);
    pieces.push(filePiece(address, initrd, 0, initrd.bytes));
  }
  return { pieces, entry: { eip: image.code32Start, eax: 0, ebx: 0, esi: BOOT_PARAMS_ADDRESS } };
}
