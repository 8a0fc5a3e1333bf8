import test, { type ExecutionContext } from 'ava';
import type { ActorContext } from '../../src/actors/contract.ts';
import {
  BLOCK_SINGLE,
  CPU_BLOCK_MODE,
  CPU_EFER,
  CPU_EXCEPTION_HOOKS,
  CPU_GROUPS_BASE,
  CPU_HALT_STATE,
  CPU_PENDING,
  HALT_HLT,
  PENDING_NMI,
} from '../../src/memory/layout.ts';
import { allocateMemory, planMemory } from '../../src/memory/memory-plan.ts';
import { PhysicalMap } from '../../src/memory/physical-map.ts';
import { kickVcpu } from '../../src/vcpu/kick.ts';
import { vcpuActor } from '../../src/vcpu/vcpu-actor.ts';
import type { VcpuContract, VcpuEvents } from '../../src/vcpu/vcpu-contract.ts';
import { coreModule } from './support/core-build.ts';

const ROM = 0xffff0000;
const RAM_BYTES = 1024 * 1024;

/** A vCPU at its reset vector, where `code` lies (real mode); what it emits is collected. */
async function boot(t: ExecutionContext, code: readonly number[]) {
  const module = await coreModule();
  const plan = planMemory({ cpus: 1, ramBytes: RAM_BYTES, romBytes: 0x10000 });
  const memory = allocateMemory(plan);
  const map = new PhysicalMap(memory);
  map.initialise(1);
  map.map(0, RAM_BYTES, plan.ramBase, 'ram');
  map.map(ROM, 0x10000, plan.romBase, 'rom');
  // The reset vector jumps to the image's first byte.
  new Uint8Array(memory.buffer, plan.romBase).set(code);
  new Uint8Array(memory.buffer, plan.romBase + 0xfff0).set([0xe9, 0x0d, 0x00]);
  const events: VcpuEvents['stopped'][] = [];
  const failures: unknown[] = [];
  const context: ActorContext<VcpuContract> = {
    name: 'vcpu0',
    signal: new AbortController().signal,
    emit: (_event, payload) => events.push(payload as VcpuEvents['stopped']),
    ref: () => {
      throw new Error('a vCPU needs no other actor');
    },
    fail: (error) => failures.push(error),
  };
  const { asks } = await vcpuActor.create(context, { memory, module, plan, index: 0 });
  await asks.reset(undefined);
  // A vCPU that goes on would keep the process alive after a failure.
  t.teardown(() => asks.pause(undefined));
  const ram = new DataView(memory.buffer, plan.ramBase, RAM_BYTES);
  return { asks, events, failures, memory, ram, state: new DataView(memory.buffer, CPU_GROUPS_BASE, 0x2000) };
}

/** A turn is a slice of the vCPU, or a sleep of at most 100 ms; nothing here needs more than a few. */
const MOST_TURNS = 100;

/** Turns of the event loop until `condition` holds. */
async function until(t: ExecutionContext, condition: () => boolean): Promise<void> {
  for (let i = 0; i < MOST_TURNS && !condition(); i++) await new Promise((resolve) => setImmediate(resolve));
  t.true(condition());
}

// inc word [0x500]; jmp back
const COUNT = [0xff, 0x06, 0x00, 0x05, 0xeb, 0xfa];

test('a vCPU runs, pauses at an instruction boundary and gives the same state twice', async (t) => {
  const cpu = await boot(t, COUNT);
  await cpu.asks.run(undefined);
  await until(t, () => cpu.ram.getUint16(0x500, true) !== 0);
  await cpu.asks.pause(undefined);
  const first = await cpu.asks.state(undefined);
  const at = cpu.ram.getUint16(0x500, true);
  await new Promise((resolve) => setImmediate(resolve));
  t.is(cpu.ram.getUint16(0x500, true), at);
  await cpu.asks.setState(first);
  t.deepEqual(await cpu.asks.state(undefined), first);
  t.deepEqual(cpu.failures, []);
});

test('single steps advance one instruction each', async (t) => {
  const cpu = await boot(t, COUNT);
  t.is(await cpu.asks.step({ instructions: 1 }), 0n);
  t.is(await cpu.asks.step({ instructions: 1 }), 4n);
  t.is(await cpu.asks.step({ instructions: 1 }), 0n);
  t.is(cpu.ram.getUint16(0x500, true), 1);
  t.is((await cpu.asks.counters(undefined)).instructions, 3n);
});

