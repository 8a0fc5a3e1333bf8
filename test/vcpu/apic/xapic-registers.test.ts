import test from 'ava';
import {
  APIC_CURRENT_COUNT,
  APIC_DFR,
  APIC_DIVIDE,
  APIC_EOI,
  APIC_ESR,
  APIC_ICR_HIGH,
  APIC_ICR_LOW,
  APIC_ID,
  APIC_INITIAL_COUNT,
  APIC_LDR,
  APIC_LVT_ERROR,
  APIC_LVT_LINT0,
  APIC_LVT_LINT1,
  APIC_LVT_PERFORMANCE,
  APIC_LVT_THERMAL,
  APIC_LVT_TIMER,
  APIC_PPR,
  APIC_SVR,
  APIC_TPR,
  APIC_VERSION,
  ESR_ILLEGAL_REGISTER,
  ESR_RECEIVE_ILLEGAL_VECTOR,
  ESR_SEND_ILLEGAL_VECTOR,
} from '../../../src/memory/layout.ts';
import { coreModule } from '../support/core-build.ts';
import { ApicMachine } from './apic-machine.ts';

const ENABLE = 0x1ff;
const SELF = 0x40000;

/** SDM vol. 3, 10.4.7.1 and table 10-1: register, value after reset. */
const RESET: readonly (readonly [number, number])[] = [
  [APIC_ID, 0],
  [APIC_VERSION, 0x50014],
  [APIC_TPR, 0],
  [APIC_PPR, 0],
  [APIC_LDR, 0],
  [APIC_DFR, 0xffffffff],
  [APIC_SVR, 0xff],
  [APIC_ICR_LOW, 0],
  [APIC_ICR_HIGH, 0],
  [APIC_LVT_TIMER, 0x10000],
  [APIC_LVT_THERMAL, 0x10000],
  [APIC_LVT_PERFORMANCE, 0x10000],
  [APIC_LVT_LINT0, 0x10000],
  [APIC_LVT_LINT1, 0x10000],
  [APIC_LVT_ERROR, 0x10000],
  [APIC_INITIAL_COUNT, 0],
  [APIC_CURRENT_COUNT, 0],
  [APIC_DIVIDE, 0],
  [APIC_ESR, 0],
];

test('after reset the registers hold what the manual says', async (t) => {
  const cpu = new ApicMachine(await coreModule()).cpu();
  for (const [offset, value] of RESET) t.is(cpu.read(offset), value, offset.toString(16));
  for (let bank = 0x100; bank < 0x280; bank += 16) t.is(cpu.read(bank), 0);
});

/** Register, what reads back after all ones were written to it while the APIC is enabled (SDM vol. 3, figures of 10.4 to 10.8). */
const WRITABLE: readonly (readonly [number, number])[] = [
  [APIC_ID, 0xff000000],
  [APIC_VERSION, 0x50014],
  [APIC_TPR, 0xff],
  [APIC_LDR, 0xff000000],
  [APIC_DFR, 0xffffffff],
  [APIC_ICR_HIGH, 0xff000000],
  [APIC_LVT_THERMAL, 0x107ff],
  [APIC_LVT_PERFORMANCE, 0x107ff],
  [APIC_LVT_LINT0, 0x1a7ff],
  [APIC_LVT_LINT1, 0x1a7ff],
  [APIC_LVT_ERROR, 0x100ff],
  [APIC_LVT_TIMER, 0x700ff],
  [APIC_DIVIDE, 0xb],
  [APIC_SVR, 0x1ff],
];

test('all ones leave only the writable bits set', async (t) => {
  const cpu = new ApicMachine(await coreModule()).cpu();
  cpu.write(APIC_SVR, ENABLE);
  for (const [offset, value] of WRITABLE) {
    cpu.write(offset, 0xffffffff);
    t.is(cpu.read(offset), value, offset.toString(16));
  }
});

