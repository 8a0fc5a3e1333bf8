/**
 * `mux`: up to four front ends share one character device. What they write goes through; what comes in goes to the
 * one that has the focus. An escape byte (ctrl-a unless told otherwise) introduces commands.
 */
import type { CharDevice, CharEvent, CharFrontEnd } from './char-device.ts';
import { MUX_FRONT_ENDS } from './chardev-config.ts';
import type { ChardevCreation, ChardevEnvironment } from './chardev-environment.ts';
import { ChardevError } from './chardev-error.ts';

/** Bytes kept for a front end that cannot receive; enough for commands to be recognised behind them. */
const BUFFER_BYTES = 32;
const LINE_FEED = 10;

interface Slot {
  readonly frontEnd: CharFrontEnd;
  readonly buffer: number[];
}

export class MuxDevice implements CharDevice, CharFrontEnd {
  readonly label: string;
  readonly filename: string;
  readonly #base: CharDevice;
  readonly #environment: ChardevEnvironment;
  readonly #slots: Slot[] = [];
  #focus: Slot | undefined;
  /** Front ends are still being attached: nobody has the focus, and nobody is told of the peer. */
  #gathers = false;
  #escaped = false;
  /** Milliseconds of the clock at the first stamped line; undefined while stamps are off. */
  #stampOrigin: number | undefined;
  #stampsOn = false;
  #atLineStart = true;

  /** Attaches itself to the base. Throws `ERR_CHARDEV_BUSY` when something else uses that. */
  constructor(creation: ChardevCreation, base: CharDevice) {
    this.label = creation.label;
    this.filename = creation.filename;
    this.#base = base;
    this.#environment = creation.environment;
    base.attach(this);
  }

  get busy(): boolean {
    return this.#slots.length > 0;
  }

  get freeFrontEnds(): number {
    return MUX_FRONT_ENDS - this.#slots.length;
  }

  get connected(): boolean {
    return this.#base.connected;
  }

  get pendingBytes(): number {
    return this.#base.pendingBytes;
  }

  /** The newest front end gets the focus. Throws `ERR_CHARDEV_BUSY` when there are four already. */
  attach(frontEnd: CharFrontEnd): void {
    if (this.#slots.length >= MUX_FRONT_ENDS) {
      throw new ChardevError(
        'ERR_CHARDEV_BUSY',
        `Chardev '${this.label}' is busy: it has ${MUX_FRONT_ENDS} front ends, the most that a multiplexer takes`,
      );
    }
    const slot: Slot = { frontEnd, buffer: [] };
    this.#slots.push(slot);
    if (this.#gathers) {
      return;
    }
    // What the front end before it has left to write comes before the greeting of the new one.
    this.#moveFocus(slot, this.connected);
  }

  /** Until `settle`, front ends that are attached hear nothing. */
  gather(): void {
    this.#gathers = true;
  }

  /** The newest front end gets the focus; the others learn first that they do not have it, then of the peer. */
  settle(): void {
    this.#gathers = false;
    const newest = this.#slots.at(-1);
    for (const slot of this.#slots) {
      if (slot !== newest) {
        slot.frontEnd.event('mux-out');
        if (this.connected) {
          slot.frontEnd.event('opened');
        }
      }
    }
    this.#moveFocus(newest, this.connected);
  }

  detach(frontEnd: CharFrontEnd): void {
    const index = this.#slots.findIndex((slot) => slot.frontEnd === frontEnd);
    if (index < 0) {
      return;
    }
    const [gone] = this.#slots.splice(index, 1);
    if (gone === this.#focus) {
      this.#focus = undefined;
      this.#moveFocus(this.#slots[0]);
    }
  }

  resume(): void {
    this.#deliverBuffered();
    this.#base.resume();
  }

  write(bytes: Uint8Array): void {
    this.#base.write(this.#stampsOn ? this.#stamped(bytes) : bytes);
  }

  whenDrained(callback: () => void): void {
    this.#base.whenDrained(callback);
  }

  disconnect(reason: string): void {
    this.#base.disconnect(reason);
  }

  takeDescriptor(): number | undefined {
    return this.#base.takeDescriptor();
  }

  /** Leaves the base as it is, free for another front end. */
  close(): Promise<void> {
    this.#base.detach(this);
    return Promise.resolve();
  }

  canReceive(): number {
    if (this.#gathers) {
      return 0;
    }
    if (this.#focus === undefined) {
      return BUFFER_BYTES;
    }
    const { buffer, frontEnd } = this.#focus;
    return buffer.length > 0
      ? Math.max(0, BUFFER_BYTES - buffer.length)
      : Math.max(frontEnd.canReceive(), BUFFER_BYTES);
  }

