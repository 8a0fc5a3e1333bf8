/**
 * Random sequences of scalar and packed floating point, interpreted and translated, on numbers of every kind and with MXCSR in
 * several modes: what the translator remembers of operands must hold. TROUPE_LOCKSTEP_CASES is ten times their number.
 */
import test from 'ava';
import { CPU_MXCSR, EXIT_EXCEPTION } from '../../../src/memory/layout.ts';
import { TestCpu } from '../support/test-cpu.ts';

const CASES = Number(process.env['TROUPE_LOCKSTEP_CASES'] ?? 1000) / 10;
const SEED = Number(process.env['TROUPE_ORACLE_SEED'] ?? 20130520);
const CODE = 0x10000;
const DATA = 0x40000;
const OPERANDS = 16;
const REGISTERS = 6;
/** Quiet; with FTZ and DAZ; nothing noted yet; rounding up. */
const MODES = [0x1fa0, 0x1fa0, 0x1fa0, 0x9fe0, 0x1f80, 0x5fa0];
const NONE: readonly number[] = [];
const PREFIXES = [[0xf2], [0xf2], [0xf3], [0x66], NONE];
/** ADD, MUL, SUB, MIN, DIV, MAX, SQRT. */
const ARITHMETIC = [0x58, 0x59, 0x5c, 0x5d, 0x5e, 0x5f, 0x51];

type Random = (below: number) => number;

/** Mulberry32. */
function randomSource(seed: number): Random {
  let state = seed | 0;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) % below;
  };
}

function modrm(reg: number, random: Random): number[] {
  // A register, or [rsi + displacement] with an aligned operand.
  return random(3) > 0
    ? [0xc0 | (reg << 3) | random(REGISTERS)]
    : [0x46 | (reg << 3), random(OPERANDS / 2) * 16];
}

function instruction(random: Random): number[] {
  const reg = random(REGISTERS);
  const kind = random(12);
  const prefix = PREFIXES[random(PREFIXES.length)] ?? NONE;
  if (kind < 8)
    return [...prefix, 0x0f, ARITHMETIC[random(ARITHMETIC.length)] ?? 0x58, ...modrm(reg, random)];
  // MOVAPD, COMISD and COMISS, CVTSD2SS and CVTSS2SD, CVTSI2SD and CVTTSD2SI by eax.
  if (kind === 8) return [0x66, 0x0f, 0x28, ...modrm(reg, random)];
  if (kind === 9) return [...(random(2) === 0 ? NONE : [0x66]), 0x0f, 0x2f, ...modrm(reg, random)];
  if (kind === 10) return [random(2) === 0 ? 0xf2 : 0xf3, 0x0f, 0x5a, ...modrm(reg, random)];
  return random(2) === 0 ? [0xf2, 0x0f, 0x2a, 0xc0 | (reg << 3)] : [0xf2, 0x0f, 0x2c, 0xc0 | reg];
}

/** Mostly numbers of modest size; zeros, denormals, infinities, NaNs, and numbers about to over- and underflow. */
function number(random: Random): bigint {
  const sign = BigInt(random(2)) << 63n;
  const fraction = (BigInt(random(0x10_0000)) << 32n) | BigInt(random(0xffff_ffff));
  const exponents = [
    1020 + random(8),
    1020 + random(8),
    1020 + random(8),
    0,
    2047,
    1,
    2046,
    700 + random(600),
  ];
  const exponent = BigInt(exponents[random(exponents.length)] ?? 1023) << 52n;
  if (random(8) === 0) return sign;
  return sign | exponent | (random(4) === 0 ? 0n : fraction);
}

interface Case {
  readonly code: Uint8Array;
  readonly data: Uint8Array;
  readonly mxcsr: number;
}

function makeCase(seed: number): Case {
  const random = randomSource(seed);
  // A NOP first: a region treats its first instruction specially.
  const code = [
    0x90,
    ...Array.from({ length: 4 + random(12) }, () => instruction(random)).flat(),
    0x0f,
    0x0b,
  ];
  const words = BigUint64Array.from({ length: OPERANDS }, () => number(random));
  const singles = new Float32Array(words.buffer);
  for (let i = 0; i < singles.length; i++) if (random(4) === 0) singles[i] = random(1000) / 16;
  return {
    code: Uint8Array.from(code),
    data: new Uint8Array(words.buffer),
    mxcsr: MODES[random(MODES.length)] ?? 0,
  };
}

function run(cpu: TestCpu, { code, data, mxcsr }: Case): string {
  cpu.load(CODE, code);
  cpu.load(DATA, data);
  const view = new DataView(cpu.memory.buffer, cpu.core.base);
  for (let i = 0; i < REGISTERS; i++) cpu.vector(i).set(data.subarray(i * 16, i * 16 + 16));
  view.setUint32(CPU_MXCSR, mxcsr, true);
  cpu.rip = BigInt(CODE);
  cpu.set('rsi', BigInt(DATA));
  cpu.set('rax', 12345n);
  const reason = cpu.run();
  const vectors = Array.from({ length: REGISTERS }, (_, i) => Buffer.from(cpu.vector(i)).toString('hex'));
  const mxcsrAfter = view.getUint32(CPU_MXCSR, true).toString(16);
  return [...vectors, mxcsrAfter, cpu.get('rax'), cpu.flags, cpu.rip, reason === EXIT_EXCEPTION].join(' ');
}

test('floating-point sequences do the same translated', async (t) => {
  t.timeout(24 * 3600 * 1000);
  const interpreter = await TestCpu.create({ hotEntries: 0 });
  const translator = await TestCpu.create({ hotEntries: 1 });
  for (let i = 0; i < CASES; i++) {
    const made = makeCase(SEED + i);
    const expected = run(interpreter, made);
    // Twice: the second time the region is there from the start.
    for (const turn of [1, 2]) {
      const code = Buffer.from(made.code).toString('hex');
      t.is(run(translator, made), expected, `seed ${SEED + i}, turn ${turn}: ${code}`);
    }
  }
});
