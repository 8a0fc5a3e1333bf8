/** Checks that QEMU's TCG does not make, or makes wrongly: expectations from the manuals, section beside each. */
import test from 'ava';
import { CPU_CR0, CPU_CR2, CPU_CR3, CPU_CR4, CPU_EFLAGS, EXIT_EXCEPTION } from '../../src/memory/layout.ts';
import { TestCpu, type TestMode } from './support/test-cpu.ts';

const CODE = 0x1000;
const UD = 6;
const SS = 12;
const GP = 13;
const FS_SEGMENT = 4;
const SS_SEGMENT = 2;
const DATA_RW = 0x140f3;
const DATA_RO = 0x140f1;
const EXPAND_DOWN = 0x140f7;
const EXECUTE_ONLY = 0x140f9;

interface Check {
  readonly title: string;
  readonly mode: TestMode;
  readonly code: readonly number[];
  readonly setUp?: (cpu: TestCpu) => void;
  /** The vector expected at the first instruction, or at `at` bytes into the code. */
  readonly vector: number;
  readonly at?: number;
}

const fs = (limit: number, attributes: number) => (cpu: TestCpu) => {
  cpu.setSegment(FS_SEGMENT, 0x43, 0n, limit, attributes);
  cpu.core.stateWritten();
};
const UD2 = [0x0f, 0x0b];

const CHECKS: readonly Check[] = [
  // SDM vol. 3, 20.1.1: offsets beyond FFFFh in real mode
  { title: 'a word at FFFFh in real mode', mode: 'real', code: [0xa1, 0xff, 0xff], vector: GP },
  {
    title: 'a push that wraps inside its word in real mode',
    mode: 'real',
    code: [0x50],
    setUp: (cpu) => cpu.set('rsp', 1n),
    vector: SS,
  },
  // SDM vol. 3, 5.3 limit checking
  {
    title: 'the last dword in a limit is read',
    mode: 'flat32',
    code: [0x64, 0xa1, 12, 0, 0, 0, ...UD2],
    setUp: fs(15, DATA_RW),
    vector: UD,
    at: 6,
  },
  {
    title: 'a dword that ends beyond the limit',
    mode: 'flat32',
    code: [0x64, 0xa1, 13, 0, 0, 0],
    setUp: fs(15, DATA_RW),
    vector: GP,
  },
  {
    title: 'an offset above the limit of an expand-down segment is read',
    mode: 'flat32',
    code: [0x64, 0xa1, 0, 0x10, 0, 0, ...UD2],
    setUp: fs(0xfff, EXPAND_DOWN),
    vector: UD,
    at: 6,
  },
  {
    title: 'an offset at the limit of an expand-down segment',
    mode: 'flat32',
    code: [0x64, 0xa1, 0xff, 0x0f, 0, 0],
    setUp: fs(0xfff, EXPAND_DOWN),
    vector: GP,
  },
  // SDM vol. 3, 5.4 type checking
  {
    title: 'a write to a read-only segment',
    mode: 'flat32',
    code: [0x64, 0xa3, 0, 0, 0, 0],
    setUp: fs(15, DATA_RO),
    vector: GP,
  },
  {
    title: 'a read of an execute-only segment',
    mode: 'flat32',
    code: [0x64, 0xa1, 0, 0, 0, 0],
    setUp: fs(15, EXECUTE_ONLY),
    vector: GP,
  },
  {
    title: 'a read through a null selector',
    mode: 'flat32',
    code: [0x64, 0xa1, 0, 0, 0, 0],
    setUp: fs(0, 0),
    vector: GP,
  },
  {
    title: 'a push below the limit of an expand-down stack',
    mode: 'flat32',
    code: [0x50],
    setUp: (cpu) => {
      cpu.setSegment(SS_SEGMENT, 0x2b, 0n, 0xfff, EXPAND_DOWN);
      cpu.set('rsp', 0x1000n);
      cpu.core.stateWritten();
    },
    vector: SS,
  },
  // SDM vol. 2, "LOCK"
  { title: 'LOCK on MOV', mode: 'flat64', code: [0xf0, 0x89, 0x03], vector: UD },
  { title: 'LOCK with a register destination', mode: 'flat64', code: [0xf0, 0x01, 0xc3], vector: UD },
  { title: 'LOCK on CMP', mode: 'flat64', code: [0xf0, 0x39, 0x03], vector: UD },
  // SDM vol. 1, 3.3.7.1: the stack registers as base choose #SS
  {
    title: 'a non-canonical address by RAX',
    mode: 'flat64',
    code: [0x8b, 0x00],
    setUp: (cpu) => cpu.set('rax', 1n << 63n),
    vector: GP,
  },
  {
    title: 'a non-canonical address by RBP',
    mode: 'flat64',
    code: [0x8b, 0x45, 0x00],
    setUp: (cpu) => cpu.set('rbp', 1n << 63n),
    vector: SS,
  },
  {
    title: 'a non-canonical stack pointer',
    mode: 'flat64',
    code: [0x50],
    setUp: (cpu) => cpu.set('rsp', 1n << 63n),
    vector: SS,
  },
  {
    title: 'a jump to a non-canonical address',
    mode: 'flat64',
    code: [0xff, 0xe0],
    setUp: (cpu) => cpu.set('rax', 1n << 63n),
    vector: GP,
  },
  // SDM vol. 2, 2.3.11: at most 15 bytes
  { title: 'an instruction of 16 bytes', mode: 'flat64', code: [...Array(15).fill(0x66), 0x90], vector: GP },
  {
    title: 'an instruction of 15 bytes runs',
    mode: 'flat64',
    code: [...Array(14).fill(0x66), 0x90, ...UD2],
    vector: UD,
    at: 15,
  },
  // SDM vol. 2, 2.3: VEX after a legacy prefix
  { title: 'VEX after LOCK', mode: 'flat64', code: [0xf0, 0xc4, 0xe2, 0x78, 0xf2, 0xc0], vector: UD },
  // CPL 3
  { title: 'CLI above IOPL', mode: 'flat64', code: [0xfa], vector: GP },
  { title: 'HLT in user mode', mode: 'flat64', code: [0xf4], vector: GP },
  { title: 'MOV from CR0 in user mode', mode: 'flat64', code: [0x0f, 0x20, 0xc0], vector: GP },
  // SDM vol. 3, 2.5: combinations that do not exist
  {
    title: 'CR0.PG without PE',
    mode: 'real',
    code: [0x0f, 0x22, 0xc0],
    setUp: (cpu) => cpu.set('rax', 0x80000010n),
    vector: GP,
  },
  {
    title: 'a reserved bit of CR4',
    mode: 'real',
    code: [0x0f, 0x22, 0xe0],
    setUp: (cpu) => cpu.set('rax', 0x80000000n),
    vector: GP,
  },
];

