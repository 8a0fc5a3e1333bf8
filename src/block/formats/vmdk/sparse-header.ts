/** The header of a sparse extent, in the two forms that there are: KDMV (hosted) and COWD (ESX). */
import type { BlockNode } from '../../block-node.ts';
import { checkLength, damaged, readHeader, readTable, unknownKind } from '../block-map.ts';
import { putText, textAt } from '../image-writer.ts';

const SECTOR_BYTES = 512;
const HEADER_BYTES = 512;
const HOSTED = 'KDMV';
const ESX = 'COWD';
const NEWLINES = '\n \r\n';
const FLAG_NEWLINES = 1;
const FLAG_REDUNDANT = 2;
const FLAG_ZERO_GRAINS = 4;
const FLAG_PACKED = 0x10000;
const FLAG_MARKERS = 0x20000;
const DEFLATE = 1;
/** The grain directory's place is told by a footer. */
const AT_END = 0xffffffffffffffffn;
/** A footer is the last but one sector of a stream. */
const FOOTER_DISTANCE = 1024;
const MOST_GRAIN_BYTES = 0x200000 * SECTOR_BYTES;
const MOST_TABLE_ENTRIES = 512;
const ESX_TABLE_ENTRIES = 4096;
const ENTRY_BYTES = 4;

const AT = {
  version: 4,
  flags: 8,
  capacity: 12,
  grain: 20,
  descriptorOffset: 28,
  descriptorSectors: 36,
  tableEntries: 44,
  redundantDirectory: 48,
  directory: 56,
  grainOffset: 64,
  newlines: 73,
  compression: 77,
} as const;

const ESX_AT = { sectors: 12, grain: 16, directory: 20, directoryEntries: 24 } as const;

export interface SparseHeader {
  readonly bytes: number;
  readonly grainBytes: number;
  /** Grains that one table finds. */
  readonly tableEntries: number;
  readonly directoryEntries: number;
  readonly directoryOffset: number;
  readonly redundantOffset: number | undefined;
  /** Where data may begin. */
  readonly dataStart: number;
  readonly packed: boolean;
  readonly zeroGrains: boolean;
  /** In the file; no bytes where it has none. */
  readonly descriptor: { readonly offset: number; readonly bytes: number };
}

function parseEsx(view: DataView, fileName: string): SparseHeader {
  const number = (at: number) => view.getUint32(at, true);
  const grainBytes = number(ESX_AT.grain) * SECTOR_BYTES;
  const bytes = number(ESX_AT.sectors) * SECTOR_BYTES;
  const directoryEntries = number(ESX_AT.directoryEntries);
  if (
    grainBytes === 0 ||
    grainBytes > MOST_GRAIN_BYTES ||
    directoryEntries * ESX_TABLE_ENTRIES * grainBytes < bytes
  ) {
    throw damaged(
      fileName,
      'vmdk',
      `${directoryEntries} tables of grains of ${grainBytes} bytes for ${bytes}`,
    );
  }
  const directoryOffset = number(ESX_AT.directory) * SECTOR_BYTES;
  return {
    bytes,
    grainBytes,
    tableEntries: ESX_TABLE_ENTRIES,
    directoryEntries,
    directoryOffset,
    redundantOffset: undefined,
    dataStart: directoryOffset,
    packed: false,
    zeroGrains: false,
    descriptor: { offset: 0, bytes: 0 },
  };
}

function checkHosted(view: DataView, fileName: string): void {
  const number = (at: number) => view.getUint32(at, true);
  if (number(AT.version) > 3)
    throw unknownKind(fileName, 'vmdk', `version ${number(AT.version)} (1 to 3 are known)`);
  const flags = number(AT.flags);
  if (
    (flags & FLAG_NEWLINES) !== 0 &&
    Buffer.from(view.buffer, AT.newlines, 4).toString('latin1') !== NEWLINES
  ) {
    throw damaged(fileName, 'vmdk', 'its newlines were converted on the way');
  }
  const compression = view.getUint16(AT.compression, true);
  if ((flags & FLAG_PACKED) !== 0 && compression !== DEFLATE) {
    throw unknownKind(fileName, 'vmdk', `compression ${compression} (${DEFLATE} is known)`);
  }
  const entries = number(AT.tableEntries);
  if (entries === 0 || entries > MOST_TABLE_ENTRIES) {
    throw damaged(fileName, 'vmdk', `tables of ${entries} entries`);
  }
}

