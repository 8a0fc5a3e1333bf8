import type { FpuModule } from './fpu-module.ts';
import { type Extended, RandomWords, randomExtended, SPECIAL_EXTENDED, writeExtended } from './operands.ts';
import { RECORD_BYTES } from './oracle.ts';

const TOP = 1n << 63n;

/** Status word bits. */
export const EXCEPTIONS = 0x3f;
export const C0 = 0x100;
export const C1 = 0x200;
export const C2 = 0x400;
export const C3 = 0x4000;
/** What the arithmetic reports beside status bits: the operation delivered no result. */
export const NO_RESULT = 0x10000;

/** What an instruction leaves, as the oracle or as our arithmetic tells it. */
export interface Outcome {
  /** Status word bits. */
  flags: number;
  /** ST(0) and, where the instruction has one, a second result. */
  readonly results: Extended[];
  /** Memory operand bytes 7:0 and 9:8, where written. */
  memory?: bigint;
  memoryHigh?: number;
}

/** One x87 instruction: its encoding and how our arithmetic computes it. */
export interface X87Operation {
  readonly name: string;
  /** The two opcode bytes. */
  readonly code: readonly [number, number];
  /** How many stack operands matter. */
  readonly operands: 1 | 2;
  /** Which status bits are compared. */
  readonly status: number;
  /** Bytes of the memory operand that the instruction reads (in) or writes (out). */
  readonly reads?: number;
  readonly writes?: number;
  /** TOP after a run from 6. */
  readonly top: number;
  /** Results in ST(0) (and ST(1)) after the instruction. */
  readonly delivers: 0 | 1 | 2;
  readonly compute: (fpu: FpuModule, a: Extended, b: Extended, control: number, memory: bigint) => Outcome;
}

function result(fpu: FpuModule): Extended {
  return { se: fpu.word('resultSe') & 0xffff, significand: fpu.wide('resultSignificand') };
}

function flags(fpu: FpuModule): number {
  return fpu.word('resultFlags');
}

function outcome(fpu: FpuModule, kept: Extended): Outcome {
  const bits = flags(fpu);
  return { flags: bits, results: [bits & NO_RESULT ? kept : result(fpu)] };
}

function binary(
  name: string,
  code: readonly [number, number],
  exportName: string,
  extra: readonly number[],
): X87Operation {
  return {
    name,
    code,
    operands: 2,
    status: EXCEPTIONS | C1,
    top: 6,
    delivers: 1,
    compute: (fpu, a, b, control) => {
      fpu.call(exportName, a.se, a.significand, b.se, b.significand, ...extra, control);
      return outcome(fpu, a);
    },
  };
}

function unary(name: string, code: readonly [number, number], exportName: string): X87Operation {
  return {
    name,
    code,
    operands: 1,
    status: EXCEPTIONS | C1,
    top: 6,
    delivers: 1,
    compute: (fpu, a, _b, control) => {
      fpu.call(exportName, a.se, a.significand, control);
      return outcome(fpu, a);
    },
  };
}

function stores(
  name: string,
  code: readonly [number, number],
  bytes: number,
  run: (fpu: FpuModule, a: Extended, control: number) => bigint,
): X87Operation {
  return {
    name,
    code,
    operands: 1,
    status: EXCEPTIONS | C1,
    writes: bytes,
    top: 6,
    delivers: 0,
    compute: (fpu, a, _b, control) => {
      const memory = run(fpu, a, control);
      return { flags: flags(fpu), results: [], memory: BigInt.asUintN(bytes * 8, memory) };
    },
  };
}

function loads(
  name: string,
  code: readonly [number, number],
  bytes: number,
  run: (fpu: FpuModule, memory: bigint, control: number) => void,
): X87Operation {
  return {
    name,
    code,
    operands: 1,
    status: EXCEPTIONS | C1,
    reads: bytes,
    top: 5,
    delivers: 1,
    compute: (fpu, a, _b, control, memory) => {
      run(fpu, memory, control);
      return outcome(fpu, a);
    },
  };
}

function compares(name: string, code: readonly [number, number], quiet: number): X87Operation {
  return {
    name,
    code,
    operands: 2,
    status: EXCEPTIONS | C0 | C1 | C2 | C3,
    top: 6,
    delivers: 0,
    compute: (fpu, a, b, control) => {
      fpu.call('extendedCompare', a.se, a.significand, b.se, b.significand, quiet, control);
      return { flags: flags(fpu), results: [] };
    },
  };
}

