/**
 * The format vpc (VHD) of Virtual PC and Hyper-V: fixed images, which are the disk with a footer behind it, and dynamic ones,
 * with a copy of the footer in front, a table of blocks, and blocks that begin with a bitmap of their sectors.
 */

import { constants } from 'node:os';
import { booleanValue, stringValue } from '../../options/option-values.ts';
import { BlockError } from '../block-error.ts';
import type { BlockNode } from '../block-node.ts';
import { type ImageCreator, invalidOption, SIZE_OPTION } from '../image-creator.ts';
import {
  ABSENT,
  type BlockMap,
  type BlockMapChanges,
  checkPlace,
  damaged,
  mergePlaces,
  type Place,
  type PlaceRun,
  readHeader,
  readTable,
} from './block-map.ts';
import { EntryTable } from './entry-table.ts';
import { FlatNode } from './flat-node.ts';
import { sizePair, writeFile } from './image-writer.ts';
import { MappedNode } from './mapped-node.ts';
import {
  DYNAMIC_HEADER_BYTES,
  type DynamicHeader,
  diskLength,
  FOOTER_BYTES,
  type Footer,
  MOST_SECTORS,
  newDynamicHeader,
  newFooter,
  parseDynamicHeader,
  parseFooter,
  SECTOR_BYTES,
} from './vpc-structures.ts';

const ENTRY_BYTES = 4;
const UNALLOCATED = 0xffffffff;
const NEW_BLOCK_BYTES = 2 * 1024 * 1024;
const NEW_TABLE_OFFSET = FOOTER_BYTES + DYNAMIC_HEADER_BYTES;

function sectorsUp(bytes: number): number {
  return Math.ceil(bytes / SECTOR_BYTES) * SECTOR_BYTES;
}

class VpcMap implements BlockMap, BlockMapChanges {
  readonly blockBytes: number;
  readonly changes = this;
  readonly #file: BlockNode;
  readonly #footer: Uint8Array;
  readonly #table: EntryTable;
  readonly #bitmapBytes: number;
  /** Where data may begin. */
  readonly #start: number;
  /** Where the next block goes, and the footer is. */
  #end: number;
  #hasGrown = false;

  constructor(file: BlockNode, footer: Uint8Array, header: DynamicHeader, table: EntryTable) {
    this.blockBytes = header.blockBytes;
    this.#file = file;
    this.#footer = footer;
    this.#table = table;
    this.#bitmapBytes = sectorsUp(header.blockBytes / SECTOR_BYTES / 8);
    this.#start = sectorsUp(header.tableOffset + table.view.byteLength);
    this.#end = this.#start;
    for (let block = 0; block < header.entries; block++) {
      const place = this.#placeOf(block);
      if (place.kind === 'data') this.#end = Math.max(this.#end, place.offset + this.blockBytes);
    }
  }

