/** What fw_cfg holds of `-kernel`, and where it belongs. */
import {
  FW_CFG_COMMAND_LINE_DATA,
  FW_CFG_COMMAND_LINE_SIZE,
  FW_CFG_INITRD_DATA,
  FW_CFG_INITRD_SIZE,
  FW_CFG_KERNEL_DATA,
  FW_CFG_KERNEL_SIZE,
  FW_CFG_SETUP_DATA,
  FW_CFG_SETUP_SIZE,
} from '../../../devices/system/fw-cfg-keys.ts';
import { u32, viewOf, zeroTerminated } from '../bytes.ts';
import type { KernelChoice } from '../kernel-choice.ts';
import { initrdAddress, type LinuxImage, videoMode } from '../linux-image.ts';
import type { LoadPiece } from '../load-plan.ts';
import { multibootInformation } from '../multiboot-information.ts';
import type { RomEntry, RomPiece } from './kernel-rom.ts';

export interface KernelItems {
  /** For the ROM that fetches them. */
  readonly pieces: readonly RomPiece[];
  readonly entry: RomEntry;
  readonly items: readonly { readonly key: number; readonly contents: Uint8Array }[];
}

/** At the end of low RAM a BIOS keeps its tables. */
const BIOS_TABLE_BYTES = 0x100000;

const HIGH_SETUP = 0x10000;
const HIGH_COMMAND_LINE = 0x20000;
const HIGH_KERNEL = 0x100000;
const LOW_SETUP = 0x90000;
const LOW_COMMAND_LINE_END = 0x9a000;
const LOW_KERNEL = 0x10000;
const STACK_GAP = 16;

const VIDEO_MODE = 0x1fa;
const TYPE_OF_LOADER = 0x210;
const LOADER_UNDEFINED = 0xff;
const LOAD_FLAGS = 0x211;
const CAN_USE_HEAP = 0x80;
const RAMDISK_IMAGE = 0x218;
const RAMDISK_SIZE = 0x21c;
const HEAP_END = 0x224;
const HEAP_GAP = 0x200;
const COMMAND_LINE_POINTER = 0x228;
const OLD_COMMAND_LINE_MAGIC = 0x20;
const OLD_MAGIC = 0xa33f;

const PROTOCOL_200 = 0x200;
const PROTOCOL_201 = 0x201;
const PROTOCOL_202 = 0x202;

interface Places {
  readonly setup: number;
  readonly commandLine: number;
  readonly kernel: number;
}

function placesOf(image: LinuxImage, commandLineBytes: number): Places {
  return image.protocol >= PROTOCOL_200 && image.loadedHigh
    ? { setup: HIGH_SETUP, commandLine: HIGH_COMMAND_LINE, kernel: HIGH_KERNEL }
    : { setup: LOW_SETUP, commandLine: LOW_COMMAND_LINE_END - commandLineBytes, kernel: LOW_KERNEL };
}

/** Fills in what a boot loader must (boot.rst, "Details of harder fields"). */
function patchSetup(
  image: LinuxImage,
  places: Places,
  commandLine: string,
  initrd: { address: number; bytes: number } | undefined,
): Uint8Array {
  const setup = image.setup.slice();
  const view = viewOf(setup);
  const mode = videoMode(commandLine);
  if (mode !== undefined) view.setUint16(VIDEO_MODE, mode, true);
  if (image.protocol >= PROTOCOL_202) {
    view.setUint32(COMMAND_LINE_POINTER, places.commandLine, true);
  } else {
    view.setUint16(OLD_COMMAND_LINE_MAGIC, OLD_MAGIC, true);
    view.setUint16(OLD_COMMAND_LINE_MAGIC + 2, places.commandLine - places.setup, true);
  }
  if (image.protocol >= PROTOCOL_200) setup[TYPE_OF_LOADER] = LOADER_UNDEFINED;
  if (image.protocol >= PROTOCOL_201) {
    setup[LOAD_FLAGS] = (setup[LOAD_FLAGS] ?? 0) | CAN_USE_HEAP;
    view.setUint16(HEAP_END, places.commandLine - places.setup - HEAP_GAP, true);
  }
  if (initrd !== undefined) {
    view.setUint32(RAMDISK_IMAGE, initrd.address, true);
    view.setUint32(RAMDISK_SIZE, initrd.bytes, true);
  }
  return setup;
}