  receive(bytes: Uint8Array): void {
    let plain: number[] = [];
    for (const byte of bytes) {
      if (this.#escaped) {
        this.#escaped = false;
        if (byte === this.#environment.escapeCharacter) {
          plain.push(byte);
        } else {
          this.#hand(plain);
          plain = [];
          this.#command(String.fromCharCode(byte));
        }
      } else if (byte === this.#environment.escapeCharacter) {
        this.#escaped = true;
      } else {
        plain.push(byte);
      }
    }
    this.#hand(plain);
  }

  event(event: CharEvent): void {
    if (this.#gathers) {
      return;
    }
    if (event === 'closed') {
      this.#escaped = false;
    }
    for (const { frontEnd } of [...this.#slots]) {
      frontEnd.event(event);
    }
  }

  #hand(bytes: readonly number[]): void {
    this.#focus?.buffer.push(...bytes);
    this.#deliverBuffered();
  }

  #deliverBuffered(): void {
    const focus = this.#focus;
    while (focus !== undefined && focus === this.#focus && focus.buffer.length > 0) {
      const room = focus.frontEnd.canReceive();
      if (room <= 0) {
        break;
      }
      focus.frontEnd.receive(Uint8Array.from(focus.buffer.splice(0, room)));
    }
  }

  /** @param opens the front end is new, and the device has a peer */
  #moveFocus(slot: Slot | undefined, opens = false): void {
    if (slot !== this.#focus) {
      this.#focus?.frontEnd.event('mux-out');
      this.#focus = slot;
      if (opens) {
        slot?.frontEnd.event('opened');
      }
      slot?.frontEnd.event('mux-in');
    }
    this.resume();
  }

  #command(letter: string): void {
    switch (letter) {
      case 'h':
      case '?':
        this.#print(this.#help());
        break;
      case 'x':
        this.#print('Troupe: terminated\r\n');
        this.#environment.quit();
        break;
      case 's':
        this.#environment.commit();
        break;
      case 'b':
        this.event('break');
        break;
      case 'c':
        this.#switchFocus();
        break;
      case 't':
        this.#stampsOn = !this.#stampsOn;
        this.#stampOrigin = undefined;
        this.#atLineStart = true;
        break;
      default:
        break;
    }
  }

  #switchFocus(): void {
    const index = this.#focus === undefined ? -1 : this.#slots.indexOf(this.#focus);
    this.#moveFocus(this.#slots[(index + 1) % this.#slots.length]);
  }

  #print(text: string): void {
    this.#base.write(Buffer.from(text));
  }

  #help(): string {
    const code = this.#environment.escapeCharacter;
    // Control characters are named by their key: 1 is ctrl-a.
    const key = code >= 1 && code <= 26 ? `C-${String.fromCharCode(code + 96)}` : String.fromCharCode(code);
    const lines = [
      'h    show this help',
      'x    leave the emulator',
      's    write snapshot data back to the images (with -snapshot)',
      't    switch time stamps on lines on or off',
      'b    send a break',
      'c    go to the next front end (console, monitor)',
      `${key}  send ${key} itself`,
    ];
    return `\r\n${lines.map((line) => `${key} ${line}\r\n`).join('')}`;
  }

  /** Puts `[hh:mm:ss.mmm] `, counted from the first line, before every line. */
  #stamped(bytes: Uint8Array): Uint8Array {
    const parts: Uint8Array[] = [];
    let from = 0;
    while (from < bytes.length) {
      if (this.#atLineStart) {
        parts.push(Buffer.from(this.#stamp()));
      }
      const lineEnd = bytes.indexOf(LINE_FEED, from);
      const to = lineEnd < 0 ? bytes.length : lineEnd + 1;
      parts.push(bytes.subarray(from, to));
      this.#atLineStart = lineEnd >= 0;
      from = to;
    }
    return Buffer.concat(parts);
  }

  #stamp(): string {
    const now = this.#environment.clock.now();
    this.#stampOrigin ??= now;
    const total = Math.floor(now - this.#stampOrigin);
    const two = (value: number) => String(value).padStart(2, '0');
    const seconds = Math.floor(total / 1000);
    const hours = two(Math.floor(seconds / 3600));
    const minutes = two(Math.floor(seconds / 60) % 60);
    return `[${hours}:${minutes}:${two(seconds % 60)}.${String(total % 1000).padStart(3, '0')}] `;
  }
}
