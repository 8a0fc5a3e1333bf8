/** The format parallels: a header, a table with 32 bits for each cluster, and the clusters. */
import { sizeValue } from '../../options/option-values.ts';
import { BlockError, EACCES } from '../block-error.ts';
import type { BlockNode } from '../block-node.ts';
import { type ImageCreator, invalidOption, SIZE_OPTION } from '../image-creator.ts';
import {
  ABSENT,
  type BlockMap,
  type BlockMapChanges,
  checkLength,
  checkPlace,
  damaged,
  mergePlaces,
  type Place,
  type PlaceRun,
  readHeader,
  readTable,
  unknownKind,
} from './block-map.ts';
import { EntryTable } from './entry-table.ts';
import { putText, sizePair, textAt, writeFile } from './image-writer.ts';
import { MappedNode } from './mapped-node.ts';

const HEADER_BYTES = 64;
const ENTRY_BYTES = 4;
const SECTOR_BYTES = 512;
/** Entries count sectors in the old form, and clusters in the extended one. */
const OLD_MAGIC = 'WithoutFreeSpace';
const EXTENDED_MAGIC = 'WithouFreSpacExt';
const VERSION = 2;
const IN_USE = 0x746f6e59;
const NEW_HEADS = 16;
const NEW_TRACK_SECTORS = 32;
const NEW_CLUSTER_BYTES = 1024 * 1024;
const MOST_ENTRY = 0xffffffff;
const MOST_CLUSTER_BYTES = 64 * 1024 * 1024;

const AT = {
  version: 16,
  heads: 20,
  cylinders: 24,
  clusterSectors: 28,
  entries: 32,
  sectors: 36,
  inUse: 44,
  dataSector: 48,
  extensionSector: 56,
} as const;

interface ParallelsLayout {
  readonly clusterBytes: number;
  /** Bytes that an entry counts in. */
  readonly unit: number;
  readonly dataStart: number;
}

class ParallelsMap implements BlockMap, BlockMapChanges {
  readonly blockBytes: number;
  readonly changes = this;
  readonly #file: BlockNode;
  readonly #layout: ParallelsLayout;
  readonly #table: EntryTable;
  #end: number;

  constructor(file: BlockNode, layout: ParallelsLayout, table: EntryTable) {
    this.#file = file;
    this.#layout = layout;
    this.#table = table;
    this.blockBytes = layout.clusterBytes;
    this.#end = this.#aligned(Math.max(file.bytes, layout.dataStart));
  }

