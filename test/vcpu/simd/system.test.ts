/** What surrounds vector instructions: availability, approximations' accuracy, save areas. */
import test from 'ava';
import {
  CPU_CR0,
  CPU_CR4,
  CPU_MXCSR,
  CPU_X87,
  CPU_X87_CONTROL,
  CPU_X87_TAG,
  CPU_XCR0,
  EXIT_EXCEPTION,
} from '../../../src/memory/layout.ts';
import { TestCpu } from '../support/test-cpu.ts';

const CODE = 0x1000;
const AREA = 0x4000;
const UD = 6;
const NM = 7;
const GP = 13;
const XM = 19;
const UD2 = [0x0f, 0x0b];
const ADDPS = [0x0f, 0x58, 0xc1];
const VADDPS = [0xc5, 0xf0, 0x58, 0xc2];
const CR0_TS = 8n;
const CR0_EM = 4n;
const XSTATE_BV = AREA + 512;
const XCOMP_BV = AREA + 520;

/** Runs code until it faults; gives the vector, or 0 if it got to its end. */
function outcome(cpu: TestCpu, code: readonly number[]): number {
  cpu.load(CODE, [...code, ...UD2]);
  cpu.rip = BigInt(CODE);
  if (cpu.run() !== EXIT_EXCEPTION) throw new Error('The core left without an exception');
  return cpu.rip === BigInt(CODE + code.length) && cpu.fault.vector === UD ? 0 : cpu.fault.vector;
}

async function withState(change: (cpu: TestCpu) => void): Promise<TestCpu> {
  const cpu = await TestCpu.create();
  change(cpu);
  cpu.core.stateWritten();
  return cpu;
}

const CASES: readonly { what: string; change: (cpu: TestCpu) => void; sse: number; avx: number }[] = [
  { what: 'CR0.TS', change: (cpu) => cpu.setState64(CPU_CR0, 0x31n | CR0_TS), sse: NM, avx: NM },
  { what: 'CR0.EM', change: (cpu) => cpu.setState64(CPU_CR0, 0x31n | CR0_EM), sse: UD, avx: 0 },
  { what: 'no CR4.OSFXSR', change: (cpu) => cpu.setState64(CPU_CR4, 0x40400n), sse: UD, avx: 0 },
  { what: 'no CR4.OSXSAVE', change: (cpu) => cpu.setState64(CPU_CR4, 0x600n), sse: 0, avx: UD },
  { what: 'XCR0 without AVX', change: (cpu) => cpu.setState64(CPU_XCR0, 3n), sse: 0, avx: UD },
  { what: 'no CPUID features', change: (cpu) => cpu.setAllFeatures(false), sse: UD, avx: UD },
];

for (const { what, change, sse, avx } of CASES) {
  test(`availability under ${what}`, async (t) => {
    t.is(outcome(await withState(change), ADDPS), sse);
    t.is(outcome(await withState(change), VADDPS), avx);
  });
}

test('an unmasked exception is #XM, or #UD without CR4.OSXMMEXCPT, and writes nothing', async (t) => {
  const cpu = await TestCpu.create();
  cpu.setState32(CPU_MXCSR, 0x1f00);
  cpu.vector(0).fill(0xff);
  cpu.vector(1).set([0, 0, 0xa0, 0x7f]);
  t.is(outcome(cpu, ADDPS), XM);
  t.true(cpu.vector(0).every((byte) => byte === 0xff));
  t.is(cpu.state32(CPU_MXCSR) & 1, 1);
  cpu.setState64(CPU_CR4, 0x40200n);
  cpu.core.stateWritten();
  t.is(outcome(cpu, ADDPS), UD);
});

test('RCPPS and RSQRTPS stay within 1.5 x 2^-12', async (t) => {
  const cpu = await TestCpu.create();
  const limit = 1.5 * 2 ** -12;
  for (let i = 1; i < 2000; i++) {
    const value = Math.fround(1.37 ** (i % 200) * (1 + i / 2000) * 1e-15);
    const singles = new DataView(new ArrayBuffer(16));
    singles.setFloat32(0, value, true);
    cpu.vector(1).set(new Uint8Array(singles.buffer));
    // rcpss xmm0, xmm1; rsqrtss xmm2, xmm1
    t.is(outcome(cpu, [0xf3, 0x0f, 0x53, 0xc1, 0xf3, 0x0f, 0x52, 0xd1]), 0);
    const results = [cpu.vector(0), cpu.vector(2)].map((bytes) =>
      new DataView(bytes.slice().buffer).getFloat32(0, true),
    );
    t.true(Math.abs((results[0] ?? 0) * value - 1) <= limit);
    t.true(Math.abs((results[1] ?? 0) * Math.sqrt(value) - 1) <= limit);
  }
});

/** Gives every register of the three components a value of its own. */
function fillState(cpu: TestCpu): void {
  for (let i = 0; i < 16; i++) cpu.vector(i).fill(0x10 + i, 0, 32);
  for (let i = 0; i < 8; i++) cpu.setState64(CPU_X87 + 16 * i, 0x8000000000000000n + BigInt(i));
  cpu.setState32(CPU_X87_CONTROL, 0x0000027f);
  cpu.setState32(CPU_X87_TAG, 0x0000fff0);
  cpu.setState32(CPU_MXCSR, 0x1fa0);
}

