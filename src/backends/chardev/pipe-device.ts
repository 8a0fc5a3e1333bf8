/** `pipe`: the FIFOs PATH.in and PATH.out, or one file PATH for both directions. */
import { constants } from 'node:fs';
import { setNonBlocking } from '../../host/descriptor.ts';
import { closePath, openPath } from '../../host/open-path.ts';
import type { ChardevCreation } from './chardev-environment.ts';
import { ChardevError } from './chardev-error.ts';
import { FdCharDevice } from './fd-char-device.ts';

/** Throws `ERR_CHARDEV_OPEN`. */
export function createPipeDevice(creation: ChardevCreation, path: string): FdCharDevice {
  const { fdSets } = creation.environment;
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
    return new FdCharDevice(creation, { readFd, writeFd });
  }
  for (const fd of [readFd, writeFd]) {
    if (fd !== undefined) {
      closePath(fd, fdSets);
    }
  }
  try {
    const both = openPath(path, flags, fdSets);
    setNonBlocking(both, true);
    return new FdCharDevice(creation, { readFd: both, writeFd: both });
  } catch (cause) {
    throw new ChardevError('ERR_CHARDEV_OPEN', 'Failed to create chardev', { cause });
  }
}
