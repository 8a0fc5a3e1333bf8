/** The protocols `file` and `host_device`: an image in a regular file or on a block device of the host. */
import { constants, fdatasync, fstatSync, ftruncateSync } from 'node:fs';
import { constants as osConstants } from 'node:os';
import { promisify } from 'node:util';
import { threadDescriptors } from '../host/descriptor-ledger.ts';
import { endOf, extentAt, punchHole, zeroRange } from '../host/file-space.ts';
import { byteLengthOf, readAt, viewsFrom, writeAt } from '../host/file-transfer.ts';
import { HostError } from '../host/host-error.ts';
import { addressOf } from '../host/libc.ts';
import { openPath } from '../host/open-path.ts';
import { monotonicNs } from '../memory/virtual-clock.ts';
import { BlockError } from './block-error.ts';
import type { BlockNode, BlockStatus, Views, WriteZeroesOptions } from './block-node.ts';
import { DriveCounters } from './drive-counters.ts';
import { lockImage, unlockImage } from './image-locks.ts';
import { zeroViews } from './zeroes.ts';

const fdatasyncAsync = promisify(fdatasync);
const { EFBIG, EINVAL, ENOSPC } = osConstants.errno;

async function sync(fd: number): Promise<void> {
  try {
    await fdatasyncAsync(fd);
  } catch (error) {
    const number = error instanceof Error && 'errno' in error ? Number(error.errno) : 0;
    throw new HostError(-number, `flush descriptor ${fd}`);
  }
}

/** What every host accepts of O_DIRECT: pages of the file, and memory that begins at a sector. */
const DIRECT_FILE_BYTES = 4096;
const DIRECT_MEMORY_BYTES = 512n;

/** @returns undefined where the file system cannot */
function openDirect(fileName: string, readOnly: boolean): number | undefined {
  try {
    return openPath(fileName, (readOnly ? constants.O_RDONLY : constants.O_RDWR) | constants.O_DIRECT);
  } catch {
    return undefined;
  }
}

function isAligned(offset: number, views: Views): boolean {
  return (
    offset % DIRECT_FILE_BYTES === 0 &&
    views.every(
      (view) =>
        view.byteLength % DIRECT_FILE_BYTES === 0 && BigInt(addressOf(view)) % DIRECT_MEMORY_BYTES === 0n,
    )
  );
}

export interface OpenFileOptions {
  readonly readOnly: boolean;
  /** Makes the file, empty, or empties it. */
  readonly create?: boolean;
  /** Goes past the host's page cache where requests are aligned so that the host allows it. */
  readonly direct?: boolean;
}

/** A file of the host. Its `bytes` grow when something is written behind its end, unless it is a device. */
export class FileNode implements BlockNode {
  readonly driver: 'file' | 'host_device';
  readonly fileName: string;
  readonly encrypted = false;
  readonly backing = undefined;
  readonly file = undefined;
  readonly counters = new DriveCounters(monotonicNs);
  /** A file that was adopted has no name under which it could be opened again. */
  readonly #hasName: boolean;
  #fd: number;
  /** The same file opened with O_DIRECT, if that is wanted and possible. */
  #direct: number | undefined;
  #readOnly: boolean;
  #bytes: number;
  #canPunch = true;
  #canZero = true;

  private constructor(
    fd: number,
    fileName: string,
    options: { readOnly: boolean; hasName: boolean; direct?: boolean },
  ) {
    this.#fd = fd;
    this.#direct = options.direct === true ? openDirect(fileName, options.readOnly) : undefined;
    this.fileName = fileName;
    this.#readOnly = options.readOnly;
    this.#hasName = options.hasName;
    this.driver = fstatSync(fd).isBlockDevice() ? 'host_device' : 'file';
    this.#bytes = endOf(fd);
  }

  /**
   * Opens a file by name (`/dev/fdset/N` is left to who owns the sets), and locks it.
   * Throws HostError when the host refuses, BlockError `ERR_BLOCK_LOCKED`.
   */
  static open(fileName: string, { readOnly, create = false, direct = false }: OpenFileOptions): FileNode {
    const flags = (readOnly ? constants.O_RDONLY : constants.O_RDWR) | (create ? constants.O_CREAT : 0);
    const fd = openPath(fileName, flags, undefined, 0o644);
    try {
      const stat = fstatSync(fd);
      if (stat.isDirectory()) {
        throw new HostError(osConstants.errno.EISDIR, `open ${fileName}`);
      }
      if (!stat.isFile() && !stat.isBlockDevice()) {
        throw new HostError(EINVAL, `open ${fileName}`);
      }
      lockImage(fd, fileName, readOnly);
      if (create && stat.isFile()) {
        ftruncateSync(fd, 0);
      }
      return new FileNode(fd, fileName, { readOnly, hasName: true, direct });
    } catch (error) {
      threadDescriptors().close(fd);
      throw error;
    }
  }

  /** Takes over an open descriptor, without locks: a temporary file that has no name any more. */
  static adopt(fd: number, fileName: string): FileNode {
    return new FileNode(fd, fileName, { readOnly: false, hasName: false });
  }

