/** Cases and answers as the harness in native-oracle.c reads and writes them. */

export const CASE_BYTES = 400;
export const ANSWER_BYTES = 176;
export const MAX_CODE = 240;

/** Offsets in a case record. */
export const CASE_CODE_LENGTH = 0;
export const CASE_BITS = 4;
export const CASE_CODE_OFFSET = 8;
/** Non-zero: the sequence is made to overwrite its own code. */
export const CASE_MODIFIES_CODE = 12;
export const CASE_FLAGS = 16;
export const CASE_REGISTERS = 24;
export const CASE_CODE = 152;
/** A vector that stands for "its code was overwritten": how far a processor had fetched it by then is nobody's promise. */
export const CODE_OVERWRITTEN = 0x1ff;
/** Offsets in an answer. */
export const ANSWER_VECTOR = 0;
export const ANSWER_ERROR = 4;
export const ANSWER_CR2 = 8;
export const ANSWER_RIP = 16;
export const ANSWER_FLAGS = 24;
export const ANSWER_REGISTERS = 32;
export const ANSWER_HASH = 160;
export const REGISTER_BYTES = 128;

/** The family whose members overwrite code. */
export const SELF_MODIFYING = 'self-modifying';

/** One instruction (or a group that must stay together) of a sequence, and what it does to the six status flags. */
export interface Step {
  /** Offset of its first byte in the sequence. */
  readonly start: number;
  readonly length: number;
  readonly family: string;
  /** Flags that decide what it does, that it certainly defines, and that it may leave undefined. */
  readonly reads: number;
  readonly defines: number;
  readonly undefines: number;
  /** Offset in the sequence that it may jump to, forward. */
  readonly target?: number;
}

/** A sequence with the state that it begins in. Its last two bytes are UD2. */
export interface Case {
  readonly bits: 32 | 64;
  /** Offset in the code area. */
  readonly codeOffset: number;
  readonly code: Uint8Array;
  readonly flags: number;
  /** In the order of modrm. */
  readonly registers: readonly bigint[];
  readonly steps: readonly Step[];
}

/** How a sequence ended. */
export interface Answer {
  readonly vector: number;
  readonly error: number;
  readonly cr2: bigint;
  readonly rip: bigint;
  readonly flags: number;
  readonly registers: readonly bigint[];
  /** Hash of data and stack. */
  readonly memory: string;
}

/** One harness record. */
export function encodeCase(test: Case): Buffer {
  const record = Buffer.alloc(CASE_BYTES);
  record.writeUInt32LE(test.code.length, CASE_CODE_LENGTH);
  record.writeUInt32LE(test.bits, CASE_BITS);
  record.writeUInt32LE(test.codeOffset, CASE_CODE_OFFSET);
  const modifiesCode = test.steps.some(({ family }) => family === SELF_MODIFYING);
  record.writeUInt32LE(modifiesCode ? 1 : 0, CASE_MODIFIES_CODE);
  record.writeUInt32LE(test.flags, CASE_FLAGS);
  for (let i = 0; i < 16; i++) record.writeBigUInt64LE(test.registers[i] ?? 0n, CASE_REGISTERS + i * 8);
  record.set(test.code, CASE_CODE);
  return record;
}

/** The inverse of encodeCase, without the steps. */
export function decodeCase(record: Buffer): Omit<Case, 'steps'> {
  return {
    bits: record.readUInt32LE(CASE_BITS) === 32 ? 32 : 64,
    codeOffset: record.readUInt32LE(CASE_CODE_OFFSET),
    code: record.subarray(CASE_CODE, CASE_CODE + record.readUInt32LE(CASE_CODE_LENGTH)),
    flags: record.readUInt32LE(CASE_FLAGS),
    registers: Array.from({ length: 16 }, (_, i) => record.readBigUInt64LE(CASE_REGISTERS + i * 8)),
  };
}

/** The `index`th answer of a batch. */
export function decodeAnswer(batch: Buffer, index: number): Answer {
  const at = index * ANSWER_BYTES;
  return {
    vector: batch.readUInt32LE(at + ANSWER_VECTOR),
    error: batch.readUInt32LE(at + ANSWER_ERROR),
    cr2: batch.readBigUInt64LE(at + ANSWER_CR2),
    rip: batch.readBigUInt64LE(at + ANSWER_RIP),
    flags: batch.readUInt32LE(at + ANSWER_FLAGS),
    registers: Array.from({ length: 16 }, (_, i) => batch.readBigUInt64LE(at + ANSWER_REGISTERS + i * 8)),
    memory: batch.toString('hex', at + ANSWER_HASH, at + ANSWER_BYTES),
  };
}
