/**
 * Reads that a vCPU's thread answers by itself, as data that crosses threads. Devices publish what they need in shared
 * words; "word" is a host address of a 32-bit word that its device alone writes, with `Atomics`.
 * A device stores its words before it raises the interrupt that makes a guest read them: the vCPU does not wait for it.
 */
export type FastAnswer =
  /**
   * The low `size` bytes of a word. While the word at `enabled` (when given) is 0 the access goes the slow way. `unordered`: no
   * posted write that still waits changes what is read.
   */
  | { readonly kind: 'word'; readonly word: number; readonly enabled?: number; readonly unordered?: boolean }
  /**
   * A free-running counter on the virtual clock: floor(ns × hz / 10^9), its low `bits` bits, plus the 64-bit value in the
   * two words at `offset` (low half first) when that is given; `shift` selects higher bits (32 for the upper half).
   * While the word at `enabled` (when given) is 0 the access goes the slow way.
   */
  | {
      readonly kind: 'counter';
      readonly hz: number;
      readonly bits: number;
      readonly offset?: number;
      readonly shift?: number;
      readonly enabled?: number;
    }
  /**
   * Bytes in the order in which they are taken, as a data port gives them: those from `buffer` on. The word at `position`
   * counts the bytes taken, by vCPUs and by the device; the one at `limit` says how many may be taken before the device
   * must see an access. A device that changes what lies in the buffer stores a limit of 0 first.
   */
  | { readonly kind: 'stream'; readonly buffer: number; readonly position: number; readonly limit: number }
  /**
   * A 16-bit counter that runs down on the virtual clock, read a byte at a time, low byte first. Six words at `state`: version,
   * first tick (low and high half), initial count, ticks after which it begins again, and which byte is next (bit 0; turned by
   * every read). While the version is 0 the access goes the slow way; whoever changes the others stores 0 first and a new
   * version last.
   */
  | { readonly kind: 'count-down'; readonly hz: number; readonly state: number }
  /**
   * The low bits of the word at `word`, with two bits of time: `toggle` changes every `toggleTicks` ticks, `rise` is set from
   * the tick on that the three words at `riseState` say (version as above, low and high half).
   */
  | {
      readonly kind: 'timed-bits';
      readonly hz: number;
      readonly word: number;
      readonly toggle: number;
      readonly toggleTicks: number;
      readonly rise: number;
      readonly riseState: number;
    };

/** Words of `count-down` and (the first three) of `timed-bits`, by their offsets in bytes. */
const VERSION = 0;
const TICK = 4;
const COUNT = 12;
const PERIOD = 16;
export const COUNT_DOWN_NEXT_BYTE = 20;

const NS_PER_SECOND = 1e9;
const TWO_32 = 2 ** 32;

/** Ticks of a free-running counter of `hz` at virtual time `ns`. Never goes backwards as `ns` grows. */
export function counterTicks(ns: number, hz: number): number {
  const seconds = Math.floor(ns / NS_PER_SECOND);
  return seconds * hz + Math.floor(((ns - seconds * NS_PER_SECOND) * hz) / NS_PER_SECOND);
}

function lowBits(value: number, bits: number): number {
  if (bits >= 32) return value >>> 0;
  return (value & ((1 << bits) - 1)) >>> 0;
}

function tickAt(words: Int32Array, host: number): number {
  return wordAt(words, host) + wordAt(words, host + 4) * TWO_32;
}

function wordAt(words: Int32Array, host: number): number {
  return Atomics.load(words, host >>> 2) >>> 0;
}

/** The next `size` bytes of a stream without taking them; undefined when the device has to see the access. */
export function peekStream(
  { buffer, position, limit }: Extract<FastAnswer, { kind: 'stream' }>,
  size: number,
  words: Int32Array,
): number | undefined {
  const taken = wordAt(words, position);
  const at = buffer + taken;
  if (taken + size > wordAt(words, limit) || at % size !== 0) return undefined;
  return lowBits(wordAt(words, at) >>> ((at & 3) * 8), size * 8);
}

/** Takes the next bytes of a stream. Of two vCPUs that read at once one goes the slow way. */
function takeStream(
  answer: Extract<FastAnswer, { kind: 'stream' }>,
  size: number,
  words: Int32Array,
): number | undefined {
  const taken = wordAt(words, answer.position);
  const value = peekStream(answer, size, words);
  if (value === undefined) return undefined;
  const before = Atomics.compareExchange(words, answer.position >>> 2, taken, taken + size);
  return before === taken ? value : undefined;
}

/**
 * What a read of `size` bytes gives, unsigned; undefined when the access has to go the slow way.
 * @param words a view on the whole shared memory
 * @param ns virtual time
 */
export function evaluateFastAnswer(
  answer: FastAnswer,
  size: number,
  words: Int32Array,
  ns: number,
): number | undefined {
  if (answer.kind === 'stream') return takeStream(answer, size, words);
  if ('enabled' in answer && answer.enabled !== undefined && wordAt(words, answer.enabled) === 0) {
    return undefined;
  }
  if (answer.kind === 'word') return lowBits(wordAt(words, answer.word), size * 8);
  const ticks = counterTicks(ns, answer.hz);
  if (answer.kind === 'count-down') return countDown(answer.state, words, ticks);
  if (answer.kind === 'timed-bits') return timedBits(answer, words, ticks);
  let low = ticks % TWO_32;
  let high = Math.floor(ticks / TWO_32);
  if (answer.offset !== undefined) {
    low += wordAt(words, answer.offset);
    high += wordAt(words, answer.offset + 4);
    if (low >= TWO_32) high += 1;
  }
  if (answer.bits < 32) low = lowBits(low, answer.bits);
  if (answer.bits <= 32) high = 0;
  else if (answer.bits < 64) high = lowBits(high, answer.bits - 32);
  const shift = answer.shift ?? 0;
  return lowBits(shift >= 32 ? high >>> (shift - 32) : shiftRight(low, high, shift), size * 8);
}

function shiftRight(low: number, high: number, shift: number): number {
  if (shift === 0) return low >>> 0;
  return ((low >>> shift) | (high << (32 - shift))) >>> 0;
}

function countDown(state: number, words: Int32Array, ticks: number): number | undefined {
  const version = wordAt(words, state + VERSION);
  const elapsed =
    Math.max(0, ticks - tickAt(words, state + TICK)) % Math.max(1, wordAt(words, state + PERIOD));
  const value = wordAt(words, state + COUNT) - elapsed;
  if (version === 0 || wordAt(words, state + VERSION) !== version) return undefined;
  const isHigh = (Atomics.xor(words, (state + COUNT_DOWN_NEXT_BYTE) >>> 2, 1) & 1) !== 0;
  return (isHigh ? value >> 8 : value) & 0xff;
}

function timedBits(
  { word, toggle, toggleTicks, rise, riseState }: FastAnswer & { readonly kind: 'timed-bits' },
  words: Int32Array,
  ticks: number,
): number | undefined {
  const version = wordAt(words, riseState + VERSION);
  const hasRisen = ticks >= tickAt(words, riseState + TICK);
  const base = wordAt(words, word);
  if (version === 0 || wordAt(words, riseState + VERSION) !== version) return undefined;
  const isToggled = Math.floor(ticks / toggleTicks) % 2 === 1;
  return (base | (isToggled ? toggle : 0) | (hasRisen ? rise : 0)) & 0xff;
}
