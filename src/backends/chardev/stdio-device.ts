/** `stdio`: the process's own standard input and output. */
import { duplicate, setNonBlocking } from '../../host/descriptor.ts';
import {
  isForegroundTerminal,
  onContinuation,
  rawAttributes,
  setTerminalAttributes,
  terminalAttributes,
} from '../../host/terminal.ts';
import type { ChardevCreation } from './chardev-environment.ts';
import { ChardevError } from './chardev-error.ts';
import { FdCharDevice } from './fd-char-device.ts';

const STDIN = 0;
const STDOUT = 1;

/** There is one standard input: the label of the device that has it on this thread. */
let owner: string | undefined;

/**
 * A terminal is put in raw mode while the device lives, again after the process was stopped and goes on. It is put back when the device is closed or the thread exits;
 * for an exit of the whole process, by a signal too, Node itself restores the terminal that it was started with.
 */
class StdioDevice extends FdCharDevice {
  readonly #restore: () => void;
  readonly #continuations: Disposable | undefined;

  constructor(creation: ChardevCreation, signals: boolean) {
    // Duplicates: closing the device must not close what later code of the process expects behind 0 and 1.
    const readFd = duplicate(STDIN);
    const writeFd = duplicate(STDOUT);
    setNonBlocking(readFd, true);
    setNonBlocking(writeFd, true);
    super(creation, { readFd, writeFd });
    const saved = terminalAttributes(STDIN);
    if (saved !== undefined) {
      const raw = rawAttributes(saved, { signals, postProcess: true });
      setTerminalAttributes(STDIN, raw);
      this.#continuations = onContinuation(() => {
        // From the background the kernel would stop the process again; `fg` continues it once more.
        if (isForegroundTerminal(STDIN)) {
          setTerminalAttributes(STDIN, raw);
        }
      });
    }
    this.#restore = () => {
      if (saved !== undefined) {
        setTerminalAttributes(STDIN, saved);
      }
      setNonBlocking(STDIN, false);
      setNonBlocking(STDOUT, false);
    };
    process.once('exit', this.#restore);
  }

  override async close(): Promise<void> {
    this.#continuations?.[Symbol.dispose]();
    await super.close();
    if (owner === this.label) {
      owner = undefined;
      process.off('exit', this.#restore);
      this.#restore();
    }
  }
}

/**
 * @param signals whether ctrl-c on the terminal still interrupts the process, instead of arriving as a byte
 * Throws `ERR_CHARDEV_OPEN` when another device has the standard input.
 */
export function createStdioDevice(creation: ChardevCreation, signals: boolean): FdCharDevice {
  if (owner !== undefined) {
    const cause = new Error(`standard input and output are used by chardev '${owner}'`);
    throw new ChardevError('ERR_CHARDEV_OPEN', 'Failed to create chardev', { cause });
  }
  const device = new StdioDevice(creation, signals);
  owner = creation.label;
  return device;
}
