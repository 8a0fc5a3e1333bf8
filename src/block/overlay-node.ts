/**
 * What snapshot=on writes to: a sparse file without a name that holds every written sector at the place where the disk has it,
 * over an image that stays as it is. Which sectors it holds is known in memory alone, so it ends with the process.
 */
import { constants, openSync, unlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { threadDescriptors } from '../host/descriptor-ledger.ts';
import { byteLengthOf, viewsFrom, viewsUpTo } from '../host/file-transfer.ts';
import type { BlockNode, BlockStatus, Views, WriteZeroesOptions } from './block-node.ts';
import { FileNode } from './file-node.ts';
import { SectorMap } from './sector-map.ts';
import { zeroViews } from './zeroes.ts';

const SECTOR_BYTES = 512;
const OWNER_ONLY = 0o600;

/** A file that no one else can find, in the host's directory for temporary files (TMPDIR). Throws what open(2) says. */
function temporaryFile(): FileNode {
  const name = join(process.env['TMPDIR'] ?? '/var/tmp', `troupe-${process.pid}-${crypto.randomUUID()}`);
  const { O_RDWR, O_CREAT, O_EXCL } = constants;
  let path = name;
  let fd: number;
  try {
    fd = openSync(path, O_RDWR | O_CREAT | O_EXCL, OWNER_ONLY);
  } catch {
    path = join(tmpdir(), `troupe-${process.pid}-${crypto.randomUUID()}`);
    fd = openSync(path, O_RDWR | O_CREAT | O_EXCL, OWNER_ONLY);
  }
  unlinkSync(path);
  return FileNode.adopt(threadDescriptors().own(fd), path);
}

/** A temporary overlay. Offsets and lengths are whole sectors. */
export class OverlayNode implements BlockNode {
  readonly driver = 'overlay';
  readonly readOnly = false;
  readonly encrypted = false;
  readonly backing: BlockNode;
  readonly file: FileNode;
  readonly #held = new SectorMap();
  #bytes: number;
  /** Bytes of the backing image that still show through: less than its length once the disk has been shrunk. */
  #visible: number;

  /** Takes `backing` over. */
  constructor(backing: BlockNode, file: FileNode = temporaryFile()) {
    this.backing = backing;
    this.file = file;
    this.#bytes = backing.bytes;
    this.#visible = backing.bytes;
  }

  get fileName(): string {
    return this.file.fileName;
  }

  get bytes(): number {
    return this.#bytes;
  }

  async read(offset: number, views: Views): Promise<void> {
    const total = byteLengthOf(views);
    let rest = views;
    for (let done = 0; done < total; ) {
      const { bytes, allocated, zero } = await this.status(offset + done, total - done);
      const part = viewsUpTo(rest, bytes);
      if (zero) {
        zeroViews(part);
      } else {
        await (allocated ? this.file : this.backing).read(offset + done, part);
      }
      rest = viewsFrom(rest, bytes);
      done += bytes;
    }
  }

  async write(offset: number, views: Views): Promise<void> {
    await this.file.write(offset, views);
    this.#hold(offset, byteLengthOf(views));
  }

  /** Nobody will read it after a power cut. */
  async flush(): Promise<void> {}

  discard(offset: number, bytes: number): Promise<void> {
    return this.writeZeroes(offset, bytes, { mayUnmap: true });
  }

  async writeZeroes(offset: number, bytes: number, options: WriteZeroesOptions): Promise<void> {
    await this.file.writeZeroes(offset, bytes, { ...options, mayUnmap: true });
    this.#hold(offset, bytes);
  }

  async resize(bytes: number): Promise<void> {
    this.#held.truncate(Math.ceil(bytes / SECTOR_BYTES));
    if (bytes < this.file.bytes) {
      await this.file.resize(bytes);
    }
    this.#visible = Math.min(this.#visible, bytes);
    this.#bytes = bytes;
  }

  async status(offset: number, bytes: number): Promise<BlockStatus> {
    const sector = Math.floor(offset / SECTOR_BYTES);
    const allocated = this.#held.has(sector);
    let alike = this.#held.run(sector, Math.ceil(bytes / SECTOR_BYTES)) * SECTOR_BYTES;
    const zero = !allocated && offset >= this.#visible;
    if (!allocated && !zero) {
      alike = Math.min(alike, this.#visible - offset);
    }
    return { bytes: Math.min(alike, bytes), allocated, zero, hostOffset: allocated ? offset : undefined };
  }

  async close(): Promise<void> {
    await this.file.close();
    await this.backing.close();
  }

  #hold(offset: number, bytes: number): void {
    this.#held.add(offset / SECTOR_BYTES, bytes / SECTOR_BYTES);
  }
}
