/** Files that commands write for their client: memory, pictures. `/dev/fdset/N` names a member of a descriptor set. */
import { constants, unlinkSync, writeSync } from 'node:fs';
import { reasonOf } from '../host/host-error.ts';
import { closePath, openPath } from '../host/open-path.ts';
import type { FdSets } from './fd-sets.ts';

const FLAGS = constants.O_WRONLY | constants.O_CREAT | constants.O_TRUNC;

/** Which step failed, and the host's own words for it. */
export interface FileFailure {
  readonly step: 'open' | 'write';
  readonly reason: string;
}

function writeAll(fd: number, bytes: Uint8Array): void {
  let done = 0;
  while (done < bytes.length) {
    done += writeSync(fd, bytes, done);
  }
}

/**
 * Creates or truncates a file and writes what `pieces` gives, piece by piece. The descriptor is closed in any case.
 *
 * @returns undefined, or what went wrong with the file; what `pieces` throws is thrown
 */
export async function writeOutputFile(
  fdSets: FdSets,
  path: string,
  pieces: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
): Promise<FileFailure | undefined> {
  let fd: number;
  try {
    fd = openPath(path, FLAGS, fdSets);
  } catch (error) {
    return { step: 'open', reason: reasonOf(error) };
  }
  try {
    for await (const piece of pieces) {
      try {
        writeAll(fd, piece);
      } catch (error) {
        return { step: 'write', reason: reasonOf(error) };
      }
    }
    return undefined;
  } finally {
    closePath(fd, fdSets);
  }
}

/** Takes away what could not be written whole. A member of a descriptor set has no name to be taken away. */
export function removeOutputFile(path: string): void {
  try {
    unlinkSync(path);
  } catch {
    // Nothing is there, or nothing can be done about it: the failure to write is what the client must know.
  }
}
