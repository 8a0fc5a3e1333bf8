import { setImmediate as nextTurn } from 'node:timers/promises';
import type { CharDevice } from '../../backends/chardev/char-device.ts';

/**
 * After so many bytes the monitor takes no more input until the reader has them all. It then also lets the rest of its
 * thread run: redrawing a line of thousands of characters for each one pasted adds up.
 */
const CONGESTION_LIMIT = 64 * 1024;

/** Text on its way to the device; it can be held back while another front end has the terminal. */
export class TerminalOutput {
  readonly #device: CharDevice;
  readonly #encoder = new TextEncoder();
  #held: Uint8Array[] = [];
  #isHeld = false;
  #waiting: (() => void)[] = [];
  #writtenSincePause = 0;

  constructor(device: CharDevice) {
    this.#device = device;
  }

  get isHeld(): boolean {
    return this.#isHeld;
  }

  /** Whether nothing more should be produced before `drained` has resolved. */
  get isCongested(): boolean {
    return this.#writtenSincePause > CONGESTION_LIMIT;
  }

  /** Writes text; '\n' stands for a line end. */
  write(text: string): void {
    const bytes = this.#encoder.encode(terminalText(text));
    if (bytes.length === 0) return;
    this.#writtenSincePause += bytes.length;
    if (this.#isHeld) this.#held.push(bytes);
    else this.#device.write(bytes);
  }

  /** Keeps what is written from now on. */
  hold(): void {
    this.#isHeld = true;
  }

  /** Sends what was kept, and no longer keeps. */
  release(): void {
    this.#isHeld = false;
    this.#flush();
  }

  /** Forgets what was kept. */
  discard(): void {
    this.#held = [];
    this.#wake();
  }

  /** Resolves, after others on this thread had their turn, when the reader has taken everything or is gone. */
  async drained(): Promise<void> {
    await nextTurn();
    this.#writtenSincePause = 0;
    if (this.#held.length > 0) {
      await new Promise<void>((resolve) => {
        this.#waiting.push(resolve);
      });
    }
    await new Promise<void>((resolve) => this.#device.whenDrained(resolve));
  }

  #flush(): void {
    const held = this.#held;
    this.#held = [];
    for (const bytes of held) this.#device.write(bytes);
    this.#wake();
  }

  #wake(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const resolve of waiting) resolve();
  }
}

/** The text with the line ends of a terminal. */
export function terminalText(text: string): string {
  return text.replaceAll('\n', '\r\n');
}
