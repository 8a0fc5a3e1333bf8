/**
 * Which port and memory accesses a vCPU's thread answers (FastAnswer) or posts by itself, in shared memory: the machine
 * writes the table whenever a device's region comes, goes or moves, and each vCPU copies it at its next access.
 *
 * Ordering: the version is odd while the table is being written. A vCPU that has just moved a region waited for the
 * machine's answer to that, so its next access sees the new table; the others see it as soon.
 */
import { TroupeError } from '../errors/troupe-error.ts';
import { evaluateFastAnswer, type FastAnswer } from './fast-answer.ts';
import { GLOBAL_IO_TABLE_VERSION, IO_TABLE_BASE, IO_TABLE_ENTRIES, IO_TABLE_ENTRY_SIZE } from './layout.ts';

export type IoSpace = 'ports' | 'memory';

export type IoEntry =
  /** Writes from `first` to `last` are posted. */
  | { readonly kind: 'posted'; readonly space: IoSpace; readonly first: number; readonly last: number }
  /** Reads of `size` bytes at `address` are answered in the vCPU's thread. */
  | {
      readonly kind: 'fast';
      readonly space: IoSpace;
      readonly address: number;
      readonly size: number;
      readonly answer: FastAnswer;
    };

/** What a read may need to know. */
export interface Reading {
  /** Virtual time in ns. @param fine whether a timer is read that guests calibrate other clocks by */
  readonly now: (fine: boolean) => number;
  /** Whether all posted writes have been handled: what they change is not to be read before. */
  readonly isDrained: () => boolean;
}

const FIRST_ENTRY = 64;
const NUMBERS = IO_TABLE_ENTRY_SIZE / 8;
const PORTS = 65536;
/** What an entry's first number says. */
const POSTED = 0;
const FAST_WORD = 1;
const FAST_COUNTER = 2;
const FAST_STREAM = 3;
const MEMORY_FLAG = 4;
const FAST_COUNT_DOWN = 8;
const FAST_TIMED_BITS = 9;
/** An absent optional number, and a flag that is set. */
const NONE = -1;
const UNORDERED = 1;
/** Two masks of bits share a number. */
const BIT_FIELD = 8;
const BIT_FIELD_MASK = 0xff;
/** Room for the size below an address in a key. */
const SIZES = 8;

/** Nothing that is posted changes how a counter runs on, and it is read for the time that it is now. */
function isUnordered(answer: FastAnswer): boolean {
  if (answer.kind === 'word') return answer.unordered === true;
  return answer.kind === 'counter' || answer.kind === 'timed-bits';
}

function isTimer({ kind }: FastAnswer): boolean {
  return kind === 'count-down' || kind === 'timed-bits';
}

function encode(entry: IoEntry): readonly number[] {
  const space = entry.space === 'memory' ? MEMORY_FLAG : 0;
  if (entry.kind === 'posted') return [POSTED | space, entry.first, entry.last];
  const { address, size, answer } = entry;
  if (answer.kind === 'word') {
    return [
      FAST_WORD | space,
      address,
      size,
      answer.word,
      answer.enabled ?? NONE,
      answer.unordered === true ? UNORDERED : 0,
    ];
  }
  if (answer.kind === 'stream') {
    return [FAST_STREAM | space, address, size, answer.buffer, answer.position, answer.limit];
  }
  if (answer.kind === 'count-down') {
    return [FAST_COUNT_DOWN | space, address, size, answer.hz, answer.state];
  }
  if (answer.kind === 'timed-bits') {
    const { hz, word, toggle, toggleTicks, rise, riseState } = answer;
    return [
      FAST_TIMED_BITS | space,
      address,
      size,
      hz,
      word,
      (toggle << BIT_FIELD) | rise,
      toggleTicks,
      riseState,
    ];
  }
  const { hz, bits, offset = NONE, shift = 0, enabled = NONE } = answer;
  return [FAST_COUNTER | space, address, size, hz, bits, offset, shift, enabled];
}

function decode(numbers: Float64Array): IoEntry {
  const [head = 0, a = 0, b = 0, c = 0, d = 0, e = 0, shift = 0, enabled = 0] = numbers;
  const space: IoSpace = (head & MEMORY_FLAG) === 0 ? 'ports' : 'memory';
  switch (head & ~MEMORY_FLAG) {
    case POSTED:
      return { kind: 'posted', space, first: a, last: b };
    case FAST_WORD:
      return {
        kind: 'fast',
        space,
        address: a,
        size: b,
        answer: {
          kind: 'word',
          word: c,
          unordered: e === UNORDERED,
          ...(d === NONE ? {} : { enabled: d }),
        },
      };
    case FAST_STREAM:
      return {
        kind: 'fast',
        space,
        address: a,
        size: b,
        answer: { kind: 'stream', buffer: c, position: d, limit: e },
      };
    case FAST_COUNT_DOWN:
      return { kind: 'fast', space, address: a, size: b, answer: { kind: 'count-down', hz: c, state: d } };
    case FAST_TIMED_BITS:
      return {
        kind: 'fast',
        space,
        address: a,
        size: b,
        answer: {
          kind: 'timed-bits',
          hz: c,
          word: d,
          toggle: e >> BIT_FIELD,
          toggleTicks: shift,
          rise: e & BIT_FIELD_MASK,
          riseState: enabled,
        },
      };
    default: {
      const answer: FastAnswer = {
        kind: 'counter',
        hz: c,
        bits: d,
        shift,
        ...(e === NONE ? {} : { offset: e }),
        ...(enabled === NONE ? {} : { enabled }),
      };
      return { kind: 'fast', space, address: a, size: b, answer };
    }
  }
}