  async lookUp(block: number, most: number): Promise<PlaceRun> {
    return mergePlaces(most, this.blockBytes, (index) => this.#placeOf(block + index));
  }

  /** All sectors of a new block are in it, so its bitmap is full. */
  async allocate(): Promise<{ offset: number; blocks: number }> {
    await this.#file.write(this.#end, [new Uint8Array(this.#bitmapBytes).fill(0xff)]);
    return { offset: this.#end + this.#bitmapBytes, blocks: 1 };
  }

  async link(block: number, _blocks: number, offset: number): Promise<void> {
    this.#table.view.setUint32(block * ENTRY_BYTES, (offset - this.#bitmapBytes) / SECTOR_BYTES);
    this.#table.changed(block * ENTRY_BYTES, ENTRY_BYTES);
    this.#end = offset + this.blockBytes;
    this.#hasGrown = true;
  }

  async write(): Promise<void> {
    if (this.#hasGrown) await this.#file.write(this.#end, [this.#footer]);
    this.#hasGrown = false;
    await this.#table.write(this.#file);
  }

  #placeOf(block: number): Place {
    const entry = this.#table.view.getUint32(block * ENTRY_BYTES);
    if (entry === UNALLOCATED) return ABSENT;
    const offset = checkPlace(this.#file, 'vpc', entry * SECTOR_BYTES, this.#start);
    return { kind: 'data', offset: offset + this.#bitmapBytes };
  }
}

async function openDynamic(file: BlockNode, footer: Footer): Promise<MappedNode> {
  const place = { offset: Number(footer.dataOffset), bytes: DYNAMIC_HEADER_BYTES, what: 'dynamic header' };
  const header = parseDynamicHeader(await readTable(file, 'vpc', place), file.fileName);
  const { tableOffset, entries, blockBytes } = header;
  if (entries * blockBytes < footer.bytes) {
    throw damaged(
      file.fileName,
      'vpc',
      `${entries} blocks of ${blockBytes} bytes for a disk of ${footer.bytes}`,
    );
  }
  const table = await readTable(file, 'vpc', {
    offset: tableOffset,
    bytes: entries * ENTRY_BYTES,
    what: 'table',
  });
  const contents = new Uint8Array(footer.contents.buffer, footer.contents.byteOffset, FOOTER_BYTES);
  const map = new VpcMap(file, contents, header, new EntryTable(table, tableOffset));
  return MappedNode.open({ driver: 'vpc', file, map, bytes: footer.bytes });
}

/** Takes `file` over. Throws BlockError. */
export async function openVpc(file: BlockNode): Promise<BlockNode> {
  const first = parseFooter(await readHeader(file, 'vpc', FOOTER_BYTES), file.fileName);
  const last = { offset: file.bytes - FOOTER_BYTES, bytes: FOOTER_BYTES, what: 'footer' };
  const footer = first ?? parseFooter(await readTable(file, 'vpc', last), file.fileName);
  if (footer === undefined) throw damaged(file.fileName, 'vpc', 'it has no footer');
  if (footer.kind === 'dynamic') return openDynamic(file, footer);
  if (footer.bytes > file.bytes - FOOTER_BYTES) {
    throw damaged(file.fileName, 'vpc', `a disk of ${footer.bytes} bytes in a file of ${file.bytes}`);
  }
  return new FlatNode('vpc', file, 0, footer.bytes);
}

async function writeDynamic(file: BlockNode, footer: Uint8Array, bytes: number): Promise<void> {
  const entries = Math.ceil(bytes / NEW_BLOCK_BYTES);
  const header = newDynamicHeader({ tableOffset: NEW_TABLE_OFFSET, entries, blockBytes: NEW_BLOCK_BYTES });
  const table = new Uint8Array(sectorsUp(entries * ENTRY_BYTES)).fill(0xff);
  await file.write(0, [footer, new Uint8Array(header.buffer), table, footer]);
}

export const VPC_CREATOR: ImageCreator = {
  format: 'vpc',
  takesBacking: false,
  options: [
    {
      name: 'force_size',
      type: 'bool',
      help: 'Force disk size calculation to use the actual size specified, rather than using the nearest CHS-based calculation',
    },
    SIZE_OPTION,
    {
      name: 'subformat',
      type: 'str',
      help: 'Type of virtual hard disk format. Supported formats are {dynamic (default) | fixed} ',
    },
  ],
  prepare: (options) => {
    const { fileName, formatOptions: pairs } = options;
    const subformat = stringValue(pairs, 'subformat');
    if (subformat !== undefined && subformat !== 'dynamic' && subformat !== 'fixed') {
      throw invalidOption(`Parameter 'subformat' does not accept value '${subformat}'`);
    }
    const forced = booleanValue(pairs, 'force_size');
    const length = diskLength(options.bytes / SECTOR_BYTES, forced === true);
    if (length.sectors > MOST_SECTORS) {
      const { EFBIG } = constants.errno;
      throw new BlockError('ERR_BLOCK_CREATE', "The image size is too large for file format 'vpc'", {
        errno: EFBIG,
      });
    }
    const bytes = length.sectors * SECTOR_BYTES;
    return {
      description: [
        sizePair(options),
        ...(subformat === undefined ? [] : [['subformat', subformat] as const]),
        ...(forced === undefined ? [] : [['force_size', forced ? 'on' : 'off'] as const]),
      ],
      write: () =>
        writeFile(fileName, async (file) => {
          const footer = newFooter(length, subformat ?? 'dynamic', Date.now() / 1000);
          const contents = new Uint8Array(footer.buffer);
          if (subformat === 'fixed') await file.write(bytes, [contents]);
          else await writeDynamic(file, contents, bytes);
        }),
    };
  },
};
