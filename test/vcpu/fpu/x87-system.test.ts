import test from 'ava';
import {
  CPU_CR0,
  CPU_CR4,
  CPU_MXCSR,
  CPU_X87,
  CPU_X87_CONTROL,
  CPU_X87_STATUS,
  CPU_X87_TAG,
  EXIT_BUDGET,
  EXIT_EXCEPTION,
} from '../../../src/memory/layout.ts';
import { TestCpu, type TestCpuOptions } from '../support/test-cpu.ts';

const CODE = 0x1000;
const DATA = 0x3000;
const UD = 6;
const NM = 7;
const GP = 13;
const MF = 16;
const XM = 19;
const UD2 = [0x0f, 0x0b];
const FNINIT = [0xdb, 0xe3];
const FLDZ = [0xd9, 0xee];
const FLD1 = [0xd9, 0xe8];
const FLDPI = [0xd9, 0xeb];
const FDIVP = [0xde, 0xf9];
const FWAIT = [0x9b];
/** FLDCW of a control word with zero-divide unmasked, at [rbx] (or [ebx]). */
const FLDCW = [0xd9, 0x2b];
const ZERO_DIVIDE_UNMASKED = 0x37b;

const CR0_PE = 0x1n;
const CR0_MP = 0x2n;
const CR0_EM = 0x4n;
const CR0_TS = 0x8n;
const CR0_NE = 0x20n;

async function prepare(code: readonly number[], options: TestCpuOptions = {}): Promise<TestCpu> {
  const cpu = await TestCpu.create(options);
  cpu.load(CODE, [...code, ...UD2]);
  cpu.rip = BigInt(CODE);
  cpu.set('rbx', BigInt(DATA));
  cpu.view.setUint16(DATA, ZERO_DIVIDE_UNMASKED, true);
  return cpu;
}

function status(cpu: TestCpu): number {
  return cpu.state32(CPU_X87_CONTROL) >>> 16;
}

function setCr0(cpu: TestCpu, bits: bigint): void {
  cpu.setState64(CPU_CR0, bits);
  cpu.core.stateWritten();
}

/** FLD1, FLDZ, FDIVP: 1 / 0 with zero-divide unmasked. */
const DIVIDE_BY_ZERO = [...FLDCW, ...FLD1, ...FLDZ, ...FDIVP];

test('an unmasked exception is delivered as #MF by the next waiting instruction, not by its own', async (t) => {
  const cpu = await prepare([...DIVIDE_BY_ZERO, 0x90, ...FWAIT]);
  t.is(cpu.run(), EXIT_EXCEPTION);
  t.is(cpu.fault.vector, MF);
  t.is(cpu.rip, BigInt(CODE + DIVIDE_BY_ZERO.length + 1));
  t.is(status(cpu) & 0x80ff, 0x8084);
});

test('non-waiting instructions pass a pending exception and FNCLEX removes it', async (t) => {
  const fnstsw = [0xdf, 0xe0];
  const fnclex = [0xdb, 0xe2];
  const cpu = await prepare([...DIVIDE_BY_ZERO, ...fnstsw, ...fnclex, ...FWAIT]);
  t.is(cpu.run(), EXIT_EXCEPTION);
  t.is(cpu.fault.vector, UD);
  t.is(Number(cpu.get('rax') & 0x80ffn), 0x8084);
  t.is(status(cpu) & 0x80ff, 0);
});

test('an MMX instruction delivers a pending x87 exception', async (t) => {
  const paddb = [0x0f, 0xfc, 0xc1];
  const cpu = await prepare([...DIVIDE_BY_ZERO, ...paddb]);
  t.is(cpu.run(), EXIT_EXCEPTION);
  t.is(cpu.fault.vector, MF);
});

test('without CR0.NE an exception drives FERR# and the CPU freezes until IGNNE#', async (t) => {
  const pin: number[] = [];
  let ignored = 0;
  const cpu = await prepare([...DIVIDE_BY_ZERO, ...FWAIT], {
    host: {
      floatingPointError: (asserted) => {
        pin.push(asserted);
        return ignored;
      },
    },
  });
  setCr0(cpu, CR0_PE);
  t.is(cpu.run(1000), EXIT_BUDGET);
  t.is(cpu.rip, BigInt(CODE + DIVIDE_BY_ZERO.length));
  t.deepEqual(pin, [1, 1]);
  ignored = 1;
  t.is(cpu.run(1000), EXIT_EXCEPTION);
  t.is(cpu.fault.vector, UD);
});

