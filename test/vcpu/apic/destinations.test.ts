import test from 'ava';
import {
  APIC_DFR,
  APIC_ICR_HIGH,
  APIC_ICR_LOW,
  APIC_IRR,
  APIC_LDR,
  APIC_SVR,
  APIC_TPR,
  CPU_SIPI_VECTOR,
  PENDING_INIT,
  PENDING_NMI,
  PENDING_SIPI,
  PENDING_SMI,
} from '../../../src/memory/layout.ts';
import { decodeMessage, InterruptBus, isMessageAddress } from '../../../src/vcpu/interrupt-bus.ts';
import { coreModule } from '../support/core-build.ts';
import { ApicMachine } from './apic-machine.ts';

const CPUS = 4;
const VECTOR = 0x50;
const IRR_WORD = APIC_IRR + 0x20;
const IRR_BIT = 1 << 16;
const FLAT = 0xffffffff;
const CLUSTER = 0x0fffffff;
const LOGICAL = 0x800;

async function machineWith(dfr: number, ldr: readonly number[]): Promise<ApicMachine> {
  const machine = new ApicMachine(await coreModule(), { cpus: CPUS });
  machine.cpus.forEach((cpu, index) => {
    cpu.write(APIC_SVR, 0x1ff);
    cpu.write(APIC_DFR, dfr);
    cpu.write(APIC_LDR, (ldr[index] ?? 0) << 24);
  });
  return machine;
}

/** Which vCPUs have the vector waiting; forgets it. */
function receivers(machine: ApicMachine): number[] {
  const hit = machine.cpus.flatMap((cpu, index) => ((cpu.word(IRR_WORD) & IRR_BIT) !== 0 ? [index] : []));
  for (const cpu of machine.cpus) {
    cpu.state.setUint32(0x1000 + IRR_WORD, 0, true);
    cpu.clearPending();
  }
  return hit;
}

interface Case {
  readonly dfr: number;
  readonly ldr: readonly number[];
  readonly logical: boolean;
  readonly destination: number;
  readonly to: readonly number[];
}

const FLAT_IDS = [1, 2, 4, 8];
const CLUSTER_IDS = [0x11, 0x12, 0x21, 0x22];

/** SDM vol. 3, 10.6.2. */
const CASES: readonly Case[] = [
  { dfr: FLAT, ldr: FLAT_IDS, logical: false, destination: 0, to: [0] },
  { dfr: FLAT, ldr: FLAT_IDS, logical: false, destination: 3, to: [3] },
  { dfr: FLAT, ldr: FLAT_IDS, logical: false, destination: 9, to: [] },
  { dfr: FLAT, ldr: FLAT_IDS, logical: false, destination: 0xff, to: [0, 1, 2, 3] },
  { dfr: FLAT, ldr: FLAT_IDS, logical: true, destination: 0x05, to: [0, 2] },
  { dfr: FLAT, ldr: FLAT_IDS, logical: true, destination: 0xf0, to: [] },
  { dfr: FLAT, ldr: FLAT_IDS, logical: true, destination: 0xff, to: [0, 1, 2, 3] },
  { dfr: CLUSTER, ldr: CLUSTER_IDS, logical: true, destination: 0x13, to: [0, 1] },
  { dfr: CLUSTER, ldr: CLUSTER_IDS, logical: true, destination: 0x22, to: [3] },
  { dfr: CLUSTER, ldr: CLUSTER_IDS, logical: true, destination: 0x33, to: [] },
  { dfr: CLUSTER, ldr: CLUSTER_IDS, logical: true, destination: 0xff, to: [0, 1, 2, 3] },
];

for (const { dfr, ldr, logical, destination, to } of CASES) {
  const mode = logical ? (dfr === FLAT ? 'flat' : 'cluster') : 'physical';
  test(`${mode} destination ${destination.toString(16)} reaches ${to.join(' ') || 'none'}, as IPI and as MSI`, async (t) => {
    const machine = await machineWith(dfr, ldr);
    machine.cpu(1).write(APIC_ICR_HIGH, destination << 24);
    machine.cpu(1).write(APIC_ICR_LOW, VECTOR | (logical ? LOGICAL : 0));
    t.deepEqual(receivers(machine), [...to]);
    new InterruptBus(machine.memory).writeMessage(
      0xfee00000 + destination * 0x1000 + (logical ? 4 : 0),
      VECTOR,
    );
    t.deepEqual(receivers(machine), [...to]);
  });
}

const SHORTHANDS: readonly (readonly [string, number, readonly number[]])[] = [
  ['self', 0x40000, [1]],
  ['all', 0x80000, [0, 1, 2, 3]],
  ['all but self', 0xc0000, [0, 2, 3]],
];

for (const [name, bits, to] of SHORTHANDS) {
  test(`shorthand: ${name}`, async (t) => {
    const machine = await machineWith(FLAT, FLAT_IDS);
    machine.cpu(1).write(APIC_ICR_LOW, VECTOR | bits);
    t.deepEqual(receivers(machine), [...to]);
  });
}

