/** #AC (SDM vol. 3, 6.15 "Interrupt 17"); what an Intel processor leaves unchecked was tried on one. */
import test from 'ava';
import { CPU_CR0, CPU_SEG_BASE, CPU_SEG_LIMIT, EXIT_EXCEPTION } from '../../src/memory/layout.ts';
import { TestCpu } from './support/test-cpu.ts';

const CODE = 0x1000;
const DATA = 0x2000;
const UD = 6;
const GP = 13;
const AC = 17;
const ALIGNMENT_MASK = 0x40000n;
const ALIGNMENT_FLAG = 0x40000;
const GDTR = 8;
const UD2 = [0x0f, 0x0b];

interface Access {
  readonly title: string;
  readonly code: readonly number[];
  /** Added to DATA, which is aligned to 64 bytes. */
  readonly offset: number;
  readonly vector: number;
}

const ACCESSES: readonly Access[] = [
  { title: 'a byte anywhere', code: [0x8a, 0x03], offset: 1, vector: UD },
  { title: 'a word at an odd address', code: [0x66, 0x8b, 0x03], offset: 1, vector: AC },
  { title: 'a doubleword at a word boundary', code: [0x8b, 0x03], offset: 2, vector: AC },
  { title: 'a doubleword at a doubleword boundary', code: [0x8b, 0x03], offset: 4, vector: UD },
  { title: 'a quadword at a doubleword boundary', code: [0x48, 0x89, 0x03], offset: 4, vector: AC },
  { title: 'a doubleword across two pages', code: [0x89, 0x03], offset: 0xffe, vector: AC },
  { title: 'read and write in place', code: [0xff, 0x03], offset: 2, vector: AC },
  { title: 'a locked operand', code: [0xf0, 0x01, 0x03], offset: 2, vector: AC },
  { title: 'an aligned locked operand', code: [0xf0, 0x01, 0x03], offset: 4, vector: UD },
  { title: 'XCHG', code: [0x87, 0x03], offset: 3, vector: AC },
  { title: 'a double at a doubleword boundary', code: [0xf2, 0x0f, 0x10, 0x03], offset: 4, vector: AC },
  { title: 'an 80-bit real at a doubleword boundary', code: [0xdb, 0x2b], offset: 4, vector: AC },
  { title: 'an 80-bit real at a quadword boundary', code: [0xdb, 0x2b], offset: 8, vector: UD },
  { title: 'MOVDQU at an odd address', code: [0xf3, 0x0f, 0x6f, 0x03], offset: 1, vector: UD },
  { title: 'MOVUPS to an odd address', code: [0x0f, 0x11, 0x03], offset: 1, vector: UD },
  { title: 'MOVAPS at a quadword boundary', code: [0x0f, 0x28, 0x03], offset: 8, vector: GP },
  {
    title: 'a non-canonical address',
    code: [0x48, 0x0f, 0xba, 0xeb, 0x3f, 0x8b, 0x03],
    offset: 1,
    vector: GP,
  },
  { title: 'PUSH on a misaligned stack', code: [0x48, 0x89, 0xdc, 0x50], offset: 4, vector: AC },
  { title: 'REP MOVSB at an odd address', code: [0x89, 0xde, 0xf3, 0xa4], offset: 1, vector: UD },
  { title: 'REP MOVSD at an odd address', code: [0x89, 0xde, 0xf3, 0xa5], offset: 1, vector: AC },
];

async function prepare(code: readonly number[], offset: number, at = CODE): Promise<TestCpu> {
  const cpu = await TestCpu.create({ mode: 'flat64' });
  cpu.load(at, [...code, ...UD2]);
  cpu.rip = BigInt(at);
  cpu.set('rbx', BigInt(DATA + offset));
  cpu.set('rdi', BigInt(DATA + 0x800));
  cpu.set('rsp', 0x8000n);
  cpu.set('rcx', 5n);
  cpu.setState64(CPU_CR0, cpu.state64(CPU_CR0) | ALIGNMENT_MASK);
  cpu.flags = 0x202 | ALIGNMENT_FLAG;
  return cpu;
}

for (const { title, code, offset, vector } of ACCESSES) {
  test(`${title}: ${vector === AC ? '#AC' : `vector ${vector}`}`, async (t) => {
    const cpu = await prepare(code, offset);
    t.is(cpu.run(), EXIT_EXCEPTION);
    t.deepEqual(cpu.fault, { vector, error: 0 });
    if (vector === AC) t.is(cpu.get('rcx'), 5n);
  });
}

const MISALIGNED_LOAD = [0x8b, 0x03];

test('nothing is checked without CR0.AM, without EFLAGS.AC, or below CPL 3', async (t) => {
  const withoutMask = await prepare(MISALIGNED_LOAD, 1);
  withoutMask.setState64(CPU_CR0, 0x31n);
  withoutMask.core.stateWritten();
  const withoutFlag = await prepare(MISALIGNED_LOAD, 1);
  withoutFlag.flags = 0x202;
  const supervisor = await prepare(MISALIGNED_LOAD, 1);
  supervisor.setSegment(2, 0x10, 0n, 0xffffffff, 0x1c093);
  supervisor.core.stateWritten();
  for (const cpu of [withoutMask, withoutFlag, supervisor]) {
    cpu.run();
    t.is(cpu.fault.vector, UD);
  }
});

test('instructions are fetched from odd addresses', async (t) => {
  const cpu = await prepare([0x90, 0x8b, 0x03], 0, CODE + 1);
  cpu.run();
  t.is(cpu.fault.vector, UD);
});

test('a descriptor is read from a misaligned table', async (t) => {
  const cpu = await prepare([0x8e, 0xe0], 0); // mov fs, eax
  cpu.load(0x3001 + 8, [0xff, 0xff, 0, 0, 0, 0xf3, 0xcf, 0]);
  cpu.setState64(CPU_SEG_BASE + GDTR * 8, 0x3001n);
  cpu.setState32(CPU_SEG_LIMIT + GDTR * 4, 0xf);
  cpu.set('rax', 0xbn);
  cpu.run();
  t.deepEqual(cpu.fault, { vector: UD, error: 0 });
});

test('POPF switches the check on and off, whatever was accessed before', async (t) => {
  // mov eax,[rbx]; mov [rbx],eax; pushf; xor dword [rsp], 40000h; popf; then the same again
  const half = [0x8b, 0x03, 0x89, 0x03, 0x9c, 0x81, 0x34, 0x24, 0, 0, 4, 0, 0x9d];
  const on = await prepare([...half, ...MISALIGNED_LOAD], 1);
  on.flags = 0x202;
  on.run();
  t.is(on.fault.vector, AC);
  t.is(on.rip, BigInt(CODE + half.length));
  const off = await prepare([...half.slice(4), ...half.slice(0, 4)], 1);
  off.run();
  t.is(off.fault.vector, UD);
});
