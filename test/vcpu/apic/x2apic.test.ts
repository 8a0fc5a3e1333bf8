import test from 'ava';
import { APIC_INITIAL_COUNT, APIC_LVT_TIMER, APIC_SVR } from '../../../src/memory/layout.ts';
import { coreModule } from '../support/core-build.ts';
import { type Answer, ApicMachine, type GuestCpu } from './apic-machine.ts';

const BASE = 0x1b;
const DISABLED = 0xfee00000n;
const XAPIC = 0xfee00800n;
const X2APIC = 0xfee00c00n;
const INVALID = 0xfee00400n;

const ROUTES: Readonly<Record<string, readonly bigint[]>> = {
  disabled: [DISABLED],
  xAPIC: [XAPIC],
  x2APIC: [XAPIC, X2APIC],
};

async function inMode(mode: keyof typeof ROUTES): Promise<GuestCpu> {
  const cpu = new ApicMachine(await coreModule()).cpu();
  for (const value of ROUTES[mode] ?? []) cpu.wrmsr(BASE, value);
  return cpu;
}

/** SDM vol. 3, figure 10-27 and table 10-5: from, to, what WRMSR does. */
const TRANSITIONS: readonly (readonly [string, bigint, Answer])[] = [
  ['disabled', DISABLED, 'ok'],
  ['disabled', XAPIC, 'ok'],
  ['disabled', X2APIC, 'gp'],
  ['disabled', INVALID, 'gp'],
  ['xAPIC', DISABLED, 'ok'],
  ['xAPIC', XAPIC, 'ok'],
  ['xAPIC', X2APIC, 'ok'],
  ['xAPIC', INVALID, 'gp'],
  ['x2APIC', DISABLED, 'ok'],
  ['x2APIC', XAPIC, 'gp'],
  ['x2APIC', X2APIC, 'ok'],
  ['x2APIC', INVALID, 'gp'],
];

for (const [from, to, answer] of TRANSITIONS) {
  test(`from ${from} to ${to.toString(16)}: ${answer}`, async (t) => {
    const cpu = await inMode(from);
    const before = cpu.rdmsr(BASE);
    t.is(cpu.wrmsr(BASE, to), answer);
    t.is(cpu.rdmsr(BASE), answer === 'ok' ? to : before);
  });
}

test('reserved bits of IA32_APIC_BASE, and x2APIC without the feature, are #GP', async (t) => {
  const cpu = await inMode('xAPIC');
  for (const bit of [0n, 1n, 9n, 40n, 63n]) t.is(cpu.wrmsr(BASE, XAPIC | (1n << bit)), 'gp', `bit ${bit}`);
  const old = new ApicMachine(await coreModule(), { cpu: { model: 'qemu64', features: [] } }).cpu();
  t.is(old.wrmsr(BASE, X2APIC), 'gp');
});

/** SDM vol. 3, table 10-6: registers that can be read; those that can be written, with a legal value. */
const READABLE = [
  0x802, 0x803, 0x808, 0x80a, 0x80d, 0x80f, 0x810, 0x817, 0x818, 0x81f, 0x820, 0x827, 0x828, 0x830, 0x832,
  0x833, 0x834, 0x835, 0x836, 0x837, 0x838, 0x839, 0x83e,
];
const WRITABLE = [
  0x808, 0x80b, 0x80f, 0x828, 0x830, 0x832, 0x833, 0x834, 0x835, 0x836, 0x837, 0x838, 0x83e, 0x83f,
];

test('exactly the registers of the manual exist, each for reading or writing as it says', async (t) => {
  const cpu = await inMode('x2APIC');
  const readable = new Set([...READABLE, ...Array.from({ length: 24 }, (_, i) => 0x810 + i)]);
  for (let index = 0x800; index <= 0x83f; index++) {
    t.is(cpu.rdmsr(index) !== 'gp', readable.has(index), `read ${index.toString(16)}`);
    const legal = index === 0x830 ? 0x40020n : index === 0x80f ? 0x1ffn : 0n;
    t.is(cpu.wrmsr(index, legal) === 'ok', WRITABLE.includes(index), `write ${index.toString(16)}`);
  }
  t.is(cpu.rdmsr(0x8ff), 'gp');
});

test('outside x2APIC mode all of its registers are #GP', async (t) => {
  const cpu = await inMode('xAPIC');
  for (let index = 0x800; index <= 0x83f; index++) t.is(cpu.rdmsr(index), 'gp');
});

/** Register, a value with a reserved bit. */
const RESERVED: readonly (readonly [number, bigint])[] = [
  [0x808, 0x100n],
  [0x80b, 1n],
  [0x80f, 0x2000n],
  [0x80f, 0x1000n],
  [0x828, 1n],
  [0x830, 0x100000n],
  [0x830, 0x10000n],
  [0x830, 0x2000n],
  [0x832, 0x100n],
  [0x832, 0x80000n],
  [0x833, 0x2000n],
  [0x835, 0x800n],
  [0x837, 0x400n],
  [0x83e, 4n],
  [0x83f, 0x100n],
  [0x838, 0x100000000n],
];

test('reserved bits are #GP', async (t) => {
  const cpu = await inMode('x2APIC');
  for (const [index, value] of RESERVED) {
    t.is(cpu.wrmsr(index, value), 'gp', `${index.toString(16)} ${value.toString(16)}`);
  }
});

test('the ID is 32 bits wide, the logical ID follows from it', async (t) => {
  const machine = new ApicMachine(await coreModule(), {
    cpus: 4,
    topology: { sockets: 4, cores: 9, threads: 1 },
  });
  const cpu = machine.cpu(3);
  cpu.wrmsr(BASE, XAPIC);
  cpu.wrmsr(BASE, X2APIC);
  t.is(cpu.rdmsr(0x802), 3n);
  t.is(cpu.rdmsr(0x80d), 0x8n);
});

test('state survives the way from xAPIC to x2APIC, and the page is gone', async (t) => {
  const cpu = await inMode('xAPIC');
  cpu.write(APIC_SVR, 0x1f0);
  cpu.write(APIC_LVT_TIMER, 0x20031);
  cpu.write(APIC_INITIAL_COUNT, 77);
  t.is(cpu.wrmsr(BASE, X2APIC), 'ok');
  t.is(cpu.rdmsr(0x80f), 0x1f0n);
  t.is(cpu.rdmsr(0x832), 0x20031n);
  t.is(cpu.rdmsr(0x838), 77n);
  t.is(cpu.read(APIC_SVR), 0xffffffff);
});

test('SELF IPI and a 64-bit command deliver', async (t) => {
  const machine = new ApicMachine(await coreModule(), { cpus: 2 });
  for (const cpu of machine.cpus) {
    cpu.wrmsr(BASE, X2APIC);
    cpu.wrmsr(0x80f, 0x1ffn);
  }
  machine.cpu(0).wrmsr(0x83f, 0x55n);
  machine.cpu(0).wrmsr(0x830, (1n << 32n) | 0x66n);
  machine.cpu(0).wrmsr(0x830, (0xffffffffn << 32n) | 0x67n);
  t.true((machine.cpu(0).word(0x220) & (1 << 0x15)) !== 0);
  t.is(machine.cpu(1).word(0x230), (1 << 6) | (1 << 7));
  t.is(machine.cpu(0).word(0x230), 1 << 7);
});
