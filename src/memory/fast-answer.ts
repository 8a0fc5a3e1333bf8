/**
 * Reads that a vCPU's thread answers by itself, as data that crosses threads. Devices publish what they need in shared
 * words; "word" is a host address of a 32-bit word that its device alone writes, with `Atomics`.
 */
export type FastAnswer =
  /** The low `size` bytes of a word. */
  | { readonly kind: 'word'; readonly word: number }
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
    };
