import { CPU_X87, CPU_X87_CONTROL, CPU_X87_TAG, EXIT_EXCEPTION } from '../../../src/memory/layout.ts';
import type { TestCpu } from '../support/test-cpu.ts';
import { type Extended, type RandomWords, randomExtended, writeExtended } from './operands.ts';
import { RECORD_BYTES } from './oracle.ts';

/** One x87 or MMX instruction; its memory operand, if it has one, is [rsi]. */
export interface FullInstruction {
  readonly name: string;
  readonly code: readonly number[];
  /** Results may differ by one in the last place. */
  readonly tolerant: boolean;
  /** Bytes of the memory operand that hold instruction and data pointers, which processors keep differently. */
  readonly pointers?: readonly [from: number, to: number];
}

const CODE = 0x1000;
const MEMORY = 0x3000;
const IMAGE = 8;
const FLAGS = 116;
const RAX = 120;
const OPERAND = 128;
const OPERAND_BYTES = 32;
const UD = 6;
const STATUS_FLAGS = 0x8d5;
const EMPTY = 3;

const memoryForm = (opcode: number, reg: number): FullInstruction => ({
  name: `${opcode.toString(16)} /${reg} memory`,
  code: [opcode, (reg << 3) | 6],
  tolerant: false,
});

/** Memory forms that do not exist, or that FNSAVE images are too big for. */
const ABSENT_MEMORY = new Set(['d9/1', 'db/4', 'db/6', 'dd/5', 'dd/4', 'dd/6']);

function memoryInstructions(): FullInstruction[] {
  const all: FullInstruction[] = [];
  for (let opcode = 0xd8; opcode <= 0xdf; opcode++) {
    for (let reg = 0; reg < 8; reg++) {
      if (ABSENT_MEMORY.has(`${opcode.toString(16)}/${reg}`)) continue;
      const form = memoryForm(opcode, reg);
      all.push(opcode === 0xd9 && reg === 6 ? { ...form, pointers: [12, 28] } : form);
    }
  }
  all.push({ name: 'fldenv 16', code: [0x66, 0xd9, 0x26], tolerant: false });
  all.push({ name: 'fnstenv 16', code: [0x66, 0xd9, 0x36], tolerant: false, pointers: [6, 14] });
  return all;
}

/** Whether a register form is defined, documented or not. */
function exists(opcode: number, modrm: number): boolean {
  switch (opcode) {
    case 0xd9:
      return !(modrm > 0xd0 && modrm < 0xd8) && ![0xe2, 0xe3, 0xe6, 0xe7, 0xef].includes(modrm);
    case 0xda:
      return modrm < 0xe0 || modrm === 0xe9;
    case 0xdb:
      return modrm < 0xe4 || (modrm >= 0xe8 && modrm < 0xf8);
    case 0xdd:
      return modrm < 0xf0;
    case 0xde:
      return modrm < 0xd8 || modrm === 0xd9 || modrm >= 0xe0;
    case 0xdf:
      return modrm < 0xe1 || (modrm >= 0xe8 && modrm < 0xf8);
    default:
      return true;
  }
}

const TRANSCENDENTAL = new Set([0xf0, 0xf1, 0xf2, 0xf3, 0xf9, 0xfb, 0xfe, 0xff]);

function registerInstructions(): FullInstruction[] {
  const all: FullInstruction[] = [{ name: 'fwait', code: [0x9b], tolerant: false }];
  for (let opcode = 0xd8; opcode <= 0xdf; opcode++) {
    for (let modrm = 0xc0; modrm <= 0xff; modrm++) {
      if (!exists(opcode, modrm)) continue;
      const tolerant = opcode === 0xd9 && TRANSCENDENTAL.has(modrm);
      all.push({ name: `${opcode.toString(16)} ${modrm.toString(16)}`, code: [opcode, modrm], tolerant });
    }
  }
  return all;
}

/** Every x87 instruction but FNSAVE and FRSTOR. */
export const X87_INSTRUCTIONS: readonly FullInstruction[] = [
  ...memoryInstructions(),
  ...registerInstructions(),
];

/** Those of which the golden corpus has cases: of the eight ST(i) of a form only ST(0), ST(1) and ST(6). */
export function goldenX87Instructions(): FullInstruction[] {
  return X87_INSTRUCTIONS.filter(({ code: [opcode, modrm] }) => {
    if (opcode === undefined || modrm === undefined || modrm < 0xc0) return true;
    return (opcode === 0xd9 && modrm >= 0xe0) || [0, 1, 6].includes(modrm & 7);
  });
}