function snapshot(cpu: TestCpu): string {
  const vectors = Array.from({ length: 16 }, (_, i) =>
    Buffer.from(cpu.vector(i).slice(0, 32)).toString('hex'),
  );
  const x87 = Array.from({ length: 8 }, (_, i) => cpu.state64(CPU_X87 + 16 * i).toString(16));
  return [...vectors, ...x87, cpu.state64(CPU_X87_CONTROL) & 0xffffffffffffn, cpu.state32(CPU_MXCSR)].join(
    ' ',
  );
}

function scramble(cpu: TestCpu): void {
  for (let i = 0; i < 16; i++) cpu.vector(i).fill(0xee);
  for (let i = 0; i < 8; i++) cpu.setState64(CPU_X87 + 16 * i, 1n);
  cpu.setState32(CPU_X87_CONTROL, 0x37f);
  cpu.setState32(CPU_X87_TAG, 0);
  cpu.setState32(CPU_MXCSR, 0x1f80);
}

const SAVES: readonly { name: string; save: readonly number[] }[] = [
  { name: 'XSAVE', save: [0x48, 0x0f, 0xae, 0x26] },
  { name: 'XSAVEOPT', save: [0x48, 0x0f, 0xae, 0x36] },
  { name: 'XSAVEC', save: [0x48, 0x0f, 0xc7, 0x26] },
];

for (const { name, save } of SAVES) {
  test(`${name} and XRSTOR bring everything back`, async (t) => {
    const cpu = await TestCpu.create();
    cpu.set('rsi', BigInt(AREA));
    cpu.set('rax', 7n);
    cpu.set('rdx', 0n);
    fillState(cpu);
    const before = snapshot(cpu);
    t.is(outcome(cpu, save), 0);
    t.is(cpu.view.getBigUint64(XSTATE_BV, true), 7n);
    t.is(cpu.view.getBigUint64(XCOMP_BV, true), name === 'XSAVEC' ? 0x8000000000000007n : 0n);
    scramble(cpu);
    // xrstor64 [rsi]
    t.is(outcome(cpu, [0x48, 0x0f, 0xae, 0x2e]), 0);
    t.is(snapshot(cpu), before);
  });
}

test('FXSAVE and FXRSTOR keep the upper halves out of it', async (t) => {
  const cpu = await TestCpu.create();
  cpu.set('rsi', BigInt(AREA));
  fillState(cpu);
  t.is(outcome(cpu, [0x48, 0x0f, 0xae, 0x06]), 0);
  t.is(cpu.view.getUint32(AREA + 28, true), 0xffff);
  scramble(cpu);
  t.is(outcome(cpu, [0x48, 0x0f, 0xae, 0x0e]), 0);
  t.is(cpu.vector(5)[3], 0x15);
  t.is(cpu.vector(5)[16], 0xee);
  t.is(cpu.state32(CPU_MXCSR), 0x1fa0);
});

test('XRSTOR gives absent components their initial values', async (t) => {
  const cpu = await TestCpu.create();
  cpu.set('rsi', BigInt(AREA));
  cpu.set('rax', 7n);
  cpu.set('rdx', 0n);
  fillState(cpu);
  cpu.view.setUint32(AREA + 24, 0x1f80, true);
  t.is(outcome(cpu, [0x0f, 0xae, 0x2e]), 0);
  t.true(
    cpu
      .vector(3)
      .slice(0, 32)
      .every((byte) => byte === 0),
  );
  t.is(cpu.state64(CPU_X87_CONTROL) & 0xffffn, 0x37fn);
});

test('bad headers, alignment and MXCSR raise #GP before anything is loaded', async (t) => {
  const cpu = await TestCpu.create();
  cpu.set('rax', 7n);
  cpu.set('rdx', 0n);
  cpu.set('rsi', BigInt(AREA + 16));
  t.is(outcome(cpu, [0x0f, 0xae, 0x2e]), GP);
  t.is(outcome(cpu, [0x0f, 0xae, 0x26]), GP);
  cpu.set('rsi', BigInt(AREA));
  cpu.view.setBigUint64(XSTATE_BV, 8n, true);
  t.is(outcome(cpu, [0x0f, 0xae, 0x2e]), GP);
  cpu.view.setBigUint64(XSTATE_BV, 0n, true);
  cpu.view.setUint32(AREA + 24, 0x10000, true);
  cpu.vector(0).fill(7);
  t.is(outcome(cpu, [0x0f, 0xae, 0x2e]), GP);
  t.is(cpu.vector(0)[0], 7);
});

test('XGETBV reads XCR0; XSETBV is refused at CPL 3', async (t) => {
  const cpu = await TestCpu.create();
  cpu.set('rcx', 0n);
  t.is(outcome(cpu, [0x0f, 0x01, 0xd0]), 0);
  t.is(cpu.get('rax'), 7n);
  t.is(cpu.get('rdx'), 0n);
  t.is(outcome(cpu, [0x0f, 0x01, 0xd1]), GP);
});
