/** What the translator makes of small pieces of code, within a budget of bytes; and that its regions are dropped and kept rightly. */
import test from 'ava';
import { EXIT_BUDGET, EXIT_EXCEPTION } from '../../../src/memory/layout.ts';
import type { Translator } from '../../../src/vcpu/jit/translator.ts';
import { TestCpu } from '../support/test-cpu.ts';

const CODE = 0x10000;
const UD2 = [0x0f, 0x0b];
/** dec rcx; jnz -7: with add rax, rcx before. */
const SUM_LOOP = [0x48, 0x01, 0xc8, 0x48, 0xff, 0xc9, 0x75, 0xf8, ...UD2];

async function translating(code: readonly number[]): Promise<{ cpu: TestCpu; translator: Translator }> {
  const cpu = await TestCpu.create({ hotEntries: 1 });
  const { translator } = cpu;
  if (translator === undefined) throw new Error('There is no translator');
  cpu.load(CODE, code);
  cpu.rip = BigInt(CODE);
  return { cpu, translator };
}

test('a counting loop is one region that counts its instructions', async (t) => {
  const { cpu, translator } = await translating(SUM_LOOP);
  cpu.set('rcx', 1000n);
  t.is(cpu.run(), EXIT_EXCEPTION);
  t.is(cpu.get('rax'), 500_500n);
  t.is(cpu.instructions, 3000n);
  t.is(translator.counters.regions, 1);
});

test('a loop leaves on its budget and goes on where it was', async (t) => {
  const { cpu } = await translating(SUM_LOOP);
  cpu.set('rcx', 1_000_000n);
  t.is(cpu.run(1000), EXIT_BUDGET);
  t.true(cpu.instructions < 1100n);
  t.is(cpu.rip, BigInt(CODE));
  t.is(cpu.run(4_000_000), EXIT_EXCEPTION);
  t.is(cpu.get('rax'), 500_000_500_000n);
});

test('code that changes is translated anew', async (t) => {
  const { cpu, translator } = await translating(SUM_LOOP);
  cpu.set('rcx', 10n);
  cpu.run();
  // sub rax, rcx in place of the addition.
  cpu.load(CODE, [0x48, 0x29]);
  cpu.rip = BigInt(CODE);
  cpu.set('rcx', 10n);
  t.is(cpu.run(), EXIT_EXCEPTION);
  t.is(cpu.get('rax'), 0n);
  t.is(translator.counters.regions, 2);
});

test('a load that faults leaves the state of before', async (t) => {
  // add rax, 5; mov rbx, [rdx]
  const { cpu } = await translating([0x48, 0x83, 0xc0, 0x05, 0x48, 0x8b, 0x1a, ...UD2]);
  cpu.set('rdx', 0x8000_0000_0000n);
  t.is(cpu.run(), EXIT_EXCEPTION);
  t.is(cpu.fault.vector, 13);
  t.is(cpu.rip, BigInt(CODE + 4));
  t.is(cpu.get('rax'), 5n);
  t.is(cpu.instructions, 1n);
});

/** Bytes of WebAssembly that each may take; a change that makes code longer shows here. */
const BUDGETS: readonly (readonly [string, readonly number[], number])[] = [
  ['register arithmetic', [0x48, 0x01, 0xc8, 0x48, 0x31, 0xd8, 0x48, 0x29, 0xd0, ...UD2], 1300],
  ['a compare and a branch', [0x48, 0x39, 0xc8, 0x74, 0x00, ...UD2], 1300],
  ['loads and stores', [0x48, 0x8b, 0x03, 0x48, 0x89, 0x43, 0x08, ...UD2], 1350],
  ['a scalar multiplication', [0xf2, 0x0f, 0x59, 0xc1, ...UD2], 1700],
];

for (const [name, code, budget] of BUDGETS) {
  test(`${name}: at most ${budget} bytes`, async (t) => {
    const { cpu, translator } = await translating(code);
    cpu.set('rbx', 0x20000n);
    t.is(cpu.run(), EXIT_EXCEPTION);
    t.is(translator.counters.regions, 1);
    t.true(translator.counters.bytes <= budget, `${translator.counters.bytes} bytes`);
  });
}
