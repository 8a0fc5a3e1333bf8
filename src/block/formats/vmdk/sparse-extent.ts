/**
 * The grains of a sparse extent: a directory (kept in memory) leads to tables (kept in memory as far as there is room), and these
 * to grains, packed ones in a stream-optimised extent. Where there is a second set of tables it is kept the same.
 */

import { constants } from 'node:os';
import { BlockError } from '../../block-error.ts';
import type { BlockNode } from '../../block-node.ts';
import {
  ABSENT,
  type BlockMap,
  type BlockMapChanges,
  checkPlace,
  damaged,
  mergePlaces,
  type Place,
  type PlaceRun,
  readTable,
  ZERO,
} from '../block-map.ts';
import { unpack } from '../unpack.ts';
import type { SparseHeader } from './sparse-header.ts';

const SECTOR_BYTES = 512;
const ENTRY_BYTES = 4;
const ZERO_GRAIN = 1;
const MARKER_BYTES = 12;
const MARKER_LENGTH_AT = 8;
const MOST_TABLES = 1024;
const MOST_CHANGED_TABLES = 512;
const MOST_SECTOR = 0xffffffff;
const { EFBIG, ENOTSUP } = constants.errno;

export class SparseMap implements BlockMap, BlockMapChanges {
  readonly blockBytes: number;
  readonly changes: BlockMapChanges | undefined;
  readonly markZero?: (block: number) => Promise<void>;
  readonly #file: BlockNode;
  readonly #header: SparseHeader;
  readonly #directory: DataView;
  readonly #redundant: DataView | undefined;
  /** In the order of their last use. */
  readonly #tables = new Map<number, DataView<ArrayBuffer>>();
  readonly #changed = new Set<number>();
  #end: number;

  private constructor(
    file: BlockNode,
    header: SparseHeader,
    directory: DataView,
    redundant: DataView | undefined,
  ) {
    this.blockBytes = header.grainBytes;
    this.#file = file;
    this.#header = header;
    this.#directory = directory;
    this.#redundant = redundant;
    this.#end = Math.ceil(file.bytes / header.grainBytes) * header.grainBytes;
    this.changes = header.packed ? undefined : this;
    if (header.zeroGrains) this.markZero = (block) => this.#setEntries(block, 1, () => ZERO_GRAIN);
  }

  /** Throws BlockError. */
  static async open(file: BlockNode, header: SparseHeader): Promise<SparseMap> {
    const bytes = header.directoryEntries * ENTRY_BYTES;
    const read = (offset: number) => readTable(file, 'vmdk', { offset, bytes, what: 'grain directory' });
    const directory = await read(header.directoryOffset);
    const redundant =
      header.redundantOffset === undefined || header.packed ? undefined : await read(header.redundantOffset);
    return new SparseMap(file, header, directory, redundant);
  }

  get isFull(): boolean {
    return this.#changed.size > MOST_CHANGED_TABLES;
  }

  async lookUp(block: number, most: number): Promise<PlaceRun> {
    const { tableEntries } = this.#header;
    const index = block % tableEntries;
    const inTable = Math.min(most, tableEntries - index);
    const table = await this.#table(Math.floor(block / tableEntries));
    if (table === undefined) return { place: ABSENT, blocks: inTable };
    return mergePlaces(inTable, this.blockBytes, (more) =>
      this.#placeOf(table.getUint32((index + more) * ENTRY_BYTES, true)),
    );
  }

