import test from 'ava';
import { APIC_LVT_PERFORMANCE, APIC_SVR } from '../../../src/memory/layout.ts';
import { type Answer, ApicMachine, type GuestCpu } from '../apic/apic-machine.ts';
import { coreModule } from '../support/core-build.ts';

async function boot(model = 'max', features: readonly string[] = []): Promise<GuestCpu> {
  return new ApicMachine(await coreModule(), { cpu: { model, features } }).cpu();
}

const EFER = 0xc0000080;
const LSTAR = 0xc0000082;
const FMASK = 0xc0000084;
const FS_BASE = 0xc0000100;
const TSC_AUX = 0xc0000103;
const PAT = 0x277;
const MTRR_CAP = 0xfe;
const MTRR_DEF_TYPE = 0x2ff;

/** SDM vol. 3, table 9-1, and vol. 4: register, value after reset. */
const RESET: readonly (readonly [number, bigint])[] = [
  [0x1b, 0xfee00900n],
  [PAT, 0x0007040600070406n],
  [MTRR_DEF_TYPE, 0n],
  [MTRR_CAP, 0x508n],
  [0x179, 0x10an],
  [0x17a, 0n],
  [0x400, 0xffffffffffffffffn],
  [0x401, 0n],
  [0x174, 0n],
  [0xc0000081, 0n],
  [0x8b, 0x100000000n],
  [0x3a, 0n],
];

test('after reset the registers hold what the manual says', async (t) => {
  const cpu = await boot();
  for (const [index, value] of RESET) t.is(cpu.rdmsr(index), value, index.toString(16));
});

/** Register, value, what WRMSR does with it. */
const WRITES: readonly (readonly [number, bigint, Answer])[] = [
  [LSTAR, 0x7fffffffffffn, 'ok'],
  [LSTAR, 0xffff800000000000n, 'ok'],
  [LSTAR, 0x800000000000n, 'gp'],
  [FS_BASE, 0x1000000000000n, 'gp'],
  [0xc0000101, 0x1234n, 'ok'],
  [0xc0000102, 0x8000000000000000n, 'gp'],
  [0x175, 0x800000000000n, 'gp'],
  [0x176, 0xffffffff81000000n, 'ok'],
  [FMASK, 0x100000000n, 'gp'],
  [TSC_AUX, 0xffffffffn, 'ok'],
  [TSC_AUX, 0x100000000n, 'gp'],
  // 11.12.2: types 2, 3 and above 7 do not exist; 7 (UC-) does.
  [PAT, 0x0706050401000600n, 'ok'],
  [PAT, 0x02n, 'gp'],
  [PAT, 0x0300000000000000n, 'gp'],
  [PAT, 0x0800n, 'gp'],
  // 11.11.2.1: type, FE, E.
  [MTRR_DEF_TYPE, 0xc06n, 'ok'],
  [MTRR_DEF_TYPE, 0xc07n, 'gp'],
  [MTRR_DEF_TYPE, 0x100n, 'gp'],
  [MTRR_CAP, 0n, 'gp'],
  [0x250, 0x0606060606060606n, 'ok'],
  [0x26f, 0x0605040100000606n, 'ok'],
  [0x258, 0x0706060606060606n, 'gp'],
  [0x251, 0n, 'gp'],
  // 11.11.2.3: bases and masks up to MAXPHYADDR = 40.
  [0x200, 0xff_fffff006n, 'ok'],
  [0x200, 0x100_0000_0006n, 'gp'],
  [0x200, 0x106n, 'gp'],
  [0x201, 0xff_fffff800n, 'ok'],
  [0x201, 0x400n, 'gp'],
  [0x20f, 0x800n, 'ok'],
  [0x210, 0n, 'gp'],
  [0x179, 0n, 'gp'],
  [0x17a, 7n, 'ok'],
  [0x17a, 8n, 'gp'],
  [0x17b, 0n, 'ok'],
  [0x17b, 1n, 'gp'],
  [0x400, 5n, 'ok'],
  [0x401, 0n, 'ok'],
  [0x401, 1n, 'gp'],
  [0x427, 0n, 'ok'],
  [0x428, 0n, 'gp'],
  [0xce, 0n, 'gp'],
  [0x3a, 1n, 'ok'],
  [0x3a, 1n, 'gp'],
  [0x1d9, 1n, 'ok'],
  [0x1d9, 4n, 'gp'],
  [0x10a, 0n, 'gp'],
  [0x12345, 0n, 'gp'],
  [0xc0010015, 0n, 'gp'],
];

test('writes obey the rules for reserved bits', async (t) => {
  const cpu = await boot();
  for (const [index, value, answer] of WRITES) {
    const before = cpu.rdmsr(index);
    t.is(cpu.wrmsr(index, value), answer, `${index.toString(16)} := ${value.toString(16)}`);
    t.is(cpu.rdmsr(index), answer === 'ok' ? value : before, `${index.toString(16)} afterwards`);
  }
});

