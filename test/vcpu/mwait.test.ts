/** MONITOR and MWAIT (SDM vol. 2): what ends the wait. */
import { Worker } from 'node:worker_threads';
import test from 'ava';
import {
  APIC_TIMER_EXPIRY,
  CPU_APIC,
  CPU_HALT_STATE,
  CPU_PENDING,
  EXIT_EXCEPTION,
  EXIT_HALT,
  HALT_MWAIT,
  HALT_RUNNING,
  PENDING_APIC,
} from '../../src/memory/layout.ts';
import { VirtualClock } from '../../src/memory/virtual-clock.ts';
import { VcpuClock } from '../../src/vcpu/vcpu-clock.ts';
import { VcpuRunner } from '../../src/vcpu/vcpu-runner.ts';
import { TestCpu } from './support/test-cpu.ts';

const CODE = 0x1000;
const LINE = 0x3040;
const STACK_SEGMENT = 2;
const SUPERVISOR_DATA = 0x1c093;
const MONITOR = [0x0f, 0x01, 0xc8];
const MWAIT = [0x0f, 0x01, 0xc9];
const LOAD_EBX = [0x8b, 0x18]; // mov ebx, [rax]
const STORE_EAX = [0x89, 0x00]; // mov [rax], eax
const UD2 = [0x0f, 0x0b];
/** So that a lost store shows as a failure and not as a test that never ends. */
const LONGEST_MS = 60_000;
const NEVER = 0x7ff0000000000000n;
/** Answers a store at each of the guest's waits. */
const WRITER = `
const { workerData: { memory, haltWord, mwait, target } } = require('node:worker_threads');
const words = new Int32Array(memory.buffer);
while (Atomics.load(words, haltWord) !== mwait) Atomics.wait(words, haltWord, Atomics.load(words, haltWord), 1);
Atomics.store(words, target, 77);
`;

async function prepare(code: readonly number[]): Promise<TestCpu> {
  const cpu = await TestCpu.create();
  cpu.setSegment(STACK_SEGMENT, 0x10, 0n, 0xffffffff, SUPERVISOR_DATA);
  cpu.setState64(CPU_APIC + APIC_TIMER_EXPIRY, NEVER);
  cpu.flags = 2;
  cpu.load(CODE, [...code, ...UD2]);
  cpu.rip = BigInt(CODE);
  cpu.set('rax', BigInt(LINE));
  return cpu;
}

test('a store of another thread to the line ends the wait, and nothing else does', async (t) => {
  const cpu = await prepare([...MONITOR, ...MWAIT, ...LOAD_EBX]);
  const runner = new VcpuRunner(
    cpu.core,
    cpu.memory,
    new VcpuClock(new VirtualClock(cpu.memory), cpu.memory, 0),
  );
  const writer = new Worker(WRITER, {
    eval: true,
    workerData: {
      memory: cpu.memory,
      haltWord: (cpu.core.base + CPU_HALT_STATE) >> 2,
      mwait: HALT_MWAIT,
      target: (cpu.ramBase + LINE + 60) >> 2,
    },
  });
  t.teardown(() => writer.terminate());
  const end = Date.now() + LONGEST_MS;
  let result = runner.slice();
  for (; result !== 'exception' && Date.now() < end; result = runner.slice()) {
    await new Promise((resolve) => setImmediate(resolve));
  }
  t.is(result, 'exception');
  t.is(cpu.view.getUint32(LINE + 60, true), 77);
});

test('a store outside the line does not end the wait', async (t) => {
  const cpu = await prepare([...MONITOR, ...MWAIT]);
  const runner = new VcpuRunner(
    cpu.core,
    cpu.memory,
    new VcpuClock(new VirtualClock(cpu.memory), cpu.memory, 0),
  );
  t.is(cpu.run(), EXIT_HALT);
  cpu.view.setUint32(LINE + 64, 1, true);
  cpu.view.setUint32(LINE - 4, 1, true);
  t.is(runner.slice(), 'slept');
  t.is(cpu.state32(CPU_HALT_STATE), HALT_MWAIT);
});

test('a store between MONITOR and MWAIT is seen', async (t) => {
  const cpu = await prepare([...MONITOR, ...STORE_EAX, ...MWAIT]);
  t.is(cpu.run(), EXIT_EXCEPTION);
});

test('MWAIT without an armed line does not wait', async (t) => {
  const cpu = await prepare([...MWAIT]);
  t.is(cpu.run(), EXIT_EXCEPTION);
});

test('a masked interrupt ends the wait', async (t) => {
  const cpu = await prepare([...MONITOR, ...MWAIT]);
  const runner = new VcpuRunner(
    cpu.core,
    cpu.memory,
    new VcpuClock(new VirtualClock(cpu.memory), cpu.memory, 0),
  );
  t.is(cpu.run(), EXIT_HALT);
  cpu.setState32(CPU_PENDING, PENDING_APIC);
  t.is(runner.slice(), 'slept');
  t.is(cpu.state32(CPU_HALT_STATE), HALT_RUNNING);
});
