/**
 * The translator's speed on user-mode workloads as a ratio to qemu-x86_64 (TCG), with native execution as the limit, all in one
 * run and by turns: processor time of the thread that runs the guest, user and system time of the peers' processes, their start
 * taken off. A ratio is the median of the turns' ratios, with the least and the greatest; every checksum is verified.
 * Needs gcc, objcopy and qemu-x86_64-static. Run: `npm run bench -- translator`, or with names of workloads and a number of turns:
 * `tsx bench/translator/translator.ts --turns 3 SIEVE MATRIX`.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import type { TranslatorCounters } from '../../src/vcpu/jit/counters.ts';
import { Translator } from '../../src/vcpu/jit/translator.ts';
import { timeCommand, timeThread } from '../programs/processor-time.ts';
import { compileProgram, geometricMean, loadProgram, type Program, runProgram } from '../programs/program.ts';

const TCG = 'qemu-x86_64-static';
const FLAGS = ['-fno-tree-vectorize', '-fno-tree-loop-distribute-patterns'];
/** As the vCPU's actor slices. */
const BUDGET = 500_000;
const DEFAULT_TURNS = '5';
/** Less than a program's start varies by. */
const LEAST_SECONDS = 1e-3;
/** REP MOVS and STOS, which TCG is so slow at that they would lift any mean. */
const OUT_OF_MEAN = 'COPY';

/** Rounds that take TCG about half a second. */
const WORKLOADS: readonly (readonly [string, number])[] = [
  ['INTEGER', 200_000_000],
  ['COLLATZ', 1_000_000],
  ['DIVISION', 60_000_000],
  ['SIEVE', 60],
  ['SHA256', 400_000],
  ['CRC', 1500],
  ['MEMORY', 80_000_000],
  ['CHASE', 20_000_000],
  ['MATRIX', 20],
  ['NBODY', 200_000],
  ['PACKED', 10_000],
  ['SORT', 60],
  ['CALLS', 37],
  ['DISPATCH', 4_000_000],
  ['VIRTUAL', 20_000_000],
  ['COPY', 200],
  ['STRINGS', 20_000],
  ['ATOMICS', 80_000_000],
];

interface Turn {
  readonly native: number;
  readonly tcg: number;
  readonly ours: number;
  /** Seconds of V8's compiler threads. */
  readonly compilers: number;
  readonly mips: number;
  readonly counters: TranslatorCounters;
}

const median = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[values.length >> 1] ?? Number.NaN;

/** What it takes to start and end a program that does nothing: the least of several times. */
function startSeconds(command: string, args: readonly string[]): number {
  return Math.min(...Array.from({ length: 5 }, () => timeCommand(command, args).seconds));
}

async function takeTurn(program: Program, start: { native: number; tcg: number }): Promise<Turn> {
  const native = timeCommand(program.elf, []);
  const tcg = timeCommand(TCG, [program.elf]);
  const cpu = await loadProgram(program);
  const translator = new Translator(cpu.core, cpu.memory);
  let checksum = 0n;
  const ours = timeThread(() => {
    checksum = runProgram(program, cpu, BUDGET);
  });
  if (Number(checksum & 255n) !== native.status || tcg.status !== native.status)
    throw new Error(
      `${program.name}: checksum ${checksum & 255n}, TCG's ${tcg.status}, native ${native.status}`,
    );
  return {
    native: Math.max(native.seconds - start.native, LEAST_SECONDS),
    tcg: Math.max(tcg.seconds - start.tcg, LEAST_SECONDS),
    ours: ours.seconds,
    compilers: ours.others,
    mips: Number(cpu.instructions) / ours.seconds / 1e6,
    counters: translator.counters,
  };
}

const COLUMNS = [10, 10, 10, 10, 9, 15, 12, 7, 9, 12] as const;

function row(name: string, values: readonly string[]): string {
  return name.padEnd(10) + values.map((value, i) => value.padStart(COLUMNS[i] ?? 10)).join('');
}

function spread(values: readonly number[]): string {
  return `${Math.min(...values).toFixed(2)}..${Math.max(...values).toFixed(2)}`;
}

function report(name: string, turns: readonly Turn[]): void {
  const ratios = turns.map(({ tcg, ours }) => tcg / ours);
  const of = (key: 'native' | 'tcg' | 'ours' | 'compilers' | 'mips') =>
    median(turns.map((turn) => turn[key]));
  const { regions = 0, translateMs = 0, compileMs = 0 } = turns.at(-1)?.counters ?? {};
  console.log(
    row(name, [
      of('native').toFixed(3),
      of('tcg').toFixed(3),
      of('ours').toFixed(3),
      of('compilers').toFixed(3),
      median(ratios).toFixed(2),
      spread(ratios),
      median(turns.map(({ native, ours }) => native / ours)).toFixed(2),
      of('mips').toFixed(0),
      String(regions),
      (translateMs + compileMs).toFixed(1),
    ]),
  );
}

/** The mean of the workloads' medians, and how far the means of single turns lie apart. */
function reportMean(what: string, all: readonly (readonly Turn[])[], turns: number): void {
  if (all.length === 0) return;
  const ratioOf = ({ tcg, ours }: Turn): number => tcg / ours;
  const mean = geometricMean(all.map((each) => median(each.map(ratioOf))));
  const single = Array.from({ length: turns }, (_, i) =>
    geometricMean(all.flatMap((each) => each.slice(i, i + 1)).map(ratioOf)),
  );
  console.log(
    `geometric mean of ${all.length} workloads${what}: ${mean.toFixed(2)} of TCG's speed (single turns ${spread(single)})`,
  );
}

const { values, positionals } = parseArgs({
  options: { turns: { type: 'string', default: DEFAULT_TURNS } },
  allowPositionals: true,
});
const turnCount = Math.max(1, Number.parseInt(values.turns, 10));
const directory = mkdtempSync(join(tmpdir(), 'troupe-bench-'));
try {
  const empty = compileProgram(directory, 'EMPTY', 1, FLAGS);
  const start = { native: startSeconds(empty.elf, []), tcg: startSeconds(TCG, [empty.elf]) };
  const programs = WORKLOADS.filter(([name]) => positionals.length === 0 || positionals.includes(name)).map(
    ([name, rounds]) => compileProgram(directory, name, rounds, FLAGS),
  );
  const results = new Map<string, Turn[]>(programs.map(({ name }) => [name, []]));
  for (let turn = 0; turn < turnCount; turn++) {
    for (const program of programs) results.get(program.name)?.push(await takeTurn(program, start));
  }
  console.log(`processor seconds, medians of ${turnCount} turns; speed by the turns' ratios`);
  console.log(
    row('workload', [
      ...['native', 'TCG', 'ours', 'compilers', 'ours/TCG', 'least..most', 'ours/native', 'MIPS'],
      ...['regions', 'compile ms'],
    ]),
  );
  for (const [name, turns] of results) report(name, turns);
  reportMean('', [...results.values()], turnCount);
  const inMean = [...results].filter(([name]) => name !== OUT_OF_MEAN).map(([, turns]) => turns);
  if (inMean.length < results.size) reportMean(` without ${OUT_OF_MEAN}`, inMean, turnCount);
} finally {
  rmSync(directory, { recursive: true });
}
