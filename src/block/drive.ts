/** One drive: the image that is in it, if any, and what the guest's requests to it are held to: its limits, and its statistics. */
import { statSync } from 'node:fs';
import { setTimeout } from 'node:timers/promises';
import { monotonicNs } from '../memory/virtual-clock.ts';
import { BlockError, ENOMEDIUM, EROFS, errnoOf, reasonOf } from './block-error.ts';
import type { BlockNode, Views } from './block-node.ts';
import { DriveAccess } from './drive-access.ts';
import { DriveCounters } from './drive-counters.ts';
import type { DriverOptions } from './driver-options.ts';
import { openImage } from './open-image.ts';
import { OverlayNode } from './overlay-node.ts';
import { hostPath } from './protocol-names.ts';
import { type NewImage, snapshotDrives } from './snapshot-drives.ts';
import type {
  DriveConfig,
  DriveStatistics,
  ImageDescription,
  MediumInfo,
  Outcome,
} from './storage-contract.ts';
import { NO_LIMITS, Throttle, type ThrottleClock, type ThrottleLimits } from './throttle.ts';

/** The unit of st_blocks (stat(2)). */
const STAT_BLOCK_BYTES = 512;

const hostClock: ThrottleClock = { now: monotonicNs, delay: (ms) => setTimeout(ms) };

/** The node and those that it builds on, from the top down. */
function chainOf(node: BlockNode): BlockNode[] {
  return node.backing === undefined ? [node] : [node, ...chainOf(node.backing)];
}

function describe(node: BlockNode): MediumInfo {
  return {
    file: node.fileName,
    format: node.driver,
    bytes: node.bytes,
    readOnly: node.readOnly,
    encrypted: chainOf(node).some(({ encrypted }) => encrypted),
    keyMissing: chainOf(node).some(({ keyMissing }) => keyMissing === true),
    backingFile: node.backing === undefined ? undefined : (node.backingName ?? node.backing.fileName),
    backingDepth: chainOf(node).length - 1,
  };
}

function allocatedBytes(node: BlockNode): number | undefined {
  try {
    return statSync(hostPath(node.fileName)).blocks * STAT_BLOCK_BYTES;
  } catch {
    return undefined;
  }
}

function describeImage(node: BlockNode): ImageDescription {
  return {
    file: node.fileName,
    format: node.driver,
    bytes: node.bytes,
    allocatedBytes: allocatedBytes(node),
    encrypted: node.encrypted,
    backingFile: node.backing === undefined ? undefined : (node.backingName ?? node.backing.fileName),
  };
}

export interface DriveClocks {
  /** A monotonic clock in ns, for the statistics. */
  readonly now?: () => number;
  /** The time that limits are counted in; the host's when absent. */
  readonly throttle?: ThrottleClock;
}

export class Drive {
  readonly config: DriveConfig;
  /** Requests that are neither limited nor counted: those of NBD clients and block jobs. */
  readonly access: DriveAccess;
  readonly #counters: DriveCounters;
  readonly #throttleClock: ThrottleClock;
  readonly #mediumEnds = new Set<() => void>();
  #throttle: Throttle;
  #holder: object | undefined;

  constructor(config: DriveConfig, clocks: DriveClocks = {}) {
    this.config = config;
    this.access = new DriveAccess(config);
    this.#counters = new DriveCounters(clocks.now ?? monotonicNs);
    this.#throttleClock = clocks.throttle ?? hostClock;
    this.#throttle = new Throttle(config.throttle, this.#throttleClock);
    this.access.observeWrites((offset, bytes, discarded) => {
      if (!discarded) this.#counters.wroteUpTo(offset + bytes);
    });
  }

  /** What is in force. Taking a medium out ends its limits. */
  get limits(): ThrottleLimits {
    return this.#throttle.limits;
  }

  /** Puts other limits in force; what waits under the old ones goes at once. */
  setLimits(limits: ThrottleLimits): void {
    this.#throttle.letWaitingGo();
    this.#throttle = new Throttle(limits, this.#throttleClock);
  }

  /** Lets go what waits: the machine stops, and everything has to end. The limits stay in force. */
  letWaitingGo(): void {
    this.#throttle.letWaitingGo();
  }

  get medium(): MediumInfo | null {
    return this.node === undefined ? null : describe(this.node);
  }

  /** The images of the medium from the top down. */
  images(): ImageDescription[] {
    return this.node === undefined ? [] : chainOf(this.node).map(describeImage);
  }

  get node(): BlockNode | undefined {
    return this.access.node;
  }

  /** A block job, or a migration, has the drive: others may read and write it, but not change what it is made of. */
  get isInUse(): boolean {
    return this.#holder !== undefined;
  }

  /** Throws BlockError `Device 'D' is in use`. */
  checkFree(): void {
    if (this.isInUse) {
      throw new BlockError('ERR_BLOCK_IN_USE', `Device '${this.config.id}' is in use`);
    }
  }

