import type { CharDevice, CharFrontEnd } from '../../../src/backends/chardev/char-device.ts';

/** A character device whose host side is the test: it sends bytes and reads what was written. */
export class FakeCharDevice implements CharDevice {
  readonly label = 'fake0';
  readonly filename = 'fake';
  readonly connected = true;
  /** While true, what is written stays pending. */
  isStalled = false;
  descriptor: number | undefined;
  resumes = 0;
  #frontEnd: CharFrontEnd | undefined;
  #written = '';
  #pending = '';
  readonly #whenDrained: (() => void)[] = [];

  get freeFrontEnds(): number {
    return this.busy ? 0 : 1;
  }

  get busy(): boolean {
    return this.#frontEnd !== undefined;
  }

  get frontEnd(): CharFrontEnd {
    if (this.#frontEnd === undefined) throw new Error('nothing is attached');
    return this.#frontEnd;
  }

  get pendingBytes(): number {
    return this.#pending.length;
  }

  attach(frontEnd: CharFrontEnd): void {
    this.#frontEnd = frontEnd;
    frontEnd.event('opened');
  }

  detach(frontEnd: CharFrontEnd): void {
    if (this.#frontEnd === frontEnd) this.#frontEnd = undefined;
  }

  resume(): void {
    this.resumes += 1;
  }

  write(bytes: Uint8Array): void {
    const text = Buffer.from(bytes).toString('utf8');
    if (this.isStalled) this.#pending += text;
    else this.#written += text;
  }

  whenDrained(callback: () => void): void {
    if (this.#pending === '') callback();
    else this.#whenDrained.push(callback);
  }

  /** The reader takes everything that is pending. */
  drain(): void {
    this.#written += this.#pending;
    this.#pending = '';
    for (const callback of this.#whenDrained.splice(0)) callback();
  }

  disconnect(): void {
    this.frontEnd.event('closed');
  }

  takeDescriptor(): number | undefined {
    const descriptor = this.descriptor;
    this.descriptor = undefined;
    return descriptor;
  }

  async close(): Promise<void> {}

  /** Sends text, or bytes as Latin-1 text. */
  send(text: string, encoding: 'utf8' | 'latin1' = 'utf8'): void {
    this.frontEnd.receive(Buffer.from(text, encoding));
  }

  /** What was written since the last call. */
  take(): string {
    const text = this.#written;
    this.#written = '';
    return text;
  }
}
