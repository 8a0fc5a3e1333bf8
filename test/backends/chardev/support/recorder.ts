/** A front end that writes down what happens to it. */
import type { CharEvent, CharFrontEnd } from '../../../../src/backends/chardev/char-device.ts';

export class Recorder implements CharFrontEnd {
  readonly events: CharEvent[] = [];
  room = 65536;
  onReceive: ((bytes: Uint8Array) => void) | undefined;
  readonly #bytes: Buffer[] = [];
  #waiting: { done: () => boolean; resolve: () => void }[] = [];

  get text(): string {
    return Buffer.concat(this.#bytes).toString('latin1');
  }

  canReceive(): number {
    return this.room;
  }

  receive(bytes: Uint8Array): void {
    this.#bytes.push(Buffer.from(bytes));
    this.onReceive?.(bytes);
    this.#check();
  }

  event(event: CharEvent): void {
    this.events.push(event);
    this.#check();
  }

  /** Resolves when `condition` holds; it is looked at after everything that happens here. */
  until(condition: (recorder: Recorder) => boolean): Promise<void> {
    return new Promise((resolve) => {
      this.#waiting.push({ done: () => condition(this), resolve });
      this.#check();
    });
  }

  #check(): void {
    this.#waiting = this.#waiting.filter((entry) => {
      const done = entry.done();
      if (done) {
        entry.resolve();
      }
      return !done;
    });
  }
}
