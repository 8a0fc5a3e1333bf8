import test from 'ava';
import { describeRegisters } from '../../../src/machine/inspect/describe-registers.ts';
import { describePages, describeRanges, translate } from '../../../src/machine/inspect/page-tables.ts';
import { VcpuView } from '../../../src/machine/inspect/vcpu-view.ts';
import {
  CPU_CR0,
  CPU_CR3,
  CPU_CR4,
  CPU_DR,
  CPU_EFER,
  CPU_GPR,
  CPU_MAILBOX,
  CPU_MODE,
  CPU_MXCSR,
  CPU_RIP,
  CPU_SEG_ATTRIBUTES,
  CPU_SEG_BASE,
  CPU_SEG_LIMIT,
  CPU_SEG_SELECTOR,
  CPU_X87_CONTROL,
  CPU_X87_TAG,
  MODE_CODE64,
  MODE_LONG,
  MODE_PAGING,
  MODE_PROTECTED,
} from '../../../src/memory/layout.ts';

const CS = 1;
const SS = 2;

interface Fields {
  readonly u64?: readonly (readonly [offset: number, value: bigint])[];
  readonly u32?: readonly (readonly [offset: number, value: number])[];
  readonly u16?: readonly (readonly [offset: number, value: number])[];
}

function view({ u64 = [], u32 = [], u16 = [] }: Fields, rflags = 2): VcpuView {
  const registers = new Uint8Array(CPU_MAILBOX);
  const data = new DataView(registers.buffer);
  for (const [offset, value] of u64) data.setBigUint64(offset, value, true);
  for (const [offset, value] of u32) data.setUint32(offset, value, true);
  for (const [offset, value] of u16) data.setUint16(offset, value, true);
  const state = { version: 1, registers, modelSpecificRegisters: new Uint8Array(0) };
  return new VcpuView({ state, rflags });
}

/** As a CPU is after power-on. */
function atPowerOn(): VcpuView {
  const segments = Array.from({ length: 8 }, (_, i) => i);
  const flags = (i: number) => (i === 6 ? 0x82 : i === 7 ? 0x8b : i === CS ? 0x9b : 0x93);
  return view({
    u64: [
      [CPU_GPR + 2 * 8, 0x663n],
      [CPU_RIP, 0xfff0n],
      [CPU_SEG_BASE + CS * 8, 0xffff0000n],
      [CPU_CR0, 0x60000010n],
      [CPU_DR + 6 * 8, 0xffff0ff0n],
      [CPU_DR + 7 * 8, 0x400n],
    ],
    u32: [
      ...segments.map((i) => [CPU_SEG_LIMIT + i * 4, 0xffff] as const),
      ...segments.map((i) => [CPU_SEG_ATTRIBUTES + i * 4, flags(i)] as const),
      [CPU_SEG_LIMIT + 8 * 4, 0xffff],
      [CPU_SEG_LIMIT + 9 * 4, 0xffff],
      [CPU_MXCSR, 0x1f80],
    ],
    u16: [
      [CPU_SEG_SELECTOR + CS * 2, 0xf000],
      [CPU_X87_CONTROL, 0x37f],
      [CPU_X87_TAG, 0xffff],
    ],
  });
}

/** The text is hmp.md's example, with the vectors and floating-point registers written out. */
test('a CPU at power-on reads as the reference shows it', (t) => {
  t.is(
    describeRegisters(atPowerOn(), true),
    `EAX=00000000 EBX=00000000 ECX=00000000 EDX=00000663
ESI=00000000 EDI=00000000 EBP=00000000 ESP=00000000
EIP=0000fff0 EFL=00000002 [-------] CPL=0 II=0 A20=1 SMM=0 HLT=0
ES =0000 00000000 0000ffff 00009300
CS =f000 ffff0000 0000ffff 00009b00
SS =0000 00000000 0000ffff 00009300
DS =0000 00000000 0000ffff 00009300
FS =0000 00000000 0000ffff 00009300
GS =0000 00000000 0000ffff 00009300
LDT=0000 00000000 0000ffff 00008200
TR =0000 00000000 0000ffff 00008b00
GDT=     00000000 0000ffff
IDT=     00000000 0000ffff
CR0=60000010 CR2=00000000 CR3=00000000 CR4=00000000
DR0=0000000000000000 DR1=0000000000000000 DR2=0000000000000000 DR3=0000000000000000 
DR6=00000000ffff0ff0 DR7=0000000000000400
EFER=0000000000000000
FCW=037f FSW=0000 [ST=0] FTW=00 MXCSR=00001f80
FPR0=0000000000000000 0000 FPR1=0000000000000000 0000
FPR2=0000000000000000 0000 FPR3=0000000000000000 0000
FPR4=0000000000000000 0000 FPR5=0000000000000000 0000
FPR6=0000000000000000 0000 FPR7=0000000000000000 0000
XMM00=00000000000000000000000000000000 XMM01=00000000000000000000000000000000
XMM02=00000000000000000000000000000000 XMM03=00000000000000000000000000000000
XMM04=00000000000000000000000000000000 XMM05=00000000000000000000000000000000
XMM06=00000000000000000000000000000000 XMM07=00000000000000000000000000000000
`,
  );
});