for (const { title, mode, code, setUp, vector, at } of CHECKS) {
  test(`${title}: vector ${vector}`, async (t) => {
    const cpu = await TestCpu.create({ mode, ramMiB: 1 });
    cpu.load(CODE, code);
    cpu.set('rsp', 0x8000n);
    cpu.set('rbx', 0x4000n);
    setUp?.(cpu);
    cpu.rip = BigInt(CODE);
    t.is(cpu.run(), EXIT_EXCEPTION);
    t.is(cpu.fault.vector, vector);
    t.is(cpu.rip, BigInt(CODE + (at ?? 0)));
  });
}

test('a faulting read-modify-write across two pages changes neither page nor flags', async (t) => {
  const cpu = await TestCpu.create({ mode: 'flat64', ramMiB: 1 });
  // 4-level tables at 10000h: 4 KiB pages, the page at 5000h absent.
  const put = (address: number, value: bigint) => cpu.view.setBigUint64(address, value, true);
  put(0x10000, 0x11007n);
  put(0x11000, 0x12007n);
  put(0x12000, 0x13007n);
  for (let page = 0; page < 16; page++) put(0x13000 + page * 8, page === 5 ? 0n : BigInt(page * 4096 + 7));
  cpu.setState64(CPU_CR3, 0x10000n);
  cpu.setState64(CPU_CR4, 0x406a0n);
  cpu.setState64(CPU_CR0, 0x80000031n);
  cpu.load(CODE, [0x48, 0x01, 0x03]); // add [rbx], rax
  cpu.flags = 0x8d7;
  cpu.set('rbx', 0x4ffcn);
  cpu.set('rax', 0x1111111111111111n);
  cpu.view.setUint32(0x4ffc, 0xdeadbeef, true);
  cpu.rip = BigInt(CODE);
  t.is(cpu.run(), EXIT_EXCEPTION);
  t.deepEqual(cpu.fault, { vector: 14, error: 6 });
  t.is(cpu.state64(CPU_CR2), 0x5000n);
  t.is(cpu.view.getUint32(0x4ffc, true), 0xdeadbeef);
  t.is(cpu.flags & 0x8d5, 0x8d5);
  t.is(cpu.rip, BigInt(CODE));
  // accessed everywhere on the way; dirty only where a write succeeded or was checked
  t.is(cpu.view.getBigUint64(0x10000, true) & 0x20n, 0x20n);
  t.is(cpu.state32(CPU_EFLAGS) & 0x200, 0);
});

test('LOCK MOV CR0 is MOV CR8 where the model has it (AMD APM vol. 3, "MOV CRn")', async (t) => {
  // mov al, 5; lock mov cr0, eax; lock mov ecx, cr0; mov edx, cr0; lock mov eax, cr3
  const code = [
    0xb0, 5, 0xf0, 0x0f, 0x22, 0xc0, 0xf0, 0x0f, 0x20, 0xc1, 0x0f, 0x20, 0xc2, 0xf0, 0x0f, 0x20, 0xd8,
  ];
  const lastLength = 4;
  const run = async (features: boolean): Promise<TestCpu> => {
    const cpu = await TestCpu.create({ mode: 'real', ramMiB: 1 });
    cpu.setAllFeatures(features);
    cpu.load(CODE, code);
    cpu.rip = BigInt(CODE);
    t.is(cpu.run(), EXIT_EXCEPTION);
    t.is(cpu.fault.vector, UD);
    return cpu;
  };
  const cpu = await run(true);
  t.is(cpu.get('rcx'), 5n);
  t.is(cpu.get('rdx'), cpu.state64(CPU_CR0));
  t.is(cpu.rip, BigInt(CODE + code.length - lastLength));
  t.is((await run(false)).rip, BigInt(CODE + 2));
});