async function parseHosted(first: DataView<ArrayBuffer>, file: BlockNode): Promise<SparseHeader> {
  let view = first;
  if (first.getBigUint64(AT.directory, true) === AT_END) {
    const place = { offset: file.bytes - FOOTER_DISTANCE, bytes: HEADER_BYTES, what: 'footer' };
    view = await readTable(file, 'vmdk', place);
    if (textAt(view, 0, HOSTED.length) !== HOSTED)
      throw damaged(file.fileName, 'vmdk', 'its footer is not there');
  }
  checkHosted(view, file.fileName);
  const sectors = (at: number) =>
    checkLength(file.fileName, 'vmdk', view.getBigUint64(at, true) * BigInt(SECTOR_BYTES));
  const bytes = sectors(AT.capacity);
  const grainBytes = sectors(AT.grain);
  if (grainBytes === 0 || grainBytes > MOST_GRAIN_BYTES) {
    throw damaged(file.fileName, 'vmdk', `grains of ${grainBytes} bytes`);
  }
  const flags = view.getUint32(AT.flags, true);
  const tableEntries = view.getUint32(AT.tableEntries, true);
  const descriptor = { offset: sectors(AT.descriptorOffset), bytes: sectors(AT.descriptorSectors) };
  return {
    bytes,
    grainBytes,
    tableEntries,
    directoryEntries: Math.ceil(bytes / (tableEntries * grainBytes)),
    directoryOffset: sectors(AT.directory),
    redundantOffset: (flags & FLAG_REDUNDANT) === 0 ? undefined : sectors(AT.redundantDirectory),
    dataStart: Math.max(
      HEADER_BYTES,
      descriptor.offset + descriptor.bytes,
      (flags & FLAG_PACKED) === 0 ? sectors(AT.grainOffset) : 0,
    ),
    packed: (flags & FLAG_PACKED) !== 0,
    zeroGrains: (flags & FLAG_ZERO_GRAINS) !== 0,
    descriptor,
  };
}

/** Throws BlockError. @returns undefined when it is no sparse extent */
export async function readSparseHeader(file: BlockNode): Promise<SparseHeader | undefined> {
  if (file.bytes < HEADER_BYTES) return undefined;
  const view = await readHeader(file, 'vmdk', HEADER_BYTES);
  const magic = textAt(view, 0, 4);
  if (magic === ESX) return parseEsx(view, file.fileName);
  return magic === HOSTED ? parseHosted(view, file) : undefined;
}

export const NEW_GRAIN_BYTES = 64 * 1024;
const NEW_GRAIN_SECTORS = NEW_GRAIN_BYTES / SECTOR_BYTES;
const DESCRIPTOR_SECTOR = 1;
export const DESCRIPTOR_SECTORS = 20;

export interface NewSparseOptions {
  readonly bytes: number;
  readonly packed: boolean;
  readonly zeroGrains: boolean;
}

/** Writes an empty sparse extent; its descriptor, if it gets one, has its place behind the header. */
export async function writeSparseExtent(file: BlockNode, options: NewSparseOptions): Promise<void> {
  const { bytes, packed, zeroGrains } = options;
  const tables = Math.ceil(bytes / (MOST_TABLE_ENTRIES * NEW_GRAIN_BYTES));
  const tableSectors = (MOST_TABLE_ENTRIES * ENTRY_BYTES) / SECTOR_BYTES;
  const directorySectors = Math.ceil((tables * ENTRY_BYTES) / SECTOR_BYTES);
  const redundant = DESCRIPTOR_SECTOR + DESCRIPTOR_SECTORS;
  const directory = redundant + directorySectors + tables * tableSectors;
  const end = directory + directorySectors + tables * tableSectors;
  const grains = Math.ceil(end / NEW_GRAIN_SECTORS) * NEW_GRAIN_SECTORS;
  const view = new DataView(new ArrayBuffer(HEADER_BYTES));
  putText(view, 0, HOSTED);
  view.setUint32(AT.version, packed ? 3 : zeroGrains ? 2 : 1, true);
  const flags = (packed ? FLAG_PACKED | FLAG_MARKERS : 0) | (zeroGrains ? FLAG_ZERO_GRAINS : 0);
  view.setUint32(AT.flags, FLAG_NEWLINES | FLAG_REDUNDANT | flags, true);
  const sectors: readonly (readonly [at: number, value: number])[] = [
    [AT.capacity, bytes / SECTOR_BYTES],
    [AT.grain, NEW_GRAIN_SECTORS],
    [AT.descriptorOffset, DESCRIPTOR_SECTOR],
    [AT.descriptorSectors, DESCRIPTOR_SECTORS],
    [AT.redundantDirectory, redundant],
    [AT.directory, directory],
    [AT.grainOffset, grains],
  ];
  for (const [at, value] of sectors) view.setBigUint64(at, BigInt(value), true);
  view.setUint32(AT.tableEntries, MOST_TABLE_ENTRIES, true);
  putText(view, AT.newlines, NEWLINES);
  view.setUint16(AT.compression, packed ? DEFLATE : 0, true);
  await file.write(0, [new Uint8Array(view.buffer)]);
  await file.resize(grains * SECTOR_BYTES);
  for (const start of [redundant, directory]) {
    const entries = new DataView(new ArrayBuffer(directorySectors * SECTOR_BYTES));
    for (let index = 0; index < tables; index++) {
      entries.setUint32(index * ENTRY_BYTES, start + directorySectors + index * tableSectors, true);
    }
    if (entries.byteLength > 0) await file.write(start * SECTOR_BYTES, [new Uint8Array(entries.buffer)]);
  }
}