test('lowest priority goes to one vCPU, whose processor priority none undercuts', async (t) => {
  const machine = await machineWith(FLAT, FLAT_IDS);
  const bus = new InterruptBus(machine.memory);
  [0x60, 0x20, 0x40, 0x20].forEach((tpr, index) => {
    machine.cpu(index).write(APIC_TPR, tpr);
  });
  const seen = new Set<number>();
  for (let vector = 0x50; vector < 0x54; vector++) {
    machine.cpu(0).write(APIC_ICR_HIGH, 0x0f << 24);
    machine.cpu(0).write(APIC_ICR_LOW, vector | LOGICAL | 0x100);
    bus.writeMessage(0xfee0f004, vector | 0x100);
    const hit = machine.cpus.flatMap((cpu, index) => (cpu.word(IRR_WORD) !== 0 ? [index] : []));
    t.is(hit.length, 1, 'the core and the bus choose alike');
    for (const index of hit) seen.add(index);
    for (const cpu of machine.cpus) cpu.state.setUint32(0x1000 + IRR_WORD, 0, true);
  }
  t.deepEqual([...seen].toSorted(), [1, 3]);
  machine.cpu(1).write(APIC_ICR_HIGH, 0x05 << 24);
  machine.cpu(1).write(APIC_ICR_LOW, VECTOR | LOGICAL | 0x100);
  t.deepEqual(receivers(machine), [2], 'only among those addressed');
});

const MODES: readonly (readonly [string, number, number])[] = [
  ['SMI', 0x200, PENDING_SMI],
  ['NMI', 0x400, PENDING_NMI],
  ['INIT', 0x500, PENDING_INIT],
  ['SIPI', 0x600, PENDING_SIPI],
];

for (const [name, delivery, pending] of MODES) {
  test(`${name} as IPI and as MSI`, async (t) => {
    const machine = await machineWith(FLAT, FLAT_IDS);
    machine.cpu(0).write(APIC_ICR_HIGH, 2 << 24);
    machine.cpu(0).write(APIC_ICR_LOW, delivery | 0x9a | 0x4000);
    t.deepEqual(
      machine.cpus.map((cpu) => cpu.pending),
      [0, 0, pending, 0],
    );
    if (name === 'SIPI') t.is(machine.cpu(2).state.getUint32(CPU_SIPI_VECTOR, true), 0x9a);
    machine.cpu(2).clearPending();
    new InterruptBus(machine.memory).writeMessage(0xfee03000, delivery);
    t.is(machine.cpu(3).pending, pending);
  });
}

test('INIT de-assert does nothing, with a level trigger only', async (t) => {
  const machine = await machineWith(FLAT, FLAT_IDS);
  machine.cpu(0).write(APIC_ICR_HIGH, 2 << 24);
  machine.cpu(0).write(APIC_ICR_LOW, 0x8500);
  t.is(machine.cpu(2).pending, 0);
  machine.cpu(0).write(APIC_ICR_LOW, 0xc500);
  t.is(machine.cpu(2).pending, PENDING_INIT);
});

test('messages: the address range, the level bit, a de-assertion', (t) => {
  t.true(isMessageAddress(0xfee00000));
  t.true(isMessageAddress(0xfeeffffc));
  t.false(isMessageAddress(0xfef00000));
  t.false(isMessageAddress(0x1fee00000));
  t.deepEqual(decodeMessage(0xfee1f004, 0xc131), {
    destination: 0x1f,
    logical: true,
    delivery: 1,
    vector: 0x31,
    level: true,
  });
  t.is(decodeMessage(0xfee00000, 0x8031), undefined);
});

test('x2APIC: physical by 32-bit ID, logical by cluster, and 8-bit messages from devices', async (t) => {
  // Gaps: 9 cores take four bits, so sockets begin at 16.
  const machine = new ApicMachine(await coreModule(), {
    cpus: 12,
    topology: { sockets: 2, cores: 9, threads: 1 },
  });
  for (const cpu of machine.cpus) {
    cpu.wrmsr(0x1b, 0xfee00c00n);
    cpu.wrmsr(0x80f, 0x1ffn);
  }
  const send = (destination: bigint, bits: bigint): number[] => {
    machine.cpu(0).wrmsr(0x830, (destination << 32n) | bits | BigInt(VECTOR));
    return receivers(machine);
  };
  t.deepEqual(send(17n, 0n), [10]);
  t.deepEqual(send(0xffn, 0n), []);
  t.deepEqual(send(0xffffffffn, 0n).length, 12);
  t.deepEqual(send(0x10005n, 0x800n), [9, 11]);
  t.deepEqual(send(0x0005n, 0x800n), [0, 2]);
  const bus = new InterruptBus(machine.memory);
  bus.writeMessage(0xfee11000, VECTOR);
  t.deepEqual(receivers(machine), [10]);
  bus.writeMessage(0xfeeff000, VECTOR);
  t.is(receivers(machine).length, 12);
});
