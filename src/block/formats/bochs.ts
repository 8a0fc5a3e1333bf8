/** The format bochs: growing redo logs of the Bochs emulator, read only. Extents begin with a bitmap of their sectors. */
import type { BlockNode } from '../block-node.ts';
import {
  ABSENT,
  type BlockMap,
  checkLength,
  checkPlace,
  damaged,
  mergePlaces,
  type PlaceRun,
  readHeader,
  readTable,
  unknownKind,
} from './block-map.ts';
import { textAt } from './image-writer.ts';
import { MappedNode } from './mapped-node.ts';

const HEADER_BYTES = 512;
const SECTOR_BYTES = 512;
const ENTRY_BYTES = 4;
const BITS = 8;
const MAGIC = 'Bochs Virtual HD Image';
const TYPE = 'Redolog';
const SUBTYPE = 'Growing';
const VERSION_1 = 0x00010000;
const VERSION_2 = 0x00020000;
const UNALLOCATED = 0xffffffff;
const MOST_EXTENT_BYTES = 0x800000;

const AT = {
  magic: 0,
  type: 32,
  subtype: 48,
  version: 64,
  headerBytes: 68,
  entries: 72,
  bitmapBytes: 76,
  extentBytes: 80,
  bytesV1: 84,
  bytesV2: 88,
} as const;

interface BochsLayout {
  readonly dataStart: number;
  /** Whole sectors. */
  readonly bitmapBytes: number;
  readonly extentBytes: number;
}

class BochsMap implements BlockMap {
  readonly blockBytes = SECTOR_BYTES;
  readonly #file: BlockNode;
  readonly #layout: BochsLayout;
  readonly #catalog: DataView;
  /** The bitmap that was asked for last. */
  #bitmap: { readonly offset: number; readonly bits: DataView } | undefined;

  constructor(file: BlockNode, layout: BochsLayout, catalog: DataView) {
    this.#file = file;
    this.#layout = layout;
    this.#catalog = catalog;
  }

  async lookUp(sector: number, most: number): Promise<PlaceRun> {
    const { dataStart, bitmapBytes, extentBytes } = this.#layout;
    const extentSectors = extentBytes / SECTOR_BYTES;
    const index = sector % extentSectors;
    const inExtent = Math.min(most, extentSectors - index);
    const entry = this.#catalog.getUint32(Math.floor(sector / extentSectors) * ENTRY_BYTES, true);
    if (entry === UNALLOCATED) return { place: ABSENT, blocks: inExtent };
    const wholeExtent = Math.ceil(extentBytes / SECTOR_BYTES) * SECTOR_BYTES;
    const start = dataStart + entry * (bitmapBytes + wholeExtent);
    const bits = await this.#bitmapAt(checkPlace(this.#file, 'bochs', start, dataStart));
    return mergePlaces(inExtent, SECTOR_BYTES, (more) => {
      const bit = index + more;
      const isHeld = (bits.getUint8(Math.floor(bit / BITS)) & (1 << (bit % BITS))) !== 0;
      return isHeld ? { kind: 'data', offset: start + bitmapBytes + bit * SECTOR_BYTES } : ABSENT;
    });
  }

  async #bitmapAt(offset: number): Promise<DataView> {
    if (this.#bitmap?.offset === offset) return this.#bitmap.bits;
    const place = { offset, bytes: this.#layout.bitmapBytes, what: 'bitmap' };
    const bits = await readTable(this.#file, 'bochs', place);
    this.#bitmap = { offset, bits };
    return bits;
  }
}

/** Takes `file` over. Throws BlockError. */
export async function openBochs(file: BlockNode): Promise<MappedNode> {
  const header = await readHeader(file, 'bochs', HEADER_BYTES);
  const { fileName } = file;
  const number = (at: number) => header.getUint32(at, true);
  if (textAt(header, AT.magic, 32) !== MAGIC) throw damaged(fileName, 'bochs', 'it has no header');
  const type = `${textAt(header, AT.type, 16)} ${textAt(header, AT.subtype, 16)}`;
  if (type !== `${TYPE} ${SUBTYPE}`) throw unknownKind(fileName, 'bochs', `the type '${type}'`);
  const version = number(AT.version);
  if (version !== VERSION_1 && version !== VERSION_2) {
    throw unknownKind(fileName, 'bochs', `version 0x${version.toString(16)}`);
  }
  const length = header.getBigUint64(version === VERSION_1 ? AT.bytesV1 : AT.bytesV2, true);
  const bytes = Math.floor(checkLength(fileName, 'bochs', length) / SECTOR_BYTES) * SECTOR_BYTES;
  const extentBytes = number(AT.extentBytes);
  const bitmapBytes = Math.ceil(number(AT.bitmapBytes) / SECTOR_BYTES) * SECTOR_BYTES;
  const isPower = (extentBytes & (extentBytes - 1)) === 0;
  if (extentBytes < SECTOR_BYTES || !isPower || extentBytes > MOST_EXTENT_BYTES) {
    throw damaged(fileName, 'bochs', `extents of ${extentBytes} bytes`);
  }
  if (bitmapBytes * BITS < extentBytes / SECTOR_BYTES || bitmapBytes > MOST_EXTENT_BYTES) {
    throw damaged(fileName, 'bochs', `bitmaps of ${bitmapBytes} bytes for extents of ${extentBytes}`);
  }
  const entries = number(AT.entries);
  if (entries * extentBytes < bytes) {
    throw damaged(fileName, 'bochs', `${entries} extents of ${extentBytes} bytes for a disk of ${bytes}`);
  }
  const offset = number(AT.headerBytes);
  const catalog = await readTable(file, 'bochs', { offset, bytes: entries * ENTRY_BYTES, what: 'catalog' });
  const layout = { dataStart: offset + entries * ENTRY_BYTES, bitmapBytes, extentBytes };
  return MappedNode.open({ driver: 'bochs', file, map: new BochsMap(file, layout, catalog), bytes });
}