  /** Takes the drive into use. Throws as `checkFree`. @returns what gives it back */
  hold(): () => void {
    this.checkFree();
    const holder = {};
    this.#holder = holder;
    return () => {
      if (this.#holder === holder) this.#holder = undefined;
    };
  }

  /** Calls back when the medium is taken out, or another one is put in; an NBD export ends then. @returns what ends that */
  onMediumEnd(ended: () => void): () => void {
    this.#mediumEnds.add(ended);
    return () => this.#mediumEnds.delete(ended);
  }

  statistics(): DriveStatistics {
    const file = this.node?.file?.counters?.snapshot();
    return { ...this.#counters.snapshot(), ...(file === undefined ? {} : { file }) };
  }

  /**
   * Puts a medium in, or takes it out (`file` null). If the new one cannot be opened the drive is left empty.
   * @param driverOptions keys of -drive that belong to the nodes; with them the file name may be ''
   * Throws BlockError `could not open disk image F: REASON`.
   */
  changeMedium(
    file: string | null,
    format: string | undefined,
    driverOptions: DriverOptions = [],
  ): Promise<void> {
    return this.access.alone(async (drive) => {
      const old = drive.node;
      drive.setNode(undefined);
      if (old !== undefined) {
        this.setLimits(NO_LIMITS);
        for (const ended of this.#mediumEnds) ended();
        await old.close();
      }
      if (file !== null) {
        drive.setNode(await this.#open(file, format, driverOptions));
        this.#counters.mediumOpened();
      }
    });
  }

  async read(offset: number, views: Views, bytes: number): Promise<Outcome> {
    if (this.#throttle.isActive) await this.#throttle.admit(false, bytes);
    return this.#counters.countOutcome('read', bytes, () => this.access.read(offset, views, bytes));
  }

  async write(offset: number, views: Views, bytes: number): Promise<Outcome> {
    if (this.#throttle.isActive) await this.#throttle.admit(true, bytes);
    return this.#counters.countOutcome('write', bytes, () => this.access.write(offset, views, bytes));
  }

  /** @returns 0 when everything that had answered before is on disk */
  flush(): Promise<Outcome> {
    return this.#counters.countOutcome('flush', 0, () => this.access.flush());
  }

  /** Nothing at all unless discard=unmap. */
  discard(offset: number, bytes: number): Promise<Outcome> {
    return this.access.discard(offset, bytes);
  }

  writeZeroes(offset: number, bytes: number): Promise<Outcome> {
    return this.access.writeZeroes(offset, bytes);
  }

  /** Throws BlockError with the texts of block_resize (schema.json). */
  resize(bytes: number): Promise<void> {
    return this.access.alone(async ({ node }) => {
      const { id } = this.config;
      if (node === undefined) {
        throw new BlockError('ERR_BLOCK_NO_MEDIUM', `Device '${id}' has no medium`, { errno: ENOMEDIUM });
      }
      if (node.readOnly) {
        throw new BlockError('ERR_BLOCK_READ_ONLY', `Device '${id}' is read only`, { errno: EROFS });
      }
      this.checkFree();
      try {
        await node.resize(bytes);
      } catch (cause) {
        if (cause instanceof BlockError && cause.code === 'ERR_BLOCK_UNSUPPORTED') {
          const message = 'this feature or command is not currently supported';
          throw new BlockError('ERR_BLOCK_UNSUPPORTED', message, { cause });
        }
        throw new BlockError('ERR_BLOCK_IO', `Could not resize: ${reasonOf(cause)}`, { cause });
      }
    });
  }

  /**
   * Puts a new image on top of the present one, which only is read from then on. Until that has worked nothing changes.
   * Throws BlockError with the texts of blockdev-snapshot-sync (schema.json).
   */
  snapshot(image: NewImage): Promise<void> {
    return snapshotDrives([{ device: this.config.id, drive: this, image }]);
  }

  /** Gives the encrypted images of the chain their key. Throws BlockError with the texts of block_passwd. */
  setPassword(password: string): Promise<void> {
    return this.access.alone(async ({ node }) => {
      const locked = node === undefined ? [] : chainOf(node).filter(({ encrypted }) => encrypted);
      if (locked.length === 0) {
        throw new BlockError('ERR_BLOCK_NOT_ENCRYPTED', `Device '${this.config.id}' is not encrypted`);
      }
      try {
        for (const each of locked.reverse()) each.setKey?.(password);
      } catch (cause) {
        throw new BlockError('ERR_BLOCK_PASSWORD', 'Password incorrect', { cause });
      }
    });
  }

  /** Resolves when no request is under way, with everything on disk that has to be. */
  drain(): Promise<void> {
    return this.access.drain();
  }

  async close(): Promise<void> {
    await this.changeMedium(null, undefined);
  }

  async #open(file: string, format: string | undefined, driverOptions: DriverOptions): Promise<BlockNode> {
    const { id: device, readOnly, snapshot, cache } = this.config;
    const direct = cache === 'none' || cache === 'directsync';
    try {
      const node = await openImage(file, {
        format,
        driverOptions,
        device,
        direct,
        readOnly: readOnly || snapshot,
      });
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
}
