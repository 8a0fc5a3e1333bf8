/** What all character devices share: one front end at a time, and the answers of devices without connections. */
import type { CharDevice, CharEvent, CharFrontEnd } from './char-device.ts';
import { ChardevError } from './chardev-error.ts';

export abstract class CharDeviceBase implements CharDevice {
  readonly label: string;
  readonly #filename: string;
  #frontEnd: CharFrontEnd | undefined;

  constructor(label: string, filename: string) {
    this.label = label;
    this.#filename = filename;
  }

  get filename(): string {
    return this.#filename;
  }

  get busy(): boolean {
    return this.#frontEnd !== undefined;
  }

  get freeFrontEnds(): number {
    return this.busy ? 0 : 1;
  }

  get connected(): boolean {
    return true;
  }

  get pendingBytes(): number {
    return 0;
  }

  attach(frontEnd: CharFrontEnd): void {
    if (this.#frontEnd !== undefined) {
      throw new ChardevError('ERR_CHARDEV_BUSY', `Chardev '${this.label}' is busy`);
    }
    this.#frontEnd = frontEnd;
    if (this.connected) {
      frontEnd.event('opened');
    }
    this.resume();
  }

  detach(frontEnd: CharFrontEnd): void {
    if (this.#frontEnd === frontEnd) {
      this.#frontEnd = undefined;
      this.resume();
    }
  }

  resume(): void {}

  abstract write(bytes: Uint8Array): void;

  whenDrained(callback: () => void): void {
    callback();
  }

  disconnect(_reason: string): void {}

  takeDescriptor(): number | undefined {
    return undefined;
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  /** How much the front end takes now; 0 without one. */
  protected get wanted(): number {
    return this.#frontEnd?.canReceive() ?? 0;
  }

  protected deliver(bytes: Uint8Array): void {
    this.#frontEnd?.receive(bytes);
  }

  protected emit(event: CharEvent): void {
    this.#frontEnd?.event(event);
  }
}
