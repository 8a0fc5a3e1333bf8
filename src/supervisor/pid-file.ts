/** -pidfile: the process id in a file that is locked for as long as the process lives. */
import { constants, ftruncateSync, writeSync } from 'node:fs';
import { openDescriptor, tryLock } from '../host/descriptor.ts';
import { HostError } from '../host/host-error.ts';
import { SupervisorError } from './supervisor-error.ts';

const OWNER_ONLY = 0o600;

/**
 * Writes this process's id and a newline. The descriptor stays open, and so the lock held, until the process ends;
 * the file itself remains, as with the reference.
 * @throws SupervisorError `ERR_PID_FILE` when the file cannot be written, or another process holds its lock
 */
export function writePidFile(path: string): void {
  try {
    const fd = openDescriptor(path, constants.O_RDWR | constants.O_CREAT, OWNER_ONLY);
    if (!tryLock(fd)) {
      throw new SupervisorError('ERR_PID_FILE', `-pidfile ${path}: locked by another process`);
    }
    ftruncateSync(fd, 0);
    writeSync(fd, `${process.pid}\n`, 0);
  } catch (error) {
    if (error instanceof HostError) {
      throw new SupervisorError('ERR_PID_FILE', `-pidfile ${path}: ${error.message}`, error);
    }
    throw error;
  }
}