const range = (first: number, last: number): number[] =>
  Array.from({ length: last - first + 1 }, (_, i) => first + i);

/** MMX instructions: a register and a memory form of each, immediates at random. */
export function mmxInstructions(random: RandomWords): FullInstruction[] {
  const all: FullInstruction[] = [];
  const add = (name: string, code: number[]): void => {
    all.push({ name, code, tolerant: false });
  };
  const registers = (): number => 0xc0 | random.below(64);
  const memory = (): number => (random.below(8) << 3) | 6;
  const binary = [
    ...range(0x60, 0x6b),
    ...range(0x74, 0x76),
    ...range(0xd1, 0xd5),
    ...range(0xd8, 0xe5),
    ...range(0xe8, 0xef),
    ...range(0xf1, 0xf6),
    ...range(0xf8, 0xfe),
    0x6f,
    0x7f,
  ];
  for (const opcode of binary) {
    add(`0f ${opcode.toString(16)}`, [0x0f, opcode, registers()]);
    add(`0f ${opcode.toString(16)} memory`, [0x0f, opcode, memory()]);
  }
  for (const opcode of [...range(0x00, 0x0b), ...range(0x1c, 0x1e)]) {
    add(`0f 38 ${opcode.toString(16)}`, [0x0f, 0x38, opcode, registers()]);
    add(`0f 38 ${opcode.toString(16)} memory`, [0x0f, 0x38, opcode, memory()]);
  }
  for (const immediate of [...range(0, 17), 31, 32, 33, 63, 64, 255]) {
    for (const [opcode, reg] of [
      [0x71, 2],
      [0x71, 4],
      [0x71, 6],
      [0x72, 2],
      [0x72, 4],
      [0x72, 6],
      [0x73, 2],
      [0x73, 6],
    ] as const) {
      add(`0f ${opcode.toString(16)} /${reg} ${immediate}`, [
        0x0f,
        opcode,
        0xc0 | (reg << 3) | random.below(8),
        immediate,
      ]);
    }
    add(`palignr ${immediate}`, [0x0f, 0x3a, 0x0f, registers(), immediate]);
    add(`palignr memory ${immediate}`, [0x0f, 0x3a, 0x0f, memory(), immediate]);
    add(`pshufw ${immediate}`, [0x0f, 0x70, registers(), immediate]);
    add(`pshufw memory ${immediate}`, [0x0f, 0x70, memory(), immediate]);
    add(`pinsrw ${immediate}`, [0x0f, 0xc4, 0xc0 | (random.below(8) << 3), immediate]);
    add(`pinsrw memory ${immediate}`, [0x0f, 0xc4, memory(), immediate]);
    add(`pextrw ${immediate}`, [0x0f, 0xc5, 0xc0 | random.below(8), immediate]);
  }
  for (const prefix of [[], [0x48]]) {
    for (const opcode of [0x6e, 0x7e]) {
      add(`${prefix.length ? 'movq' : 'movd'} ${opcode.toString(16)}`, [
        ...prefix,
        0x0f,
        opcode,
        0xc0 | (random.below(8) << 3),
      ]);
      add(`${prefix.length ? 'movq' : 'movd'} ${opcode.toString(16)} memory`, [
        ...prefix,
        0x0f,
        opcode,
        memory(),
      ]);
    }
  }
  add('movntq', [0x0f, 0xe7, memory()]);
  add('pmovmskb', [0x0f, 0xd7, 0xc0 | random.below(8)]);
  add('emms', [0x0f, 0x77]);
  return all;
}

/** Memory operands: extended, single and double encodings, BCD, integers, environments. */
function fillOperand(random: RandomWords, record: Buffer, offset: number): void {
  for (let i = 0; i < OPERAND_BYTES; i += 8) record.writeBigUInt64LE(random.bits64(), offset + i);
  switch (random.below(5)) {
    case 0:
      writeExtended(record, offset, randomExtended(random));
      break;
    case 1:
      record.writeFloatLE(Math.fround((random.next() - 2 ** 31) / 2 ** random.below(60)), offset);
      break;
    case 2:
      record.writeDoubleLE((random.next() - 2 ** 31) / 2 ** random.below(80), offset);
      break;
    case 3: {
      // A single or double with an extreme exponent.
      const exponent = random.below(2) ? 0 : 0xff;
      record.writeUInt32LE(((random.next() & 0x807fffff) | (exponent << 23)) >>> 0, offset);
      if (random.below(2))
        record.writeUInt16LE((random.next() & 0x800f) | (exponent ? 0x7ff0 : 0), offset + 6);
      break;
    }
    default:
  }
}