test('EFER takes the bits of the model and keeps LMA', async (t) => {
  const cpu = await boot();
  t.is(cpu.rdmsr(EFER), 0xd00n);
  t.is(cpu.wrmsr(EFER, 0xd01n), 'ok');
  t.is(cpu.wrmsr(EFER, 0x101n), 'ok');
  t.is(cpu.rdmsr(EFER), 0x501n, 'LMA stays');
  t.is(cpu.wrmsr(EFER, 0x1d01n), 'gp', 'SVME');
  t.is((await boot('max', ['-nx'])).wrmsr(EFER, 0xd00n), 'gp');
  t.is((await boot('max', ['-syscall'])).wrmsr(EFER, 0x501n), 'gp');
});

test('registers whose feature the model lacks are #GP', async (t) => {
  const old = await boot('pentium3');
  for (const index of [LSTAR, FS_BASE, TSC_AUX, 0x3b, 0x6e0, 0x802, 0x38f, 0xc1, 0xda0]) {
    t.is(old.rdmsr(index), 'gp', index.toString(16));
  }
  t.not(old.rdmsr(0x174), 'gp');
  t.is((await boot('pentium')).rdmsr(PAT), 'gp');
  t.is((await boot('pentium')).rdmsr(MTRR_CAP), 'gp');
});

test("AMD's own registers exist for AMD models alone", async (t) => {
  const amd = await boot('EPYC');
  for (const index of [0xc0010010, 0xc0010015, 0xc001001a, 0xc001001f, 0xc0010140, 0xc0011029]) {
    t.not(amd.rdmsr(index), 'gp', index.toString(16));
    t.is((await boot('Haswell')).rdmsr(index), 'gp', index.toString(16));
  }
  t.is(amd.rdmsr(0xc0019999), 'gp');
});

test('PLATFORM_INFO tells the ratio of the TSC to the bus', async (t) => {
  t.is((await boot('Haswell', ['tsc-freq=2.4G'])).rdmsr(0xce), 0x1800_0000_1800n);
});

const EVTSEL0 = 0x186;
const PMC0 = 0xc1;
const GLOBAL_STATUS = 0x38e;
const GLOBAL_CTRL = 0x38f;
const GLOBAL_OVF = 0x390;
const FIXED_CTRL = 0x38d;
const INSTRUCTIONS = 0x4300c0n;
const CYCLES = 0x43003cn;

test('counters count instructions and cycles while they are on', async (t) => {
  const machine = new ApicMachine(await coreModule());
  const cpu = machine.cpu();
  t.is((cpu.cpuid(0xa).eax >>> 8) & 0xff, 4);
  cpu.wrmsr(EVTSEL0, INSTRUCTIONS);
  cpu.wrmsr(EVTSEL0 + 1, CYCLES);
  cpu.wrmsr(FIXED_CTRL, 0x333n);
  cpu.wrmsr(GLOBAL_CTRL, 0x70000000fn);
  const before = cpu.rdmsr(PMC0) as bigint;
  machine.now += 1000;
  cpu.rdtsc();
  cpu.rdtsc();
  const passed = (cpu.rdmsr(PMC0) as bigint) - before;
  t.true(passed >= 3n && passed <= 8n, `${passed} instructions`);
  t.is(cpu.rdmsr(PMC0 + 1), 1000n);
  t.is(cpu.rdpmc(1), 1000n);
  t.is(cpu.rdpmc(0x40000001), 1000n);
  cpu.wrmsr(GLOBAL_CTRL, 0n);
  const stopped = cpu.rdmsr(PMC0);
  machine.now += 1000;
  t.is(cpu.rdmsr(PMC0), stopped);
  t.is(cpu.rdmsr(PMC0 + 1), 1000n);
});

test('an overflow sets its status bit and interrupts through the local vector table, which masks itself', async (t) => {
  const machine = new ApicMachine(await coreModule());
  const cpu = machine.cpu();
  cpu.write(APIC_SVR, 0x1ff);
  cpu.write(APIC_LVT_PERFORMANCE, 0x44);
  cpu.wrmsr(PMC0, -100n & 0xffffffffn);
  t.is(cpu.rdmsr(PMC0), 0xffffffffff9cn, 'sign-extended');
  cpu.wrmsr(EVTSEL0, CYCLES | (1n << 20n));
  cpu.wrmsr(GLOBAL_CTRL, 1n);
  machine.now += 150;
  t.is(cpu.rdmsr(GLOBAL_STATUS), 1n);
  cpu.serve();
  t.is(cpu.count(0x44), 1);
  t.is(cpu.read(APIC_LVT_PERFORMANCE), 0x10044);
  t.is(cpu.wrmsr(GLOBAL_OVF, 1n), 'ok');
  t.is(cpu.rdmsr(GLOBAL_STATUS), 0n);
});

test('counters and bits that are not there are #GP', async (t) => {
  const cpu = await boot();
  t.is(cpu.rdmsr(PMC0 + 4), 'gp');
  t.is(cpu.wrmsr(GLOBAL_CTRL, 0x10n), 'gp');
  t.is(cpu.wrmsr(GLOBAL_STATUS, 0n), 'gp');
  t.is(cpu.rdpmc(4), 'gp');
  t.is(cpu.rdpmc(0x40000003), 'gp');
  t.is((await boot('Haswell')).rdpmc(0), 'gp');
});
