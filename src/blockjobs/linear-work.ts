/** Work that goes through the disk once, from its beginning to its end: stream, commit below the active image, backup. */
import type { ActorRef } from '../actors/contract.ts';
import { DirtyBitmap } from '../block/dirty-bitmap.ts';
import type { StorageContract } from '../block/storage-contract.ts';
import { strerror } from '../host/host-error.ts';
import { type JobControl, JobFailure } from './job-control.ts';

/** As much as is moved at a time. */
const PIECE_BYTES = 512 * 1024;
const NO_DEADLINE = { deadlineMs: Number.POSITIVE_INFINITY };

export type Storage = Pick<ActorRef<StorageContract>, 'ask'>;

/**
 * Resolves when the work is done, or leaves off because the job ends.
 * Rejects with JobFailure when an error ends it, the last of those that were ignored included.
 */
export async function workThrough(control: JobControl, storage: Storage): Promise<void> {
  const { operation, bytes, bitmap } = control.config.operation;
  const pending = bitmap === undefined ? undefined : new DirtyBitmap(bitmap);
  let ignored: number | undefined;
  for (let at = 0; at < bytes && (await control.mayGoOn()); control.status.offset = at) {
    const most = Math.min(PIECE_BYTES, bytes - at);
    const piece = pending === undefined ? { offset: at, bytes: most } : pending.next(at, most);
    if (piece === undefined) {
      at = bytes;
      continue;
    }
    const result = await storage.ask('transfer', { operation, ...piece }, NO_DEADLINE);
    control.charge(result.moved);
    if (result.outcome === 0) {
      at = piece.offset + result.bytes;
    } else if ((await control.failed(result)) === 'ignore') {
      ignored ??= result.outcome;
      at = piece.offset + piece.bytes;
    }
  }
  if (ignored !== undefined) throw new JobFailure(strerror(ignored));
}
