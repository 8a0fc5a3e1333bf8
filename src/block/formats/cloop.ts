/** The format cloop, version 2: compressed loop images of live CDs, read only. A table tells where each packed block begins. */
import type { BlockNode } from '../block-node.ts';
import { type BlockMap, damaged, type PlaceRun, readTable } from './block-map.ts';
import { MappedNode } from './mapped-node.ts';
import { unpack } from './unpack.ts';

/** A shell script that mounts the image. */
export const CLOOP_MAGIC =
  '#!/bin/sh\n#V2.0 Format\nmodprobe cloop file=$0 && mount -r -t iso9660 /dev/cloop $1\n';
const SCRIPT_BYTES = 128;
const FIELDS_BYTES = 8;
const ENTRY_BYTES = 8;
const SECTOR_BYTES = 512;
const MOST_BLOCK_BYTES = 64 * 1024 * 1024;

class CloopMap implements BlockMap {
  readonly blockBytes: number;
  readonly #file: BlockNode;
  readonly #offsets: DataView;

  constructor(file: BlockNode, blockBytes: number, offsets: DataView) {
    this.#file = file;
    this.blockBytes = blockBytes;
    this.#offsets = offsets;
  }

  async lookUp(block: number): Promise<PlaceRun> {
    return { place: { kind: 'packed', unpack: () => this.#unpack(block) }, blocks: 1 };
  }

  async #unpack(block: number): Promise<Uint8Array> {
    const [offset, end] = [block, block + 1].map((index) =>
      Number(this.#offsets.getBigUint64(index * ENTRY_BYTES)),
    );
    const { fileName } = this.#file;
    const bytes = (end ?? 0) - (offset ?? 0);
    if (bytes < 0 || bytes > 2 * MOST_BLOCK_BYTES) {
      throw damaged(fileName, 'cloop', `block ${block} is packed into ${bytes} bytes`);
    }
    const packed = await readTable(this.#file, 'cloop', { offset: offset ?? 0, bytes, what: 'block' });
    return unpack(new Uint8Array(packed.buffer), { fileName, format: 'cloop', bytes: this.blockBytes });
  }
}

/** Takes `file` over. Throws BlockError. */
export async function openCloop(file: BlockNode): Promise<MappedNode> {
  const fields = await readTable(file, 'cloop', {
    offset: SCRIPT_BYTES,
    bytes: FIELDS_BYTES,
    what: 'header',
  });
  const blockBytes = fields.getUint32(0);
  const blocks = fields.getUint32(4);
  if (blockBytes === 0 || blockBytes % SECTOR_BYTES !== 0 || blockBytes > MOST_BLOCK_BYTES) {
    throw damaged(file.fileName, 'cloop', `blocks of ${blockBytes} bytes`);
  }
  const offset = SCRIPT_BYTES + FIELDS_BYTES;
  const offsets = await readTable(file, 'cloop', {
    offset,
    bytes: (blocks + 1) * ENTRY_BYTES,
    what: 'table',
  });
  const map = new CloopMap(file, blockBytes, offsets);
  return MappedNode.open({ driver: 'cloop', file, map, bytes: blocks * blockBytes });
}
