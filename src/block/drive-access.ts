/**
 * Requests to the image of one drive, whoever makes them: the guest through its device (Drive, which counts and throttles
 * them), an NBD client, a block job. It decides what may be under way together, and what a request is answered with.
 */
import { BlockError, EINVAL, EIO, ENOMEDIUM, EROFS, errnoOf } from './block-error.ts';
import type { BlockNode, BlockStatus, Views } from './block-node.ts';
import { copyUp } from './copy-up.ts';
import { RangeLock } from './range-lock.ts';
import { RequestGate } from './request-gate.ts';
import type { DriveConfig, Outcome } from './storage-contract.ts';

/** Told of every range that was written, zeroed or discarded, or may have been by a request that failed. */
export type WriteObserver = (offset: number, bytes: number, discarded: boolean) => void;

/** What has to be done before a range may be written, zeroed or discarded: its old contents are put aside. Never rejects. */
export type WriteInterceptor = (offset: number, bytes: number) => Promise<void>;

/** A drive that nobody else uses at the moment. */
export interface ExclusiveDrive {
  readonly node: BlockNode | undefined;
  /** Puts another node in; the old one is its caller's to close. */
  setNode(node: BlockNode | undefined): void;
}

export type AccessPolicy = Pick<DriveConfig, 'id' | 'cache' | 'discard' | 'copyOnRead'>;

/**
 * What the cache modes mean: when data has to be on disk.
 * writeback, none: when the guest flushes. writethrough, directsync: before a write is acknowledged. unsafe: never.
 */
function isWriteThrough({ cache }: AccessPolicy): boolean {
  return cache === 'writethrough' || cache === 'directsync';
}

export class DriveAccess {
  readonly policy: AccessPolicy;
  readonly #gate = new RequestGate();
  readonly #ranges = new RangeLock();
  readonly #observers = new Set<WriteObserver>();
  readonly #interceptors = new Set<WriteInterceptor>();
  #node: BlockNode | undefined;

  constructor(policy: AccessPolicy) {
    this.policy = policy;
  }

  get node(): BlockNode | undefined {
    return this.#node;
  }

  /** @returns what ends the observation */
  observeWrites(observer: WriteObserver): () => void {
    this.#observers.add(observer);
    return () => this.#observers.delete(observer);
  }

  /** Each write waits for `interceptor` first; those that are under way already do not. @returns what ends that */
  interceptWrites(interceptor: WriteInterceptor): () => void {
    this.#interceptors.add(interceptor);
    return () => this.#interceptors.delete(interceptor);
  }

  /** Waits until no request is under way, and holds those that come back while `work` runs. */
  alone<T>(work: (drive: ExclusiveDrive) => Promise<T>): Promise<T> {
    const access = this;
    return this.#gate.alone(() =>
      work({
        get node() {
          return access.#node;
        },
        setNode(node) {
          access.#node = node;
        },
      }),
    );
  }

  /** @param bytes length of all views. 0, or a positive errno */
  read(offset: number, views: Views, bytes: number): Promise<Outcome> {
    return this.#request(offset, bytes, false, async (node) => {
      if (this.policy.copyOnRead && !node.readOnly && node.backing !== undefined) {
        await copyUp(node, this.#ranges, offset, bytes);
      }
      await node.read(offset, views);
    });
  }

  write(offset: number, views: Views, bytes: number): Promise<Outcome> {
    return this.#write(offset, bytes, async (node) => {
      await node.write(offset, views);
      await this.#writeThrough(node);
    });
  }

  /** @returns 0 when everything that had answered before is on disk, unless the drive is `unsafe` */
  flush(): Promise<Outcome> {
    return this.#request(0, 0, false, async (node) => {
      if (this.policy.cache !== 'unsafe' && !node.readOnly) await node.flush();
    });
  }

  /** Nothing at all unless discard=unmap. */
  discard(offset: number, bytes: number): Promise<Outcome> {
    return this.policy.discard === 'unmap' && bytes > 0
      ? this.#write(offset, bytes, (node) => node.discard(offset, bytes), true)
      : this.#request(offset, bytes, true, async () => undefined);
  }

  /** @param mayUnmap whether the space may be given back; as `discard=` says when absent */
  writeZeroes(offset: number, bytes: number, mayUnmap = this.policy.discard === 'unmap'): Promise<Outcome> {
    return this.#write(offset, bytes, async (node) => {
      if (bytes === 0) return;
      await node.writeZeroes(offset, bytes, { mayUnmap });
      await this.#writeThrough(node);
    });
  }

  /** Rejects with BlockError when there is no medium, and with what the node says. */
  status(offset: number, bytes: number): Promise<BlockStatus> {
    return this.#gate.share(async () => this.#medium().status(offset, bytes));
  }

  /**
   * Runs `work` on the drive's image beside other requests. What puts old data into a place that the guest may write does so
   * while `ranges` excludes others from it. Rejects with BlockError when there is no medium, and with what `work` throws.
   */
  beside<T>(work: (node: BlockNode, ranges: RangeLock) => Promise<T>): Promise<T> {
    return this.#gate.share(() => work(this.#medium(), this.#ranges));
  }

  /** Resolves when no request is under way, with everything on disk that has to be. */
  drain(): Promise<void> {
    return this.alone(async ({ node }) => {
      if (node !== undefined && !node.readOnly && this.policy.cache !== 'unsafe') await node.flush();
    });
  }

  #write(
    offset: number,
    bytes: number,
    work: (node: BlockNode) => Promise<void>,
    discards = false,
  ): Promise<Outcome> {
    return this.#request(offset, bytes, true, async (node) => {
      for (const interceptor of this.#interceptors) await interceptor(offset, bytes);
      await this.#ranges.share(offset, bytes, async () => {
        try {
          await work(node);
        } finally {
          for (const observer of this.#observers) observer(offset, bytes, discards);
        }
      });
    });
  }

  #medium(): BlockNode {
    if (this.#node === undefined) {
      const message = `Device '${this.policy.id}' has no medium`;
      throw new BlockError('ERR_BLOCK_NO_MEDIUM', message, { errno: ENOMEDIUM });
    }
    return this.#node;
  }

  async #writeThrough(node: BlockNode): Promise<void> {
    if (isWriteThrough(this.policy)) await node.flush();
  }

  #request(
    offset: number,
    bytes: number,
    writing: boolean,
    work: (node: BlockNode) => Promise<void>,
  ): Promise<Outcome> {
    return this.#gate.share(async () => {
      const node = this.#node;
      if (node === undefined) return ENOMEDIUM;
      if (!Number.isSafeInteger(offset) || offset < 0 || offset + bytes > node.bytes) {
        return bytes < 0 ? EINVAL : EIO;
      }
      if (writing && node.readOnly) return EROFS;
      try {
        await work(node);
        return 0;
      } catch (error) {
        return errnoOf(error);
      }
    });
  }
}
