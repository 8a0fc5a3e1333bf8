/**
 * Instructions per second of the interpreter on small loops, and its speed as a ratio to qemu-x86_64 (TCG) on the same
 * programs in the same run, by processor time: medians of runs that alternate, since other load changes what a processor does
 * in a second. Needs gcc, objcopy and qemu-x86_64-static. Run: `npm run bench -- vcpu`, or with names of workloads:
 * `tsx bench/vcpu/loops.ts INTEGER`.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { compileProgram, geometricMean, loadProgram, type Program, runProgram } from '../programs/program.ts';

const FLAGS = ['-mgeneral-regs-only'];
/** As the vCPU's actor slices. */
const BUDGET = 500_000;
const RUNS = 7;

interface Workload {
  readonly name: string;
  readonly rounds: number;
  /** Bytes moved a round, for the copy workload. */
  readonly bytesPerRound?: number;
}

/** Rounds that take TCG about a tenth of a second, so that its start-up and the shell's clock matter little. */
const WORKLOADS: readonly Workload[] = [
  { name: 'INTEGER', rounds: 40_000_000 },
  { name: 'MEMORY', rounds: 20_000_000 },
  { name: 'COLLATZ', rounds: 300_000 },
  { name: 'CALLS', rounds: 33 },
  { name: 'COPY', rounds: 50, bytesPerRound: 2 * 1024 * 1024 },
];

/** Processor time of this thread in seconds: what other processes do counts little (proc(5), schedstat). */
function seconds(run: () => void): number {
  const now = (): number => Number(readFileSync('/proc/thread-self/schedstat', 'latin1').split(' ')[0]);
  const start = now();
  run();
  return (now() - start) / 1e9;
}

/** Exit status of a program under qemu-x86_64, and its processor time in seconds as the shell counts it. */
function runTcg(program: Program): { status: number; time: number } {
  const script = 'qemu-x86_64-static "$0"; status=$?; times; exit $status';
  const { stdout, status } = spawnSync('bash', ['-c', script, program.elf], { encoding: 'latin1' });
  const children = stdout.trim().split('\n').at(-1) ?? '';
  const parts = [...children.matchAll(/(\d+)m([\d.]+)s/g)].map(
    ([, minutes, rest]) => Number(minutes) * 60 + Number(rest),
  );
  return { status: status ?? -1, time: parts.reduce((sum, part) => sum + part, 0) };
}

async function runCore(program: Program): Promise<{ time: number; instructions: number; status: number }> {
  const cpu = await loadProgram(program);
  let checksum = 0n;
  const time = seconds(() => {
    checksum = runProgram(program, cpu, BUDGET);
  });
  return { time, instructions: Number(cpu.instructions), status: Number(checksum & 255n) };
}

function median(values: readonly number[]): number {
  return values.toSorted((first, second) => first - second)[values.length >> 1] ?? Number.NaN;
}

/** Prints one line; gives the core's speed in TCG's. */
async function measure({ name, rounds, bytesPerRound }: Workload, directory: string): Promise<number> {
  const program = compileProgram(directory, name, rounds, FLAGS);
  const empty = compileProgram(directory, 'EMPTY', 1, FLAGS);
  const core: number[] = [];
  const tcg: number[] = [];
  const startUp: number[] = [];
  let instructions = 0;
  for (let run = 0; run < RUNS; run++) {
    startUp.push(runTcg(empty).time);
    const theirs = runTcg(program);
    const ours = await runCore(program);
    if (ours.status !== theirs.status)
      throw new Error(`${name}: checksum ${ours.status}, qemu's is ${theirs.status}`);
    tcg.push(theirs.time);
    core.push(ours.time);
    instructions = ours.instructions;
  }
  const coreTime = median(core);
  const tcgTime = median(tcg) - median(startUp);
  const rate =
    bytesPerRound === undefined
      ? `${(instructions / coreTime / 1e6).toFixed(0)} MIPS`
      : `${((rounds * bytesPerRound) / coreTime / 2 ** 30).toFixed(1)} GiB/s`;
  console.log(
    `${name.padEnd(8)} core ${coreTime.toFixed(3)} s (${rate}), TCG ${tcgTime.toFixed(3)} s, core/TCG speed ${ratioText(tcgTime / coreTime)}`,
  );
  return tcgTime / coreTime;
}

function ratioText(ratio: number): string {
  return ratio >= 1 ? ratio.toFixed(2) : `1/${(1 / ratio).toFixed(1)}`;
}

const wanted = process.argv.slice(2);
const directory = mkdtempSync(join(tmpdir(), 'troupe-bench-'));
try {
  const ratios: number[] = [];
  for (const workload of WORKLOADS) {
    if (wanted.length > 0 && !wanted.includes(workload.name)) continue;
    ratios.push(await measure(workload, directory));
  }
  console.log(`geometric mean of ${ratios.length}: ${ratioText(geometricMean(ratios))} of TCG's speed`);
} finally {
  rmSync(directory, { recursive: true });
}
