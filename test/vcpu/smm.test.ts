/** System-management mode (SDM vol. 3, chapter 34; the 64-bit save area: AMD APM vol. 2, table 10-1). */
import test, { type ExecutionContext } from 'ava';
import {
  CPU_CR0,
  CPU_CR3,
  CPU_CR4,
  CPU_DR,
  CPU_EFER,
  CPU_FEATURES,
  CPU_HALT_STATE,
  CPU_IN_SMM,
  CPU_NMI_BLOCKED,
  CPU_PENDING,
  CPU_SEG_BASE,
  CPU_SEG_LIMIT,
  CPU_SEG_SELECTOR,
  CPU_SMBASE,
  EXIT_EXCEPTION,
  EXIT_HALT,
  EXIT_TRIPLE_FAULT,
  HALT_HLT,
  PENDING_INIT,
  PENDING_NMI,
  PENDING_SMI,
} from '../../src/memory/layout.ts';
import { FEATURE_LM } from '../../src/vcpu/cpu-features.ts';
import { REGISTERS, TestCpu } from './support/test-cpu.ts';

const CODE = 0x1000;
const OTHER_CODE = 0x1800;
const SMBASE = 0x30000;
const RELOCATED = 0x50000;
const ENTRY = 0x8000;
/** Begin of the save area, as the manuals' offsets count. */
const AREA = 0x8000;
const RSM = [0x0f, 0xaa];
const UD2 = [0x0f, 0x0b];
const UD = 6;
const CS = 1;
const IDTR = 9;
const HLT = 0xf4;
const TABLES = 0x10000;
const USER_PAGE = 7n;
const LARGE = 0x80n;

// AMD64 layout
const HALT64 = 0x7ec9;
const SMBASE64 = 0x7f00;
const RAX64 = 0x7ff8;
const RIP64 = 0x7f78;
const CR0_64 = 0x7f58;

/** A guest whose SMI handler stops at a UD2, so that the test can look, and then returns. */
async function prepare(mode: 'real' | 'flat32' | 'flat64', code: readonly number[] = UD2): Promise<TestCpu> {
  const cpu = await TestCpu.create({ mode });
  cpu.load(CODE, code);
  cpu.load(OTHER_CODE, UD2);
  for (const base of [SMBASE, RELOCATED]) cpu.load(base + ENTRY, [...UD2, ...RSM]);
  cpu.setState32(CPU_SMBASE, SMBASE);
  cpu.rip = BigInt(CODE);
  for (const [i, name] of REGISTERS.entries()) cpu.set(name, BigInt(0x1111_0000 + i));
  return cpu;
}

function raise(cpu: TestCpu, bits: number): void {
  cpu.setState32(CPU_PENDING, cpu.state32(CPU_PENDING) | bits);
}

function runIntoHandler(t: ExecutionContext, cpu: TestCpu, base = SMBASE): void {
  t.is(cpu.run(), EXIT_EXCEPTION);
  t.is(cpu.fault.vector, UD);
  t.is(cpu.state64(CPU_SEG_BASE + CS * 8), BigInt(base));
  t.is(cpu.rip, BigInt(ENTRY));
}

/** Runs on from the handler's UD2. */
function leaveHandler(cpu: TestCpu): number {
  cpu.rip = BigInt(ENTRY + UD2.length);
  return cpu.run();
}

async function longMode(): Promise<TestCpu> {
  const cpu = await prepare('flat64');
  cpu.view.setBigUint64(TABLES, BigInt(TABLES + 0x1000) | USER_PAGE, true);
  cpu.view.setBigUint64(TABLES + 0x1000, BigInt(TABLES + 0x2000) | USER_PAGE, true);
  cpu.view.setBigUint64(TABLES + 0x2000, USER_PAGE | LARGE, true);
  cpu.setState64(CPU_CR3, BigInt(TABLES));
  cpu.setState64(CPU_CR4, 0x40620n);
  cpu.setState64(CPU_CR0, 0x80000031n);
  cpu.core.stateWritten();
  return cpu;
}

const MODES = [
  { title: 'real mode', create: () => prepare('real') },
  { title: 'protected mode', create: () => prepare('flat32') },
  { title: 'long mode', create: longMode },
] as const;

