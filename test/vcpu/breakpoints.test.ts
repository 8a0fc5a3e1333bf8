/** Hardware breakpoints on ports, and on data inside repeated string instructions (SDM vol. 3, 17.2 and 17.3). */
import test from 'ava';
import { CPU_CR4, CPU_DR, CPU_SLOW_REASONS, EXIT_EXCEPTION } from '../../src/memory/layout.ts';
import { TestCpu } from './support/test-cpu.ts';

const CODE = 0x1000;
const DB = 1;
const UD = 6;
const DEBUG_EXTENSIONS = 8n;
const RESUME_FLAG = 0x10000;
const TRAP_FLAG = 0x100;
const DR6 = CPU_DR + 48;
const STEP = 0x4000n;
/** DR7 for DR0 alone: kind, and the length field. */
const EXECUTE = 0;
const WRITE = 1;
const PORT = 2;
const DATA = 3;
const arm = (kind: number, length: 0 | 1 | 3) => BigInt(1 | (kind << 16) | (length << 18));
// mov dr0, ebx; mov dr7, eax
const SET_UP = [0x0f, 0x23, 0xc3, 0x0f, 0x23, 0xf8];
const START = BigInt(CODE + SET_UP.length);
const UD2 = [0x0f, 0x0b];

async function prepare(code: readonly number[], dr0: number, dr7: bigint): Promise<TestCpu> {
  const cpu = await TestCpu.create({ mode: 'real', host: { portIn: () => 0x5a } });
  cpu.load(CODE, [...SET_UP, ...code, ...UD2]);
  cpu.rip = BigInt(CODE);
  cpu.set('rbx', BigInt(dr0));
  cpu.set('rax', dr7);
  cpu.set('rsi', 0x2000n);
  cpu.set('rdi', 0x3000n);
  cpu.set('rdx', 0x60n);
  cpu.setState64(CPU_CR4, DEBUG_EXTENSIONS);
  cpu.core.stateWritten();
  return cpu;
}

const PORT_ACCESSES = [
  { title: 'IN from the port', code: [0xe4, 0x60], port: 0x60, length: 0, hits: true },
  { title: 'OUT to the port', code: [0xee], port: 0x60, length: 0, hits: true },
  { title: 'OUT to the next port', code: [0xe6, 0x61], port: 0x60, length: 0, hits: false },
  {
    title: 'a doubleword that reaches the port',
    code: [0x66, 0xe7, 0x5d],
    port: 0x60,
    length: 0,
    hits: true,
  },
  { title: 'the last of four ports', code: [0xe6, 0x63], port: 0x60, length: 3, hits: true },
  { title: 'the port after four', code: [0xe6, 0x64], port: 0x60, length: 3, hits: false },
  { title: 'memory at the same address', code: [0xa2, 0x60, 0x00], port: 0x60, length: 0, hits: false },
] as const;

for (const { title, code, port, length, hits } of PORT_ACCESSES) {
  test(`a port breakpoint and ${title}`, async (t) => {
    const cpu = await prepare(code, port, arm(PORT, length));
    t.is(cpu.run(), EXIT_EXCEPTION);
    t.is(cpu.fault.vector, hits ? DB : UD);
    t.is(cpu.rip, START + BigInt(code.length));
    t.is(cpu.state64(DR6), hits ? 1n : 0n);
  });
}

test('port breakpoints need CR4.DE', async (t) => {
  const cpu = await prepare([0xe4, 0x60], 0x60, arm(PORT, 0));
  cpu.setState64(CPU_CR4, 0n);
  cpu.run();
  t.is(cpu.fault.vector, UD);
});

