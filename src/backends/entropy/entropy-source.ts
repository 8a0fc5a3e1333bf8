/** Where random bytes for guests come from. Sources are read without waiting: they give what they have. */
import { randomFillSync } from 'node:crypto';
import { closeSync, constants, openSync, readSync } from 'node:fs';
import { TroupeError } from '../../errors/troupe-error.ts';

export interface EntropySource {
  /** Fills `target` from its start; gives how many bytes there were. 0: ask again later. */
  fill(target: Uint8Array): number;
  /** Lets go of what the source holds. */
  close(): void;
}

/** A source that cannot be opened. */
export class EntropyError extends TroupeError {
  override readonly name: string = 'EntropyError';
}

/** The generator of the host's kernel and of the process: never short of bytes. */
export function systemEntropy(): EntropySource {
  return {
    fill: (target) => {
      randomFillSync(target);
      return target.length;
    },
    close: () => undefined,
  };
}

/**
 * A device or file of random bytes (`/dev/hwrng`).
 * @throws EntropyError `ERR_ENTROPY_SOURCE` when it cannot be opened
 */
export function entropyFile(path: string): EntropySource {
  const fd = open(path);
  return {
    fill: (target) => readNow(fd, target),
    close: () => closeSync(fd),
  };
}

function open(path: string): number {
  try {
    return openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  } catch (cause) {
    throw new EntropyError('ERR_ENTROPY_SOURCE', `Could not open '${path}' as a source of random bytes`, {
      cause,
    });
  }
}

/** Bytes that are there now; none when reading fails, as with a source that has to gather first (EAGAIN). */
function readNow(fd: number, target: Uint8Array): number {
  try {
    return readSync(fd, target);
  } catch {
    return 0;
  }
}
