/** A kernel of the Multiboot Specification 0.6.96 (version 1): flat with addresses in its header, or 32-bit ELF. */
import { viewOf } from './bytes.ts';
import { FirmwareError } from './firmware-error.ts';
import type { ImageFile } from './image-file.ts';
import { filePiece, type LoadPiece } from './load-plan.ts';

const SEARCH_BYTES = 8192;
const MAGIC = 0x1badb002;
const FLAG_ADDRESSES = 1 << 16;
/** Bits 0 to 15 that we do not know must refuse the image (3.1.2): page alignment, memory, video mode are known. */
const KNOWN_REQUIREMENTS = 0x7;

const HEADER_ADDRESS = 12;
const LOAD_ADDRESS = 16;
const LOAD_END = 20;
const BSS_END = 24;
const ENTRY = 28;

const ELF_MAGIC = 0x464c457f;
const ELF_CLASS = 4;
const ELF_32 = 1;
const ELF_MACHINE = 18;
const MACHINE_386 = 3;
const ELF_ENTRY = 24;
const ELF_PROGRAM_OFFSET = 28;
const ELF_PROGRAM_ENTRY_BYTES = 42;
const ELF_PROGRAM_COUNT = 44;
const PT_LOAD = 1;

export interface MultibootImage {
  readonly file: ImageFile;
  readonly pieces: readonly LoadPiece[];
  readonly entry: number;
  /** First address above everything that the image takes. */
  readonly end: number;
}

function findHeader(head: Uint8Array): number | undefined {
  const view = viewOf(head);
  for (let offset = 0; offset + 12 <= head.length; offset += 4) {
    if (view.getUint32(offset, true) !== MAGIC) continue;
    const sum = MAGIC + view.getUint32(offset + 4, true) + view.getUint32(offset + 8, true);
    if (sum >>> 0 === 0) return offset;
  }
  return undefined;
}

function refuse(file: ImageFile, why: string): FirmwareError {
  return new FirmwareError('ERR_FIRMWARE_KERNEL', `-kernel ${file.path}: a multiboot image ${why}`);
}

/** With bytes [offset, offset + fileBytes) of the file at `address`, and zeros up to `memoryBytes`. */
function segment(
  file: ImageFile,
  offset: number,
  address: number,
  fileBytes: number,
  memoryBytes: number,
): readonly LoadPiece[] {
  if (offset + fileBytes > file.bytes) {
    throw refuse(
      file,
      `whose segment of ${fileBytes} bytes from ${offset} ends behind the file's ${file.bytes}`,
    );
  }
  const zeros = memoryBytes - fileBytes;
  return [
    ...(fileBytes > 0 ? [filePiece(address, file, offset, fileBytes)] : []),
    ...(zeros > 0 ? [{ address: address + fileBytes, bytes: zeros, contents: undefined }] : []),
  ];
}

/** Addresses in the header ("a.out kludge", 3.1.3). */
function flatImage(file: ImageFile, head: Uint8Array, header: number): MultibootImage {
  const view = viewOf(head);
  const field = (offset: number): number => view.getUint32(header + offset, true);
  const offset = header - (field(HEADER_ADDRESS) - field(LOAD_ADDRESS));
  const loadEnd = field(LOAD_END) === 0 ? field(LOAD_ADDRESS) + file.bytes - offset : field(LOAD_END);
  const end = Math.max(loadEnd, field(BSS_END));
  if (offset < 0 || loadEnd < field(LOAD_ADDRESS)) {
    throw refuse(file, 'whose header gives addresses that do not fit together');
  }
  const address = field(LOAD_ADDRESS);
  return {
    file,
    pieces: segment(file, offset, address, loadEnd - address, end - address),
    entry: field(ENTRY),
    end,
  };
}

function elfImage(file: ImageFile, head: Uint8Array): MultibootImage {
  const view = viewOf(head);
  if (head[ELF_CLASS] !== ELF_32 || view.getUint16(ELF_MACHINE, true) !== MACHINE_386) {
    throw refuse(file, 'must be a 32-bit ELF file for the 80386');
  }
  const entryBytes = view.getUint16(ELF_PROGRAM_ENTRY_BYTES, true);
  const headers = file.read(
    view.getUint32(ELF_PROGRAM_OFFSET, true),
    entryBytes * view.getUint16(ELF_PROGRAM_COUNT, true),
  );
  const rows = viewOf(headers);
  const pieces: LoadPiece[] = [];
  let end = 0;
  for (let row = 0; row + 32 <= headers.length; row += entryBytes) {
    const field = (offset: number): number => rows.getUint32(row + offset, true);
    if (field(0) !== PT_LOAD) continue;
    pieces.push(...segment(file, field(4), field(12), field(16), field(20)));
    end = Math.max(end, field(12) + field(20));
  }
  return { file, pieces, entry: view.getUint32(ELF_ENTRY, true), end };
}

/** The image in the file, or undefined when it has no multiboot header. Throws `ERR_FIRMWARE_KERNEL` for a broken one. */
export function multibootImage(file: ImageFile): MultibootImage | undefined {
  const head = file.read(0, SEARCH_BYTES);
  const header = findHeader(head);
  if (header === undefined) return undefined;
  const flags = viewOf(head).getUint32(header + 4, true);
  const unknown = flags & 0xffff & ~KNOWN_REQUIREMENTS;
  if (unknown !== 0) throw refuse(file, `that requires features ${unknown.toString(16)}H of its loader`);
  if ((flags & FLAG_ADDRESSES) !== 0) return flatImage(file, head, header);
  if (viewOf(head).getUint32(0, true) !== ELF_MAGIC) {
    throw refuse(file, 'without addresses in its header must be an ELF file');
  }
  return elfImage(file, head);
}
