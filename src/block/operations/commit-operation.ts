/** block-commit below the active image: data between a base and a top image goes into the base, and what built on top builds on it. */
import { BlockError, ENOTSUP, reasonOf } from '../block-error.ts';
import type { BlockNode } from '../block-node.ts';
import type { DriveAccess } from '../drive-access.ts';
import { deepest, dropBetween, findBelow, heldAbove, isSameImage, overlayOf } from './chain.ts';
import type { GraphOperation } from './graph-operation.ts';
import type { OperationInfo, TransferResult } from './operation-contract.ts';
import { Copier, dealtWith, reading, writing } from './transfer.ts';

const MOST_SKIPPED_BYTES = 1024 * 1024 * 1024;

/** What is committed, and whither. */
export interface CommitImages {
  readonly top: BlockNode;
  readonly base: BlockNode;
}

/** Throws BlockError with the texts of block-commit (schema.json). */
export function findImages(active: BlockNode, topName: string, baseName: string | null): CommitImages {
  const top = isSameImage(topName, active.fileName) ? active : findBelow(active, topName);
  if (top === undefined) throw new BlockError('ERR_BLOCK_OPEN', `Top image file ${topName} not found`);
  const base = baseName === null ? deepest(top) : findBelow(top, baseName);
  if (base === undefined && baseName !== null && isSameImage(baseName, top.fileName)) throw same();
  if (base === undefined) throw new BlockError('ERR_BLOCK_OPEN', `Base '${baseName}' not found`);
  if (base === top) throw same();
  return { top, base };
}

function same(): BlockError {
  return new BlockError('ERR_BLOCK_OPEN', 'Invalid files for merge: top and base are the same');
}

/** Opens an image for writing that was opened as a backing file. Throws BlockError. */
export async function makeWritable(node: BlockNode): Promise<void> {
  if (!node.readOnly) return;
  try {
    if (node.setReadOnly === undefined)
      throw new BlockError('ERR_BLOCK_UNSUPPORTED', 'Operation not supported');
    await node.setReadOnly(false);
  } catch (cause) {
    throw new BlockError('ERR_BLOCK_OPEN', `Could not reopen '${node.fileName}': ${reasonOf(cause)}`, {
      cause,
      errno: ENOTSUP,
    });
  }
}

/** The other way round. It is not written any more, so a failure only leaves locks behind. */
export async function makeReadOnly(node: BlockNode): Promise<void> {
  try {
    if (!node.readOnly) await node.setReadOnly?.(true);
  } catch (error) {
    process.emitWarning(`'${node.fileName}' stays open for writing: ${reasonOf(error)}`);
  }
}

export class CommitOperation implements GraphOperation {
  readonly info: Omit<OperationInfo, 'operation'>;
  readonly #access: DriveAccess;
  readonly #images: CommitImages;
  readonly #overlay: BlockNode;
  readonly #overlayWasReadOnly: boolean;
  readonly #copier = new Copier();

  private constructor(access: DriveAccess, images: CommitImages, overlay: BlockNode) {
    this.#access = access;
    this.#images = images;
    this.#overlay = overlay;
    this.#overlayWasReadOnly = overlay.readOnly;
    this.info = { bytes: images.top.bytes, bitmap: undefined, follows: false, needsScan: false };
  }

  /** @param images where `top` is not the drive's own image. Rejects with BlockError. */
  static begin(access: DriveAccess, images: CommitImages): Promise<CommitOperation> {
    return access.alone(async ({ node }) => {
      const { top, base } = images;
      const overlay = overlayOf(node ?? top, top);
      const operation = new CommitOperation(access, images, overlay);
      try {
        await makeWritable(base);
        await makeWritable(overlay);
        if (base.bytes < top.bytes) await base.resize(top.bytes);
      } catch (error) {
        await operation.#restore();
        throw error;
      }
      return operation;
    });
  }

  transfer(offset: number, bytes: number): Promise<TransferResult> {
    const { top, base } = this.#images;
    return this.#access.beside(async () => {
      const far = Math.min(top.bytes - offset, MOST_SKIPPED_BYTES);
      const { held, bytes: alike } = await reading(heldAbove(top, base, offset, far));
      if (!held) return dealtWith(alike, 0);
      const length = Math.min(alike, bytes);
      return dealtWith(length, await this.#copier.copy(top, base, offset, length));
    });
  }

  scan(): Promise<number> {
    return Promise.resolve(this.info.bytes);
  }

  flush(): Promise<void> {
    return writing(this.#images.base.flush());
  }

  preparePivot(): Promise<void> {
    return Promise.resolve();
  }

  async finish(): Promise<boolean> {
    await this.#access.alone(() => writing(this.#drop()));
    return true;
  }

  abandon(): Promise<void> {
    return this.#access.alone(() => this.#restore());
  }

  async #drop(): Promise<void> {
    const { top, base } = this.#images;
    const visible = Math.min(this.#overlay.bytes, base.bytes);
    // Behind its end, `top` has shown zeros to those above it.
    if (visible > top.bytes) await base.writeZeroes(top.bytes, visible - top.bytes, { mayUnmap: true });
    await base.flush();
    await dropBetween(this.#overlay, base);
    await this.#restore();
  }

  async #restore(): Promise<void> {
    await makeReadOnly(this.#images.base);
    if (this.#overlayWasReadOnly) await makeReadOnly(this.#overlay);
  }
}
