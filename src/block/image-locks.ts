/**
 * Locks that keep two writers off one image. They are those that qemu-img and QEMU take since 2.10, so that these tools and
 * this program respect each other: a byte from 100 on is locked, shared, for each permission that an opener uses, and one
 * from 200 on for each that he denies to others; an opener then looks whether somebody else's bytes contradict his own
 * (QEMU's documentation, "Disk image file locking").
 */
import { lockedByOther, lockShared, unlock } from '../host/file-lock.ts';
import { BlockError } from './block-error.ts';

const USED_BASE = 100;
const DENIED_BASE = 200;
const PERMISSIONS = 8;
/** Bits of the permissions. */
const CONSISTENT_READ = 0;
const WRITE = 1;
const RESIZE = 3;

const WRITER_USES = [CONSISTENT_READ, WRITE, RESIZE];
const WRITER_DENIES = [WRITE, RESIZE];
const READER_USES = [CONSISTENT_READ];

/**
 * Takes the locks of a writer, or of a reader, who denies nothing to others. They end when the descriptor is closed.
 * Throws BlockError `ERR_BLOCK_LOCKED`, and HostError where files cannot be locked.
 */
export function lockImage(fd: number, fileName: string, readOnly: boolean): void {
  const uses = readOnly ? READER_USES : WRITER_USES;
  const denies = readOnly ? [] : WRITER_DENIES;
  for (const bit of uses) {
    lockShared(fd, USED_BASE + bit, 1);
  }
  for (const bit of denies) {
    lockShared(fd, DENIED_BASE + bit, 1);
  }
  const contradicted =
    uses.some((bit) => lockedByOther(fd, DENIED_BASE + bit, 1)) ||
    denies.some((bit) => lockedByOther(fd, USED_BASE + bit, 1));
  if (contradicted) {
    unlockImage(fd);
    throw new BlockError(
      'ERR_BLOCK_LOCKED',
      `'${fileName}' is in use: another program, or another drive, has it open for writing`,
    );
  }
}

/** Gives up what `lockImage` took. */
export function unlockImage(fd: number): void {
  unlock(fd, USED_BASE, PERMISSIONS);
  unlock(fd, DENIED_BASE, PERMISSIONS);
}
