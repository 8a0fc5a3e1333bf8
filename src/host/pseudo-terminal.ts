/** Pseudo-terminals (pty(7)). */
import { constants } from 'node:fs';
import { openDescriptor } from './descriptor.ts';
import { threadDescriptors } from './descriptor-ledger.ts';
import { HostError, lastError } from './host-error.ts';
import { libc } from './libc.ts';
import { rawAttributes, setTerminalAttributes, terminalAttributes } from './terminal.ts';

const O_CLOEXEC = 0o2000000;
const NAME_BYTES = 128;
const POLLFD_BYTES = 8;
const POLLHUP = 0x10;
const REVENTS_OFFSET = 6;

export interface PseudoTerminal {
  /** Non-blocking; owned by the calling thread. */
  readonly master: number;
  /** `/dev/pts/N` */
  readonly slavePath: string;
}

/** Makes a pseudo-terminal in raw mode. Throws HostError. */
export function openPseudoTerminal(): PseudoTerminal {
  const { O_RDWR, O_NOCTTY, O_NONBLOCK } = constants;
  const master = libc().posix_openpt(O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
  if (master < 0) {
    throw lastError('Failed to create pseudo-terminal');
  }
  threadDescriptors().own(master);
  try {
    return { master, slavePath: prepareSlave(master) };
  } catch (error) {
    threadDescriptors().close(master);
    throw error;
  }
}

function prepareSlave(master: number): string {
  if (libc().grantpt(master) < 0 || libc().unlockpt(master) < 0) {
    throw lastError('Failed to unlock pseudo-terminal');
  }
  const name = new Uint8Array(NAME_BYTES);
  const failure = libc().ptsname_r(master, name, name.length);
  if (failure !== 0) {
    throw new HostError(failure, 'Failed to name pseudo-terminal');
  }
  const slavePath = Buffer.from(name.subarray(0, name.indexOf(0))).toString();
  // The attributes belong to the pair and stay when the slave is closed again.
  const slave = openDescriptor(slavePath, constants.O_RDWR | constants.O_NOCTTY);
  const attributes = terminalAttributes(slave);
  if (attributes !== undefined) {
    setTerminalAttributes(slave, rawAttributes(attributes, { signals: false, postProcess: false }));
  }
  threadDescriptors().close(slave);
  return slavePath;
}

/** Whether some process has the slave open: the kernel hangs the master up while nobody has. */
export function isSlaveOpen(master: number): boolean {
  const pollfd = new Uint8Array(POLLFD_BYTES);
  const view = new DataView(pollfd.buffer);
  view.setInt32(0, master, true);
  libc().poll(pollfd, 1, 0);
  return (view.getInt16(REVENTS_OFFSET, true) & POLLHUP) === 0;
}
