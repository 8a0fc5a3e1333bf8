/**
 * The format cow, version 2, of QEMU until 2.1: a header, a bit for each sector, and sectors at the places that the disk has
 * them. What has no bit shows the backing file.
 */
import type { BlockNode } from '../block-node.ts';
import { type ImageCreator, invalidOption, SIZE_OPTION } from '../image-creator.ts';
import {
  ABSENT,
  type BlockMap,
  type BlockMapChanges,
  checkLength,
  damaged,
  mergePlaces,
  type PlaceRun,
  readHeader,
  readTable,
  unknownKind,
} from './block-map.ts';
import { EntryTable } from './entry-table.ts';
import { sizePair, writeFile } from './image-writer.ts';
import { MappedNode } from './mapped-node.ts';

const HEADER_BYTES = 1056;
const MAGIC = 0x4f4f4f4d;
const VERSION = 2;
const SECTOR_BYTES = 512;
const BITS = 8;
const NAME_BYTES = 1024;

const AT = { magic: 0, version: 4, backingFile: 8, bytes: 1040, sectorBytes: 1048 } as const;

function bitmapBytesOf(bytes: number): number {
  return Math.ceil(bytes / SECTOR_BYTES / BITS);
}

class CowMap implements BlockMap, BlockMapChanges {
  readonly blockBytes = SECTOR_BYTES;
  readonly changes = this;
  readonly #file: BlockNode;
  readonly #bits: EntryTable;
  readonly #start: number;

  constructor(file: BlockNode, bits: EntryTable) {
    this.#file = file;
    this.#bits = bits;
    this.#start = Math.ceil((HEADER_BYTES + bits.view.byteLength) / SECTOR_BYTES) * SECTOR_BYTES;
  }

  async lookUp(block: number, most: number): Promise<PlaceRun> {
    return mergePlaces(most, SECTOR_BYTES, (index) => {
      const sector = block + index;
      const isHeld = (this.#bits.view.getUint8(Math.floor(sector / BITS)) & (1 << (sector % BITS))) !== 0;
      return isHeld ? { kind: 'data', offset: this.#placeOf(sector) } : ABSENT;
    });
  }

  async allocate(block: number, most: number): Promise<{ offset: number; blocks: number }> {
    return { offset: this.#placeOf(block), blocks: most };
  }

  async link(block: number, blocks: number): Promise<void> {
    const { view } = this.#bits;
    for (let sector = block; sector < block + blocks; sector++) {
      const index = Math.floor(sector / BITS);
      view.setUint8(index, view.getUint8(index) | (1 << (sector % BITS)));
    }
    const first = Math.floor(block / BITS);
    this.#bits.changed(first, Math.floor((block + blocks - 1) / BITS) - first + 1);
  }

  write(): Promise<void> {
    return this.#bits.write(this.#file);
  }

  #placeOf(sector: number): number {
    return this.#start + sector * SECTOR_BYTES;
  }
}

/** Takes `file` over. Throws BlockError. @param openBacking opens what it builds on */
export async function openCow(
  file: BlockNode,
  _options: unknown,
  openBacking: (fileName: string, format: string | undefined) => Promise<BlockNode | undefined>,
): Promise<MappedNode> {
  const header = await readHeader(file, 'cow', HEADER_BYTES);
  const { fileName } = file;
  if (header.getUint32(AT.magic) !== MAGIC) throw damaged(fileName, 'cow', 'it does not begin with OOOM');
  const version = header.getUint32(AT.version);
  if (version !== VERSION) throw unknownKind(fileName, 'cow', `version ${version} (${VERSION} is known)`);
  const sectorBytes = header.getUint32(AT.sectorBytes);
  if (sectorBytes !== SECTOR_BYTES) throw unknownKind(fileName, 'cow', `sectors of ${sectorBytes} bytes`);
  const length = checkLength(fileName, 'cow', header.getBigUint64(AT.bytes));
  const bytes = Math.floor(length / SECTOR_BYTES) * SECTOR_BYTES;
  const place = { offset: HEADER_BYTES, bytes: bitmapBytesOf(bytes), what: 'bitmap' };
  const bits = new EntryTable(await readTable(file, 'cow', place), HEADER_BYTES);
  const name = Buffer.from(header.buffer, AT.backingFile, NAME_BYTES);
  const end = name.indexOf(0);
  if (end < 0) throw damaged(fileName, 'cow', 'the name of its backing file has no end');
  const backingFile = end === 0 ? undefined : name.toString('utf8', 0, end);
  const backing = backingFile === undefined ? undefined : await openBacking(backingFile, undefined);
  return MappedNode.open({
    driver: 'cow',
    file,
    map: new CowMap(file, bits),
    bytes,
    backing,
    recordedBacking: backingFile === undefined ? undefined : { file: backingFile, format: undefined },
  });
}

export const COW_CREATOR: ImageCreator = {
  format: 'cow',
  takesBacking: true,
  options: [{ name: 'backing_file', type: 'str', help: 'File name of a base image' }, SIZE_OPTION],
  prepare: (options) => {
    const { fileName, bytes, backingFile = '' } = options;
    const name = Buffer.from(backingFile);
    if (name.length >= NAME_BYTES) throw invalidOption('Backing file name too long');
    const view = new DataView(new ArrayBuffer(HEADER_BYTES));
    view.setUint32(AT.magic, MAGIC);
    view.setUint32(AT.version, VERSION);
    new Uint8Array(view.buffer).set(name, AT.backingFile);
    view.setBigUint64(AT.bytes, BigInt(bytes));
    view.setUint32(AT.sectorBytes, SECTOR_BYTES);
    return {
      description: [
        sizePair(options),
        ...(backingFile === '' ? [] : [['backing_file', backingFile] as const]),
      ],
      write: () =>
        writeFile(fileName, async (file) => {
          await file.write(0, [new Uint8Array(view.buffer)]);
          await file.resize(HEADER_BYTES + bitmapBytesOf(bytes));
        }),
    };
  },
};
