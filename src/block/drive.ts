/** One drive: the image that is in it, if any, and everything that holds for its requests whatever the image is. */
import { resolve } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { monotonicNs } from '../memory/virtual-clock.ts';
import { BlockError, EINVAL, EIO, ENOMEDIUM, EROFS, errnoOf, reasonOf } from './block-error.ts';
import type { BlockNode, Views } from './block-node.ts';
import { createImage } from './create-image.ts';
import { DriveCounters } from './drive-counters.ts';
import { FileNode } from './file-node.ts';
import { hostPath, openImage } from './open-image.ts';
import { OverlayNode } from './overlay-node.ts';
import { Qcow2Node } from './qcow2/qcow2-node.ts';
import { RequestGate } from './request-gate.ts';
import type { DriveConfig, DriveStatistics, MediumInfo, Outcome } from './storage-contract.ts';
import { NO_LIMITS, Throttle, type ThrottleClock, type ThrottleLimits } from './throttle.ts';

const hostClock: ThrottleClock = { now: monotonicNs, delay: (ms) => setTimeout(ms) };

function depthOf(node: BlockNode): number {
  return node.backing === undefined ? 0 : 1 + depthOf(node.backing);
}

function describe(node: BlockNode): MediumInfo {
  return {
    file: node.fileName,
    format: node.driver,
    bytes: node.bytes,
    readOnly: node.readOnly,
    encrypted: node.encrypted,
    backingFile: node.backing?.fileName,
    backingDepth: depthOf(node),
  };
}

/**
 * What the cache modes mean here. The host's page cache is used in all of them, since guest buffers have no alignment that
 * O_DIRECT could rely on; what differs is when data has to be on disk:
 * writeback, none: when the guest flushes. writethrough, directsync: before a write is acknowledged. unsafe: never.
 */
function isWriteThrough(config: DriveConfig): boolean {
  return config.cache === 'writethrough' || config.cache === 'directsync';
}

/** Opens a qcow2 image over a node that is open already, whatever backing file the image itself names. */
async function openOver(backing: BlockNode, fileName: string, format: string): Promise<BlockNode> {
  if (format !== 'qcow2') {
    throw new BlockError('ERR_BLOCK_UNSUPPORTED', `Backing file not supported for file format '${format}'`);
  }
  let file: FileNode | undefined;
  try {
    file = FileNode.open(hostPath(fileName), { readOnly: false });
    return await Qcow2Node.open(file, backing, await Qcow2Node.header(file));
  } catch (error) {
    await file?.close();
    throw new BlockError('ERR_BLOCK_OPEN', `Could not open '${fileName}'`, { cause: error });
  }
}

export class Drive {
  readonly config: DriveConfig;
  readonly #gate = new RequestGate();
  readonly #counters: DriveCounters;
  #node: BlockNode | undefined;
  #throttle: Throttle;

  /** @param now a monotonic clock in ns, for the statistics */
  constructor(config: DriveConfig, now: () => number = monotonicNs) {
    this.config = config;
    this.#counters = new DriveCounters(now);
    this.#throttle = new Throttle(config.throttle, hostClock);
  }

  /** What is in force. Taking a medium out ends its limits. */
  get limits(): ThrottleLimits {
    return this.#throttle.limits;
  }

  /** Puts other limits in force; what waits under the old ones goes at once. */
  setLimits(limits: ThrottleLimits): void {
    this.#throttle.release();
    this.#throttle = new Throttle(limits, hostClock);
  }

  get medium(): MediumInfo | null {
    return this.#node === undefined ? null : describe(this.#node);
  }

  get node(): BlockNode | undefined {
    return this.#node;
  }