/** Arithmetic, conversions and comparisons: everything that must agree to the last bit. */
export const EXACT_OPERATIONS: readonly X87Operation[] = [
  binary('fadd', [0xd8, 0xc1], 'extendedAdd', [0]),
  binary('fsub', [0xd8, 0xe1], 'extendedAdd', [1]),
  binary('fmul', [0xd8, 0xc9], 'extendedMultiply', []),
  binary('fdiv', [0xd8, 0xf1], 'extendedDivide', []),
  unary('fsqrt', [0xd9, 0xfa], 'extendedSquareRoot'),
  { ...binary('fprem', [0xd9, 0xf8], 'extendedRemainder', [0]), status: 0x473f | C1 },
  { ...binary('fprem1', [0xd9, 0xf5], 'extendedRemainder', [1]), status: 0x473f | C1 },
  binary('fscale', [0xd9, 0xfd], 'extendedScale', []),
  unary('frndint', [0xd9, 0xfc], 'extendedRoundToInteger'),
  {
    ...unary('fxtract', [0xd9, 0xf4], 'extendedExtract'),
    top: 5,
    delivers: 2,
    compute: (fpu, a, b, control) => {
      fpu.call('extendedExtract', a.se, a.significand, control);
      const bits = flags(fpu);
      if (bits & NO_RESULT) return { flags: bits, results: [a, b] };
      const significand = {
        se: fpu.word('extractedSe') & 0xffff,
        significand: fpu.wide('extractedSignificand'),
      };
      return { flags: bits, results: [significand, result(fpu)] };
    },
  },
  compares('fcom', [0xd8, 0xd1], 0),
  compares('fucom', [0xdd, 0xe1], 1),
  stores(
    'fist16',
    [0xdf, 0x16],
    2,
    (f, a, c) => f.call('extendedToInteger', a.se, a.significand, 16, 0, c) as bigint,
  ),
  stores(
    'fist32',
    [0xdb, 0x16],
    4,
    (f, a, c) => f.call('extendedToInteger', a.se, a.significand, 32, 0, c) as bigint,
  ),
  {
    ...stores(
      'fistp64',
      [0xdf, 0x3e],
      8,
      (f, a, c) => f.call('extendedToInteger', a.se, a.significand, 64, 0, c) as bigint,
    ),
    top: 7,
  },
  {
    ...stores(
      'fisttp64',
      [0xdd, 0x0e],
      8,
      (f, a, c) => f.call('extendedToInteger', a.se, a.significand, 64, 1, c) as bigint,
    ),
    top: 7,
  },
  stores('fst32', [0xd9, 0x16], 4, (f, a, c) => BigInt(f.call('extendedToSingle', a.se, a.significand, c))),
  stores('fst64', [0xdd, 0x16], 8, (f, a, c) => f.call('extendedToDouble', a.se, a.significand, c) as bigint),
  {
    ...stores(
      'fbstp',
      [0xdf, 0x36],
      8,
      (f, a, c) => f.call('extendedToDecimal', a.se, a.significand, c) as bigint,
    ),
    top: 7,
    writes: 10,
    compute: (fpu, a, _b, control) => {
      const low = BigInt.asUintN(64, fpu.call('extendedToDecimal', a.se, a.significand, control) as bigint);
      const high = fpu.word('decimalHigh') & 0xffff;
      return { flags: flags(fpu), results: [], memory: low, memoryHigh: high };
    },
  },
  loads('fld32', [0xd9, 0x06], 4, (f, m, c) => f.call('extendedFromSingle', Number(m), c)),
  loads('fld64', [0xdd, 0x06], 8, (f, m, c) => f.call('extendedFromDouble', m, c)),
  loads('fild64', [0xdf, 0x2e], 8, (f, m) => f.call('extendedFromInteger', m)),
];

/** One case: operation, operands and control word. */
export interface X87Case {
  readonly operation: X87Operation;
  readonly a: Extended;
  readonly b: Extended;
  readonly control: number;
  readonly memory: bigint;
}

/** A random control word: half of them with everything masked, any precision and rounding. */
function randomControl(random: RandomWords): number {
  const masks = random.below(2) ? 0x3f : random.next() & 0x3f;
  const precision = [0, 2, 3][random.below(3)] ?? 3;
  return 0x40 | masks | (precision << 8) | (random.below(4) << 10);
}

