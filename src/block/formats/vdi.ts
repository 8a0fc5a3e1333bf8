/**
 * The format vdi of VirtualBox (version 1.1): a header of 512 bytes, a map with 32 bits for each block of 1 MiB, and the blocks
 * in the order in which they were written first. A static image has all of its blocks from the beginning.
 */
import { randomBytes } from 'node:crypto';
import { booleanValue } from '../../options/option-values.ts';
import type { BlockNode } from '../block-node.ts';
import { type ImageCreator, SIZE_OPTION } from '../image-creator.ts';
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
  ZERO,
} from './block-map.ts';
import { EntryTable } from './entry-table.ts';
import { checkMost, flagPair, putText, sizePair, writeFile } from './image-writer.ts';
import { MappedNode } from './mapped-node.ts';

const HEADER_BYTES = 512;
const SIGNATURE = 0xbeda107f;
const VERSION = 0x00010001;
const BLOCK_BYTES = 1024 * 1024;
const SECTOR_BYTES = 512;
const ENTRY_BYTES = 4;
const DYNAMIC = 1;
const STATIC = 2;
const UNALLOCATED = 0xffffffff;
const DISCARDED = 0xfffffffe;
const UUID_BYTES = 16;
const MOST_BLOCKS = 0x3fffffff;

/** Offsets of the header's fields. */
const AT = {
  text: 0,
  signature: 64,
  version: 68,
  headerBytes: 72,
  type: 76,
  mapOffset: 340,
  dataOffset: 344,
  sectorBytes: 360,
  diskBytes: 368,
  blockBytes: 376,
  blockExtra: 380,
  blocks: 384,
  allocated: 388,
  ownId: 392,
  lastSnapshotId: 408,
  linkId: 424,
  parentId: 440,
} as const;

class VdiMap implements BlockMap, BlockMapChanges {
  readonly blockBytes = BLOCK_BYTES;
  readonly changes = this;
  readonly #file: BlockNode;
  readonly #dataOffset: number;
  readonly #table: EntryTable;
  #allocated: number;
  #allocatedChanged = false;

  constructor(file: BlockNode, header: DataView, table: EntryTable) {
    this.#file = file;
    this.#dataOffset = header.getUint32(AT.dataOffset, true);
    this.#allocated = header.getUint32(AT.allocated, true);
    this.#table = table;
  }