test('in single-step mode every block has one instruction, through a reset too', async (t) => {
  const cpu = await boot(t, COUNT);
  const isSingle = () => (cpu.state.getUint32(CPU_BLOCK_MODE, true) & BLOCK_SINGLE) !== 0;
  await cpu.asks.setSingleStep({ on: true });
  await cpu.asks.run(undefined);
  await until(t, () => cpu.ram.getUint16(0x500, true) > 100);
  await cpu.asks.pause(undefined);
  t.true(isSingle());
  const before = await cpu.asks.counters(undefined);
  t.is(before.translator?.regions, 0);
  await cpu.asks.reset(undefined);
  cpu.ram.setUint16(0x500, 0, true);
  await cpu.asks.run(undefined);
  await until(t, () => cpu.ram.getUint16(0x500, true) > 100);
  await cpu.asks.pause(undefined);
  t.true(isSingle());
  await cpu.asks.setSingleStep({ on: false });
  await cpu.asks.run(undefined);
  await until(t, () => !isSingle());
  await cpu.asks.pause(undefined);
  t.deepEqual(cpu.failures, []);
});

test('a breakpoint stops before its instruction', async (t) => {
  const cpu = await boot(t, [0x40, 0x40, 0x40, 0xeb, 0xfe]);
  await cpu.asks.setBreakpoints({ addresses: [BigInt(ROM + 2)] });
  await cpu.asks.run(undefined);
  await until(t, () => cpu.events.length > 0);
  t.deepEqual(cpu.events, [{ reason: 'breakpoint', pc: BigInt(ROM + 2) }]);
  t.is((await cpu.asks.registers(undefined)).general[0], 2n);
});

test('a halted vCPU sleeps until an NMI runs its handler', async (t) => {
  // hlt; at F000:0010 the handler: mov word [0x600], 0x77; hlt
  const cpu = await boot(t, [0xf4]);
  const rom = new Uint8Array(cpu.memory.buffer);
  const { romBase } = planMemory({ cpus: 1, ramBytes: RAM_BYTES, romBytes: 0x10000 });
  rom.set([0xc7, 0x06, 0x00, 0x06, 0x77, 0x00, 0xf4], romBase + 0x10);
  cpu.ram.setUint16(8, 0x0010, true);
  cpu.ram.setUint16(10, 0xf000, true);
  new PhysicalMap(cpu.memory).map(0xf0000, 0x10000, romBase, 'rom');
  await cpu.asks.run(undefined);
  await until(t, () => cpu.state.getUint32(CPU_HALT_STATE, true) === HALT_HLT);
  Atomics.or(new Int32Array(cpu.memory.buffer), (CPU_GROUPS_BASE + CPU_PENDING) >> 2, PENDING_NMI);
  kickVcpu(cpu.memory, 0);
  await until(t, () => cpu.ram.getUint16(0x600, true) === 0x77);
  await cpu.asks.pause(undefined);
});

test('a triple fault is a shutdown', async (t) => {
  // lidt cs:[20h] (limit 0); ud2
  const cpu = await boot(t, [0x2e, 0x0f, 0x01, 0x1e, 0x20, 0x00, 0x0f, 0x0b]);
  t.is(cpu.state.getUint32(CPU_EXCEPTION_HOOKS, true), 0);
  t.is(cpu.state.getBigUint64(CPU_EFER, true), 0n);
  await cpu.asks.run(undefined);
  await until(t, () => cpu.events.length > 0);
  t.is(cpu.events[0]?.reason, 'shutdown');
});

test('what needs a paused vCPU says so while it runs', async (t) => {
  const cpu = await boot(t, COUNT);
  await cpu.asks.run(undefined);
  t.throws(() => cpu.asks.reset(undefined), { code: 'ERR_VCPU_RUNNING' });
  await cpu.asks.pause(undefined);
  t.throws(
    () =>
      cpu.asks.setState({
        version: 0,
        registers: new Uint8Array(),
        modelSpecificRegisters: new Uint8Array(),
      }),
    {
      code: 'ERR_VCPU_STATE',
    },
  );
});