test('FNCLEX lowers FERR#', async (t) => {
  const pin: number[] = [];
  const cpu = await prepare([...DIVIDE_BY_ZERO, 0xdb, 0xe2], {
    host: { floatingPointError: (asserted) => pin.push(asserted) * 0 },
  });
  setCr0(cpu, CR0_PE);
  cpu.run();
  t.deepEqual(pin, [1, 0]);
});

for (const [name, code, cr0, vector] of [
  ['x87 with EM', FLDZ, CR0_EM, NM],
  ['x87 with TS', FLDZ, CR0_TS, NM],
  ['FWAIT with EM alone', FWAIT, CR0_EM, UD],
  ['FWAIT with TS alone', FWAIT, CR0_TS, UD],
  ['FWAIT with TS and MP', FWAIT, CR0_TS | CR0_MP, NM],
  ['MMX with EM', [0x0f, 0x77], CR0_EM, UD],
  ['MMX with TS', [0x0f, 0x77], CR0_TS, NM],
] as const) {
  test(`${name} raises vector ${vector}`, async (t) => {
    const cpu = await prepare(code);
    setCr0(cpu, CR0_PE | CR0_NE | cr0);
    t.is(cpu.run(), EXIT_EXCEPTION);
    t.is(cpu.fault.vector, vector);
    // The UD2 behind the instruction tells that FWAIT went through; EMMS under EM is undefined itself.
    const passed = name.startsWith('FWAIT') && vector === UD;
    t.is(cpu.rip, BigInt(passed ? CODE + code.length : CODE));
  });
}

test('FNSAVE and FRSTOR keep the whole state and FNSAVE initialises', async (t) => {
  const fnsave = [0xdd, 0x73, 0x40];
  const cpu = await prepare([...FLDPI, ...FLD1, ...fnsave]);
  cpu.run();
  t.is(cpu.state32(CPU_X87_TAG) & 0xffff, 0xffff);
  t.is(cpu.state32(CPU_X87_CONTROL), 0x37f);
  t.is(cpu.view.getUint32(DATA + 0x40, true), 0xffff037f);
  t.is(cpu.view.getUint32(DATA + 0x44, true), 0xffff3000);
  t.is(cpu.view.getUint32(DATA + 0x48, true), 0xffff0fff);
  // FLD1 was the last instruction: opcode 1E8h at CODE + 2.
  t.is(cpu.view.getUint32(DATA + 0x4c, true), CODE + 2);
  t.is(cpu.view.getUint32(DATA + 0x50, true), 0x01e80033);
  t.is(cpu.view.getUint16(DATA + 0x5c + 8, true), 0x3fff);
  t.is(cpu.view.getBigUint64(DATA + 0x5c + 10, true), 0xc90fdaa22168c235n);
  const saved = Buffer.from(cpu.bytes.subarray(DATA + 0x40, DATA + 0x40 + 108));
  cpu.load(CODE, [0xdd, 0x63, 0x40, 0xdd, 0xb3, 0, 1, 0, 0, ...UD2]);
  cpu.rip = BigInt(CODE);
  cpu.run();
  t.deepEqual(Buffer.from(cpu.bytes.subarray(DATA + 0x100, DATA + 0x100 + 108)), saved);
});

test('in real mode the environment holds linear pointers, in 14 bytes with 16-bit operands', async (t) => {
  // fld1; fstp dword [bx]; fnstenv [bx+10h]
  const cpu = await prepare([...FLD1, 0xd9, 0x1f, 0xd9, 0x77, 0x10], { mode: 'real' });
  cpu.setSegment(1, 0x100, 0x1000n, 0xffff, 0x10093);
  cpu.setSegment(3, 0x200, 0x2000n, 0xffff, 0x10093);
  cpu.core.stateWritten();
  cpu.rip = BigInt(CODE - 0x1000);
  cpu.set('rbx', 0x1000n);
  cpu.run();
  const words = [0, 2, 4, 6, 8, 10, 12].map((at) => cpu.view.getUint16(DATA + 0x10 + at, true));
  t.deepEqual(words, [0x37f, 0, 0xffff, 0x1002, 0x11f, 0x3000, 0]);
  t.is(cpu.view.getUint32(DATA, true), 0x3f800000);
});