  statistics(): DriveStatistics {
    const file = this.#node?.file?.counters?.snapshot();
    return { ...this.#counters.snapshot(), ...(file === undefined ? {} : { file }) };
  }

  /**
   * Puts a medium in, or takes it out (`file` null). If the new one cannot be opened the drive is left empty.
   * Throws BlockError `could not open disk image F: REASON`.
   */
  changeMedium(file: string | null, format: string | undefined): Promise<void> {
    return this.#gate.alone(async () => {
      const old = this.#node;
      this.#node = undefined;
      if (old !== undefined) {
        this.setLimits(NO_LIMITS);
        await old.close();
      }
      if (file !== null) {
        this.#node = await this.#open(file, format);
        this.#counters.mediumOpened();
      }
    });
  }

  async read(offset: number, views: Views, bytes: number): Promise<Outcome> {
    if (this.#throttle.isActive) await this.#throttle.admit(false, bytes);
    return this.#request(offset, bytes, false, (node) =>
      this.#counters.count('read', bytes, () => node.read(offset, views)),
    );
  }

  async write(offset: number, views: Views, bytes: number): Promise<Outcome> {
    if (this.#throttle.isActive) await this.#throttle.admit(true, bytes);
    return this.#request(offset, bytes, true, (node) =>
      this.#counters.count('write', bytes, async () => {
        await node.write(offset, views);
        await this.#written(node, offset + bytes);
      }),
    );
  }

  /** @returns 0 when everything that had answered before is on disk */
  flush(): Promise<Outcome> {
    return this.#request(0, 0, false, (node) =>
      this.#counters.count('flush', 0, async () => {
        if (this.config.cache !== 'unsafe' && !node.readOnly) {
          await node.flush();
        }
      }),
    );
  }

  /** Nothing at all unless discard=unmap. */
  discard(offset: number, bytes: number): Promise<Outcome> {
    return this.#request(offset, bytes, true, async (node) => {
      if (this.config.discard === 'unmap' && bytes > 0) {
        await node.discard(offset, bytes);
      }
    });
  }

  writeZeroes(offset: number, bytes: number): Promise<Outcome> {
    return this.#request(offset, bytes, true, async (node) => {
      if (bytes > 0) {
        await node.writeZeroes(offset, bytes, { mayUnmap: this.config.discard === 'unmap' });
        await this.#written(node, offset + bytes);
      }
    });
  }

  /** Throws BlockError with the texts of block_resize (schema.json). */
  resize(bytes: number): Promise<void> {
    return this.#gate.alone(async () => {
      const { id } = this.config;
      if (this.#node === undefined) {
        throw new BlockError('ERR_BLOCK_NO_MEDIUM', `Device '${id}' has no medium`, { errno: ENOMEDIUM });
      }
      if (this.#node.readOnly) {
        throw new BlockError('ERR_BLOCK_READ_ONLY', `Device '${id}' is read only`, { errno: EROFS });
      }
      try {
        await this.#node.resize(bytes);
      } catch (error) {
        if (error instanceof BlockError && error.code === 'ERR_BLOCK_UNSUPPORTED') {
          throw new BlockError(
            'ERR_BLOCK_UNSUPPORTED',
            'this feature or command is not currently supported',
            {
              cause: error,
            },
          );
        }
        throw new BlockError('ERR_BLOCK_IO', `Could not resize: ${reasonOf(error)}`, { cause: error });
      }
    });
  }

  /**
   * Puts a new image on top of the present one, which only is read from then on. Until that has worked nothing changes.
   * Throws BlockError with the texts of blockdev-snapshot-sync (schema.json).
   * @param file.exists it has been made already, and is opened as it is
   */
  snapshot(file: {
    readonly name: string;
    readonly format: string;
    readonly exists: boolean;
  }): Promise<void> {
    return this.#gate.alone(async () => {
      const present = this.#node;
      if (present === undefined) {
        throw new BlockError('ERR_BLOCK_NO_MEDIUM', `Device '${this.config.id}' has no medium`);
      }
      await present.flush();
      if (!file.exists) {
        await createImage({
          fileName: file.name,
          format: file.format,
          bytes: present.bytes,
          backingFile: resolve(present.fileName),
          backingFormat: present.driver,
          formatOptions: [],
        });
      }
      this.#node = await openOver(present, file.name, file.format);
    });
  }

  /** Resolves when no request is under way, with everything on disk that has to be. */
  async drain(): Promise<void> {
    await this.#gate.alone(async () => {
      if (this.#node !== undefined && !this.#node.readOnly && this.config.cache !== 'unsafe') {
        await this.#node.flush();
      }
    });
  }

  async close(): Promise<void> {
    await this.changeMedium(null, undefined);
  }

  async #open(file: string, format: string | undefined): Promise<BlockNode> {
    const { readOnly, snapshot, driverOptions } = this.config;
    try {
      const node = await openImage(file, { format, driverOptions, readOnly: readOnly || snapshot });
      if (!snapshot || readOnly) {
        return node;
      }
      try {
        return new OverlayNode(node);
      } catch (error) {
        await node.close();
        throw error;
      }
    } catch (error) {
      if (error instanceof BlockError && error.code === 'ERR_BLOCK_FORMAT') {
        throw error;
      }
      throw new BlockError('ERR_BLOCK_OPEN', `could not open disk image ${file}: ${reasonOf(error)}`, {
        cause: error,
        errno: errnoOf(error),
      });
    }
  }

  async #written(node: BlockNode, end: number): Promise<void> {
    this.#counters.wroteUpTo(end);
    if (isWriteThrough(this.config)) {
      await node.flush();
    }
  }

  #request(
    offset: number,
    bytes: number,
    writing: boolean,
    work: (node: BlockNode) => Promise<void>,
  ): Promise<Outcome> {
    return this.#gate.share(async () => {
      const node = this.#node;
      if (node === undefined) {
        return ENOMEDIUM;
      }
      if (!Number.isSafeInteger(offset) || offset < 0 || offset + bytes > node.bytes) {
        return bytes < 0 ? EINVAL : EIO;
      }
      if (writing && node.readOnly) {
        return EROFS;
      }
      try {
        await work(node);
        return 0;
      } catch (error) {
        return errnoOf(error);
      }
    });
  }
}