/** A CPU in 64-bit code over a page table at 1000h; its entries are in `entries`, by address. */
function inLongMode(): VcpuView {
  return view(
    {
      u64: [
        [CPU_RIP, 0xffffffff81000000n],
        [CPU_CR0, 0x80050033n],
        [CPU_CR3, 0x1000n],
        [CPU_CR4, 0xa0n],
        [CPU_EFER, 0xd01n],
        [CPU_GPR, 0xffff888000000000n],
      ],
      u32: [
        [CPU_MODE, MODE_CODE64 | MODE_LONG | MODE_PROTECTED | MODE_PAGING],
        [CPU_SEG_ATTRIBUTES + CS * 4, 0xa09b],
        [CPU_SEG_LIMIT + CS * 4, 0xffffffff],
        [CPU_SEG_ATTRIBUTES + SS * 4, 0xc093],
        [CPU_SEG_LIMIT + SS * 4, 0xffffffff],
      ],
      u16: [
        [CPU_SEG_SELECTOR + CS * 2, 0x10],
        [CPU_SEG_SELECTOR + SS * 2, 0x18],
      ],
    },
    0x246,
  );
}

test('64-bit code shows wide registers and what its segments are', (t) => {
  const lines = describeRegisters(inLongMode(), true).split('\n');
  t.is(lines[0], 'RAX=ffff888000000000 RBX=0000000000000000 RCX=0000000000000000 RDX=0000000000000000');
  t.is(lines[2], 'R8 =0000000000000000 R9 =0000000000000000 R10=0000000000000000 R11=0000000000000000');
  t.is(lines[4], 'RIP=ffffffff81000000 RFL=00000246 [---Z-P-] CPL=0 II=0 A20=1 SMM=0 HLT=0');
  t.true(lines.includes('CS =0010 0000000000000000 ffffffff 00a09b00 DPL=0 CS64 [-RA]'));
  t.true(lines.includes('SS =0018 0000000000000000 ffffffff 00c09300 DPL=0 DS   [-WA]'));
  t.true(lines.includes('CR0=80050033 CR2=0000000000000000 CR3=0000000000001000 CR4=000000a0'));
  t.is(lines.filter((line) => line.startsWith('XMM')).length, 8);
});

const ENTRIES = new Map<bigint, bigint>([
  // PML4[511] -> 2000h, PDPT[510] -> 3000h, PD[8] a 2 MiB page, PD[9] -> 4000h with two 4 KiB pages
  [0x1000n + 511n * 8n, 0x2003n],
  [0x2000n + 510n * 8n, 0x3003n],
  [0x3000n + 8n * 8n, 0x80000000012001e3n],
  [0x3000n + 9n * 8n, 0x4003n],
  [0x4000n, 0x5061n],
  [0x4008n, 0x6061n],
]);

function readEntry(address: bigint): bigint {
  return ENTRIES.get(address) ?? 0n;
}

test('linear addresses are translated as the page tables say', (t) => {
  const cpu = inLongMode();
  t.is(translate(cpu, 0xffffffff81012345n, readEntry), 0x1212345n);
  t.is(translate(cpu, 0xffffffff81201008n, readEntry), 0x6008n);
  t.is(translate(cpu, 0xffffffff81202000n, readEntry), undefined);
  t.is(translate(cpu, 0x0000ffff81012345n, readEntry), undefined);
  t.is(translate(atPowerOn(), 0x1_0000_7c00n, readEntry), 0x7c00n);
});

test('pages and ranges are listed', (t) => {
  t.is(
    describePages(inLongMode(), readEntry),
    'ffffffff81000000: 0000000001200000 XGPDA---W\n' +
      'ffffffff81200000: 0000000000005000 ---DA----\n' +
      'ffffffff81201000: 0000000000006000 ---DA----\n',
  );
  t.is(
    describeRanges(inLongMode(), readEntry),
    'ffffffff81000000-ffffffff81200000 0000000000200000 -rw\n' +
      'ffffffff81200000-ffffffff81202000 0000000000002000 -r-\n',
  );
  t.is(describeRanges(atPowerOn(), readEntry), 'PG disabled\n');
});

test('registers by the names of expressions', (t) => {
  const cpu = atPowerOn();
  t.is(cpu.byName('edx'), 0x663n);
  t.is(cpu.byName('cs'), 0xf000n);
  t.is(cpu.byName('cs.base'), 0xffff0000n);
  t.is(cpu.byName('cs.limit'), 0xffffn);
  t.is(cpu.byName('pc'), 0xfffffff0n);
  t.is(cpu.byName('eip'), 0xfff0n);
  t.is(cpu.byName('rax'), undefined);
  t.is(cpu.pc, 0xfffffff0n);
});
