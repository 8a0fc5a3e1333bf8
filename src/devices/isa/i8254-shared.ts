/** The counters of an 8254 as vCPUs read them by themselves: see FastAnswer's `count-down` and `timed-bits`. */
import type { FastAnswer } from '../../memory/fast-answer.ts';
import type { BoardServices } from '../board-services.ts';
import type { I8254Counter } from './i8254-counter.ts';

const WORD_BYTES = 4;
const TWO_32 = 2 ** 32;
/** Words of a counter, and the words of its output behind them. */
const VERSION = 0;
const TICK_LOW = 1;
const TICK_HIGH = 2;
const COUNT = 3;
const PERIOD = 4;
const NEXT_BYTE = 5;
const OUTPUT = 6;
const WORDS = 9;

export class SharedCounter {
  readonly #words: Int32Array;
  readonly #host: number;
  readonly #hz: number;
  #version = 0;

  constructor(ports: BoardServices, hz: number) {
    const { words, host } = ports.sharedWords(WORDS);
    this.#words = words;
    this.#host = host;
    this.#hz = hz;
  }

  /** How a byte of the count is read. */
  get answer(): FastAnswer {
    return { kind: 'count-down', hz: this.#hz, state: this.#host };
  }

  /** Where the tick is from which OUT is up. */
  get riseState(): number {
    return this.#host + OUTPUT * WORD_BYTES;
  }

  /** Before the device looks at the counter: takes over which byte is read next. */
  pull(counter: I8254Counter): void {
    if (Atomics.load(this.#words, VERSION) === 0) return;
    counter.readsHigh = (Atomics.load(this.#words, NEXT_BYTE) & 1) !== 0;
  }

  /** After the counter has changed. */
  publish(counter: I8254Counter): void {
    this.#version = (this.#version % 0xffff) + 1;
    this.#close(VERSION);
    this.#close(OUTPUT + VERSION);
    const { countDown, lastRise } = counter;
    if (countDown !== undefined) {
      this.#storeTick(TICK_LOW, countDown.start);
      Atomics.store(this.#words, COUNT, countDown.count);
      Atomics.store(this.#words, PERIOD, countDown.period);
      Atomics.store(this.#words, NEXT_BYTE, counter.readsHigh ? 1 : 0);
      Atomics.store(this.#words, VERSION, this.#version);
    }
    if (lastRise !== undefined) {
      this.#storeTick(OUTPUT + TICK_LOW, lastRise);
      Atomics.store(this.#words, OUTPUT + VERSION, this.#version);
    }
  }

  #close(version: number): void {
    Atomics.store(this.#words, version, 0);
  }

  #storeTick(index: number, tick: number): void {
    Atomics.store(this.#words, index, (tick % TWO_32) | 0);
    Atomics.store(this.#words, index + TICK_HIGH - TICK_LOW, Math.floor(tick / TWO_32));
  }
}
