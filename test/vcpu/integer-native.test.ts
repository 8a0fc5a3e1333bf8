import test from 'ava';
import {
  CODE_ADDRESS,
  DATA_ADDRESS,
  DATA_BYTES,
  hasNative,
  type NativeState,
  runNative,
} from './support/native.ts';
import { REGISTERS, TestCpu } from './support/test-cpu.ts';

const CASES_PER_FORM = 40;
const STATUS = 0x8d5;
const CF = 1;
const PF = 4;
const AF = 0x10;
const ZF = 0x40;
const SF = 0x80;
const OF = 0x800;

/** Numbers that make carries, overflows and edges likely. */
const EDGES = [
  0n,
  1n,
  2n,
  0x7fn,
  0x80n,
  0xffn,
  0x7fffn,
  0x8000n,
  0xffffn,
  0x7fffffffn,
  0x80000000n,
  0xffffffffn,
  0x7fffffffffffffffn,
  0x8000000000000000n,
  0xffffffffffffffffn,
  63n,
  31n,
  17n,
] as const;

class Random {
  #state: number;
  constructor(seed: number) {
    this.#state = seed;
  }
  u32(): number {
    this.#state = (Math.imul(this.#state ^ (this.#state >>> 15), 0x2c1b3c6d) + 0x9e3779b9) | 0;
    return (this.#state ^ (this.#state >>> 13)) >>> 0;
  }
  below(n: number): number {
    return this.u32() % n;
  }
  u64(): bigint {
    if (this.below(3) === 0) return EDGES[this.below(EDGES.length)] ?? 0n;
    return (BigInt(this.u32()) << 32n) | BigInt(this.u32());
  }
}

interface Form {
  readonly name: string;
  /** Opcode bytes after the prefixes, without modrm. */
  readonly opcode: readonly number[];
  readonly prefixes?: readonly number[];
  /** modrm.reg when it is part of the opcode. */
  readonly digit?: number;
  /** Bytes of immediate: a number, or by operand size. */
  readonly immediate?: 0 | 1 | 'z';
  readonly hasModrm?: boolean;
  readonly registerOnly?: boolean;
  readonly memoryOnly?: boolean;
  /** Flags that the manual leaves undefined. */
  readonly undefinedFlags?: number;
  readonly vex?: { readonly map: number; readonly pp: number };
  readonly sizes?: readonly (16 | 32 | 64)[];
}

function arithmetic(): Form[] {
  const forms: Form[] = [];
  const names = ['add', 'or', 'adc', 'sbb', 'and', 'sub', 'xor', 'cmp'];
  for (const [i, name] of names.entries()) {
    const undefinedFlags = ['or', 'and', 'xor'].includes(name) ? AF : 0;
    for (let k = 0; k < 4; k++) forms.push({ name, opcode: [i * 8 + k], undefinedFlags });
    forms.push({ name, opcode: [i * 8 + 4], hasModrm: false, immediate: 1, undefinedFlags });
    forms.push({ name, opcode: [i * 8 + 5], hasModrm: false, immediate: 'z', undefinedFlags });
    forms.push({ name, opcode: [0x80], digit: i, immediate: 1, undefinedFlags });
    forms.push({ name, opcode: [0x81], digit: i, immediate: 'z', undefinedFlags });
    forms.push({ name, opcode: [0x83], digit: i, immediate: 1, undefinedFlags });
    if (name !== 'cmp')
      forms.push({
        name: `lock ${name}`,
        prefixes: [0xf0],
        opcode: [i * 8 + 1],
        memoryOnly: true,
        undefinedFlags,
      });
  }
  return forms;
}

function shifts(): Form[] {
  const forms: Form[] = [];
  const names = ['rol', 'ror', 'rcl', 'rcr', 'shl', 'shr', 'sal', 'sar'];
  for (const [digit, name] of names.entries()) {
    // OF is defined for counts of one only, CF of SHL and SHR for counts up to the operand's size only.
    const extra = digit >= 4 ? AF : 0;
    for (const opcode of [0xd0, 0xd1]) forms.push({ name, opcode: [opcode], digit, undefinedFlags: extra });
    for (const opcode of [0xd2, 0xd3])
      forms.push({ name, opcode: [opcode], digit, undefinedFlags: extra | OF | CF });
    for (const opcode of [0xc0, 0xc1])
      forms.push({ name, opcode: [opcode], digit, immediate: 1, undefinedFlags: extra | OF | CF });
  }
  for (const opcode of [0xa4, 0xac])
    forms.push({
      name: 'shxd',
      opcode: [0x0f, opcode],
      immediate: 1,
      undefinedFlags: AF | OF,
      sizes: [32, 64],
    });
  for (const opcode of [0xa5, 0xad])
    forms.push({ name: 'shxd cl', opcode: [0x0f, opcode], undefinedFlags: AF | OF, sizes: [32, 64] });
  return forms;
}

const PRODUCT = SF | ZF | AF | PF;
const OTHERS: Form[] = [
  ...[0x84, 0x85].map((o) => ({ name: 'test', opcode: [o], undefinedFlags: AF })),
  ...[0x86, 0x87, 0x88, 0x89, 0x8a, 0x8b].map((o) => ({ name: 'mov/xchg', opcode: [o] })),
  ...[0xfe, 0xff].flatMap((o) => [0, 1].map((digit) => ({ name: 'inc/dec', opcode: [o], digit }))),
  ...[0xf6, 0xf7].flatMap((o) => [2, 3].map((digit) => ({ name: 'not/neg', opcode: [o], digit }))),
  ...[0xf6, 0xf7].flatMap((o) =>
    [4, 5].map((digit) => ({ name: 'mul', opcode: [o], digit, undefinedFlags: PRODUCT })),
  ),
  ...[0xf6, 0xf7].flatMap((o) =>
    [6, 7].map((digit) => ({ name: 'div', opcode: [o], digit, undefinedFlags: STATUS })),
  ),
  { name: 'imul', opcode: [0x0f, 0xaf], undefinedFlags: PRODUCT },
  { name: 'imul imm', opcode: [0x69], immediate: 'z', undefinedFlags: PRODUCT },
  { name: 'imul imm8', opcode: [0x6b], immediate: 1, undefinedFlags: PRODUCT },
  { name: 'test imm', opcode: [0xf7], digit: 0, immediate: 'z', undefinedFlags: AF },
  { name: 'lea', opcode: [0x8d], memoryOnly: true },
  { name: 'movsxd', opcode: [0x63] },
  ...[0xb6, 0xb7, 0xbe, 0xbf].map((o) => ({ name: 'movx', opcode: [0x0f, o] })),
  ...[0x98, 0x99].map((o) => ({ name: 'cbw/cwd', opcode: [o], hasModrm: false })),
  ...Array.from({ length: 16 }, (_, cc) => ({ name: 'cmov', opcode: [0x0f, 0x40 + cc] })),
  ...Array.from({ length: 16 }, (_, cc) => ({ name: 'setcc', opcode: [0x0f, 0x90 + cc] })),
  ...Array.from({ length: 8 }, (_, r) => ({
    name: 'bswap',
    opcode: [0x0f, 0xc8 + r],
    hasModrm: false,
    sizes: [32, 64] as const,
  })),
  ...Array.from({ length: 8 }, (_, r) => ({ name: 'xchg acc', opcode: [0x90 + r], hasModrm: false })),
  ...Array.from({ length: 8 }, (_, r) => ({
    name: 'mov imm8',
    opcode: [0xb0 + r],
    hasModrm: false,
    immediate: 1 as const,
  })),
  ...[4, 5, 6, 7].map((digit) => ({
    name: 'bt imm',
    opcode: [0x0f, 0xba],
    digit,
    immediate: 1 as const,
    undefinedFlags: SF | AF | PF | OF,
  })),
  ...[0xa3, 0xab, 0xb3, 0xbb].map((o) => ({
    name: 'bt reg',
    opcode: [0x0f, o],
    registerOnly: true,
    undefinedFlags: SF | AF | PF | OF,
  })),
  ...[0xbc, 0xbd].map((o) => ({ name: 'bsf/bsr', opcode: [0x0f, o], undefinedFlags: STATUS & ~ZF })),
  ...[0xbc, 0xbd].map((o) => ({
    name: 'tzcnt/lzcnt',
    prefixes: [0xf3],
    opcode: [0x0f, o],
    undefinedFlags: SF | AF | PF | OF,
  })),
  { name: 'popcnt', prefixes: [0xf3], opcode: [0x0f, 0xb8] },
  ...[0xb0, 0xb1].flatMap((o) =>
    [[], [0xf0]].map((prefixes) => ({ name: 'cmpxchg', prefixes, opcode: [0x0f, o], memoryOnly: true })),
  ),
  ...[0xb0, 0xb1].map((o) => ({ name: 'cmpxchg reg', opcode: [0x0f, o], registerOnly: true })),
  ...[0xc0, 0xc1].flatMap((o) => [
    { name: 'xadd', opcode: [0x0f, o] },
    { name: 'lock xadd', prefixes: [0xf0], opcode: [0x0f, o], memoryOnly: true },
  ]),
  { name: 'cmpxchg8b', opcode: [0x0f, 0xc7], digit: 1, memoryOnly: true, sizes: [32] },
  { name: 'lock cmpxchg8b', prefixes: [0xf0], opcode: [0x0f, 0xc7], digit: 1, memoryOnly: true, sizes: [32] },
  ...[0xf0, 0xf1].map((o) => ({ name: 'movbe', opcode: [0x0f, 0x38, o], memoryOnly: true })),
  ...[0xf0, 0xf1].map((o) => ({ name: 'crc32', prefixes: [0xf2], opcode: [0x0f, 0x38, o] })),
  { name: 'adcx', prefixes: [0x66], opcode: [0x0f, 0x38, 0xf6], sizes: [32, 64] },
  { name: 'adox', prefixes: [0xf3], opcode: [0x0f, 0x38, 0xf6], sizes: [32, 64] },
  ...[0xf5, 0xf8, 0xf9, 0xfc, 0xfd, 0x9e, 0x9f].map((o) => ({
    name: 'flags',
    opcode: [o],
    hasModrm: false,
    sizes: [32] as const,
  })),
  ...Array.from({ length: 8 }, (_, r) => ({
    name: 'push',
    opcode: [0x50 + r],
    hasModrm: false,
    sizes: [16, 64] as const,
  })),
  ...Array.from({ length: 8 }, (_, r) => ({
    name: 'pop',
    opcode: [0x58 + r],
    hasModrm: false,
    sizes: [16, 64] as const,
  })),
  { name: 'push rm', opcode: [0xff], digit: 6, sizes: [16, 64] },
  { name: 'pop rm', opcode: [0x8f], digit: 0, sizes: [16, 64] },
  { name: 'pushf', opcode: [0x9c], hasModrm: false, sizes: [16, 64] },
  { name: 'push imm8', opcode: [0x6a], hasModrm: false, immediate: 1, sizes: [16, 64] },
  { name: 'leave', opcode: [0xc9], hasModrm: false, sizes: [16, 64] },
  ...[0xa4, 0xa5, 0xa6, 0xa7, 0xaa, 0xab, 0xac, 0xad, 0xae, 0xaf].flatMap((o) =>
    [[], [0xf3], [0xf2]].map((prefixes) => ({ name: 'string', prefixes, opcode: [o], hasModrm: false })),
  ),
  { name: 'andn', opcode: [0xf2], vex: { map: 2, pp: 0 }, undefinedFlags: AF | PF, sizes: [32, 64] },
  ...[1, 2, 3].map((digit) => ({
    name: 'bls',
    opcode: [0xf3],
    digit,
    vex: { map: 2, pp: 0 },
    undefinedFlags: AF | PF,
    sizes: [32, 64] as const,
  })),
  { name: 'bextr', opcode: [0xf7], vex: { map: 2, pp: 0 }, undefinedFlags: AF | PF | SF, sizes: [32, 64] },
  ...[1, 2, 3].map((pp) => ({ name: 'shx', opcode: [0xf7], vex: { map: 2, pp }, sizes: [32, 64] as const })),
  { name: 'bzhi', opcode: [0xf5], vex: { map: 2, pp: 0 }, undefinedFlags: AF | PF, sizes: [32, 64] },
  ...[2, 3].map((pp) => ({
    name: 'pext/pdep',
    opcode: [0xf5],
    vex: { map: 2, pp },
    sizes: [32, 64] as const,
  })),
  { name: 'mulx', opcode: [0xf6], vex: { map: 2, pp: 3 }, sizes: [32, 64] },
  { name: 'rorx', opcode: [0xf0], vex: { map: 3, pp: 3 }, immediate: 1, sizes: [32, 64] },
];

function operandBytes(
  random: Random,
  form: Form,
  reg: number,
  rmRegister: number,
): { bytes: number[]; b: number } {
  const memory = form.memoryOnly || (!form.registerOnly && random.below(2) === 0);
  const digit = form.digit ?? reg & 7;
  if (!memory) return { bytes: [0xc0 | (digit << 3) | (rmRegister & 7)], b: rmRegister >> 3 };
  // [rbx + disp8], misaligned as often as not
  return { bytes: [0x43 | (digit << 3), random.below(100)], b: 0 };
}

function encodeForm(random: Random, form: Form, size: 16 | 32 | 64): number[] {
  const reg = random.below(16);
  const rmRegister = random.below(16);
  const w = size === 64 ? 1 : 0;
  const r = form.digit === undefined ? reg >> 3 : 0;
  const modrm =
    form.hasModrm === false ? { bytes: [], b: random.below(2) } : operandBytes(random, form, reg, rmRegister);
  const immediateBytes = form.immediate === 'z' ? (size === 16 ? 2 : 4) : (form.immediate ?? 0);
  const immediate = Array.from({ length: immediateBytes }, () => random.below(256));
  if (form.vex) {
    const vvvv = random.below(16);
    const first = ((r ^ 1) << 7) | 0x40 | ((modrm.b ^ 1) << 5) | form.vex.map;
    const second = (w << 7) | ((vvvv ^ 15) << 3) | form.vex.pp;
    const canHaveVvvv = form.name === 'rorx' ? second | 0x78 : second;
    return [0xc4, first, canHaveVvvv, ...form.opcode, ...modrm.bytes, ...immediate];
  }
  const prefixes = [...(form.prefixes ?? []), ...(size === 16 ? [0x66] : [])];
  const rex = 0x40 | (w << 3) | (r << 2) | modrm.b;
  const needsRex = rex !== 0x40 || random.below(2) === 0;
  return [...prefixes, ...(needsRex ? [rex] : []), ...form.opcode, ...modrm.bytes, ...immediate];
}

function makeCase(random: Random, form: Form, size: 16 | 32 | 64): NativeState {
  const code = new Uint8Array(32).fill(0x90);
  const bytes = encodeForm(random, form, size);
  code.set([...bytes, 0x0f, 0x0b]);
  const registers = Array.from({ length: 16 }, () => random.u64());
  registers[3] = BigInt(DATA_ADDRESS + 0x40);
  registers[4] = BigInt(DATA_ADDRESS + 0x100);
  if (form.name === 'leave') registers[5] = BigInt(DATA_ADDRESS + 0x90);
  if (form.name === 'string') {
    registers[1] = BigInt(random.below(8));
    registers[6] = BigInt(DATA_ADDRESS + 0x80 + random.below(32));
    registers[7] = BigInt(DATA_ADDRESS + 0x80 + random.below(32));
  }
  const data = Uint8Array.from({ length: DATA_BYTES }, () =>
    form.name === 'string' ? random.below(2) : random.below(256),
  );
  const df = form.name === 'string' && random.below(2) ? 0x400 : 0;
  return {
    registers,
    rip: BigInt(CODE_ADDRESS),
    flags: 0x202 | df | (random.u32() & STATUS),
    vector: 0,
    code,
    data,
  };
}

function runCore(cpu: TestCpu, one: NativeState): NativeState {
  cpu.load(CODE_ADDRESS, one.code);
  cpu.load(DATA_ADDRESS, one.data);
  for (const [i, name] of REGISTERS.entries()) cpu.set(name, one.registers[i] ?? 0n);
  cpu.rip = one.rip;
  cpu.flags = one.flags;
  cpu.run(10_000);
  return {
    registers: REGISTERS.map((name) => cpu.get(name)),
    rip: cpu.rip,
    flags: cpu.flags,
    vector: cpu.fault.vector,
    code: one.code,
    data: cpu.bytes.slice(DATA_ADDRESS, DATA_ADDRESS + DATA_BYTES),
  };
}

function hex(values: readonly bigint[]): string[] {
  return values.map((value) => value.toString(16));
}

/** What must agree, as text that a failure can show. */
function visible(state: NativeState, flagMask: number): unknown {
  return {
    registers: hex(state.registers),
    rip: state.rip.toString(16),
    flags: (state.flags & flagMask).toString(16),
    vector: state.vector,
    data: Buffer.from(state.data).toString('hex'),
  };
}

const runTest = hasNative() ? test : test.skip;
for (const [group, forms] of [
  ['arithmetic', arithmetic()],
  ['shifts', shifts()],
  ['others', OTHERS],
] as const) {
  runTest(`${group}: every form gives what the host CPU gives`, async (t) => {
    const random = new Random(20260517);
    const cpu = await TestCpu.create();
    const cases: { form: Form; state: NativeState }[] = [];
    for (const form of forms) {
      for (const size of form.sizes ?? ([16, 32, 64] as const)) {
        for (let i = 0; i < CASES_PER_FORM; i++) cases.push({ form, state: makeCase(random, form, size) });
      }
    }
    const expected = runNative(cases.map((one) => one.state));
    let failures = 0;
    for (const [i, { form, state }] of cases.entries()) {
      const native = expected[i];
      if (native === undefined) continue;
      const actual = runCore(cpu, state);
      const mask = (STATUS | 0x400) & ~(form.undefinedFlags ?? 0);
      const a = visible(actual, mask);
      const b = visible(native, mask);
      if (JSON.stringify(a) !== JSON.stringify(b)) {
        failures++;
        if (failures <= 12)
          t.deepEqual(
            a,
            b,
            `${form.name}: ${Buffer.from(state.code).toString('hex')} before: ${hex(state.registers).join(' ')} flags ${state.flags.toString(16)}`,
          );
      }
    }
    t.is(failures, 0);
  });
}
