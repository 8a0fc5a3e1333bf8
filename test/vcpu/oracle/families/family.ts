/** What a family of instructions gives to the generator. */
import type { SequenceBuilder, Size } from '../sequence-builder.ts';

export interface Family {
  readonly name: string;
  /** How often it is drawn, relative to the others. */
  readonly weight: number;
  /** Modes that it exists in; both when absent. */
  readonly bits?: 32 | 64;
  /** Features, as /proc/cpuinfo names them, that the host must have. */
  readonly needs?: readonly string[];
  /** Appends one random member. */
  readonly emit: (builder: SequenceBuilder) => void;
}

/** The opcode of a pair whose even member is the byte form. */
export function widened(opcode: number, size: Size): number {
  return size === 8 ? opcode : opcode | 1;
}

export const LOCK = 0xf0;
export const REPNE = 0xf2;
export const REP = 0xf3;

/** LOCK, now and then, for an operand that allows it. */
export function maybeLock(builder: SequenceBuilder, operand: { readonly kind: string }): number[] {
  return operand.kind === 'memory' && builder.random.chance(0.25) ? [LOCK] : [];
}