for (const { title, create } of MODES) {
  test(`an SMI in ${title} saves everything, and RSM brings it back`, async (t) => {
    const cpu = await create();
    cpu.setState64(CPU_DR + 48, 0x4001n);
    cpu.flags = 0x10246;
    const registers = () => ({
      general: REGISTERS.map((name) => cpu.get(name)),
      control: [CPU_CR0, CPU_CR3, CPU_CR4, CPU_EFER].map((offset) => cpu.state64(offset)),
      debug: [CPU_DR + 48, CPU_DR + 56].map((offset) => cpu.state64(offset)),
      selectors: [0, 8].map((offset) => cpu.state64(CPU_SEG_SELECTOR + offset)),
      limits: [0, 1, 2, 3, 4, 5].map((i) => cpu.state32(CPU_SEG_LIMIT + i * 4)),
    });
    const before = registers();
    raise(cpu, PENDING_SMI);
    runIntoHandler(t, cpu);
    // SDM vol. 3, table 34-4: the state on entry.
    t.is(cpu.state64(CPU_CR0) & 0x8000000dn, 0n);
    t.is(cpu.state64(CPU_CR4), 0n);
    t.is(cpu.state64(CPU_EFER), 0n);
    t.is(cpu.state64(CPU_DR + 56), 0x400n);
    t.is(cpu.flags & ~0x10000, 2);
    t.is(cpu.state32(CPU_SEG_LIMIT), 0xffffffff);

    const area = (offset: number) => cpu.view.getBigUint64(SMBASE + AREA + offset, true);
    const [rax, rcx, rdx, rbx, rsp, rbp, rsi, rdi, ...numbered] = before.general;
    t.deepEqual([0x7ff8, 0x7ff0, 0x7fe8, 0x7fe0, 0x7fd8, 0x7fd0, 0x7fc8, 0x7fc0].map(area), [
      rax,
      rcx,
      rdx,
      rbx,
      rsp,
      rbp,
      rsi,
      rdi,
    ]);
    t.deepEqual([0x7fb8, 0x7fb0, 0x7fa8, 0x7fa0, 0x7f98, 0x7f90, 0x7f88, 0x7f80].map(area), numbered);
    t.deepEqual([0x7f58, 0x7f50, 0x7f48, 0x7ed0].map(area), before.control);
    t.is(area(RIP64), BigInt(CODE));
    t.is(area(0x7f70), 0x10246n);
    t.is(cpu.view.getUint32(SMBASE + AREA + 0x7efc, true), 0x20064);
    t.is(cpu.view.getUint32(SMBASE + AREA + SMBASE64, true), SMBASE);
    t.is(
      cpu.view.getUint16(SMBASE + AREA + 0x7e10, true),
      Number((before.selectors[0] ?? 0n) >> 16n) & 0xffff,
    );

    t.is(leaveHandler(cpu), EXIT_EXCEPTION);
    t.is(cpu.fault.vector, UD);
    t.is(cpu.rip, BigInt(CODE));
    t.deepEqual(registers(), before);
    t.is(cpu.state32(CPU_IN_SMM), 0);
  });

  test(`a handler changes registers and moves SMBASE in ${title}`, async (t) => {
    const cpu = await create();
    raise(cpu, PENDING_SMI);
    runIntoHandler(t, cpu);
    cpu.view.setBigUint64(SMBASE + AREA + RAX64, 0xabcdefn, true);
    cpu.view.setBigUint64(SMBASE + AREA + RIP64, BigInt(OTHER_CODE), true);
    cpu.view.setUint32(SMBASE + AREA + SMBASE64, RELOCATED, true);
    leaveHandler(cpu);
    t.is(cpu.get('rax'), 0xabcdefn);
    t.is(cpu.rip, BigInt(OTHER_CODE));
    raise(cpu, PENDING_SMI);
    runIntoHandler(t, cpu, RELOCATED);
    t.is(cpu.view.getBigUint64(RELOCATED + AREA + RAX64, true), 0xabcdefn);
    leaveHandler(cpu);
    t.is(cpu.rip, BigInt(OTHER_CODE));
  });
}

test('a processor without long mode has the layout of SDM table 34-1', async (t) => {
  const cpu = await prepare('flat32');
  const word = CPU_FEATURES + ((FEATURE_LM - 1) >> 5) * 4;
  cpu.setState32(word, cpu.state32(word) & ~(1 << ((FEATURE_LM - 1) & 31)));
  raise(cpu, PENDING_SMI);
  runIntoHandler(t, cpu);
  const area = (offset: number) => cpu.view.getUint32(SMBASE + AREA + offset, true);
  // EAX ECX EDX EBX ESP EBP ESI EDI
  const general = [0x7fd0, 0x7fd4, 0x7fd8, 0x7fdc, 0x7fe0, 0x7fe4, 0x7fe8, 0x7fec];
  t.deepEqual(
    general.map(area),
    general.map((_, i) => 0x11110000 + i),
  );
  t.is(area(0x7ffc), 0x31);
  t.is(area(0x7ff0), CODE);
  t.is(area(0x7efc), 0x20000);
  t.is(area(0x7ef8), SMBASE);
  t.is(area(0x7fac), 0x33);
  cpu.view.setUint32(SMBASE + AREA + 0x7fec, 0x77, true);
  cpu.view.setUint32(SMBASE + AREA + 0x7ef8, RELOCATED, true);
  leaveHandler(cpu);
  t.is(cpu.get('rdi'), 0x77n);
  t.is(cpu.get('rax'), 0x11110000n);
  t.is(cpu.rip, BigInt(CODE));
  t.is(cpu.state32(CPU_SMBASE), RELOCATED);
});

