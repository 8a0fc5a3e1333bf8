/** What a multiboot kernel is told (Multiboot Specification 0.6.96, 3.3), and its modules. */
import { alignUp, concat, u32, u64, zeroTerminated } from './bytes.ts';
import { E820_RAM, type E820Entry, LOW_MEMORY_END } from './e820.ts';
import { ImageFile } from './image-file.ts';
import { bytesPiece, filePiece, type LoadPiece } from './load-plan.ts';
import type { MultibootImage } from './multiboot-image.ts';

export const MULTIBOOT_EAX = 0x2badb002;
export const INFORMATION_ADDRESS = 0x9000;
const PAGE = 4096;

const HAS_MEMORY = 1 << 0;
const HAS_BOOT_DEVICE = 1 << 1;
const HAS_COMMAND_LINE = 1 << 2;
const HAS_MODULES = 1 << 3;
const HAS_MAP = 1 << 6;
const HAS_LOADER_NAME = 1 << 9;
const FIRST_DISK = 0x8000ffff;

const INFORMATION_BYTES = 0x78;
const MAP_ENTRY_BYTES = 24;
const MODULE_BYTES = 16;
const LOADER_NAME = 'troupe';

export interface Module {
  readonly file: ImageFile;
  /** `FILE ARGUMENTS`, as given. */
  readonly text: string;
}

/** Opens the modules of `-initrd FILE ARGUMENTS,FILE…`. A comma in a name is doubled. */
export function openModules(initrd: string): readonly Module[] {
  return initrd.split(/(?<!,),(?!,)/).map((part) => {
    const text = part.replaceAll(',,', ',');
    return { text, file: new ImageFile('-initrd', text.split(' ')[0] ?? text) };
  });
}

export interface InformationDemand {
  readonly image: MultibootImage;
  readonly commandLine: string;
  readonly modules: readonly Module[];
  /** Undefined: a BIOS is to be asked, and room for `mapRoom` entries is left. */
  readonly map: readonly E820Entry[] | undefined;
  readonly lowRamEnd: number;
}

export interface Information {
  readonly pieces: readonly LoadPiece[];
  /** Where the map's entries begin, and the address of its length in bytes, for who fills them in. */
  readonly mapAddress: number;
  readonly mapLengthAddress: number;
  readonly mapRoom: number;
}

const MAP_LENGTH_OFFSET = 44;
const UNKNOWN_MAP_ROOM = 32;

function encodeMap(map: readonly E820Entry[]): Uint8Array {
  return concat(
    ...map.map(({ first, bytes, type }) => concat(u32(MAP_ENTRY_BYTES - 4), u64(first, bytes), u32(type))),
  );
}

function upperKilobytes(demand: InformationDemand): number {
  const above = demand.map?.find(({ first, type }) => first === 0x100000 && type === E820_RAM);
  return Math.floor((above?.bytes ?? demand.lowRamEnd - 0x100000) / 1024);
}

/** Modules go behind the kernel, each at a page; returns them with their addresses. */
function placeModules(demand: InformationDemand): readonly (readonly [Module, number])[] {
  let next = demand.image.end;
  return demand.modules.map((module) => {
    const address = alignUp(next, PAGE);
    next = address + module.file.bytes;
    return [module, address] as const;
  });
}

/** Everything that is told, from INFORMATION_ADDRESS on, and the modules. */
export function multibootInformation(demand: InformationDemand): Information {
  const modules = placeModules(demand);
  const mapRoom = demand.map?.length ?? UNKNOWN_MAP_ROOM;
  const mapAddress = INFORMATION_ADDRESS + INFORMATION_BYTES;
  const modulesAddress = mapAddress + mapRoom * MAP_ENTRY_BYTES;
  let textAddress = modulesAddress + modules.length * MODULE_BYTES;
  const texts: Uint8Array[] = [];
  const place = (text: string): number => {
    const address = textAddress;
    const bytes = zeroTerminated(text);
    texts.push(bytes);
    textAddress += bytes.length;
    return address;
  };
  const commandLine = place(demand.commandLine);
  const loader = place(LOADER_NAME);
  const rows = modules.map(([module, address]) =>
    u32(address, address + module.file.bytes, place(module.text), 0),
  );
  const flags = HAS_MEMORY | HAS_BOOT_DEVICE | HAS_COMMAND_LINE | HAS_MODULES | HAS_MAP | HAS_LOADER_NAME;
  const head = u32(
    flags,
    LOW_MEMORY_END / 1024 - 1,
    upperKilobytes(demand),
    FIRST_DISK,
    commandLine,
    modules.length,
    modulesAddress,
    0,
    0,
    0,
    0,
    (demand.map?.length ?? 0) * MAP_ENTRY_BYTES,
    mapAddress,
    0,
    0,
    0,
    loader,
  );
  const map = new Uint8Array(mapRoom * MAP_ENTRY_BYTES);
  if (demand.map !== undefined) map.set(encodeMap(demand.map));
  const information = concat(head, new Uint8Array(INFORMATION_BYTES - head.length), map, ...rows, ...texts);
  return {
    pieces: [
      bytesPiece(INFORMATION_ADDRESS, information),
      ...modules.map(([module, address]) => filePiece(address, module.file, 0, module.file.bytes)),
    ],
    mapAddress,
    mapLengthAddress: INFORMATION_ADDRESS + MAP_LENGTH_OFFSET,
    mapRoom,
  };
}