for (const [name, opcode] of [
  ['INSB', 0x6c],
  ['OUTSB', 0x6e],
] as const) {
  test(`REP ${name} traps after each iteration`, async (t) => {
    const cpu = await prepare([0xf3, opcode], 0x60, arm(PORT, 0));
    cpu.set('rcx', 3n);
    for (const left of [2n, 1n, 0n]) {
      cpu.run();
      t.is(cpu.fault.vector, DB);
      t.is(cpu.get('rcx'), left);
      t.is(cpu.rip, left === 0n ? START + 2n : START);
      t.is(cpu.flags & RESUME_FLAG, left === 0n ? 0 : RESUME_FLAG);
    }
    cpu.run();
    t.is(cpu.fault.vector, UD);
  });
}

const STRINGS = [
  { name: 'MOVSD (written)', code: [0xf3, 0x66, 0xa5], address: 0x3014, kind: WRITE },
  { name: 'MOVSD (read)', code: [0xf3, 0x66, 0xa5], address: 0x2014, kind: DATA },
  { name: 'STOSD', code: [0xf3, 0x66, 0xab], address: 0x3014, kind: WRITE },
  { name: 'LODSD', code: [0xf3, 0x66, 0xad], address: 0x2014, kind: DATA },
  { name: 'CMPSD', code: [0xf3, 0x66, 0xa7], address: 0x3014, kind: DATA },
  { name: 'SCASD', code: [0xf2, 0x66, 0xaf], address: 0x3014, kind: DATA },
] as const;

for (const { name, code, address, kind } of STRINGS) {
  test(`a data breakpoint inside REP ${name}`, async (t) => {
    const cpu = await prepare(code, address, arm(kind, 3));
    cpu.set('rcx', 100n);
    cpu.run();
    t.is(cpu.fault.vector, DB);
    t.is(cpu.get('rcx'), 94n);
    t.is(cpu.rip, START);
    t.is(cpu.state64(DR6), 1n);
    cpu.run();
    t.is(cpu.fault.vector, UD);
    t.is(cpu.get('rcx'), 0n);
  });
}

test('the trap flag traps after each iteration of a REP', async (t) => {
  const cpu = await TestCpu.create({ mode: 'real' });
  cpu.load(CODE, [0xf3, 0xaa, ...UD2]);
  cpu.rip = BigInt(CODE);
  cpu.set('rcx', 3n);
  cpu.flags = 0x202 | TRAP_FLAG;
  for (const left of [2n, 1n, 0n]) {
    cpu.run();
    t.is(cpu.fault.vector, DB);
    t.is(cpu.get('rcx'), left);
    t.is(cpu.state64(DR6), STEP);
  }
  t.is(cpu.rip, BigInt(CODE + 2));
});

test('an instruction breakpoint hits a repeated instruction once', async (t) => {
  const cpu = await prepare([0xf3, 0xaa], Number(START), arm(EXECUTE, 0));
  cpu.set('rcx', 3n);
  cpu.run();
  t.is(cpu.fault.vector, DB);
  t.is(cpu.get('rcx'), 3n);
  cpu.flags |= RESUME_FLAG;
  cpu.run();
  t.is(cpu.fault.vector, UD);
  t.is(cpu.get('rcx'), 0n);
});

test('a REP that STI lets run one iteration alone does not leave RF behind', async (t) => {
  const cpu = await TestCpu.create({ mode: 'real' });
  cpu.load(CODE, [0xfb, 0xf3, 0xaa, ...UD2]);
  cpu.rip = BigInt(CODE);
  cpu.set('rcx', 3n);
  cpu.flags = 2;
  cpu.run();
  t.is(cpu.fault.vector, UD);
  t.is(cpu.get('rcx'), 0n);
  t.is(cpu.flags & RESUME_FLAG, 0);
});

test('arming a breakpoint leaves the debugger its single steps', async (t) => {
  const debuggerBit = 2;
  const cpu = await prepare([], 0x60, arm(PORT, 0));
  cpu.setState32(CPU_SLOW_REASONS, debuggerBit);
  cpu.core.stateWritten();
  cpu.run();
  t.is(cpu.state32(CPU_SLOW_REASONS) & debuggerBit, debuggerBit);
});
