/**
 * The translator's speed on user-mode workloads as a ratio to qemu-x86_64 (TCG), with native execution as the limit, all in one
 * run; every checksum is verified. Needs gcc, objcopy and qemu-x86_64-static. Run: `npm run bench -- translator`, or with
 * names of workloads: `tsx bench/translator/translator.ts SIEVE MATRIX`.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Translator } from '../../src/vcpu/jit/translator.ts';
import { compileProgram, geometricMean, loadProgram, type Program, runProgram } from '../programs/program.ts';

const FLAGS = ['-fno-tree-vectorize', '-fno-tree-loop-distribute-patterns'];
/** As the vCPU's actor slices. */
const BUDGET = 500_000;
const REPEATS = 3;

/** Rounds that take TCG about half a second. */
const WORKLOADS: readonly (readonly [string, number])[] = [
  ['INTEGER', 200_000_000],
  ['COLLATZ', 1_000_000],
  ['DIVISION', 20_000_000],
  ['SIEVE', 60],
  ['SHA256', 60_000],
  ['CRC', 1500],
  ['MEMORY', 80_000_000],
  ['CHASE', 20_000_000],
  ['MATRIX', 20],
  ['NBODY', 100_000],
  ['PACKED', 10_000],
  ['SORT', 60],
  ['CALLS', 35],
  ['DISPATCH', 4_000_000],
  ['VIRTUAL', 20_000_000],
  ['COPY', 200],
  ['STRINGS', 20_000],
  ['ATOMICS', 20_000_000],
];

function seconds(run: () => void): number {
  const start = process.hrtime.bigint();
  run();
  return Number(process.hrtime.bigint() - start) / 1e9;
}

/** The least time of several runs: the machine may be busy with other things. */
function spawnSeconds(command: string, args: readonly string[]): { time: number; status: number } {
  let status = -1;
  const times = Array.from({ length: REPEATS }, () =>
    seconds(() => {
      status = spawnSync(command, args).status ?? -1;
    }),
  );
  return { time: Math.min(...times), status };
}

async function runTranslated(
  program: Program,
): Promise<{ time: number; mips: number; checksum: bigint; translator: Translator }> {
  const cpu = await loadProgram(program);
  const translator = new Translator(cpu.core, cpu.memory);
  let checksum = 0n;
  const time = seconds(() => {
    checksum = runProgram(program, cpu, BUDGET);
  });
  return { time, mips: Number(cpu.instructions) / time / 1e6, checksum, translator };
}

const wanted = process.argv.slice(2);
const directory = mkdtempSync(join(tmpdir(), 'troupe-bench-'));
try {
  const empty = compileProgram(directory, 'EMPTY', 1, FLAGS);
  const startup = spawnSeconds('qemu-x86_64-static', [empty.elf]).time;
  const nativeStartup = spawnSeconds(empty.elf, []).time;
  console.log(
    'workload   native s     TCG s    ours s   ours/TCG speed   ours/native   MIPS   regions   compile ms',
  );
  const ratios: number[] = [];
  for (const [name, rounds] of WORKLOADS) {
    if (wanted.length > 0 && !wanted.includes(name)) continue;
    const program = compileProgram(directory, name, rounds, FLAGS);
    const tcg = spawnSeconds('qemu-x86_64-static', [program.elf]);
    const native = spawnSeconds(program.elf, []);
    const runs = [await runTranslated(program), await runTranslated(program)];
    const best = runs.reduce((first, second) => (first.time < second.time ? first : second));
    if (Number(best.checksum & 255n) !== native.status || tcg.status !== native.status)
      throw new Error(
        `${name}: checksum ${best.checksum & 255n}, TCG's ${tcg.status}, native ${native.status}`,
      );
    const tcgTime = tcg.time - startup;
    const nativeTime = Math.max(native.time - nativeStartup, 1e-4);
    ratios.push(tcgTime / best.time);
    const { regions, translateMs, compileMs } = best.translator.counters;
    console.log(
      `${name.padEnd(9)}${nativeTime.toFixed(3).padStart(10)}${tcgTime.toFixed(3).padStart(10)}${best.time.toFixed(3).padStart(10)}` +
        `${(tcgTime / best.time).toFixed(2).padStart(17)}${(nativeTime / best.time).toFixed(2).padStart(14)}` +
        `${best.mips.toFixed(0).padStart(7)}${String(regions).padStart(10)}${(translateMs + compileMs).toFixed(1).padStart(13)}`,
    );
  }
  console.log(`geometric mean of ${ratios.length}: ${geometricMean(ratios).toFixed(2)} of TCG's speed`);
} finally {
  rmSync(directory, { recursive: true });
}
