/** `file`: writes to one file, which it truncates, and reads from another if told to. */
import { constants, statSync } from 'node:fs';
import { setNonBlocking } from '../../host/descriptor.ts';
import { closePath, type FdSetMembers, openPath } from '../../host/open-path.ts';
import type { ChardevConfig } from './chardev-config.ts';
import type { ChardevCreation } from './chardev-environment.ts';
import { FdCharDevice } from './fd-char-device.ts';

/** Throws HostError `open PATH: …`. */
export function createFileDevice(
  creation: ChardevCreation,
  config: Extract<ChardevConfig, { kind: 'file' }>,
): FdCharDevice {
  const { fdSets } = creation.environment;
  const writeFd = openEnd(config.out, constants.O_WRONLY | constants.O_TRUNC | constants.O_CREAT, fdSets);
  if (config.in === undefined) {
    return new FdCharDevice(creation, { writeFd });
  }
  try {
    return new FdCharDevice(creation, { writeFd, readFd: openEnd(config.in, constants.O_RDONLY, fdSets) });
  } catch (error) {
    closePath(writeFd, fdSets);
    throw error;
  }
}

/** A FIFO is opened for both directions: that way neither opening nor writing waits for its other end. */
function openEnd(path: string, flags: number, fdSets: FdSetMembers | undefined): number {
  const isFifo = statSync(path, { throwIfNoEntry: false })?.isFIFO() === true;
  const fd = openPath(path, isFifo ? constants.O_RDWR | constants.O_NONBLOCK : flags, fdSets);
  setNonBlocking(fd, true);
  return fd;
}
