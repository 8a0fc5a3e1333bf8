/** What two answers to one case must agree on, and how to say where they do not. */
import { Decoder, DecoderOptions, Formatter, FormatterSyntax } from 'iced-x86';
import {
  ANSWER_BYTES,
  ANSWER_FLAGS,
  ANSWER_REGISTERS,
  ANSWER_VECTOR,
  type Answer,
  type Case,
  CODE_OVERWRITTEN,
  decodeAnswer,
} from './case-format.ts';
import { RF, STATUS } from './flag-bits.ts';
import { CODE } from './test-memory.ts';

const REGISTER_NAMES = 'rax rcx rdx rbx rsp rbp rsi rdi r8 r9 r10 r11 r12 r13 r14 r15'.split(' ');
const VECTOR_PF = 14;
const ERROR_PRESENT = 1;
const UPPER_HALF = 0x8000_0000_0000n;

/** Which undefined flags reach which step of a sequence, or `undefined` if a step depends on one. */
export function undefinedFlags(test: Case): number[] | undefined {
  const carried = new Map<number, number>();
  const before: number[] = [];
  let now = 0;
  for (const step of test.steps) {
    now |= carried.get(step.start) ?? 0;
    before.push(now);
    if (now & step.reads) return undefined;
    if (step.target !== undefined) carried.set(step.target, (carried.get(step.target) ?? 0) | now);
    now = (now & ~step.defines) | step.undefines;
  }
  before.push(now | (carried.get(test.code.length - 2) ?? 0));
  return before;
}

/** The flags that count where an answer ended: those in the step at RIP, or at the end. */
function definedFlagsAt(test: Case, rip: bigint): number {
  const masks = undefinedFlags(test);
  if (masks === undefined) return 0;
  const offset = Number(rip) - CODE - test.codeOffset;
  const index = test.steps.findIndex(({ start, length }) => offset >= start && offset < start + length);
  const end = masks.at(-1) ?? 0;
  if (index < 0) return STATUS & ~(offset === test.code.length - 2 ? end : masks.reduce((a, b) => a | b, 0));
  // In a group, its own undefined flags may show already.
  const inside = (masks[index] ?? 0) | (test.steps[index]?.undefines ?? 0);
  return STATUS & ~(offset === test.steps[index]?.start ? (masks[index] ?? 0) : inside);
}

/** Flags that must agree where an answer ended at `rip`. RF is the delivery's affair (SDM vol. 3, 17.3.1.1). */
export function comparedFlags(test: Case, rip: bigint): number {
  return (definedFlagsAt(test, rip) | ~(STATUS | RF)) >>> 0;
}

/** Differences, in words, with the flags of `mask` compared; empty when the answers agree. */
export function differences(bits: 32 | 64, mask: number, native: Answer, core: Answer): string[] {
  const found: string[] = [];
  const say = (what: string, a: string | number | bigint, b: string | number | bigint) => {
    if (a === b) return;
    const text = (value: string | number | bigint) =>
      typeof value === 'string' ? value : `0x${value.toString(16)}`;
    found.push(`${what}: native ${text(a)}, core ${text(b)}`);
  };
  say('vector', native.vector, core.vector);
  // Linux hides whether an address of the kernel is mapped.
  const hidden = native.vector === VECTOR_PF && native.cr2 >= UPPER_HALF ? ERROR_PRESENT : 0;
  say('error code', native.error | hidden, core.error | hidden);
  if (native.vector === VECTOR_PF) say('cr2', native.cr2, core.cr2);
  say('rip', native.rip, core.rip);
  say(`flags (of ${mask.toString(16)})`, (native.flags & mask) >>> 0, (core.flags & mask) >>> 0);
  for (let i = 0; i < (bits === 64 ? 16 : 8); i++) {
    say(REGISTER_NAMES[i] ?? '', native.registers[i] ?? 0n, core.registers[i] ?? 0n);
  }
  say('memory', native.memory, core.memory);
  return found;
}

/** The `index`th answers of two batches, byte for byte: true for nearly all cases that agree. */
export function areIdentical(native: Buffer, core: Buffer, index: number): boolean {
  const at = index * ANSWER_BYTES;
  const end = at + ANSWER_BYTES;
  const registers = at + ANSWER_REGISTERS;
  return (
    native.compare(core, registers, end, registers, end) === 0 &&
    native.compare(core, at, at + ANSWER_FLAGS, at, at + ANSWER_FLAGS) === 0 &&
    ((native.readUInt32LE(at + ANSWER_FLAGS) ^ core.readUInt32LE(at + ANSWER_FLAGS)) & ~RF) === 0
  );
}

/** Where the `index`th answers of two batches differ and may not. */
export function disagreement(test: Case, native: Buffer, core: Buffer, index: number): string[] {
  if (areIdentical(native, core, index)) return [];
  if (core.readUInt32LE(index * ANSWER_BYTES + ANSWER_VECTOR) === CODE_OVERWRITTEN) return [];
  const answer = decodeAnswer(native, index);
  return differences(test.bits, comparedFlags(test, answer.rip), answer, decodeAnswer(core, index));
}

/** The sequence in Intel syntax, NOPs left out. */
function disassemble(test: Omit<Case, 'steps'>): string[] {
  const decoder = new Decoder(test.bits, test.code, DecoderOptions.None);
  const formatter = new Formatter(FormatterSyntax.Nasm);
  decoder.ip = BigInt(CODE + test.codeOffset);
  const lines: string[] = [];
  while (decoder.canDecode) {
    const at = decoder.position;
    const instruction = decoder.decode();
    const bytes = Buffer.from(test.code.subarray(at, at + instruction.length)).toString('hex');
    if (bytes !== '90')
      lines.push(`  ${instruction.ip.toString(16)}  ${bytes.padEnd(24)} ${formatter.format(instruction)}`);
    instruction.free();
  }
  formatter.free();
  decoder.free();
  return lines;
}

/** A failure report: the sequence, the state it begins in, what differs. */
export function describeFailure(test: Omit<Case, 'steps'>, found: readonly string[]): string {
  const registers = REGISTER_NAMES.map((name, i) => `${name}=${(test.registers[i] ?? 0n).toString(16)}`);
  return [
    `${test.bits}-bit code`,
    ...disassemble(test),
    `from ${registers.slice(0, test.bits === 64 ? 16 : 8).join(' ')} flags=${test.flags.toString(16)}`,
    ...found.map((line) => `  ${line}`),
  ].join('\n');
}
