import type { FpuModule } from './fpu-module.ts';
import type { RandomWords } from './operands.ts';
import { RECORD_BYTES } from './oracle.ts';

/** A format's name for the operands and results of an instruction. */
export type ElementType = 'half' | 'single' | 'double' | 'int32' | 'int64' | 'mask32' | 'mask64' | 'flags';

/** One SSE, FMA or F16C instruction on xmm0 (a), xmm1 (b), xmm2 (c), and how our functions compute it. */
export interface SimdOperation {
  readonly name: string;
  readonly code: readonly number[];
  /** Types of a, b, c as far as used. */
  readonly operands: readonly ElementType[];
  readonly result: ElementType;
  /** Where the result is. */
  readonly from: 'xmm0' | 'rax';
  readonly compute: (fpu: FpuModule, a: bigint, b: bigint, c: bigint) => number | bigint;
}

const BITS: Record<ElementType, number> = {
  half: 16,
  single: 32,
  double: 64,
  int32: 32,
  int64: 64,
  mask32: 32,
  mask64: 64,
  flags: 8,
};

const SINGLE = { prefix: 0xf3, type: 'single', mask: 'mask32', word: (v: bigint) => Number(v) } as const;
const DOUBLE = { prefix: 0xf2, type: 'double', mask: 'mask64', word: (v: bigint) => v } as const;
type Format = typeof SINGLE | typeof DOUBLE;

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

function binary(format: Format, name: string, opcode: number): SimdOperation {
  const exportName = `${format.type}${capital(name)}`;
  return {
    name: exportName,
    code: [format.prefix, 0x0f, opcode, 0xc1],
    operands: [format.type, format.type],
    result: format.type,
    from: 'xmm0',
    compute: (fpu, a, b) => fpu.call(exportName, format.word(a), format.word(b)),
  };
}

function squareRoot(format: Format): SimdOperation {
  const exportName = `${format.type}SquareRoot`;
  return {
    name: exportName,
    code: [format.prefix, 0x0f, 0x51, 0xc0],
    operands: [format.type],
    result: format.type,
    from: 'xmm0',
    compute: (fpu, a) => fpu.call(exportName, format.word(a)),
  };
}

/** VCMPSS/SD xmm0, xmm0, xmm1, predicate. */
function compare(format: Format, predicate: number): SimdOperation {
  const exportName = `${format.type}Compare`;
  return {
    name: `${exportName} ${predicate}`,
    code: [0xc5, format.prefix === 0xf3 ? 0xfa : 0xfb, 0xc2, 0xc1, predicate],
    operands: [format.type, format.type],
    result: format.mask,
    from: 'xmm0',
    compute: (fpu, a, b) => -BigInt(fpu.call(exportName, format.word(a), format.word(b), predicate)),
  };
}

/** (U)COMISx with the flags fetched by LAHF and MOVZX EAX, AH. */
function relation(format: Format, signaling: boolean): SimdOperation {
  const prefix = format.type === 'double' ? [0x66] : [];
  return {
    name: `${signaling ? '' : 'u'}comi ${format.type}`,
    code: [...prefix, 0x0f, signaling ? 0x2f : 0x2e, 0xc1, 0x9f, 0x0f, 0xb6, 0xc4],
    operands: [format.type, format.type],
    result: 'flags',
    from: 'rax',
    compute: (fpu, a, b) => {
      const bit = fpu.call(`${format.type}Relation`, format.word(a), format.word(b), signaling ? 1 : 0);
      // LESS: CF; EQUAL: ZF; GREATER: none; UNORDERED: ZF PF CF; bit 1 always reads one.
      return { 1: 0x03, 2: 0x42, 4: 0x02, 8: 0x47 }[Number(bit)] ?? 0;
    },
  };
}

/**
 * The three operand orders of VFMADD, VFNMSUB and so on. Our function wants the factors first, in the order of the
 * instruction's operands.
 */
function multiplyAdd(
  format: Format,
  kind: number,
  negateProduct: number,
  negateAddend: number,
): SimdOperation[] {
  const exportName = `${format.type}MultiplyAdd`;
  const orders = [
    { name: '132', opcode: 0x90, pick: (a: bigint, b: bigint, c: bigint) => [a, c, b] as const },
    { name: '213', opcode: 0xa0, pick: (a: bigint, b: bigint, c: bigint) => [b, a, c] as const },
    { name: '231', opcode: 0xb0, pick: (a: bigint, b: bigint, c: bigint) => [b, c, a] as const },
  ];
  return orders.map(({ name, opcode, pick }) => ({
    name: `${exportName} ${name} ${kind.toString(16)}`,
    code: [0xc4, 0xe2, format.type === 'double' ? 0xf1 : 0x71, opcode | kind, 0xc2],
    operands: [format.type, format.type, format.type],
    result: format.type,
    from: 'xmm0',
    compute: (fpu, a, b, c) => {
      const [x, y, z] = pick(a, b, c);
      return fpu.call(
        exportName,
        format.word(x),
        format.word(y),
        format.word(z),
        negateProduct,
        negateAddend,
      );
    },
  }));
}