/** A record with random state: registers of every class, some empty, nothing pending. */
function writeCase(random: RandomWords, record: Buffer, instruction: FullInstruction): void {
  record[0] = instruction.code.length;
  record.set(instruction.code, 1);
  const masks = random.below(3) ? 0x3f : random.next() & 0x3f;
  const control = 0x40 | masks | (([0, 2, 3][random.below(3)] ?? 3) << 8) | (random.below(4) << 10);
  const status = (random.next() & 0x7f00) | (random.next() & masks & (random.below(2) ? 0x3f : 0));
  let tags = 0;
  const sparse = random.below(3);
  let near: Extended | undefined;
  for (let i = 0; i < 8; i++) {
    if (random.below(sparse === 0 ? 2 : 8) === 0) tags |= EMPTY << (i * 2);
    near = randomExtended(random, near);
    writeExtended(record, IMAGE + 28 + i * 10, near);
  }
  record.writeUInt16LE(control, IMAGE);
  record.writeUInt16LE(status, IMAGE + 4);
  record.writeUInt16LE(tags, IMAGE + 8);
  record.writeUInt32LE(0x202 | (random.next() & STATUS_FLAGS), FLAGS);
  record.writeBigUInt64LE(random.bits64(), RAX);
  fillOperand(random, record, OPERAND);
}

/** `count` records of one instruction. */
export function fullRecords(instruction: FullInstruction, count: number, random: RandomWords): Buffer {
  const size = RECORD_BYTES.full.in;
  const records = Buffer.alloc(count * size);
  for (let i = 0; i < count; i++) writeCase(random, records.subarray(i * size, (i + 1) * size), instruction);
  return records;
}

/** Puts a record's state into the core. */
function enterState(cpu: TestCpu, record: Buffer): void {
  const status = record.readUInt16LE(IMAGE + 4);
  const top = (status >> 11) & 7;
  for (let i = 0; i < 8; i++) {
    const at = CPU_X87 + ((top + i) & 7) * 16;
    cpu.setState64(at, record.readBigUInt64LE(IMAGE + 28 + i * 10));
    cpu.setState32(at + 8, record.readUInt16LE(IMAGE + 36 + i * 10));
  }
  cpu.setState32(CPU_X87_CONTROL, record.readUInt16LE(IMAGE) | (status << 16));
  cpu.setState32(CPU_X87_TAG, record.readUInt16LE(IMAGE + 8));
  cpu.set('rax', record.readBigUInt64LE(RAX));
  cpu.set('rsi', BigInt(MEMORY));
  cpu.bytes.set(record.subarray(OPERAND, OPERAND + OPERAND_BYTES), MEMORY);
  cpu.core.setFlags(record.readUInt32LE(FLAGS));
  cpu.rip = BigInt(CODE);
}

function tagOf(se: number, significand: bigint): number {
  const exponent = se & 0x7fff;
  if (exponent === 0 && significand === 0n) return 1;
  return exponent === 0 || exponent === 0x7fff || significand >> 63n === 0n ? 2 : 0;
}

/** The core's state in the layout of an oracle answer. */
function leaveState(cpu: TestCpu): Buffer {
  const answer = Buffer.alloc(RECORD_BYTES.full.out);
  const control = cpu.state32(CPU_X87_CONTROL) & 0xffff;
  const status = cpu.state32(CPU_X87_CONTROL) >>> 16;
  const kept = cpu.state32(CPU_X87_TAG) & 0xffff;
  const top = (status >> 11) & 7;
  let tags = 0;
  for (let physical = 0; physical < 8; physical++) {
    const se = cpu.state32(CPU_X87 + physical * 16 + 8) & 0xffff;
    const significand = cpu.state64(CPU_X87 + physical * 16);
    const at = IMAGE + 28 + ((physical - top) & 7) * 10;
    answer.writeBigUInt64LE(significand, at);
    answer.writeUInt16LE(se, at + 8);
    const tag = ((kept >> (physical * 2)) & 3) === EMPTY ? EMPTY : tagOf(se, significand);
    tags |= tag << (physical * 2);
  }
  answer.writeUInt32LE((0xffff0000 | control) >>> 0, IMAGE);
  answer.writeUInt32LE((0xffff0000 | status) >>> 0, IMAGE + 4);
  answer.writeUInt32LE((0xffff0000 | tags) >>> 0, IMAGE + 8);
  answer.writeBigUInt64LE(BigInt(cpu.flags), 0);
  answer.writeBigUInt64LE(cpu.get('rax'), RAX);
  answer.set(cpu.bytes.subarray(MEMORY, MEMORY + OPERAND_BYTES), OPERAND);
  return answer;
}

