/**
 * The format dmg of Mac OS X, read only: chunks of any length, raw, zero or packed with zlib. Tables of chunks ("mish") are in a
 * property list or in a resource fork, which a trailer ("koly") leads to.
 */
import { BlockError, EACCES, ENOTSUP } from '../block-error.ts';
import type { BlockNode, BlockStatus, Views } from '../block-node.ts';
import { damaged, readTable, unknownKind } from './block-map.ts';
import { textAt } from './image-writer.ts';
import { unpack } from './unpack.ts';

const TRAILER_BYTES = 512;
const SECTOR_BYTES = 512;
const TRAILER_AT = {
  dataOffset: 24,
  forkOffset: 40,
  forkBytes: 48,
  listOffset: 216,
  listBytes: 224,
  sectors: 492,
};
const TABLE_HEADER_BYTES = 204;
const TABLE_AT = { firstSector: 8, dataOffset: 24, chunks: 200 };
const CHUNK_BYTES = 40;
const CHUNK_AT = { type: 0, sector: 8, sectors: 16, offset: 24, bytes: 32 };
const MOST_CHUNK_BYTES = 64 * 1024 * 1024;
const MOST_CHUNKS = 4_000_000;
const MOST_LIST_BYTES = 16 * 1024 * 1024;

const MOST_FIELD = 2n ** 43n;

const ZERO = 0;
const RAW = 1;
const IGNORED = 2;
const ZLIB = 0x80000005;
const COMMENT = 0x7ffffffe;
const END = 0xffffffff;
const UNSUPPORTED: Readonly<Record<number, string>> = {
  [0x80000004]: 'ADC',
  [0x80000006]: 'bzip2',
  [0x80000007]: 'lzfse',
  [0x80000008]: 'lzma',
};

interface Chunk {
  readonly start: number;
  readonly bytes: number;
  readonly kind: 'raw' | 'zero' | 'zlib';
  readonly offset: number;
  readonly packedBytes: number;
}

export class DmgNode implements BlockNode {
  readonly driver = 'dmg';
  readonly file: BlockNode;
  readonly bytes: number;
  readonly readOnly = true;
  readonly encrypted = false;
  readonly backing = undefined;
  /** By their places on the disk. */
  readonly #chunks: readonly Chunk[];
  #unpacked: { readonly chunk: Chunk; readonly contents: Promise<Uint8Array> } | undefined;

  constructor(file: BlockNode, bytes: number, chunks: readonly Chunk[]) {
    this.file = file;
    this.bytes = bytes;
    this.#chunks = chunks;
  }

  get fileName(): string {
    return this.file.fileName;
  }

  async read(offset: number, views: Views): Promise<void> {
    let at = offset;
    for (const view of views) {
      for (let done = 0; done < view.byteLength; ) {
        const { chunk, bytes } = this.#at(at, view.byteLength - done);
        await this.#readChunk(chunk, at, view.subarray(done, done + bytes));
        done += bytes;
        at += bytes;
      }
    }
  }

  async write(): Promise<void> {
    throw this.#isReadOnly();
  }

  async flush(): Promise<void> {}

  async discard(): Promise<void> {}

  async writeZeroes(): Promise<void> {
    throw this.#isReadOnly();
  }

  async resize(bytes: number): Promise<void> {
    if (bytes === this.bytes) return;
    throw new BlockError('ERR_BLOCK_UNSUPPORTED', 'Image format driver does not support resize', {
      errno: ENOTSUP,
    });
  }

  async status(offset: number, most: number): Promise<BlockStatus> {
    const { chunk, bytes } = this.#at(offset, most);
    const zero = chunk === undefined || chunk.kind === 'zero';
    const hostOffset = chunk?.kind === 'raw' ? chunk.offset + offset - chunk.start : undefined;
    return { bytes, allocated: true, zero, hostOffset };
  }

  close(): Promise<void> {
    return this.file.close();
  }