function toInteger(format: Format, wide: boolean, chop: boolean): SimdOperation {
  const exportName = `${format.type}ToInteger`;
  return {
    name: `${exportName} ${wide ? 64 : 32}${chop ? ' chopped' : ''}`,
    code: [format.prefix, ...(wide ? [0x48] : []), 0x0f, chop ? 0x2c : 0x2d, 0xc0],
    operands: [format.type],
    result: wide ? 'int64' : 'int32',
    from: 'rax',
    compute: (fpu, a) => fpu.call(exportName, format.word(a), wide ? 64 : 32, chop ? 1 : 0),
  };
}

/** CVTSI2SS/SD xmm0, [rsi]; the operand in memory is c. */
function fromInteger(format: Format, wide: boolean): SimdOperation {
  const exportName = `integerTo${capital(format.type)}`;
  const type = wide ? 'int64' : 'int32';
  return {
    name: `${exportName} ${wide ? 64 : 32}`,
    code: [format.prefix, ...(wide ? [0x48] : []), 0x0f, 0x2a, 0x06],
    operands: [type, type, type],
    result: format.type,
    from: 'xmm0',
    compute: (fpu, _a, _b, c) => fpu.call(exportName, BigInt.asIntN(wide ? 64 : 32, c)),
  };
}

function round(format: Format, immediate: number): SimdOperation {
  const exportName = `${format.type}Round`;
  return {
    name: `${exportName} ${immediate}`,
    code: [0x66, 0x0f, 0x3a, format.type === 'single' ? 0x0a : 0x0b, 0xc0, immediate],
    operands: [format.type],
    result: format.type,
    from: 'xmm0',
    compute: (fpu, a) => fpu.call(exportName, format.word(a), immediate),
  };
}

const CONVERSIONS: readonly SimdOperation[] = [
  {
    name: 'singleToDouble',
    code: [0xf3, 0x0f, 0x5a, 0xc0],
    operands: ['single'],
    result: 'double',
    from: 'xmm0',
    compute: (fpu, a) => fpu.call('singleToDouble', Number(a)),
  },
  {
    name: 'doubleToSingle',
    code: [0xf2, 0x0f, 0x5a, 0xc0],
    operands: ['double'],
    result: 'single',
    from: 'xmm0',
    compute: (fpu, a) => fpu.call('doubleToSingle', a),
  },
  {
    name: 'halfToSingle',
    code: [0xc4, 0xe2, 0x79, 0x13, 0xc0],
    operands: ['half'],
    result: 'single',
    from: 'xmm0',
    compute: (fpu, a) => fpu.call('halfToSingle', Number(a)),
  },
  ...[0, 1, 2, 3, 4].map(
    (immediate): SimdOperation => ({
      name: `singleToHalf ${immediate}`,
      code: [0xc4, 0xe3, 0x79, 0x1d, 0xc0, immediate],
      operands: ['single'],
      result: 'half',
      from: 'xmm0',
      compute: (fpu, a) => fpu.call('singleToHalf', Number(a), immediate),
    }),
  ),
];

/** Every scalar operation of our own, in both formats. */
export const SIMD_OPERATIONS: readonly SimdOperation[] = [
  ...[SINGLE, DOUBLE].flatMap((format) => [
    binary(format, 'add', 0x58),
    binary(format, 'subtract', 0x5c),
    binary(format, 'multiply', 0x59),
    binary(format, 'divide', 0x5e),
    binary(format, 'minimum', 0x5d),
    binary(format, 'maximum', 0x5f),
    squareRoot(format),
    ...Array.from({ length: 32 }, (_, predicate) => compare(format, predicate)),
    relation(format, true),
    relation(format, false),
    ...multiplyAdd(format, 0x9, 0, 0),
    ...multiplyAdd(format, 0xb, 0, 1),
    ...multiplyAdd(format, 0xd, 1, 0),
    ...multiplyAdd(format, 0xf, 1, 1),
    ...[false, true].flatMap((wide) => [
      toInteger(format, wide, false),
      toInteger(format, wide, true),
      fromInteger(format, wide),
    ]),
    ...[0, 1, 2, 3, 4, 8, 11, 12].map((immediate) => round(format, immediate)),
  ]),
  ...CONVERSIONS,
];

/** One case: an operation, its operands and MXCSR. */
export interface SimdCase {
  readonly operation: SimdOperation;
  readonly operands: readonly [bigint, bigint, bigint];
  readonly mxcsr: number;
}