test('the model without TSC-deadline mode has no bit for it', async (t) => {
  const cpu = new ApicMachine(await coreModule(), {
    cpu: { model: 'max', features: ['-tsc-deadline'] },
  }).cpu();
  cpu.write(APIC_SVR, ENABLE);
  cpu.write(APIC_LVT_TIMER, 0xffffffff);
  t.is(cpu.read(APIC_LVT_TIMER), 0x300ff);
});

test('while the APIC is disabled by software its table stays masked', async (t) => {
  const cpu = new ApicMachine(await coreModule()).cpu();
  cpu.write(APIC_LVT_TIMER, 0x30);
  t.is(cpu.read(APIC_LVT_TIMER), 0x10030);
  cpu.write(APIC_SVR, ENABLE);
  cpu.write(APIC_LVT_TIMER, 0x30);
  t.is(cpu.read(APIC_LVT_TIMER), 0x30);
  cpu.write(APIC_SVR, 0xff);
  t.is(cpu.read(APIC_LVT_TIMER), 0x10030);
});

test('a reserved register reads 0 and is an error that ESR shows after it is written', async (t) => {
  const cpu = new ApicMachine(await coreModule()).cpu();
  t.is(cpu.read(0x2f0), 0);
  t.is(cpu.read(APIC_ESR), 0);
  cpu.write(APIC_ESR, 0);
  t.is(cpu.read(APIC_ESR), ESR_ILLEGAL_REGISTER);
  cpu.write(APIC_ESR, 0);
  t.is(cpu.read(APIC_ESR), 0);
});

test('an illegal vector is an error of the sender and of the receiver', async (t) => {
  const machine = new ApicMachine(await coreModule(), { cpus: 2 });
  for (const cpu of machine.cpus) cpu.write(APIC_SVR, ENABLE);
  machine.cpu(0).write(APIC_ICR_HIGH, 1 << 24);
  machine.cpu(0).write(APIC_ICR_LOW, 0x0f);
  for (const cpu of machine.cpus) cpu.write(APIC_ESR, 0);
  t.is(machine.cpu(0).read(APIC_ESR), ESR_SEND_ILLEGAL_VECTOR);
  t.is(machine.cpu(1).read(APIC_ESR), ESR_RECEIVE_ILLEGAL_VECTOR);
  t.is(machine.cpu(1).word(0x200), 0);
});

test('the error interrupt comes once until ESR is written', async (t) => {
  const cpu = new ApicMachine(await coreModule()).cpu();
  cpu.write(APIC_SVR, ENABLE);
  cpu.write(APIC_LVT_ERROR, 0x40);
  cpu.write(APIC_ICR_LOW, SELF | 3);
  cpu.serve();
  t.is(cpu.count(0x40), 1);
  cpu.write(APIC_ICR_LOW, SELF | 4);
  cpu.serve();
  t.is(cpu.count(0x40), 1);
  cpu.write(APIC_ESR, 0);
  cpu.write(APIC_ICR_LOW, SELF | 5);
  cpu.serve();
  t.is(cpu.count(0x40), 2);
});

test('the registers move with IA32_APIC_BASE and go when it is disabled', async (t) => {
  const cpu = new ApicMachine(await coreModule()).cpu();
  t.is(cpu.rdmsr(0x1b), 0xfee00900n);
  t.is(cpu.wrmsr(0x1b, 0x200900n), 'ok');
  t.is(cpu.read(APIC_VERSION, 0x200000n), 0x50014, 'over RAM');
  t.is(cpu.read(APIC_VERSION), 0xffffffff);
  t.is((cpu.cpuid(1).edx >>> 9) & 1, 1);
  t.is(cpu.wrmsr(0x1b, 0xfee00100n), 'ok');
  t.is(cpu.read(APIC_VERSION), 0xffffffff);
  t.is((cpu.cpuid(1).edx >>> 9) & 1, 0);
  t.is(cpu.read(0x30, 0x200000n), 0, 'the RAM beneath');
});

test('an EOI of any value with nothing in service does nothing', async (t) => {
  const cpu = new ApicMachine(await coreModule()).cpu();
  t.notThrows(() => cpu.write(APIC_EOI, 0x1234));
});
