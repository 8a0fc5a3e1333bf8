/**
 * The format qcow, version 1: two levels of tables (64 bits an entry) to clusters that may be compressed, and perhaps the old
 * encryption, which qcow2 took over from it.
 */
import type { OptionPair } from '../../options/option-list.ts';
import { booleanValue, stringValue } from '../../options/option-values.ts';
import { BlockError, EINVAL, ENOTSUP } from '../block-error.ts';
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
import { sizePair, writeFile } from './image-writer.ts';
import { MappedNode } from './mapped-node.ts';
import { unpack } from './unpack.ts';

const HEADER_BYTES = 48;
const MAGIC = 0x514649fb;
const VERSION = 1;
const SECTOR_BYTES = 512;
const ENTRY_BYTES = 8;
const PACKED = 1n << 63n;
const ENCRYPTED = 1;
const MOST_NAME_BYTES = 1023;
const MOST_TABLES = 1024;
const MOST_CHANGED_TABLES = 256;

const AT = {
  magic: 0,
  version: 4,
  backingOffset: 8,
  backingBytes: 16,
  bytes: 24,
  clusterBits: 32,
  l2Bits: 33,
  encryption: 36,
  l1Offset: 40,
} as const;

interface QcowHeader {
  readonly bytes: number;
  readonly clusterBits: number;
  readonly l2Entries: number;
  readonly l1Offset: number;
  readonly l1Entries: number;
  readonly encrypted: boolean;
  readonly backingFile: string | undefined;
}

interface L2Table {
  readonly offset: number;
  readonly view: DataView<ArrayBuffer>;
}

class QcowMap implements BlockMap, BlockMapChanges {
  readonly blockBytes: number;
  readonly changes = this;
  readonly #file: BlockNode;
  readonly #header: QcowHeader;
  readonly #l1: EntryTable;
  #l1Changed = false;
  /** In the order of their last use. */
  readonly #tables = new Map<number, L2Table>();
  readonly #changed = new Set<number>();
  readonly #start: number;
  #end: number;

  constructor(file: BlockNode, header: QcowHeader, l1: EntryTable) {
    this.blockBytes = 2 ** header.clusterBits;
    this.#file = file;
    this.#header = header;
    this.#l1 = l1;
    this.#start = header.l1Offset + header.l1Entries * ENTRY_BYTES;
    this.#end = this.#aligned(Math.max(file.bytes, this.#start));
  }

  get isFull(): boolean {
    return this.#changed.size > MOST_CHANGED_TABLES;
  }

  async lookUp(block: number, most: number): Promise<PlaceRun> {
    const { l2Entries } = this.#header;
    const index = block % l2Entries;
    const inTable = Math.min(most, l2Entries - index);
    const table = await this.#table(Math.floor(block / l2Entries));
    if (table === undefined) return { place: ABSENT, blocks: inTable };
    return mergePlaces(inTable, this.blockBytes, (more) =>
      this.#placeOf(table.view.getBigUint64((index + more) * ENTRY_BYTES)),
    );
  }