/** A random encoding of a type, often special; with `near`, often of about that exponent. */
function randomElement(random: RandomWords, type: ElementType, near?: bigint): bigint {
  const bits = BITS[type];
  if (type === 'int32' || type === 'int64') return BigInt.asUintN(bits, random.bits64());
  const fractionBits = type === 'double' ? 52 : type === 'single' ? 23 : 10;
  const maximum = 2 ** (bits - 1 - fractionBits) - 1;
  const bias = maximum >> 1;
  const raw = random.bits64();
  // Fractions patterned at the top or at the bottom.
  let fraction = random.below(2)
    ? BigInt.asUintN(fractionBits, raw)
    : BigInt.asUintN(64, raw) >> BigInt(64 - fractionBits);
  const nearField = near === undefined ? bias : Number((near >> BigInt(fractionBits)) & BigInt(maximum));
  let field: number;
  switch (random.below(10)) {
    case 0:
      field = 0;
      if (random.below(3) === 0) fraction = 0n;
      break;
    case 1:
      field = maximum;
      if (random.below(2)) fraction = 0n;
      break;
    case 2:
      field = random.below(maximum + 1);
      break;
    case 3:
      field = bias + random.below(fractionBits * 2) - fractionBits;
      break;
    case 4:
      field = random.below(2) ? 1 : maximum - 1;
      break;
    case 5:
      field = 1 + random.below(fractionBits + 2);
      break;
    default:
      field = nearField + random.below(fractionBits * 2 + 8) - fractionBits - 4;
  }
  const sign = BigInt(random.next() & 1) << BigInt(bits - 1);
  const clamped = Math.min(maximum, Math.max(0, field));
  return sign | (BigInt(clamped) << BigInt(fractionBits)) | fraction;
}

/** MXCSR: mostly everything masked; the inexact flag often set already, so that every path is taken. */
function randomMxcsr(random: RandomWords): number {
  const masks = random.below(8) ? 0x3f : random.next() & 0x3f;
  const plain = random.below(2) === 0;
  const rounding = plain ? 0 : random.below(4) << 13;
  const modes = plain ? 0 : [0, 0x40, 0x8000, 0x8040][random.below(4)];
  return (masks << 7) | rounding | (modes ?? 0) | (random.below(2) ? 0x20 : 0);
}

/** `count` random cases of one operation. */
export function simdCases(operation: SimdOperation, count: number, random: RandomWords): SimdCase[] {
  return Array.from({ length: count }, () => {
    const [aType, bType, cType] = operation.operands;
    const a = aType === undefined ? 0n : randomElement(random, aType);
    const b = bType === undefined ? 0n : random.below(12) ? randomElement(random, bType, a) : a;
    const c = cType === undefined ? 0n : randomElement(random, cType, b);
    return { operation, operands: [a, b, c] as const, mxcsr: randomMxcsr(random) };
  });
}

/** The cases as oracle records. */
export function encodeSimdCases(cases: readonly SimdCase[]): Buffer {
  const size = RECORD_BYTES.sse.in;
  const records = Buffer.alloc(cases.length * size);
  cases.forEach(({ operation, operands, mxcsr }, index) => {
    const offset = index * size;
    records[offset] = operation.code.length;
    records.set(operation.code, offset + 1);
    records.writeUInt32LE(mxcsr, offset + 12);
    operands.forEach((operand, i) => {
      records.writeBigUInt64LE(operand, offset + 16 + i * 16);
    });
  });
  return records;
}

/** The cases behind oracle records, found again by their code. */
export function decodeSimdCases(records: Buffer): SimdCase[] {
  const byCode = new Map(SIMD_OPERATIONS.map((operation) => [operation.code.join(), operation]));
  const cases: SimdCase[] = [];
  for (let offset = 0; offset < records.length; offset += RECORD_BYTES.sse.in) {
    const code = records.subarray(offset + 1, offset + 1 + (records[offset] ?? 0));
    const operation = byCode.get([...code].join());
    if (operation === undefined) throw new Error(`No operation for code ${code.toString('hex')}`);
    const operand = (i: number): bigint => records.readBigUInt64LE(offset + 16 + i * 16);
    cases.push({
      operation,
      operands: [operand(0), operand(1), operand(2)],
      mxcsr: records.readUInt32LE(offset + 12),
    });
  }
  return cases;
}

/** Computes every case and describes the first ones whose result, flags or fault differ from the host's. */
export function compareSimdCases(fpu: FpuModule, cases: readonly SimdCase[], answers: Buffer): string[] {
  const wrong: string[] = [];
  cases.forEach(({ operation, operands, mxcsr }, index) => {
    const offset = index * RECORD_BYTES.sse.out;
    const width = BITS[operation.result];
    fpu.call('beginSimd', mxcsr);
    const result = BigInt.asUintN(width, BigInt(operation.compute(fpu, ...operands)));
    const faults = fpu.call('simdFault') !== 0;
    const status = Number(fpu.call('simdStatus'));
    const hostStatus = answers.readUInt32LE(offset);
    const hostFaults = answers.readUInt32LE(offset + 4) !== 0;
    const at = operation.from === 'rax' ? offset + 8 : offset + 16;
    const host = BigInt.asUintN(width, answers.readBigUInt64LE(at));
    if (faults === hostFaults && status === hostStatus && (faults || result === host)) return;
    if (wrong.length < 10) {
      wrong.push(
        `${operation.name} ${operands.map((o) => o.toString(16)).join(' ')} mxcsr=${mxcsr.toString(16)}: ours ` +
          `${result.toString(16)} ${status.toString(16)} ${faults}, host ${host.toString(16)} ${hostStatus.toString(16)} ${hostFaults}`,
      );
    }
  });
  return wrong;
}