/** `count` cases of one operation; the first ones walk through pairs of special values. */
export function x87Cases(operation: X87Operation, count: number, seed: number): X87Case[] {
  const random = new RandomWords(seed);
  const cases: X87Case[] = [];
  const specials = SPECIAL_EXTENDED.length;
  for (let i = 0; i < count; i++) {
    const walks = i < count / 2;
    const pair =
      operation.operands === 2 ? random.below(specials * specials) : random.below(specials) * specials;
    let a = walks ? (SPECIAL_EXTENDED[Math.floor(pair / specials)] as Extended) : randomExtended(random);
    const b = walks ? (SPECIAL_EXTENDED[pair % specials] as Extended) : randomExtended(random, a);
    if (!walks && operation.operands === 1 && random.below(2)) a = randomExtended(random, a);
    const memory = BigInt.asUintN((operation.reads ?? 8) * 8, randomMemory(random, operation.reads ?? 8));
    cases.push({ operation, a, b, control: randomControl(random), memory });
  }
  return cases;
}

/** Bits of a single or double, often special. */
function randomMemory(random: RandomWords, bytes: number): bigint {
  const bits = random.bits64();
  if (random.below(3)) return bits;
  const sign = random.next() & 1 ? 1n << BigInt(bytes * 8 - 1) : 0n;
  const fraction = BigInt.asUintN(bytes === 4 ? 23 : 52, bits);
  const maximum = bytes === 4 ? 0xff : 0x7ff;
  const exponent = [0, 1, maximum - 1, maximum][random.below(4)] ?? 0;
  return sign | (BigInt(exponent) << (bytes === 4 ? 23n : 52n)) | fraction;
}

/** The cases as oracle records. */
export function encodeCases(cases: readonly X87Case[]): Buffer {
  const size = RECORD_BYTES.x87.in;
  const records = Buffer.alloc(cases.length * size);
  cases.forEach(({ operation, a, b, control, memory }, index) => {
    const offset = index * size;
    records[offset] = operation.code[0];
    records[offset + 1] = operation.code[1];
    records.writeUInt16LE(control, offset + 2);
    writeExtended(records, offset + 8, a);
    writeExtended(records, offset + 18, b);
    records.writeBigUInt64LE(memory, offset + 32);
  });
  return records;
}

/** Reads one answer of the oracle in the terms of `operation`. */
export function decodeAnswer(
  operation: X87Operation,
  answer: Buffer,
  offset: number,
): Outcome & { top: number } {
  const status = answer.readUInt16LE(offset);
  const results: Extended[] = [];
  for (let i = 0; i < operation.delivers; i++) {
    results.push({
      significand: answer.readBigUInt64LE(offset + 8 + i * 10),
      se: answer.readUInt16LE(offset + 16 + i * 10),
    });
  }
  const read = operation.writes ?? 8;
  return {
    flags: status,
    results,
    memory: BigInt.asUintN(Math.min(8, read) * 8, answer.readBigUInt64LE(offset + 48)),
    memoryHigh: answer.readUInt16LE(offset + 56),
    top: (status >> 11) & 7,
  };
}

function show(value: Extended | undefined): string {
  return value
    ? `${value.se.toString(16).padStart(4, '0')}:${value.significand.toString(16).padStart(16, '0')}`
    : '-';
}

/** A line telling a case and both outcomes, for failing assertions. */
export function describe(c: X87Case, ours: Outcome, host: Outcome): string {
  const side = (o: Outcome) =>
    `${(o.flags & c.operation.status).toString(16)} ${o.results.map(show).join(' ')} ${c.operation.writes ? o.memory?.toString(16) : ''}`;
  return `${c.operation.name} a=${show(c.a)} b=${show(c.b)} m=${c.memory.toString(16)} cw=${c.control.toString(16)}: ours ${side(ours)}${ours.flags & NO_RESULT ? '!' : ''}, host ${side(host)}`;
}

/**
 * Whether our outcome is the host's: compared status bits, TOP, results and memory. With `tolerant`, results may differ
 * by one in the last place (and then C1 may too).
 */
export function agrees(
  c: X87Case,
  ours: Outcome,
  host: Outcome & { top: number },
  tolerant = false,
): boolean {
  const { operation } = c;
  const stopped = (ours.flags & NO_RESULT) !== 0;
  const status = tolerant ? operation.status & ~C1 : operation.status;
  if (((ours.flags ^ host.flags) & status) !== 0) return false;
  if (host.top !== (stopped ? 6 : operation.top)) return false;
  if (operation.writes !== undefined) {
    const expected = stopped ? BigInt.asUintN(Math.min(8, operation.writes) * 8, c.memory) : ours.memory;
    if (expected !== host.memory) return false;
    if (operation.writes === 10 && !stopped && ours.memoryHigh !== host.memoryHigh) return false;
  }
  if (stopped) return operation.delivers === 0 || same(host.results[0], c.a);
  return ours.results.every(
    (r, i) => same(r, host.results[i]) || (tolerant && neighbours(r, host.results[i])),
  );
}

