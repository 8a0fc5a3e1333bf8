/** A character device whose host side is the test. */
import type { CharacterPort } from '../../../src/devices/character-port.ts';

export class FakeCharacter implements CharacterPort {
  /** What the device has written. */
  readonly written: number[] = [];
  /** Tests set it to hold the device back; `allow` gives more. */
  writable = 65536;
  connected = true;
  isReleased = false;
  #receive: (bytes: Uint8Array) => void = () => undefined;
  #capacity: () => number = () => 0;
  #event: (event: 'opened' | 'closed' | 'break') => void = () => undefined;
  #writable: () => void = () => undefined;
  readonly #waiting: number[] = [];

  write(bytes: Uint8Array): void {
    this.written.push(...bytes);
    this.writable = Math.max(0, this.writable - bytes.length);
  }

  onWritable(callback: () => void): void {
    this.#writable = callback;
  }

  onReceive(receive: (bytes: Uint8Array) => void, capacity: () => number): void {
    this.#receive = receive;
    this.#capacity = capacity;
  }

  resume(): void {
    const room = this.#capacity();
    if (room === 0 || this.#waiting.length === 0) return;
    this.#receive(Uint8Array.from(this.#waiting.splice(0, room)));
    this.resume();
  }

  onEvent(event: (event: 'opened' | 'closed' | 'break') => void): void {
    this.#event = event;
  }

  release(): void {
    this.isReleased = true;
  }

  /** The host sends bytes; what the device has no room for waits. */
  send(bytes: Uint8Array | string): void {
    this.#waiting.push(...(typeof bytes === 'string' ? new TextEncoder().encode(bytes) : bytes));
    this.resume();
  }

  raise(event: 'opened' | 'closed' | 'break'): void {
    if (event !== 'break') this.connected = event === 'opened';
    this.#event(event);
  }

  /** The host has taken what was written: room for `bytes` more. */
  allow(bytes: number): void {
    const wasFull = this.writable === 0;
    this.writable = bytes;
    if (wasFull && bytes > 0) this.#writable();
  }

  /** `written` as Latin-1 text. */
  get text(): string {
    return String.fromCharCode(...this.written);
  }
}
