/**
 * The data register of a channel, with the buffer behind it. A device offers a block; the host takes it, or fills it, word by
 * word; then the device is told. vCPUs take all but the last item of a block without asking (FastAnswer `stream`).
 */
import type { SharedPiece } from '../../block/shared-piece.ts';
import type { FastAnswer } from '../../memory/fast-answer.ts';

/** The longest block: 64 KiB, more than a byte count of a packet command can ask for. */
export const PIO_BYTES = 65536;
/** The widest access: the last one of a block must reach the device, whatever its width. */
const WIDEST = 4;

/** Shared words of the stream. */
const POSITION = 0;
const LIMIT = 1;
const WORDS = 2;
const WORD_BYTES = 4;
const ONES: Readonly<Record<number, number>> = { 1: 0xff, 2: 0xffff, 4: 0xffffffff };

export interface PioMemory {
  readonly buffer: SharedPiece & { readonly view: Uint8Array };
  readonly words: { readonly words: Int32Array; readonly host: number };
}

/** How many shared words `PioMemory.words` has. */
export const PIO_WORDS = WORDS;

export interface PioState {
  position: number;
  end: number;
  toHost: boolean;
  bytes: Uint8Array;
}

export class PioPort {
  readonly #view: Uint8Array;
  readonly #data: DataView;
  readonly #host: number;
  readonly #words: Int32Array;
  readonly answer: FastAnswer;
  #owner: object | undefined;
  #selected: object | undefined;
  #end = 0;
  #toHost = true;
  #done: () => void = () => undefined;

  constructor({ buffer, words }: PioMemory) {
    this.#view = buffer.view;
    this.#data = new DataView(buffer.view.buffer, buffer.view.byteOffset, buffer.view.byteLength);
    this.#host = buffer.host;
    this.#words = words.words;
    this.answer = {
      kind: 'stream',
      buffer: buffer.host,
      position: words.host,
      limit: words.host + WORD_BYTES,
    };
  }

  /** The buffer, for a device that prepares a block. */
  get view(): Uint8Array {
    return this.#view;
  }

  /** The buffer's first bytes, for a transfer between them and a medium. */
  pieces(bytes: number): readonly SharedPiece[] {
    return [{ host: this.#host, bytes }];
  }

  /** Places for `count` blocks of `bytes` each, `stride` apart, the first at `start` of the buffer. */
  spread(count: number, start: number, bytes: number, stride: number): readonly SharedPiece[] {
    return Array.from({ length: count }, (_, index) => ({
      host: this.#host + start + index * stride,
      bytes,
    }));
  }

  /** Copies of pieces of the shared memory that the buffer lies in. */
  copy(pieces: readonly SharedPiece[]): Uint8Array[] {
    return pieces.map(({ host, bytes }) => new Uint8Array(this.#view.buffer, host, bytes).slice());
  }

  /** The host is to read the buffer from `start` up to `end`; `done` is called when it has. */
  offer(owner: object, start: number, end: number, done: () => void): void {
    this.#begin(owner, start, end, true, done);
  }

  /** The host is to fill the buffer's first `bytes`. */
  accept(owner: object, bytes: number, done: () => void): void {
    this.#begin(owner, 0, bytes, false, done);
  }

  /** The owner's transfer is over, or called off. */
  end(owner: object): void {
    if (this.#owner === owner) {
      this.#owner = undefined;
      this.#publish();
    }
  }

  /** Only the selected device's data is on the bus. */
  select(device: object | undefined): void {
    this.#selected = device;
    this.#publish();
  }

  read(size: number): number {
    const position = this.#position;
    if (!this.#active || !this.#toHost || position + size > this.#end) {
      return this.#active && this.#toHost ? this.#readRest(size) : (ONES[size] ?? 0);
    }
    const value =
      size === 1
        ? this.#data.getUint8(position)
        : size === 2
          ? this.#data.getUint16(position, true)
          : this.#data.getUint32(position, true);
    this.#advance(size);
    return value;
  }

  write(size: number, value: number): void {
    if (!this.#active || this.#toHost) {
      return;
    }
    const position = this.#position;
    for (let index = 0; index < size && position + index < this.#end; index++) {
      this.#data.setUint8(position + index, (value >>> (index * 8)) & 0xff);
    }
    this.#advance(size);
  }

  /** What `owner` needs to go on elsewhere; undefined when the transfer is not its own. */
  save(owner: object): PioState | undefined {
    if (this.#owner !== owner) {
      return undefined;
    }
    const bytes = this.#view.slice(0, this.#end);
    return { position: this.#position, end: this.#end, toHost: this.#toHost, bytes };
  }

  restore(owner: object, state: PioState, done: () => void): void {
    this.#view.set(state.bytes.subarray(0, PIO_BYTES));
    this.#begin(owner, state.position, state.end, state.toHost, done);
  }

  get #position(): number {
    return Atomics.load(this.#words, POSITION);
  }

  get #active(): boolean {
    return this.#owner !== undefined && this.#owner === this.#selected;
  }

  /** Less is left than the host reads: it gets what there is. */
  #readRest(size: number): number {
    let value = 0;
    const position = this.#position;
    for (let index = 0; position + index < this.#end; index++) {
      value |= this.#data.getUint8(position + index) << (index * 8);
    }
    this.#advance(size);
    return value >>> 0;
  }

  #begin(owner: object, start: number, end: number, toHost: boolean, done: () => void): void {
    Atomics.store(this.#words, LIMIT, 0);
    Atomics.store(this.#words, POSITION, start);
    this.#owner = owner;
    this.#end = end;
    this.#toHost = toHost;
    this.#done = done;
    this.#publish();
  }

  /** The limit lets vCPUs read on their own as far as something is left for the device to see. */
  #publish(): void {
    const isFast = this.#active && this.#toHost;
    Atomics.store(this.#words, LIMIT, isFast ? Math.max(0, this.#end - WIDEST) : 0);
  }

  #advance(size: number): void {
    const position = this.#position + size;
    Atomics.store(this.#words, POSITION, position);
    if (position >= this.#end) {
      this.#owner = undefined;
      this.#publish();
      this.#done();
    }
  }
}