  #isReadOnly(): BlockError {
    return new BlockError('ERR_BLOCK_READ_ONLY', `'${this.fileName}': dmg images are only read`, {
      errno: EACCES,
    });
  }

  /** The chunk that a byte is in, and how many bytes from there on are alike. */
  #at(offset: number, most: number): { readonly chunk: Chunk | undefined; readonly bytes: number } {
    let [low, high] = [0, this.#chunks.length];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#chunks[middle]?.start ?? 0) <= offset) low = middle + 1;
      else high = middle;
    }
    const chunk = this.#chunks[low - 1];
    if (chunk !== undefined && offset < chunk.start + chunk.bytes) {
      return { chunk, bytes: Math.min(most, chunk.start + chunk.bytes - offset) };
    }
    const next = this.#chunks[low]?.start ?? this.bytes;
    return { chunk: undefined, bytes: Math.max(1, Math.min(most, next - offset)) };
  }

  async #readChunk(chunk: Chunk | undefined, offset: number, view: Uint8Array): Promise<void> {
    if (chunk === undefined || chunk.kind === 'zero') view.fill(0);
    else if (chunk.kind === 'raw') await this.file.read(chunk.offset + offset - chunk.start, [view]);
    else {
      const start = offset - chunk.start;
      view.set((await this.#contentsOf(chunk)).subarray(start, start + view.byteLength));
    }
  }

  #contentsOf(chunk: Chunk): Promise<Uint8Array> {
    if (this.#unpacked?.chunk !== chunk) {
      const contents = this.#unpack(chunk);
      this.#unpacked = { chunk, contents };
    }
    return this.#unpacked.contents;
  }

  async #unpack({ offset, packedBytes, bytes }: Chunk): Promise<Uint8Array> {
    const packed = await readTable(this.file, 'dmg', { offset, bytes: packedBytes, what: 'chunk' });
    return unpack(new Uint8Array(packed.buffer), { fileName: this.fileName, format: 'dmg', bytes });
  }
}

/** A field that tells a place or a length; no file is as long as some of them. */
function field(view: DataView, at: number, fileName: string): number {
  const value = view.getBigUint64(at);
  if (value > MOST_FIELD) throw damaged(fileName, 'dmg', `a field of ${value}`);
  return Number(value);
}

function parseChunk(
  view: DataView,
  at: number,
  base: { sector: number; offset: number },
  fileName: string,
): Chunk | undefined {
  const type = view.getUint32(at + CHUNK_AT.type);
  if (type === COMMENT || type === END) return undefined;
  const unsupported = UNSUPPORTED[type];
  if (unsupported !== undefined) throw unknownKind(fileName, 'dmg', `chunks packed with ${unsupported}`);
  if (type !== ZERO && type !== RAW && type !== IGNORED && type !== ZLIB) {
    throw unknownKind(fileName, 'dmg', `chunks of the type 0x${type.toString(16)}`);
  }
  const bytes = field(view, at + CHUNK_AT.sectors, fileName) * SECTOR_BYTES;
  const packedBytes = field(view, at + CHUNK_AT.bytes, fileName);
  if (type === ZLIB && (bytes > MOST_CHUNK_BYTES || packedBytes > MOST_CHUNK_BYTES)) {
    throw damaged(fileName, 'dmg', `a chunk of ${packedBytes} bytes for ${bytes}`);
  }
  return {
    start: (base.sector + field(view, at + CHUNK_AT.sector, fileName)) * SECTOR_BYTES,
    bytes,
    kind: type === RAW ? 'raw' : type === ZLIB ? 'zlib' : 'zero',
    offset: base.offset + field(view, at + CHUNK_AT.offset, fileName),
    packedBytes,
  };
}