test('a store that faults leaves stack and status alone', async (t) => {
  // fldpi; fstp qword [ebx] beyond the segment limit
  const cpu = await prepare([...FNINIT, ...FLDPI, 0xdd, 0x1b], { mode: 'flat32' });
  cpu.setSegment(3, 0x2b, 0n, DATA + 6, 0x140f3);
  cpu.core.stateWritten();
  t.is(cpu.run(), EXIT_EXCEPTION);
  t.is(cpu.fault.vector, GP);
  t.is(status(cpu), 0x3800);
  t.is(cpu.state32(CPU_X87_TAG) & 0xffff, 0x3fff);
});

test('FLDPI and its like follow the rounding control', async (t) => {
  for (const [rounding, last] of [
    [0, 0x35n],
    [1, 0x34n],
    [2, 0x35n],
    [3, 0x34n],
  ] as const) {
    const cpu = await prepare([...FLDCW, ...FLDPI]);
    cpu.view.setUint16(DATA, 0x37f | (rounding << 10), true);
    cpu.run();
    t.is(cpu.state64(CPU_X87 + 7 * 16), 0xc90fdaa22168c200n | last);
  }
});

test('MASKMOVQ writes the chosen bytes at RDI', async (t) => {
  const cpu = await prepare([0x0f, 0xf7, 0xc1]);
  cpu.set('rdi', BigInt(DATA + 8));
  cpu.setState64(CPU_X87, 0x8877665544332211n);
  cpu.setState64(CPU_X87 + 16, 0x8000000080008000n);
  cpu.view.setBigUint64(DATA + 8, 0xffffffffffffffffn, true);
  cpu.run();
  t.is(cpu.view.getBigUint64(DATA + 8, true), 0x88ffffff44ff22ffn);
});

test('REX.R and REX.B mean nothing to MMX and ST(i) operands', async (t) => {
  // rex.rb psllw mm1, 4; rex.rb paddw mm0, mm1; rex.rb fld st(1)
  const cpu = await prepare([0x45, 0x0f, 0x71, 0xf1, 4, 0x45, 0x0f, 0xfd, 0xc1, 0x45, 0xd9, 0xc1]);
  cpu.setState64(CPU_X87, 0x0001000200030004n);
  cpu.setState64(CPU_X87 + 16, 0x0010002000300040n);
  cpu.run();
  t.is(cpu.fault.vector, UD);
  t.is(cpu.state64(CPU_X87 + 16), 0x0100020003000400n);
  t.is(cpu.state64(CPU_X87), 0x0101020203030404n);
  t.is(cpu.rip, BigInt(CODE + 12));
});

test('CVTPI2PS leaves the x87 stack alone when it reads memory, and CVTPS2PI does not', async (t) => {
  // cvtpi2ps xmm0, [rbx]; ud2
  const cpu = await prepare([0x0f, 0x2a, 0x03]);
  cpu.view.setInt32(DATA, -3, true);
  cpu.view.setInt32(DATA + 4, 16777217, true);
  cpu.run();
  const singles = new DataView(cpu.vector(0).buffer, cpu.vector(0).byteOffset, 16);
  t.is(singles.getFloat32(0, true), -3);
  t.is(singles.getFloat32(4, true), 16777216);
  t.is(cpu.state32(CPU_MXCSR), 0x1fa0);
  t.is(cpu.state32(CPU_X87_TAG) & 0xffff, 0xffff);
  // cvttps2pi mm1, xmm0
  cpu.load(CODE, [0x0f, 0x2c, 0xc8, ...UD2]);
  cpu.rip = BigInt(CODE);
  cpu.run();
  t.is(cpu.state64(CPU_X87 + 16), 0x01000000fffffffdn);
  t.is(cpu.state32(CPU_X87_TAG) & 0xffff, 0);
});

test('an unmasked SSE exception of CVTPS2PI is #XM, and #UD without CR4.OSXMMEXCPT', async (t) => {
  for (const [cr4, vector] of [
    [0x40600n, XM],
    [0x40200n, UD],
  ] as const) {
    const cpu = await prepare([0x0f, 0x2d, 0xc0]);
    cpu.setState64(CPU_CR4, cr4);
    cpu.setState32(CPU_MXCSR, 0x1f00);
    cpu.vector(0).set([0, 0, 0xc0, 0x7f]);
    cpu.core.stateWritten();
    t.is(cpu.run(), EXIT_EXCEPTION);
    t.is(cpu.fault.vector, vector);
    t.is(cpu.rip, BigInt(CODE));
    t.is(cpu.state32(CPU_MXCSR), 0x1f01);
    t.is(cpu.state32(CPU_X87_STATUS) & 0xffff, 0);
  }
});