test('an NMI and a second SMI wait for RSM', async (t) => {
  const cpu = await prepare('real');
  // The NMI handler at 0:1900h
  cpu.setState32(CPU_SEG_LIMIT + IDTR * 4, 0x3ff);
  cpu.view.setUint32(2 * 4, 0x1900, true);
  cpu.load(0x1900, UD2);
  raise(cpu, PENDING_SMI);
  runIntoHandler(t, cpu);
  raise(cpu, PENDING_SMI | PENDING_NMI | PENDING_INIT);
  cpu.rip = BigInt(ENTRY);
  runIntoHandler(t, cpu);
  t.is(cpu.state32(CPU_IN_SMM), 1);
  cpu.setState32(CPU_PENDING, cpu.state32(CPU_PENDING) & ~PENDING_INIT);
  // The second SMI comes before anything else; its save area shows the interrupted program's RIP.
  cpu.rip = BigInt(ENTRY + UD2.length);
  runIntoHandler(t, cpu);
  t.is(cpu.view.getBigUint64(SMBASE + AREA + RIP64, true), BigInt(CODE));
  t.is(cpu.state32(CPU_PENDING) & (PENDING_SMI | PENDING_NMI), PENDING_NMI);
  leaveHandler(cpu);
  t.is(cpu.rip, 0x1900n);
});

test('INIT waits for RSM', async (t) => {
  const cpu = await prepare('real');
  raise(cpu, PENDING_SMI);
  runIntoHandler(t, cpu);
  raise(cpu, PENDING_INIT);
  cpu.rip = BigInt(ENTRY);
  runIntoHandler(t, cpu);
  t.is(cpu.state32(CPU_PENDING) & PENDING_INIT, PENDING_INIT);
  leaveHandler(cpu);
  t.is(cpu.state32(CPU_PENDING) & PENDING_INIT, 0);
  t.is(cpu.state32(CPU_IN_SMM), 0);
});

test('NMIs blocked before an SMI are blocked after RSM', async (t) => {
  for (const blocked of [0, 1]) {
    const cpu = await prepare('real');
    cpu.setState32(CPU_NMI_BLOCKED, blocked);
    cpu.core.stateWritten();
    raise(cpu, PENDING_SMI);
    runIntoHandler(t, cpu);
    t.is(cpu.state32(CPU_NMI_BLOCKED), 1);
    leaveHandler(cpu);
    t.is(cpu.state32(CPU_NMI_BLOCKED), blocked);
  }
});

test('an SMI waits for the instruction after STI', async (t) => {
  const cpu = await prepare('real', [0xfb, 0x90, ...UD2]);
  cpu.flags = 2;
  cpu.run(1);
  t.is(cpu.rip, BigInt(CODE + 1));
  raise(cpu, PENDING_SMI);
  runIntoHandler(t, cpu);
  t.is(cpu.view.getBigUint64(SMBASE + AREA + RIP64, true), BigInt(CODE + 2));
});

test('RSM halts again, or goes on if the handler clears the restart byte', async (t) => {
  for (const goesOn of [false, true]) {
    const cpu = await prepare('real', [HLT, ...UD2]);
    t.is(cpu.run(), EXIT_HALT);
    raise(cpu, PENDING_SMI);
    runIntoHandler(t, cpu);
    t.is(cpu.view.getUint8(SMBASE + AREA + HALT64), 1);
    if (goesOn) cpu.view.setUint8(SMBASE + AREA + HALT64, 0);
    t.is(leaveHandler(cpu), goesOn ? EXIT_EXCEPTION : EXIT_HALT);
    t.is(cpu.rip, BigInt(CODE + 1));
    t.is(cpu.state32(CPU_HALT_STATE), goesOn ? 0 : HALT_HLT);
  }
});

test('RSM outside SMM is #UD', async (t) => {
  const cpu = await prepare('real', RSM);
  t.is(cpu.run(), EXIT_EXCEPTION);
  t.is(cpu.fault.vector, UD);
});

test('RSM to paging without protection is a shutdown', async (t) => {
  const cpu = await prepare('real');
  raise(cpu, PENDING_SMI);
  runIntoHandler(t, cpu);
  cpu.view.setBigUint64(SMBASE + AREA + CR0_64, 0x80000010n, true);
  t.is(leaveHandler(cpu), EXIT_TRIPLE_FAULT);
});
