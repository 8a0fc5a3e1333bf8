/** What a PS/2 keyboard and a PS/2 mouse have in common: bytes to the controller, answers before everything else. */

/** A device on a port of the controller. */
export interface Ps2Device {
  /** A byte from the controller: a command, or an argument of the last one. */
  receive(byte: number): void;
  readonly hasOutput: boolean;
  /** The next byte for the controller; undefined when there is none. */
  take(): number | undefined;
}

export const ACKNOWLEDGE = 0xfa;
export const RESEND = 0xfe;
export const SELF_TEST_PASSED = 0xaa;

/** Bytes of keys or movements that a device keeps while nobody reads them. */
const EVENT_BYTES = 256;

/** The bytes that a device has for the controller. */
export class Ps2Queue {
  #answers: number[] = [];
  #events: number[] = [];
  #last = 0;

  get isEmpty(): boolean {
    return this.#answers.length + this.#events.length === 0;
  }

  /** Bytes of events that fit. */
  get room(): number {
    return EVENT_BYTES - this.#events.length;
  }

  answer(...bytes: readonly number[]): void {
    this.#answers.push(...bytes);
  }

  /** Queues all of them, or none when they do not fit. */
  event(bytes: readonly number[]): void {
    if (bytes.length <= this.room) {
      this.#events.push(...bytes);
    }
  }

  take(): number | undefined {
    const byte = this.#answers.shift() ?? this.#events.shift();
    this.#last = byte ?? this.#last;
    return byte;
  }

  /** Sends the last byte once more. */
  resend(): void {
    this.#answers.unshift(this.#last);
  }

  /** Drops keys or movements that nobody has read. */
  clearEvents(): void {
    this.#events = [];
  }

  clear(): void {
    this.#answers = [];
    this.#events = [];
  }

  save() {
    return { answers: toHex(this.#answers), events: toHex(this.#events), last: this.#last };
  }

  restore(saved: { readonly answers: string; readonly events: string; readonly last: number }): void {
    this.#answers = [...Buffer.from(saved.answers, 'hex')];
    this.#events = [...Buffer.from(saved.events, 'hex')];
    this.#last = saved.last;
  }
}

function toHex(bytes: readonly number[]): string {
  return Buffer.from(bytes).toString('hex');
}