/** Blanks what need not agree: pointers in the image and in memory, flags that are no arithmetic flags. */
function comparable(answer: Buffer, instruction: FullInstruction): Buffer {
  const copy = Buffer.from(answer);
  copy.fill(0, IMAGE + 12, IMAGE + 28);
  copy.writeUInt32LE(copy.readUInt32LE(0) & STATUS_FLAGS, 0);
  copy.writeUInt32LE(0, 4);
  copy.writeUInt32LE(0, FLAGS);
  if (instruction.pointers) {
    copy.fill(0, OPERAND + instruction.pointers[0], OPERAND + instruction.pointers[1]);
  }
  return copy;
}

/** Makes registers that differ by one in the last place the host's, and then C1. */
function forgiveLastPlace(ours: Buffer, host: Buffer): void {
  for (let i = 0; i < 2; i++) {
    const at = IMAGE + 28 + i * 10;
    const a = order(ours, at);
    const b = order(host, at);
    const inexact = (ours.readUInt16LE(IMAGE + 4) & 0x20) !== 0;
    if (a === b ? !inexact : a - b > 1n || b - a > 1n) continue;
    host.copy(ours, at, at, at + 10);
    const status = (ours.readUInt16LE(IMAGE + 4) & ~0x200) | (host.readUInt16LE(IMAGE + 4) & 0x200);
    ours.writeUInt16LE(status, IMAGE + 4);
  }
}

function order(image: Buffer, at: number): bigint {
  const se = image.readUInt16LE(at + 8);
  const magnitude = (BigInt(se & 0x7fff) << 63n) | BigInt.asUintN(63, image.readBigUInt64LE(at));
  return se & 0x8000 ? -magnitude : magnitude;
}

function show(answer: Buffer): string {
  const word = (at: number): string => answer.readUInt16LE(at).toString(16);
  const registers = [0, 1, 2, 7].map((i) => {
    const at = IMAGE + 28 + i * 10;
    return `${word(at + 8)}:${answer.readBigUInt64LE(at).toString(16)}`;
  });
  return (
    `cw ${word(IMAGE)} sw ${word(IMAGE + 4)} tw ${word(IMAGE + 8)} st0,1,2,7 ${registers.join(' ')} ` +
    `rax ${answer.readBigUInt64LE(RAX).toString(16)} mem ${answer.subarray(OPERAND, OPERAND + 16).toString('hex')}`
  );
}

/** Runs the records of one instruction on the core and describes the first that end differently from the host's. */
export function compareFullRecords(
  cpu: TestCpu,
  instruction: FullInstruction,
  records: Buffer,
  answers: Buffer,
): string[] {
  const wrong: string[] = [];
  cpu.load(CODE, [...instruction.code, 0x0f, 0x0b]);
  const { in: inBytes, out: outBytes } = RECORD_BYTES.full;
  for (let i = 0; i * inBytes < records.length && wrong.length < 5; i++) {
    const record = records.subarray(i * inBytes, (i + 1) * inBytes);
    const host = comparable(answers.subarray(i * outBytes, (i + 1) * outBytes), instruction);
    enterState(cpu, record);
    const reason = cpu.run();
    const rip = Number(cpu.rip) - CODE;
    const ours = comparable(leaveState(cpu), instruction);
    if (instruction.tolerant) forgiveLastPlace(ours, host);
    const ended = reason === EXIT_EXCEPTION && cpu.fault.vector === UD && rip === instruction.code.length;
    if (ended && ours.equals(host)) continue;
    const input = Buffer.alloc(outBytes);
    record.copy(input, IMAGE, IMAGE);
    wrong.push(
      `${instruction.name} (${Buffer.from(instruction.code).toString('hex')})\n  in   ${show(input)}\n  ours ${show(ours)} ` +
        `flags ${ours.readUInt32LE(0).toString(16)} ${ended ? '' : `vector ${cpu.fault.vector} at +${rip}`}\n` +
        `  host ${show(host)} flags ${host.readUInt32LE(0).toString(16)}`,
    );
  }
  return wrong;
}