  async lookUp(block: number, most: number): Promise<PlaceRun> {
    return mergePlaces(most, this.blockBytes, (index) => this.#placeOf(block + index));
  }

  async allocate(_block: number, most: number): Promise<{ offset: number; blocks: number }> {
    if ((this.#end + most * this.blockBytes) / this.#layout.unit > MOST_ENTRY) {
      throw new BlockError('ERR_BLOCK_IO', `'${this.#file.fileName}' is as long as a parallels image can be`);
    }
    return { offset: this.#end, blocks: most };
  }

  async link(block: number, blocks: number, offset: number): Promise<void> {
    for (let index = 0; index < blocks; index++) {
      const entry = (offset + index * this.blockBytes) / this.#layout.unit;
      this.#table.view.setUint32((block + index) * ENTRY_BYTES, entry, true);
    }
    this.#table.changed(block * ENTRY_BYTES, blocks * ENTRY_BYTES);
    this.#end = Math.max(this.#end, this.#aligned(offset + blocks * this.blockBytes));
  }

  write(): Promise<void> {
    return this.#table.write(this.#file);
  }

  claim(): Promise<void> {
    return this.#mark(IN_USE);
  }

  release(): Promise<void> {
    return this.#mark(0);
  }

  /** Whether somebody writes the image, or has not closed it. */
  async #mark(value: number): Promise<void> {
    const field = new DataView(new ArrayBuffer(4));
    field.setUint32(0, value, true);
    await this.#file.write(AT.inUse, [new Uint8Array(field.buffer)]);
    await this.#file.flush();
  }

  #aligned(offset: number): number {
    const step = Math.max(this.#layout.unit, SECTOR_BYTES);
    return Math.ceil(offset / step) * step;
  }

  #placeOf(block: number): Place {
    const entry = this.#table.view.getUint32(block * ENTRY_BYTES, true);
    if (entry === 0) return ABSENT;
    const offset = entry * this.#layout.unit;
    return { kind: 'data', offset: checkPlace(this.#file, 'parallels', offset, this.#layout.dataStart) };
  }
}

function checkWritable(file: BlockNode, header: DataView): void {
  if (file.readOnly) return;
  if (header.getUint32(AT.inUse, true) === IN_USE) {
    throw new BlockError(
      'ERR_BLOCK_CORRUPT',
      `'${file.fileName}': image was not closed correctly; cannot be opened read/write`,
      { errno: EACCES },
    );
  }
  if (header.getBigUint64(AT.extensionSector, true) !== 0n) {
    throw new BlockError('ERR_BLOCK_READ_ONLY', `'${file.fileName}' has an extension and is only read`, {
      errno: EACCES,
    });
  }
}

/** Takes `file` over. Throws BlockError. */
export async function openParallels(file: BlockNode): Promise<MappedNode> {
  const header = await readHeader(file, 'parallels', HEADER_BYTES);
  const { fileName } = file;
  const magic = textAt(header, 0, OLD_MAGIC.length);
  if (magic !== OLD_MAGIC && magic !== EXTENDED_MAGIC)
    throw damaged(fileName, 'parallels', 'it has no header');
  const version = header.getUint32(AT.version, true);
  if (version !== VERSION)
    throw unknownKind(fileName, 'parallels', `version ${version} (${VERSION} is known)`);
  const clusterBytes = header.getUint32(AT.clusterSectors, true) * SECTOR_BYTES;
  if (clusterBytes === 0 || clusterBytes > MOST_CLUSTER_BYTES) {
    throw damaged(fileName, 'parallels', `clusters of ${clusterBytes} bytes`);
  }
  const isExtended = magic === EXTENDED_MAGIC;
  const sectors = isExtended
    ? header.getBigUint64(AT.sectors, true)
    : BigInt(header.getUint32(AT.sectors, true));
  const bytes = checkLength(fileName, 'parallels', sectors * BigInt(SECTOR_BYTES));
  const entries = header.getUint32(AT.entries, true);
  if (entries * clusterBytes < bytes) {
    throw damaged(fileName, 'parallels', `${entries} clusters of ${clusterBytes} bytes for ${bytes}`);
  }
  checkWritable(file, header);
  const place = { offset: HEADER_BYTES, bytes: entries * ENTRY_BYTES, what: 'table' };
  const table = new EntryTable(await readTable(file, 'parallels', place), HEADER_BYTES);
  const tableEnd = Math.ceil((HEADER_BYTES + place.bytes) / SECTOR_BYTES) * SECTOR_BYTES;
  const dataStart = Math.max(tableEnd, header.getUint32(AT.dataSector, true) * SECTOR_BYTES);
  const map = new ParallelsMap(
    file,
    { clusterBytes, unit: isExtended ? clusterBytes : SECTOR_BYTES, dataStart },
    table,
  );
  return MappedNode.open({ driver: 'parallels', file, map, bytes });
}

function newHeader(bytes: number, clusterBytes: number): DataView<ArrayBuffer> {
  const sectors = bytes / SECTOR_BYTES;
  const entries = Math.ceil(bytes / clusterBytes);
  const dataStart = Math.ceil((HEADER_BYTES + entries * ENTRY_BYTES) / clusterBytes) * clusterBytes;
  const view = new DataView(new ArrayBuffer(HEADER_BYTES));
  putText(view, 0, EXTENDED_MAGIC);
  const fields: readonly (readonly [at: number, value: number])[] = [
    [AT.version, VERSION],
    [AT.heads, NEW_HEADS],
    [AT.cylinders, Math.floor(sectors / NEW_HEADS / NEW_TRACK_SECTORS)],
    [AT.clusterSectors, clusterBytes / SECTOR_BYTES],
    [AT.entries, entries],
    [AT.dataSector, dataStart / SECTOR_BYTES],
  ];
  for (const [at, value] of fields) view.setUint32(at, value, true);
  view.setBigUint64(AT.sectors, BigInt(sectors), true);
  return view;
}

export const PARALLELS_CREATOR: ImageCreator = {
  format: 'parallels',
  takesBacking: false,
  options: [{ name: 'cluster_size', type: 'size', help: 'Parallels image cluster size' }, SIZE_OPTION],
  prepare: (options) => {
    const { fileName, bytes, formatOptions } = options;
    const clusterBytes = sizeValue(formatOptions, 'cluster_size') ?? NEW_CLUSTER_BYTES;
    if (clusterBytes === 0 || clusterBytes % SECTOR_BYTES !== 0 || clusterBytes > MOST_CLUSTER_BYTES) {
      throw invalidOption('Cluster size must be a multiple of 512 bytes');
    }
    return {
      description: [sizePair(options), ['cluster_size', String(clusterBytes)]],
      write: () =>
        writeFile(fileName, async (file) => {
          const header = newHeader(bytes, clusterBytes);
          await file.write(0, [new Uint8Array(header.buffer)]);
          await file.resize(header.getUint32(AT.dataSector, true) * SECTOR_BYTES);
        }),
    };
  },
};