  async allocate(_block: number, most: number): Promise<{ offset: number; blocks: number }> {
    return { offset: this.#end, blocks: most };
  }

  async link(block: number, blocks: number, offset: number): Promise<void> {
    this.#end = Math.max(this.#end, offset + blocks * this.blockBytes);
    const { l2Entries } = this.#header;
    const number = Math.floor(block / l2Entries);
    const table = (await this.#table(number)) ?? this.#newTable(number);
    // Readers may have let go of it since.
    this.#tables.set(number, table);
    for (let index = 0; index < blocks; index++) {
      const entry = BigInt(offset + index * this.blockBytes);
      table.view.setBigUint64(((block % l2Entries) + index) * ENTRY_BYTES, entry);
    }
    this.#changed.add(number);
  }

  async write(): Promise<void> {
    for (const number of this.#changed) {
      const table = this.#tables.get(number);
      if (table === undefined) continue;
      const contents = new Uint8Array(table.view.buffer.slice(0));
      this.#changed.delete(number);
      try {
        await this.#file.write(table.offset, [contents]);
      } catch (error) {
        this.#changed.add(number);
        throw error;
      }
    }
    if (!this.#l1Changed) return;
    // New tables are on disk before anything leads to them.
    await this.#file.flush();
    await this.#l1.write(this.#file);
    this.#l1Changed = false;
  }

  #placeOf(entry: bigint): Place {
    if (entry === 0n) return ABSENT;
    if ((entry & PACKED) !== 0n) return { kind: 'packed', unpack: () => this.#unpack(entry) };
    return { kind: 'data', offset: checkPlace(this.#file, 'qcow', Number(entry), this.#start) };
  }

  async #unpack(entry: bigint): Promise<Uint8Array> {
    const shift = BigInt(63 - this.#header.clusterBits);
    const offset = Number(entry & ((1n << shift) - 1n));
    const bytes = Number((entry & ~PACKED) >> shift) & (this.blockBytes - 1);
    const packed = await readTable(this.#file, 'qcow', { offset, bytes, what: 'compressed cluster' });
    const options = { fileName: this.#file.fileName, format: 'qcow', bytes: this.blockBytes, raw: true };
    return unpack(new Uint8Array(packed.buffer), options);
  }

  /** A table at the end of the file, which the first level leads to when it is written. */
  #newTable(number: number): L2Table {
    const bytes = this.#header.l2Entries * ENTRY_BYTES;
    const table = { offset: this.#end, view: new DataView(new ArrayBuffer(bytes)) };
    this.#end = this.#aligned(this.#end + bytes);
    this.#l1.view.setBigUint64(number * ENTRY_BYTES, BigInt(table.offset));
    this.#l1.changed(number * ENTRY_BYTES, ENTRY_BYTES);
    this.#l1Changed = true;
    return table;
  }

  async #table(number: number): Promise<L2Table | undefined> {
    const known = this.#tables.get(number);
    if (known !== undefined) {
      this.#tables.delete(number);
      this.#tables.set(number, known);
      return known;
    }
    const entry = this.#l1.view.getBigUint64(number * ENTRY_BYTES);
    if (entry === 0n) return undefined;
    const offset = checkPlace(this.#file, 'qcow', Number(entry), this.#start);
    const place = { offset, bytes: this.#header.l2Entries * ENTRY_BYTES, what: 'table' };
    const table = { offset, view: await readTable(this.#file, 'qcow', place) };
    // Another request may have read it, and changed it, meanwhile.
    const meanwhile = this.#tables.get(number);
    if (meanwhile !== undefined) return meanwhile;
    this.#tables.set(number, table);
    for (const oldest of this.#tables.keys()) {
      if (this.#tables.size <= MOST_TABLES) break;
      if (!this.#changed.has(oldest)) this.#tables.delete(oldest);
    }
    return table;
  }

  #aligned(offset: number): number {
    return Math.ceil(offset / this.blockBytes) * this.blockBytes;
  }
}

async function backingNameOf(view: DataView, file: BlockNode): Promise<string | undefined> {
  const offset = view.getBigUint64(AT.backingOffset);
  if (offset === 0n) return undefined;
  const bytes = view.getUint32(AT.backingBytes);
  if (bytes > MOST_NAME_BYTES) throw damaged(file.fileName, 'qcow', `a backing file name of ${bytes} bytes`);
  const name = await readTable(file, 'qcow', { offset: Number(offset), bytes, what: 'backing file name' });
  return Buffer.from(name.buffer).toString();
}

async function headerOf(file: BlockNode): Promise<QcowHeader> {
  const view = await readHeader(file, 'qcow', HEADER_BYTES);
  const { fileName } = file;
  if (view.getUint32(AT.magic) !== MAGIC) throw damaged(fileName, 'qcow', 'it does not begin with QFI');
  const version = view.getUint32(AT.version);
  if (version !== VERSION) throw unknownKind(fileName, 'qcow', `version ${version} (1 is known)`);
  const clusterBits = view.getUint8(AT.clusterBits);
  if (clusterBits < 9 || clusterBits > 16)
    throw damaged(fileName, 'qcow', `clusters of 2^${clusterBits} bytes`);
  const l2Bits = view.getUint8(AT.l2Bits);
  if (l2Bits < 6 || l2Bits > 13) throw damaged(fileName, 'qcow', `tables of 2^${l2Bits} entries`);
  const encryption = view.getUint32(AT.encryption);
  if (encryption > ENCRYPTED) throw unknownKind(fileName, 'qcow', `encryption ${encryption}`);
  const length = checkLength(fileName, 'qcow', view.getBigUint64(AT.bytes));
  if (length <= 1) throw damaged(fileName, 'qcow', `a disk of ${length} bytes`);
  const bytes = Math.ceil(length / SECTOR_BYTES) * SECTOR_BYTES;
  return {
    bytes,
    clusterBits,
    l2Entries: 2 ** l2Bits,
    l1Offset: checkLength(fileName, 'qcow', view.getBigUint64(AT.l1Offset)),
    l1Entries: Math.ceil(bytes / 2 ** (clusterBits + l2Bits)),
    encrypted: encryption === ENCRYPTED,
    backingFile: await backingNameOf(view, file),
  };
}

/** Takes `file` over. Throws BlockError. @param openBacking opens what it builds on */
export async function openQcow(
  file: BlockNode,
  _options: unknown,
  openBacking: (fileName: string, format: string | undefined) => Promise<BlockNode | undefined>,
): Promise<MappedNode> {
  const header = await headerOf(file);
  const { l1Offset, l1Entries, backingFile, bytes, encrypted } = header;
  const place = { offset: l1Offset, bytes: l1Entries * ENTRY_BYTES, what: 'table' };
  const l1 = new EntryTable(await readTable(file, 'qcow', place), l1Offset);
  const backing = backingFile === undefined ? undefined : await openBacking(backingFile, undefined);
  return MappedNode.open({
    driver: 'qcow',
    file,
    map: new QcowMap(file, header, l1),
    bytes,
    backing,
    recordedBacking: backingFile === undefined ? undefined : { file: backingFile, format: undefined },
    encrypted,
  });
}

function isEncrypted(pairs: readonly OptionPair[]): boolean {
  const format = stringValue(pairs, 'encrypt.format');
  if (format !== undefined && format !== 'aes') {
    const message = `encrypt.format=${format}: not available in this version`;
    throw new BlockError('ERR_BLOCK_UNAVAILABLE', message, { errno: ENOTSUP });
  }
  return format === 'aes' || booleanValue(pairs, 'encryption') === true;
}

/** Small clusters over a backing file, so that little is copied from it. */
function newHeader(bytes: number, backingFile: string | undefined, encrypted: boolean): Uint8Array {
  const name = Buffer.from(backingFile ?? '');
  if (name.length > MOST_NAME_BYTES) {
    throw new BlockError('ERR_BLOCK_CREATE', 'Backing file name too long', { errno: EINVAL });
  }
  const [clusterBits, l2Bits] = backingFile === undefined ? [12, 9] : [9, 12];
  const l1Offset = Math.ceil((HEADER_BYTES + name.length) / 8) * 8;
  const l1Bytes = Math.ceil(bytes / 2 ** (clusterBits + l2Bits)) * ENTRY_BYTES;
  const view = new DataView(new ArrayBuffer(l1Offset + Math.ceil(l1Bytes / SECTOR_BYTES) * SECTOR_BYTES));
  view.setUint32(AT.magic, MAGIC);
  view.setUint32(AT.version, VERSION);
  view.setBigUint64(AT.backingOffset, backingFile === undefined ? 0n : BigInt(HEADER_BYTES));
  view.setUint32(AT.backingBytes, name.length);
  view.setBigUint64(AT.bytes, BigInt(bytes));
  view.setUint8(AT.clusterBits, clusterBits);
  view.setUint8(AT.l2Bits, l2Bits);
  view.setUint32(AT.encryption, encrypted ? ENCRYPTED : 0);
  view.setBigUint64(AT.l1Offset, BigInt(l1Offset));
  const contents = new Uint8Array(view.buffer);
  contents.set(name, HEADER_BYTES);
  return contents;
}

export const QCOW_CREATOR: ImageCreator = {
  format: 'qcow',
  takesBacking: true,
  options: [
    { name: 'backing_file', type: 'str', help: 'File name of a base image' },
    { name: 'backing_fmt', type: 'str', help: 'Format of the backing image' },
    { name: 'encrypt.format', type: 'str', help: "Encrypt the image, format choices: 'aes'" },
    {
      name: 'encrypt.key-secret',
      type: 'str',
      help: 'ID of the secret that provides the AES encryption key',
    },
    {
      name: 'encryption',
      type: 'bool',
      help: "Encrypt the image with format 'aes'. (Deprecated in favor of encrypt.format=aes)",
    },
    SIZE_OPTION,
  ],
  prepare: (options) => {
    const { fileName, bytes, formatOptions: pairs, backingFile, backingFormat } = options;
    if (bytes === 0) throw invalidOption('Image size is too small, cannot be zero length');
    const encrypted = isEncrypted(pairs);
    const header = newHeader(bytes, backingFile, encrypted);
    const optional = (name: string, value: string | undefined): readonly OptionPair[] =>
      value === undefined ? [] : [[name, value]];
    return {
      description: [
        sizePair(options),
        ...optional('backing_file', backingFile),
        ...optional('backing_fmt', backingFormat),
        ...optional('encryption', booleanValue(pairs, 'encryption') === true ? 'on' : undefined),
        ...optional('encrypt.format', stringValue(pairs, 'encrypt.format')),
        ...optional('encrypt.key-secret', stringValue(pairs, 'encrypt.key-secret')),
      ],
      write: () => writeFile(fileName, (file) => file.write(0, [header])),
    };
  },
};
