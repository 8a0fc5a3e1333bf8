import test from 'ava';
import {
  APIC_CURRENT_COUNT,
  APIC_DIVIDE,
  APIC_INITIAL_COUNT,
  APIC_LVT_TIMER,
  APIC_SVR,
} from '../../../src/memory/layout.ts';
import { InterruptBus } from '../../../src/vcpu/interrupt-bus.ts';
import { coreModule } from '../support/core-build.ts';
import { ApicMachine, type GuestCpu } from './apic-machine.ts';

const VECTOR = 0x40;
const PERIODIC = 0x20000;
const DEADLINE = 0x40000;
const MASKED = 0x10000;
const TSC_DEADLINE = 0x6e0;
const TSC = 0x10;
const TSC_ADJUST = 0x3b;

async function start(
  features: readonly string[] = [],
): Promise<{ machine: ApicMachine; cpu: GuestCpu; expiry: () => number }> {
  const machine = new ApicMachine(await coreModule(), { cpu: { model: 'max', features } });
  const cpu = machine.cpu();
  cpu.write(APIC_SVR, 0x1ff);
  cpu.write(APIC_DIVIDE, 0xb);
  const bus = new InterruptBus(machine.memory);
  return { machine, cpu, expiry: () => bus.nextDeadline(0) };
}

/** SDM vol. 3, figure 10-10. */
const DIVIDERS: readonly (readonly [number, number])[] = [
  [0x0, 2],
  [0x1, 4],
  [0x2, 8],
  [0x3, 16],
  [0x8, 32],
  [0x9, 64],
  [0xa, 128],
  [0xb, 1],
];

test('each divider counts at its speed', async (t) => {
  for (const [code, divider] of DIVIDERS) {
    const { machine, cpu, expiry } = await start();
    cpu.write(APIC_DIVIDE, code);
    cpu.write(APIC_LVT_TIMER, VECTOR);
    cpu.write(APIC_INITIAL_COUNT, 1000);
    t.is(expiry(), 1000 * divider);
    machine.now = 10 * divider;
    t.is(cpu.read(APIC_CURRENT_COUNT), 990);
    machine.now = 11 * divider - 1;
    t.is(cpu.read(APIC_CURRENT_COUNT), 990);
  }
});

test('one-shot expires once', async (t) => {
  const { machine, cpu, expiry } = await start();
  cpu.write(APIC_LVT_TIMER, VECTOR);
  cpu.write(APIC_INITIAL_COUNT, 500);
  machine.advance(499);
  cpu.serve();
  t.is(cpu.count(VECTOR), 0);
  machine.advance(1);
  cpu.serve();
  t.is(cpu.count(VECTOR), 1);
  t.is(cpu.read(APIC_CURRENT_COUNT), 0);
  t.is(expiry(), Number.POSITIVE_INFINITY);
  machine.advance(5000);
  cpu.serve();
  t.is(cpu.count(VECTOR), 1);
});

test('periodic keeps its phase, and periods that were slept through count once', async (t) => {
  const { machine, cpu, expiry } = await start();
  cpu.write(APIC_LVT_TIMER, PERIODIC | VECTOR);
  cpu.write(APIC_INITIAL_COUNT, 100);
  for (let period = 1; period <= 3; period++) {
    machine.advance(100);
    cpu.serve();
    t.is(cpu.count(VECTOR), period);
  }
  machine.advance(450);
  cpu.serve();
  t.is(cpu.count(VECTOR), 4);
  t.is(expiry(), 800);
  t.is(cpu.read(APIC_CURRENT_COUNT), 50);
});

test('a masked timer counts without interrupting', async (t) => {
  const { machine, cpu } = await start();
  cpu.write(APIC_LVT_TIMER, MASKED | VECTOR);
  cpu.write(APIC_INITIAL_COUNT, 100);
  machine.advance(60);
  t.is(cpu.read(APIC_CURRENT_COUNT), 40);
  machine.advance(60);
  cpu.write(APIC_LVT_TIMER, VECTOR);
  cpu.serve();
  t.is(cpu.count(VECTOR), 0);
});

test('an initial count of 0 stops the timer', async (t) => {
  const { machine, cpu } = await start();
  cpu.write(APIC_LVT_TIMER, VECTOR);
  cpu.write(APIC_INITIAL_COUNT, 100);
  cpu.write(APIC_INITIAL_COUNT, 0);
  machine.advance(1000);
  cpu.serve();
  t.is(cpu.count(VECTOR), 0);
});

test('a change of the divider goes on from the count that is left', async (t) => {
  const { machine, cpu, expiry } = await start();
  cpu.write(APIC_LVT_TIMER, VECTOR);
  cpu.write(APIC_INITIAL_COUNT, 1000);
  machine.now = 400;
  cpu.write(APIC_DIVIDE, 1);
  t.is(cpu.read(APIC_CURRENT_COUNT), 600);
  t.is(expiry(), 400 + 600 * 4);
});

test('TSC-deadline mode interrupts when the TSC gets there, and reads 0 from then on', async (t) => {
  const { machine, cpu, expiry } = await start(['tsc-freq=2500000000']);
  t.is(cpu.wrmsr(TSC_DEADLINE, 1000n), 'ok');
  t.is(cpu.rdmsr(TSC_DEADLINE), 0n, 'ignored in another mode');
  cpu.write(APIC_LVT_TIMER, DEADLINE | VECTOR);
  cpu.wrmsr(TSC_DEADLINE, 2501n);
  t.is(cpu.rdmsr(TSC_DEADLINE), 2501n);
  t.is(expiry(), 1001);
  cpu.write(APIC_INITIAL_COUNT, 5);
  t.is(cpu.read(APIC_CURRENT_COUNT), 0);
  machine.advance(1000);
  cpu.serve();
  t.is(cpu.count(VECTOR), 0);
  machine.advance(1);
  cpu.serve();
  t.is(cpu.count(VECTOR), 1);
  t.is(cpu.rdmsr(TSC_DEADLINE), 0n);
});

test('a deadline in the past interrupts at once; leaving the mode disarms', async (t) => {
  const { machine, cpu, expiry } = await start();
  machine.now = 1_000_000;
  cpu.write(APIC_LVT_TIMER, DEADLINE | VECTOR);
  cpu.wrmsr(TSC_DEADLINE, 10n);
  cpu.serve();
  t.is(cpu.count(VECTOR), 1);
  cpu.wrmsr(TSC_DEADLINE, 2_000_000n);
  cpu.write(APIC_LVT_TIMER, VECTOR);
  t.is(expiry(), Number.POSITIVE_INFINITY);
});

test('writes of the TSC move an armed deadline and IA32_TSC_ADJUST', async (t) => {
  const { machine, cpu, expiry } = await start();
  machine.now = 5000;
  cpu.write(APIC_LVT_TIMER, DEADLINE | VECTOR);
  cpu.wrmsr(TSC_DEADLINE, 9000n);
  t.is(expiry(), 9000);
  cpu.wrmsr(TSC, 6000n);
  t.is(expiry(), 8000);
  t.is(cpu.rdmsr(TSC_ADJUST), 1000n);
  cpu.wrmsr(TSC_ADJUST, -500n);
  t.is(cpu.rdtsc(), 4500n);
  t.is(expiry(), 9500);
});

test('the TSC runs at the frequency of the model, from 0 at reset', async (t) => {
  const { machine, cpu } = await start(['tsc-freq=3.1G']);
  t.is(cpu.rdtsc(), 0n);
  machine.now = 1_000_000_000_007;
  t.is(cpu.rdtsc(), 3_100_000_000_021n);
});