  async allocate(_block: number, most: number): Promise<{ offset: number; blocks: number }> {
    if ((this.#end + most * this.blockBytes) / SECTOR_BYTES > MOST_SECTOR) {
      throw new BlockError('ERR_BLOCK_IO', `'${this.#file.fileName}' is as long as a vmdk extent can be`, {
        errno: EFBIG,
      });
    }
    return { offset: this.#end, blocks: most };
  }

  async link(block: number, blocks: number, offset: number): Promise<void> {
    await this.#setEntries(block, blocks, (index) => (offset + index * this.blockBytes) / SECTOR_BYTES);
    this.#end = Math.max(this.#end, offset + blocks * this.blockBytes);
  }

  async write(): Promise<void> {
    for (const number of this.#changed) {
      const table = this.#tables.get(number);
      if (table === undefined) continue;
      const contents = new Uint8Array(table.buffer.slice(0));
      this.#changed.delete(number);
      try {
        for (const directory of [this.#redundant, this.#directory]) {
          const offset = (directory?.getUint32(number * ENTRY_BYTES, true) ?? 0) * SECTOR_BYTES;
          if (offset !== 0)
            await this.#file.write(checkPlace(this.#file, 'vmdk', offset, SECTOR_BYTES), [contents]);
        }
      } catch (error) {
        this.#changed.add(number);
        throw error;
      }
    }
  }

  async #setEntries(block: number, blocks: number, value: (index: number) => number): Promise<void> {
    const { tableEntries } = this.#header;
    const number = Math.floor(block / tableEntries);
    const table = await this.#table(number);
    if (table === undefined) {
      throw new BlockError(
        'ERR_BLOCK_UNSUPPORTED',
        `'${this.#file.fileName}' has no table for grain ${block}`,
        {
          errno: ENOTSUP,
        },
      );
    }
    // Readers may have let go of it since.
    this.#tables.set(number, table);
    for (let index = 0; index < blocks; index++) {
      table.setUint32(((block % tableEntries) + index) * ENTRY_BYTES, value(index), true);
    }
    this.#changed.add(number);
  }

  #placeOf(entry: number): Place {
    if (entry === 0) return ABSENT;
    if (entry === ZERO_GRAIN && this.#header.zeroGrains) return ZERO;
    const offset = checkPlace(this.#file, 'vmdk', entry * SECTOR_BYTES, this.#header.dataStart);
    return this.#header.packed
      ? { kind: 'packed', unpack: () => this.#unpack(offset) }
      : { kind: 'data', offset };
  }

  async #unpack(offset: number): Promise<Uint8Array> {
    const { grainBytes } = this.#header;
    const marker = await readTable(this.#file, 'vmdk', { offset, bytes: MARKER_BYTES, what: 'grain' });
    const bytes = marker.getUint32(MARKER_LENGTH_AT, true);
    if (bytes === 0 || bytes > 2 * grainBytes) {
      throw damaged(this.#file.fileName, 'vmdk', `a grain is packed into ${bytes} bytes`);
    }
    const place = { offset: offset + MARKER_BYTES, bytes, what: 'grain' };
    const packed = await readTable(this.#file, 'vmdk', place);
    return unpack(new Uint8Array(packed.buffer), {
      fileName: this.#file.fileName,
      format: 'vmdk',
      bytes: grainBytes,
    });
  }

  /** @returns undefined where the directory has none */
  async #table(number: number): Promise<DataView<ArrayBuffer> | undefined> {
    const known = this.#tables.get(number);
    if (known !== undefined) {
      this.#tables.delete(number);
      this.#tables.set(number, known);
      return known;
    }
    const offset = this.#directory.getUint32(number * ENTRY_BYTES, true) * SECTOR_BYTES;
    if (offset === 0) return undefined;
    const bytes = this.#header.tableEntries * ENTRY_BYTES;
    const table = await readTable(this.#file, 'vmdk', { offset, bytes, what: 'grain table' });
    // Another request may have read it, and changed it, meanwhile.
    const meanwhile = this.#tables.get(number);
    if (meanwhile !== undefined) return meanwhile;
    this.#tables.set(number, table);
    this.#forget();
    return table;
  }

  #forget(): void {
    for (const number of this.#tables.keys()) {
      if (this.#tables.size <= MOST_TABLES) return;
      if (!this.#changed.has(number)) this.#tables.delete(number);
    }
  }
}