/** The machine's end. */
export class IoTableWriter {
  readonly #words: Int32Array;
  readonly #numbers: Float64Array;

  constructor(memory: WebAssembly.Memory) {
    this.#words = new Int32Array(memory.buffer);
    this.#numbers = new Float64Array(memory.buffer, IO_TABLE_BASE + FIRST_ENTRY, IO_TABLE_ENTRIES * NUMBERS);
  }

  /** Replaces the table. Throws `ERR_IO_TABLE_FULL` when there are more entries than fit. */
  publish(entries: readonly IoEntry[]): void {
    if (entries.length > IO_TABLE_ENTRIES) {
      throw new TroupeError(
        'ERR_IO_TABLE_FULL',
        `Devices declare ${entries.length} fast or posted ranges; there is room for ${IO_TABLE_ENTRIES}`,
      );
    }
    Atomics.add(this.#words, GLOBAL_IO_TABLE_VERSION >> 2, 1);
    entries.forEach((entry, index) => {
      this.#numbers.set(encode(entry), index * NUMBERS);
    });
    Atomics.store(this.#words, IO_TABLE_BASE >> 2, entries.length);
    Atomics.add(this.#words, GLOBAL_IO_TABLE_VERSION >> 2, 1);
  }
}

/** A vCPU's end. */
export class IoTableReader {
  readonly #words: Int32Array;
  readonly #numbers: Float64Array;
  #version = 0;
  readonly #postedPorts = new Uint8Array(PORTS);
  #postedMemory: readonly (readonly [first: number, last: number])[] = [];
  readonly #fastPorts = new Map<number, FastAnswer>();
  readonly #fastMemory = new Map<number, FastAnswer>();

  constructor(memory: WebAssembly.Memory) {
    this.#words = new Int32Array(memory.buffer);
    this.#numbers = new Float64Array(memory.buffer, IO_TABLE_BASE + FIRST_ENTRY, IO_TABLE_ENTRIES * NUMBERS);
  }

  isPortPosted(port: number): boolean {
    this.#refresh();
    return this.#postedPorts[port] === 1;
  }

  isMemoryPosted(address: number): boolean {
    this.#refresh();
    return this.#postedMemory.some(([first, last]) => address >= first && address <= last);
  }

  /** What a read gives; undefined when the machine has to answer. */
  readPort(port: number, size: number, reading: Reading): number | undefined {
    this.#refresh();
    return this.#evaluate(this.#fastPorts.get(port * SIZES + size), size, reading);
  }

  readMemory(address: number, size: number, reading: Reading): number | undefined {
    this.#refresh();
    return this.#evaluate(this.#fastMemory.get(address * SIZES + size), size, reading);
  }

  /** Whether guests calibrate other clocks by what they read at the port. */
  isTimerPort(port: number): boolean {
    this.#refresh();
    const answer = this.#fastPorts.get(port * SIZES + 1);
    return answer !== undefined && isTimer(answer);
  }

  #evaluate(answer: FastAnswer | undefined, size: number, reading: Reading): number | undefined {
    if (answer === undefined) return undefined;
    if (!isUnordered(answer) && !reading.isDrained()) return undefined;
    const isTimed = answer.kind !== 'word' && answer.kind !== 'stream';
    const ns = isTimed ? reading.now(isTimer(answer)) : 0;
    return evaluateFastAnswer(answer, size, this.#words, ns);
  }

  #refresh(): void {
    if (Atomics.load(this.#words, GLOBAL_IO_TABLE_VERSION >> 2) !== this.#version) this.#copy();
  }

  #copy(): void {
    for (;;) {
      const version = Atomics.load(this.#words, GLOBAL_IO_TABLE_VERSION >> 2);
      const count = Atomics.load(this.#words, IO_TABLE_BASE >> 2);
      const numbers = this.#numbers.slice(0, count * NUMBERS);
      const isStable =
        (version & 1) === 0 && Atomics.load(this.#words, GLOBAL_IO_TABLE_VERSION >> 2) === version;
      if (!isStable) continue;
      this.#version = version;
      const entries = Array.from({ length: count }, (_, i) =>
        decode(numbers.subarray(i * NUMBERS, (i + 1) * NUMBERS)),
      );
      this.#adopt(entries);
      return;
    }
  }

  #adopt(entries: readonly IoEntry[]): void {
    this.#postedPorts.fill(0);
    this.#fastPorts.clear();
    this.#fastMemory.clear();
    const postedMemory: [number, number][] = [];
    for (const entry of entries) {
      if (entry.kind === 'fast') {
        const answers = entry.space === 'ports' ? this.#fastPorts : this.#fastMemory;
        answers.set(entry.address * SIZES + entry.size, entry.answer);
      } else if (entry.space === 'ports') {
        this.#postedPorts.fill(1, entry.first, entry.last + 1);
      } else {
        postedMemory.push([entry.first, entry.last]);
      }
    }
    this.#postedMemory = postedMemory;
  }
}
