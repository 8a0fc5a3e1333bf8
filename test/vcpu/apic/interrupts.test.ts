import test from 'ava';
import {
  APIC_EOI,
  APIC_ICR_LOW,
  APIC_IRR,
  APIC_ISR,
  APIC_LVT_LINT0,
  APIC_PPR,
  APIC_SVR,
  APIC_TMR,
  APIC_TPR,
  PENDING_APIC,
  PENDING_NMI,
  PENDING_PIC,
} from '../../../src/memory/layout.ts';
import { InterruptBus } from '../../../src/vcpu/interrupt-bus.ts';
import { coreModule } from '../support/core-build.ts';
import { ApicMachine, type ApicMachineOptions } from './apic-machine.ts';

async function enabled(
  options: ApicMachineOptions = {},
): Promise<{ machine: ApicMachine; bus: InterruptBus }> {
  const machine = new ApicMachine(await coreModule(), options);
  for (const cpu of machine.cpus) cpu.write(APIC_SVR, 0x1ff);
  return { machine, bus: new InterruptBus(machine.memory) };
}

test('every legal vector reaches its handler once', async (t) => {
  const { machine, bus } = await enabled();
  const cpu = machine.cpu();
  for (let vector = 16; vector < 256; vector++) bus.raiseInterrupt(0, vector, false);
  cpu.serve();
  for (let vector = 16; vector < 256; vector++) t.is(cpu.count(vector), 1, `vector ${vector}`);
  t.is(cpu.pending & PENDING_APIC, 0);
});

test('an interrupt whose class is not above the task priority waits', async (t) => {
  const { machine, bus } = await enabled();
  const cpu = machine.cpu();
  cpu.write(APIC_TPR, 0x45);
  bus.raiseInterrupt(0, 0x4f, false);
  bus.raiseInterrupt(0, 0x50, false);
  cpu.serve();
  t.is(cpu.count(0x50), 1);
  t.is(cpu.count(0x4f), 0);
  t.is(cpu.read(APIC_IRR + 0x20), 1 << 15);
  cpu.write(APIC_TPR, 0x3f);
  cpu.serve();
  t.is(cpu.count(0x4f), 1);
});

test('the processor priority is the higher of task priority and class in service', async (t) => {
  const { machine } = await enabled();
  const cpu = machine.cpu();
  cpu.write(APIC_TPR, 0x23);
  t.is(cpu.read(APIC_PPR), 0x23);
  // In service without a handler: the state is written, then derived by a write of TPR.
  cpu.state.setUint32(0x1000 + APIC_ISR + 0x50, 1 << 7, true);
  cpu.write(APIC_TPR, 0x23);
  t.is(cpu.read(APIC_PPR), 0xa0);
  cpu.write(APIC_TPR, 0xa5);
  t.is(cpu.read(APIC_PPR), 0xa5);
  cpu.write(APIC_EOI, 0);
  cpu.write(APIC_TPR, 0);
  t.is(cpu.read(APIC_PPR), 0);
});

test('the end of a level-triggered interrupt is told to the I/O APICs, of an edge-triggered one not', async (t) => {
  const { machine, bus } = await enabled();
  bus.raiseInterrupt(0, 0x31, true);
  t.is(machine.cpu().read(APIC_TMR + 0x10), 1 << 17);
  bus.raiseInterrupt(0, 0x62, false);
  machine.cpu().serve();
  t.deepEqual(machine.endedLevels, [0x31]);
  bus.raiseInterrupt(0, 0x31, false);
  machine.cpu().serve();
  t.is(machine.cpu().count(0x31), 2);
  t.deepEqual(machine.endedLevels, [0x31]);
});

test('EOI broadcasts stop where SVR bit 12 exists and is set', async (t) => {
  for (const directedEoi of [true, false]) {
    const { machine, bus } = await enabled({ directedEoi });
    const cpu = machine.cpu();
    t.is(cpu.read(0x30) >>> 24, directedEoi ? 1 : 0);
    cpu.write(APIC_SVR, 0x11ff);
    bus.raiseInterrupt(0, 0x31, true);
    cpu.serve();
    t.deepEqual(machine.endedLevels, directedEoi ? [] : [0x31]);
  }
});

test('ExtINT on LINT0 asks the controller while the line is up, whatever the task priority', async (t) => {
  const vectors = [0x21, 0x22];
  let acknowledged = 0;
  const module = await coreModule();
  const machine: ApicMachine = new ApicMachine(module, {
    host: {
      picAcknowledge: () => {
        const vector = vectors[acknowledged++] ?? 0x27;
        if (acknowledged >= vectors.length) new InterruptBus(machine.memory).setLine(0, 0, false);
        return vector;
      },
    },
  });
  const cpu = machine.cpu();
  const bus = new InterruptBus(machine.memory);
  cpu.write(APIC_SVR, 0x1ff);
  cpu.write(APIC_TPR, 0xff);
  bus.setLine(0, 0, true);
  cpu.serve();
  t.is(acknowledged, 0, 'masked');
  cpu.write(APIC_LVT_LINT0, 0x700);
  cpu.serve();
  t.is(acknowledged, 2);
  t.deepEqual([cpu.count(0x21), cpu.count(0x22), cpu.count(0x27)], [1, 1, 0]);
  t.is(cpu.pending & PENDING_PIC, 0);
});

test('without an APIC LINT0 is INTR and LINT1 is NMI', async (t) => {
  const machine = new ApicMachine(await coreModule(), { host: { picAcknowledge: () => 0x20 } });
  const cpu = machine.cpu();
  const bus = new InterruptBus(machine.memory);
  cpu.wrmsr(0x1b, 0xfee00100n);
  bus.raiseInterrupt(0, 0x50, false);
  t.is(cpu.pending, 0);
  bus.setLine(0, 0, true);
  t.is(cpu.pending, PENDING_PIC);
  bus.setLine(0, 0, false);
  cpu.serve();
  t.is(cpu.count(0x20), 0, 'the line fell before the acknowledge');
  bus.setLine(0, 1, true);
  t.is(cpu.pending, PENDING_NMI);
});

test('a fixed level on LINT0 interrupts again until it falls', async (t) => {
  const { machine, bus } = await enabled();
  const cpu = machine.cpu();
  cpu.write(APIC_LVT_LINT0, 0x8041);
  bus.setLine(0, 0, true);
  t.is(cpu.read(APIC_LVT_LINT0), 0xc041, 'remote IRR');
  cpu.prepareIdle();
  cpu.core.setFlags(2);
  cpu.core.stateWritten();
  cpu.runIdle(60);
  t.true(cpu.count(0x41) > 1);
  bus.setLine(0, 0, false);
  cpu.goOn();
  t.is(cpu.read(APIC_LVT_LINT0), 0x8041);
  t.is(machine.endedLevels.length, cpu.count(0x41));
});

test('a software-disabled APIC takes NMIs but no fixed interrupts', async (t) => {
  const { machine, bus } = await enabled();
  const cpu = machine.cpu();
  cpu.write(APIC_SVR, 0xff);
  bus.raiseInterrupt(0, 0x50, false);
  t.is(cpu.word(APIC_IRR + 0x20), 0);
  bus.writeMessage(0xfee00000, 0x400);
  t.is(cpu.pending, PENDING_NMI);
});

test('a self IPI arrives at once when interrupts are open', async (t) => {
  const { machine } = await enabled();
  machine.cpu().write(APIC_ICR_LOW, 0x40099);
  machine.cpu().serve();
  t.is(machine.cpu().count(0x99), 1);
});