function linuxItems(kernel: Extract<KernelChoice, { kind: 'linux' }>, lowRamBytes: number): KernelItems {
  const { image, initrd } = kernel;
  const text = zeroTerminated(kernel.commandLine);
  const places = placesOf(image, text.length);
  const ramdisk =
    initrd === undefined || initrd.bytes === 0
      ? undefined
      : {
          address: initrdAddress(image, initrd.bytes, lowRamBytes - BIOS_TABLE_BYTES),
          bytes: initrd.bytes,
          contents: initrd.read(0, initrd.bytes),
        };
  const setup = patchSetup(image, places, kernel.commandLine, ramdisk);
  const code = image.file.read(image.setupBytes, image.file.bytes - image.setupBytes);
  const pieces: readonly (RomPiece & { contents: Uint8Array; sizeKey: number })[] = [
    {
      key: FW_CFG_SETUP_DATA,
      sizeKey: FW_CFG_SETUP_SIZE,
      address: places.setup,
      bytes: setup.length,
      contents: setup,
    },
    {
      key: FW_CFG_COMMAND_LINE_DATA,
      sizeKey: FW_CFG_COMMAND_LINE_SIZE,
      address: places.commandLine,
      bytes: text.length,
      contents: text,
    },
    {
      key: FW_CFG_KERNEL_DATA,
      sizeKey: FW_CFG_KERNEL_SIZE,
      address: places.kernel,
      bytes: code.length,
      contents: code,
    },
    ...(ramdisk === undefined ? [] : [{ key: FW_CFG_INITRD_DATA, sizeKey: FW_CFG_INITRD_SIZE, ...ramdisk }]),
  ];
  const stack = places.commandLine - places.setup - STACK_GAP;
  return {
    pieces,
    entry: { kind: 'real', segment: places.setup >> 4, stack },
    items: pieces.flatMap(({ key, sizeKey, contents }) => [
      { key, contents },
      { key: sizeKey, contents: u32(contents.length) },
    ]),
  };
}

/** Pieces of one kind as one item: the memory image from the lowest address to the highest. */
function flatten(pieces: readonly LoadPiece[]): { address: number; contents: Uint8Array } {
  const address = Math.min(...pieces.map((piece) => piece.address));
  const end = Math.max(...pieces.map((piece) => piece.address + piece.bytes));
  const contents = new Uint8Array(end - address);
  for (const piece of pieces) {
    const target = contents.subarray(piece.address - address, piece.address - address + piece.bytes);
    if (piece.contents instanceof Uint8Array) target.set(piece.contents);
    else if (piece.contents !== undefined) piece.contents.file.readInto(piece.contents.offset, target);
  }
  return { address, contents };
}

function multibootItems(
  kernel: Extract<KernelChoice, { kind: 'multiboot' }>,
  lowRamBytes: number,
): KernelItems {
  const lowRamEnd = lowRamBytes - BIOS_TABLE_BYTES;
  const information = multibootInformation({ ...kernel, map: undefined, lowRamEnd });
  const [told, ...modules] = information.pieces;
  const groups = [
    { key: FW_CFG_KERNEL_DATA, pieces: kernel.image.pieces },
    { key: FW_CFG_COMMAND_LINE_DATA, pieces: told === undefined ? [] : [told] },
    { key: FW_CFG_INITRD_DATA, pieces: modules },
  ].filter(({ pieces }) => pieces.length > 0);
  const items = groups.map(({ key, pieces }) => ({ key, ...flatten(pieces) }));
  const pieces = items.map(({ key, address, contents }) => ({ key, address, bytes: contents.length }));
  return { pieces, entry: { kind: 'multiboot', entry: kernel.image.entry, ...information }, items };
}

/** Reads the kernel's files into items. Throws FirmwareError where they cannot be read or do not fit. */
export function kernelItems(kernel: KernelChoice, lowRamBytes: number): KernelItems {
  return kernel.kind === 'linux' ? linuxItems(kernel, lowRamBytes) : multibootItems(kernel, lowRamBytes);
}