  get readOnly(): boolean {
    return this.#readOnly;
  }

  get bytes(): number {
    return this.#bytes;
  }

  read(offset: number, views: Views): Promise<void> {
    return this.counters.count('read', byteLengthOf(views), async () => {
      const fd = this.#descriptorFor(offset, views);
      const count = await readAt(fd, views, offset, { goesToDisk: fd !== this.#fd });
      if (count < byteLengthOf(views)) {
        zeroViews(viewsFrom(views, count));
      }
    });
  }

  write(offset: number, views: Views): Promise<void> {
    const bytes = byteLengthOf(views);
    const end = offset + bytes;
    return this.counters.count('write', bytes, async () => {
      this.#checkDeviceEnd(end);
      const fd = this.#descriptorFor(offset, views);
      await writeAt(fd, views, offset, { goesToDisk: fd !== this.#fd });
      this.#bytes = Math.max(this.#bytes, end);
      this.counters.wroteUpTo(end);
    });
  }

  flush(): Promise<void> {
    return this.counters.count('flush', 0, () => sync(this.#fd));
  }

  async discard(offset: number, bytes: number): Promise<void> {
    this.#punch(offset, bytes);
  }

  async writeZeroes(offset: number, bytes: number, { mayUnmap }: WriteZeroesOptions): Promise<void> {
    const end = offset + bytes;
    this.#checkDeviceEnd(end);
    const done = (mayUnmap && this.#punch(offset, bytes)) || this.#zero(offset, bytes);
    if (!done) {
      await this.#writeZeroBytes(offset, bytes);
    } else if (end > this.#bytes) {
      ftruncateSync(this.#fd, end);
    }
    this.#bytes = Math.max(this.#bytes, end);
  }

  async resize(bytes: number): Promise<void> {
    if (this.driver === 'host_device') {
      if (bytes > this.#bytes) {
        throw new BlockError(
          'ERR_BLOCK_UNSUPPORTED',
          `'${this.fileName}' is a device of ${this.#bytes} bytes`,
          {
            errno: EINVAL,
          },
        );
      }
      return;
    }
    try {
      ftruncateSync(this.#fd, bytes);
    } catch (error) {
      throw new HostError(
        Math.abs(Number((error as NodeJS.ErrnoException).errno ?? EFBIG)),
        `resize ${this.fileName}`,
      );
    }
    this.#bytes = bytes;
  }

  async status(offset: number, bytes: number): Promise<BlockStatus> {
    if (offset >= this.#bytes) {
      return { bytes, allocated: true, zero: true, hostOffset: undefined };
    }
    const { data, end } = extentAt(this.#fd, offset, this.#bytes);
    return { bytes: Math.min(end - offset, bytes), allocated: true, zero: !data, hostOffset: offset };
  }

  async setReadOnly(readOnly: boolean): Promise<void> {
    if (readOnly === this.#readOnly || !this.#hasName) return;
    const fd = openPath(this.fileName, readOnly ? constants.O_RDONLY : constants.O_RDWR);
    // Locks belong to descriptors: one's own old ones would contradict the new ones.
    unlockImage(this.#fd);
    try {
      lockImage(fd, this.fileName, readOnly);
    } catch (error) {
      threadDescriptors().close(fd);
      lockImage(this.#fd, this.fileName, this.#readOnly);
      throw error;
    }
    threadDescriptors().close(this.#fd);
    this.#fd = fd;
    this.#readOnly = readOnly;
    if (this.#direct !== undefined) {
      threadDescriptors().close(this.#direct);
      this.#direct = openDirect(this.fileName, readOnly);
    }
  }

  async close(): Promise<void> {
    try {
      if (!this.readOnly) {
        await this.flush();
      }
    } finally {
      if (this.#direct !== undefined) threadDescriptors().close(this.#direct);
      threadDescriptors().close(this.#fd);
    }
  }

  /** A file that ends within a page has its last one read and written through the cache. */
  #descriptorFor(offset: number, views: Views): number {
    if (this.#direct === undefined || !isAligned(offset, views)) return this.#fd;
    const end = offset + byteLengthOf(views);
    return end <= this.#bytes ? this.#direct : this.#fd;
  }

  #punch(offset: number, bytes: number): boolean {
    this.#canPunch &&= punchHole(this.#fd, offset, bytes);
    return this.#canPunch;
  }

  #zero(offset: number, bytes: number): boolean {
    this.#canZero &&= zeroRange(this.#fd, offset, bytes);
    return this.#canZero;
  }

  async #writeZeroBytes(offset: number, bytes: number): Promise<void> {
    const zeroes = new Uint8Array(Math.min(bytes, 1 << 20));
    for (let done = 0; done < bytes; done += zeroes.length) {
      await writeAt(this.#fd, [zeroes.subarray(0, bytes - done)], offset + done);
    }
  }

  #checkDeviceEnd(end: number): void {
    if (this.driver === 'host_device' && end > this.#bytes) {
      throw new HostError(ENOSPC, `write up to byte ${end} of ${this.fileName}`);
    }
  }
}
