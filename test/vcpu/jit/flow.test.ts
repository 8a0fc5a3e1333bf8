/**
 * Random flow graphs, interpreted and translated: conditional and indirect jumps anywhere, so that there are loops with
 * several entries; direct and indirect calls. TROUPE_LOCKSTEP_CASES is the number of graphs, TROUPE_ORACLE_SEED chooses others.
 */
import test from 'ava';
import { EXIT_BUDGET, EXIT_EXCEPTION } from '../../../src/memory/layout.ts';
import { TestCpu } from '../support/test-cpu.ts';

const CASES = Math.max(20, Number(process.env['TROUPE_LOCKSTEP_CASES'] ?? 1000) / 25);
const SEED = Number(process.env['TROUPE_ORACLE_SEED'] ?? 20130520);
const CODE = 0x10000;
const TABLE = 0x20000;
const STACK = 0x80000n;
const BLOCKS = 12;
/** Bytes kept for each block. */
const BLOCK_BYTES = 64;
const STEPS = 30_000n;
const REGISTERS = ['rax', 'rbx', 'rcx', 'rdx', 'rsi', 'rdi', 'rsp', 'rbp'] as const;

/** Mulberry32. */
function randomSource(seed: number): (below: number) => number {
  let state = seed | 0;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) % below;
  };
}

const addressOf = (block: number): number => CODE + block * BLOCK_BYTES;

function relative(from: number, to: number): number[] {
  return [...new Uint8Array(Int32Array.of(to - from).buffer)];
}

/** lea rax, [rax*4 + rax + n]; xor rbx, rax; rol rbx, 7, and some flags; then `and esi, 15` from rbx makes an index. */
function arithmetic(random: (below: number) => number): number[] {
  const all = [
    [0x48, 0x8d, 0x44, 0x80, random(100)],
    [0x48, 0x31, 0xc3],
    [0x48, 0xc1, 0xc3, 0x07],
    [0x48, 0x01, 0xd8],
    [0x48, 0x29, 0xc2],
    [0x83, 0xd0, random(100)],
  ];
  return Array.from({ length: 1 + random(4) }, () => all[random(all.length)] ?? []).flat();
}

/** mov esi, ebx; and esi, BLOCKS - 1 or less. */
function pickIndex(mask: number): number[] {
  return [0x89, 0xde, 0x83, 0xe6, mask];
}

/** A block: arithmetic, a countdown that leaves to UD2, and a way on. */
function block(index: number, random: (below: number) => number): number[] {
  const start = addressOf(index);
  const code = arithmetic(random);
  // dec rcx; jz to the end
  code.push(0x48, 0xff, 0xc9, 0x0f, 0x84);
  code.push(...relative(start + code.length + 4, addressOf(BLOCKS)));
  const kind = random(7);
  const to = (): number => addressOf(random(BLOCKS));
  if (kind < 2) {
    code.push(...pickIndex(7), 0xff, 0x24, 0xf5, ...relative(0, TABLE));
  } else if (kind === 2) {
    // call [table + rsi * 8], then go on
    code.push(...pickIndex(3), 0xff, 0x14, 0xf5, ...relative(0, TABLE + 64), 0xe9);
    code.push(...relative(start + code.length + 4, to()));
  } else if (kind === 3) {
    code.push(0xe8);
    code.push(...relative(start + code.length + 4, addressOf(BLOCKS + 1 + random(2))), 0xe9);
    code.push(...relative(start + code.length + 4, to()));
  } else {
    // test al, n; jcc; jmp
    code.push(0xa8, 1 << random(4), 0x0f, 0x84 + random(2));
    code.push(...relative(start + code.length + 4, to()), 0xe9);
    code.push(...relative(start + code.length + 4, to()));
  }
  return code;
}

interface Program {
  readonly code: Uint8Array;
  readonly table: Uint8Array;
}

function program(seed: number): Program {
  const random = randomSource(seed);
  const code = new Uint8Array((BLOCKS + 4) * BLOCK_BYTES);
  for (let i = 0; i < BLOCKS; i++) code.set(block(i, random), i * BLOCK_BYTES);
  code.set([0x0f, 0x0b], BLOCKS * BLOCK_BYTES);
  // Functions: a short one, and one that branches inside.
  code.set([...arithmetic(random), 0xc3], (BLOCKS + 1) * BLOCK_BYTES);
  code.set([0xa8, 0x04, 0x74, 0x03, 0x48, 0x01, 0xc3, 0x48, 0xff, 0xc0, 0xc3], (BLOCKS + 2) * BLOCK_BYTES);
  const jumps = Array.from({ length: 8 }, () => BigInt(addressOf(random(BLOCKS))));
  const calls = Array.from({ length: 4 }, () => BigInt(addressOf(BLOCKS + 1 + random(2))));
  return { code, table: new Uint8Array(BigUint64Array.from([...jumps, ...calls]).buffer) };
}

async function run(
  { code, table }: Program,
  hotEntries: number,
  budget: number,
): Promise<{ state: string; regions: number }> {
  const cpu = await TestCpu.create({ hotEntries });
  cpu.load(CODE, code);
  cpu.load(TABLE, table);
  cpu.rip = BigInt(CODE);
  cpu.set('rcx', STEPS);
  cpu.set('rsp', STACK);
  let reason = EXIT_BUDGET;
  while (reason === EXIT_BUDGET) reason = cpu.run(budget);
  const registers = REGISTERS.map((name) => `${name} ${cpu.get(name).toString(16)}`);
  const state = [
    ...registers,
    `rip ${cpu.rip}`,
    `flags ${cpu.flags}`,
    `count ${cpu.instructions}`,
    `exit ${reason === EXIT_EXCEPTION}`,
  ];
  return { state: state.join(', '), regions: cpu.translator?.counters.regrown ?? 0 };
}

test('random flow graphs do the same translated', async (t) => {
  t.timeout(24 * 3600 * 1000);
  let regrown = 0;
  for (let i = 0; i < CASES; i++) {
    const made = program(SEED + i);
    const expected = await run(made, 0, 1 << 30);
    const actual = await run(made, 1 + (i % 40), 5000);
    t.is(actual.state, expected.state, `graph of seed ${SEED + i}`);
    regrown += actual.regions;
  }
  t.true(regrown >= CASES / 2, `${regrown} regions were made again to follow indirect branches`);
});