/** @returns nothing for a resource that is no table */
function parseTable(bytes: Uint8Array, dataOffset: number, fileName: string): readonly Chunk[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.length < TABLE_HEADER_BYTES || textAt(view, 0, 4) !== 'mish') return [];
  const count = view.getUint32(TABLE_AT.chunks);
  if (count > MOST_CHUNKS || TABLE_HEADER_BYTES + count * CHUNK_BYTES > bytes.length) {
    throw damaged(fileName, 'dmg', `a table of ${bytes.length} bytes for ${count} chunks`);
  }
  const base = {
    sector: field(view, TABLE_AT.firstSector, fileName),
    offset: dataOffset + field(view, TABLE_AT.dataOffset, fileName),
  };
  return Array.from({ length: count }, (_, index) =>
    parseChunk(view, TABLE_HEADER_BYTES + index * CHUNK_BYTES, base, fileName),
  ).filter((chunk) => chunk !== undefined);
}

/** Resources follow each other, each behind its length. */
function tablesOfFork(fork: DataView, fileName: string): readonly Uint8Array[] {
  if (fork.byteLength < 8) throw damaged(fileName, 'dmg', 'its resource fork is too short');
  const start = fork.getUint32(0);
  const end = start + fork.getUint32(8);
  const tables: Uint8Array[] = [];
  for (let at = start; at + 4 <= Math.min(end, fork.byteLength); ) {
    const bytes = fork.getUint32(at);
    if (bytes === 0 || at + 4 + bytes > fork.byteLength) {
      throw damaged(fileName, 'dmg', `a resource of ${bytes} bytes at ${at} of its resource fork`);
    }
    tables.push(new Uint8Array(fork.buffer, at + 4, bytes));
    at += 4 + bytes;
  }
  return tables;
}

function tablesOfList(text: string): readonly Uint8Array[] {
  return [...text.matchAll(/<data>([^<]*)<\/data>/g)].map(([, data = '']) =>
    Uint8Array.from(Buffer.from(data, 'base64')),
  );
}

/** Takes `file` over. Throws BlockError. */
export async function openDmg(file: BlockNode): Promise<DmgNode> {
  const { fileName } = file;
  if (!file.readOnly) {
    throw new BlockError('ERR_BLOCK_READ_ONLY', `'${fileName}': dmg images are only read; use readonly=on`, {
      errno: EACCES,
    });
  }
  const place = { offset: file.bytes - TRAILER_BYTES, bytes: TRAILER_BYTES, what: 'trailer' };
  const trailer = await readTable(file, 'dmg', place);
  if (textAt(trailer, 0, 4) !== 'koly') throw damaged(fileName, 'dmg', 'it has no trailer');
  const [forkOffset, forkBytes, listOffset, listBytes, dataOffset] = [
    field(trailer, TRAILER_AT.forkOffset, fileName),
    field(trailer, TRAILER_AT.forkBytes, fileName),
    field(trailer, TRAILER_AT.listOffset, fileName),
    field(trailer, TRAILER_AT.listBytes, fileName),
    field(trailer, TRAILER_AT.dataOffset, fileName),
  ];
  if (forkBytes > MOST_LIST_BYTES || listBytes > MOST_LIST_BYTES || (forkBytes === 0 && listBytes === 0)) {
    throw damaged(fileName, 'dmg', `tables of ${forkBytes} and ${listBytes} bytes`);
  }
  const read = (offset: number, bytes: number) => readTable(file, 'dmg', { offset, bytes, what: 'tables' });
  const tables =
    forkBytes > 0
      ? tablesOfFork(await read(forkOffset, forkBytes), fileName)
      : tablesOfList(Buffer.from((await read(listOffset, listBytes)).buffer).toString('latin1'));
  const chunks = tables
    .flatMap((table) => parseTable(table, dataOffset, fileName))
    .filter(({ bytes }) => bytes > 0)
    .sort((one, other) => one.start - other.start);
  const end = chunks.reduce((most, { start, bytes }) => Math.max(most, start + bytes), 0);
  const bytes = Math.max(field(trailer, TRAILER_AT.sectors, fileName) * SECTOR_BYTES, end);
  return new DmgNode(file, bytes, chunks);
}
