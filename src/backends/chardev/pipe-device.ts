/** `pipe`: the FIFOs PATH.in and PATH.out, or one file PATH for both directions. */
import { constants } from 'node:fs';
import { setNonBlocking } from '../../host/descriptor.ts';
import { threadDescriptors } from '../../host/descriptor-ledger.ts';
import { openPath } from '../../host/open-path.ts';
import type { ChardevCreation } from './chardev-environment.ts';
import { ChardevError } from './chardev-error.ts';
import { FdCharDevice } from './fd-char-device.ts';

/** Throws `ERR_CHARDEV_OPEN`. */
export function createPipeDevice(creation: ChardevCreation, path: string): FdCharDevice {
  const { clock, fdSets } = creation.environment;
  // Opened for both directions, so that opening does not wait for the other end and its going is not an end of file.
  const flags = constants.O_RDWR | constants.O_NONBLOCK;
  const tryOpen = (name: string): number | undefined => {
    try {
      return openPath(name, flags, fdSets);
    } catch {
      return undefined;
    }
  };
  const readFd = tryOpen(`${path}.in`);
  const writeFd = tryOpen(`${path}.out`);
  if (readFd !== undefined && writeFd !== undefined) {
    return new FdCharDevice(creation.label, creation.filename, { readFd, writeFd }, clock);
  }
  for (const fd of [readFd, writeFd]) {
    if (fd !== undefined) {
      threadDescriptors().close(fd);
    }
  }
  try {
    const both = openPath(path, flags, fdSets);
    setNonBlocking(both, true);
    return new FdCharDevice(creation.label, creation.filename, { readFd: both, writeFd: both }, clock);
  } catch (cause) {
    throw new ChardevError('ERR_CHARDEV_OPEN', 'Failed to create chardev', { cause });
  }
}