  async lookUp(block: number, most: number): Promise<PlaceRun> {
    return mergePlaces(most, BLOCK_BYTES, (index) => this.#placeOf(block + index));
  }

  async allocate(_block: number, most: number): Promise<{ offset: number; blocks: number }> {
    // What the header counts is not to be trusted where blocks lie behind it.
    const offset = this.#dataOffset + this.#allocated * BLOCK_BYTES;
    checkPlace(this.#file, 'vdi', offset, this.#dataOffset);
    return { offset, blocks: most };
  }

  async link(block: number, blocks: number, offset: number): Promise<void> {
    const first = (offset - this.#dataOffset) / BLOCK_BYTES;
    for (let index = 0; index < blocks; index++) {
      this.#table.view.setUint32((block + index) * ENTRY_BYTES, first + index, true);
    }
    this.#table.changed(block * ENTRY_BYTES, blocks * ENTRY_BYTES);
    this.#allocated += blocks;
    this.#allocatedChanged = true;
  }

  async write(): Promise<void> {
    await this.#table.write(this.#file);
    if (!this.#allocatedChanged) return;
    const count = new DataView(new ArrayBuffer(ENTRY_BYTES));
    count.setUint32(0, this.#allocated, true);
    await this.#file.write(AT.allocated, [new Uint8Array(count.buffer)]);
    this.#allocatedChanged = false;
  }

  #placeOf(block: number): Place {
    const entry = this.#table.view.getUint32(block * ENTRY_BYTES, true);
    if (entry === UNALLOCATED) return ABSENT;
    if (entry === DISCARDED) return ZERO;
    const offset = this.#dataOffset + entry * BLOCK_BYTES;
    return { kind: 'data', offset: checkPlace(this.#file, 'vdi', offset, this.#dataOffset) };
  }
}

function checkHeader(fileName: string, header: DataView): void {
  const number = (at: number) => header.getUint32(at, true);
  const expect = (at: number, value: number, what: string) => {
    if (number(at) === value) return;
    throw damaged(fileName, 'vdi', `${what} is 0x${number(at).toString(16)}, not 0x${value.toString(16)}`);
  };
  expect(AT.signature, SIGNATURE, 'its signature');
  if (number(AT.version) !== VERSION) {
    const version = `${number(AT.version) >>> 16}.${number(AT.version) & 0xffff}`;
    throw unknownKind(fileName, 'vdi', `version ${version} (1.1 is known)`);
  }
  expect(AT.sectorBytes, SECTOR_BYTES, 'its sector size');
  if (number(AT.blockBytes) !== BLOCK_BYTES) {
    throw unknownKind(fileName, 'vdi', `blocks of ${number(AT.blockBytes)} bytes (${BLOCK_BYTES} are known)`);
  }
  for (const at of [AT.mapOffset, AT.dataOffset]) {
    if (number(at) % SECTOR_BYTES !== 0 || number(at) < HEADER_BYTES) {
      throw damaged(fileName, 'vdi', `its map or data begin at ${number(at)}`);
    }
  }
  const isSet = (at: number) => new Uint8Array(header.buffer, at, UUID_BYTES).some((byte) => byte !== 0);
  if (isSet(AT.linkId)) throw unknownKind(fileName, 'vdi', 'a linked image');
  if (isSet(AT.parentId)) throw unknownKind(fileName, 'vdi', 'a parent image');
}

/** Takes `file` over. Throws BlockError. */
export async function openVdi(file: BlockNode): Promise<MappedNode> {
  const header = await readHeader(file, 'vdi', HEADER_BYTES);
  checkHeader(file.fileName, header);
  const length = checkLength(file.fileName, 'vdi', header.getBigUint64(AT.diskBytes, true));
  const bytes = Math.ceil(length / SECTOR_BYTES) * SECTOR_BYTES;
  const blocks = header.getUint32(AT.blocks, true);
  if (bytes > blocks * BLOCK_BYTES || blocks > MOST_BLOCKS) {
    throw damaged(file.fileName, 'vdi', `${blocks} blocks for a disk of ${bytes} bytes`);
  }
  const offset = header.getUint32(AT.mapOffset, true);
  const tableBytes = blocks * ENTRY_BYTES;
  if (
    offset < header.getUint32(AT.dataOffset, true) &&
    offset + tableBytes > header.getUint32(AT.dataOffset, true)
  ) {
    throw damaged(file.fileName, 'vdi', 'its map reaches into its data');
  }
  const table = await readTable(file, 'vdi', { offset, bytes: tableBytes, what: 'map' });
  return MappedNode.open({
    driver: 'vdi',
    file,
    map: new VdiMap(file, header, new EntryTable(table, offset)),
    bytes,
  });
}

function newHeader(
  bytes: number,
  isStatic: boolean,
): { header: DataView<ArrayBuffer>; table: DataView<ArrayBuffer> } {
  const blocks = Math.ceil(bytes / BLOCK_BYTES);
  const tableBytes = Math.ceil((blocks * ENTRY_BYTES) / SECTOR_BYTES) * SECTOR_BYTES;
  const header = new DataView(new ArrayBuffer(HEADER_BYTES));
  putText(header, AT.text, '<<< Troupe Virtual Disk Image >>>\n');
  const fields: readonly (readonly [at: number, value: number])[] = [
    [AT.signature, SIGNATURE],
    [AT.version, VERSION],
    [AT.headerBytes, 0x180],
    [AT.type, isStatic ? STATIC : DYNAMIC],
    [AT.mapOffset, HEADER_BYTES],
    [AT.dataOffset, HEADER_BYTES + tableBytes],
    [AT.sectorBytes, SECTOR_BYTES],
    [AT.blockBytes, BLOCK_BYTES],
    [AT.blocks, blocks],
    [AT.allocated, isStatic ? blocks : 0],
  ];
  for (const [at, value] of fields) header.setUint32(at, value, true);
  header.setBigUint64(AT.diskBytes, BigInt(bytes), true);
  for (const at of [AT.ownId, AT.lastSnapshotId])
    new Uint8Array(header.buffer).set(randomBytes(UUID_BYTES), at);
  const table = new DataView(new ArrayBuffer(tableBytes));
  for (let block = 0; block < blocks; block++) {
    table.setUint32(block * ENTRY_BYTES, isStatic ? block : UNALLOCATED, true);
  }
  return { header, table };
}

export const VDI_CREATOR: ImageCreator = {
  format: 'vdi',
  takesBacking: false,
  options: [SIZE_OPTION, { name: 'static', type: 'bool', help: 'VDI static (pre-allocated) image' }],
  prepare: (options) => {
    const { fileName, bytes, formatOptions: pairs } = options;
    checkMost('VDI', bytes, MOST_BLOCKS * BLOCK_BYTES);
    const isStatic = booleanValue(pairs, 'static') === true;
    return {
      description: [sizePair(options), flagPair(pairs, 'static')],
      write: () =>
        writeFile(fileName, async (file) => {
          const { header, table } = newHeader(bytes, isStatic);
          const start = [new Uint8Array(header.buffer), new Uint8Array(table.buffer)];
          await file.write(
            0,
            start.filter(({ byteLength }) => byteLength > 0),
          );
          const end = header.getUint32(AT.dataOffset, true);
          if (isStatic) await file.resize(end + Math.ceil(bytes / BLOCK_BYTES) * BLOCK_BYTES);
        }),
    };
  },
};