function same(a: Extended | undefined, b: Extended | undefined): boolean {
  return a !== undefined && b !== undefined && a.se === b.se && a.significand === b.significand;
}

/** Whether two finite values of one sign are next to each other. */
function neighbours(a: Extended, b: Extended | undefined): boolean {
  if (b === undefined || (a.se ^ b.se) & 0x8000) return false;
  const distance = order(a) - order(b);
  return distance >= -1n && distance <= 1n;
}

function order({ se, significand }: Extended): bigint {
  return (BigInt(se & 0x7fff) << 63n) + BigInt.asUintN(63, significand);
}

/** The cases behind oracle records, found again by their opcode. */
export function decodeCases(records: Buffer, operations: readonly X87Operation[]): X87Case[] {
  const cases: X87Case[] = [];
  for (let offset = 0; offset < records.length; offset += RECORD_BYTES.x87.in) {
    const operation = operations.find(
      ({ code }) => code[0] === records[offset] && code[1] === records[offset + 1],
    );
    if (operation === undefined) throw new Error(`No operation for the record at ${offset}`);
    const control = records.readUInt16LE(offset + 2);
    const operand = (at: number): Extended => ({
      significand: records.readBigUInt64LE(at),
      se: records.readUInt16LE(at + 8),
    });
    cases.push({
      operation,
      control,
      a: operand(offset + 8),
      b: operand(offset + 18),
      memory: records.readBigUInt64LE(offset + 32),
    });
  }
  return cases;
}

/** What a comparison of many cases found. */
export interface Comparison {
  /** Descriptions of the first cases that are wrong. */
  readonly wrong: string[];
  /** Cases whose results differ from the host's in the last place only. */
  readonly lastPlace: number;
  /** Cases that the operation computed inexactly. */
  readonly inexact: number;
}

/** Computes every case and compares it with the host's answer; see `agrees` for `tolerant`. */
export function compareCases(
  fpu: FpuModule,
  cases: readonly X87Case[],
  answers: Buffer,
  tolerant: boolean,
): Comparison {
  const wrong: string[] = [];
  let lastPlace = 0;
  let inexact = 0;
  cases.forEach((c, index) => {
    const ours = c.operation.compute(fpu, c.a, c.b, c.control, c.memory);
    const host = decodeAnswer(c.operation, answers, index * RECORD_BYTES.x87.out);
    if (ours.flags & 0x20) inexact++;
    if (agrees(c, ours, host)) return;
    if (tolerant && agrees(c, ours, host, true)) lastPlace++;
    else if (wrong.length < 10) wrong.push(describe(c, ours, host));
  });
  return { wrong, lastPlace, inexact };
}

/** An instruction that takes ST(1), ST(0) and pops. */
function popping(name: string, code: readonly [number, number], exportName: string): X87Operation {
  return { ...binary(name, code, exportName, []), top: 7 };
}

/** The transcendental instructions: last-place differences are possible, everything else must agree. */
export const TRANSCENDENTAL_OPERATIONS: readonly X87Operation[] = [
  unary('f2xm1', [0xd9, 0xf0], 'extendedExp2Minus1'),
  popping('fyl2x', [0xd9, 0xf1], 'extendedYLog2X'),
  popping('fyl2xp1', [0xd9, 0xf9], 'extendedYLog2XPlus1'),
  popping('fpatan', [0xd9, 0xf3], 'extendedArctangent'),
  { ...unary('fsin', [0xd9, 0xfe], 'extendedSine'), status: EXCEPTIONS | C1 | C2 },
  { ...unary('fcos', [0xd9, 0xff], 'extendedCosine'), status: EXCEPTIONS | C1 | C2 },
  {
    ...unary('fptan', [0xd9, 0xf2], 'extendedTangent'),
    status: EXCEPTIONS | C1 | C2,
    top: 5,
    delivers: 2,
    compute: (fpu, a, b, control) => {
      fpu.call('extendedTangent', a.se, a.significand, control);
      const bits = flags(fpu);
      if (bits & NO_RESULT) return { flags: bits, results: [a, b] };
      const tangent = result(fpu);
      // A NaN is pushed twice in place of the pair of tangent and 1.0.
      const pushed = (tangent.se & 0x7fff) === 0x7fff ? tangent : { se: 0x3fff, significand: TOP };
      return { flags: bits, results: [pushed, tangent] };
    },
  },
];
