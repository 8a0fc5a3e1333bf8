/**
 * Instructions per second of the interpreter on small loops, and its speed as a ratio to qemu-x86_64 (TCG) on the same
 * programs in the same run, by processor time. Needs gcc, objcopy and qemu-x86_64-static. Run: `tsx bench/vcpu/loops.ts`.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { CPU_EFER, CPU_SYSCALL_HOOK, EXIT_BUDGET, EXIT_SYSCALL } from '../../src/memory/layout.ts';
import { TestCpu } from '../../test/vcpu/support/test-cpu.ts';

const SOURCE = fileURLToPath(new URL('loops.c', import.meta.url));
const LOAD_ADDRESS = 0x400000;
const BUDGET = 10_000_000;

interface Workload {
  readonly name: string;
  readonly rounds: number;
  /** Bytes moved a round, for the copy workload. */
  readonly bytesPerRound?: number;
}

const WORKLOADS: readonly Workload[] = [
  { name: 'INTEGER', rounds: 20_000_000 },
  { name: 'MEMORY', rounds: 10_000_000 },
  { name: 'BRANCH', rounds: 200_000 },
  { name: 'CALLS', rounds: 30 },
  { name: 'COPY', rounds: 500, bytesPerRound: 2 * 1024 * 1024 },
];

const RUNS = 3;

/** Processor time of this thread in seconds: what other processes do counts little (proc(5), schedstat). */
function seconds(run: () => void): number {
  const now = (): number => Number(readFileSync('/proc/thread-self/schedstat', 'latin1').split(' ')[0]);
  const start = now();
  run();
  return (now() - start) / 1e9;
}

/** Exit status of a program under qemu-x86_64, and its processor time in seconds as the shell counts it. */
function runTcg(elf: string): { status: number; time: number } {
  const script = 'qemu-x86_64-static "$0"; status=$?; times; exit $status';
  const { stdout, status } = spawnSync('bash', ['-c', script, elf], { encoding: 'latin1' });
  const children = stdout.trim().split('\n').at(-1) ?? '';
  const parts = [...children.matchAll(/(\d+)m([\d.]+)s/g)].map(
    ([, minutes, rest]) => Number(minutes) * 60 + Number(rest),
  );
  return { status: status ?? -1, time: parts.reduce((sum, part) => sum + part, 0) };
}

function compile(
  directory: string,
  name: string,
  rounds: number,
): { elf: string; flat: Uint8Array; entry: bigint } {
  const elf = join(directory, name);
  const flat = `${elf}.bin`;
  execFileSync('gcc', [
    '-O2',
    '-static',
    '-nostdlib',
    '-ffreestanding',
    '-fno-pie',
    '-no-pie',
    '-mgeneral-regs-only',
    '-fno-stack-protector',
    '-fcf-protection=none',
    '-fno-asynchronous-unwind-tables',
    `-D${name}`,
    `-DROUNDS=${rounds}u`,
    '-Wl,--build-id=none',
    `-Wl,-Ttext=0x${LOAD_ADDRESS.toString(16)}`,
    '-o',
    elf,
    SOURCE,
  ]);
  execFileSync('objcopy', ['-O', 'binary', '--set-section-flags', '.bss=alloc,load,contents', elf, flat]);
  // ELF64 header: e_entry.
  return { elf, flat: readFileSync(flat), entry: readFileSync(elf).readBigUInt64LE(24) };
}

async function runCore(
  flat: Uint8Array,
  entry: bigint,
): Promise<{ time: number; instructions: number; checksum: bigint }> {
  const cpu = await TestCpu.create({ ramMiB: 32 });
  cpu.load(LOAD_ADDRESS, flat);
  cpu.rip = entry;
  cpu.set('rsp', 0x3ff000n);
  cpu.setState32(CPU_SYSCALL_HOOK, 1);
  cpu.setState64(CPU_EFER, 0xd01n);
  cpu.core.stateWritten();
  let reason = EXIT_BUDGET;
  const time = seconds(() => {
    while (reason === EXIT_BUDGET) reason = cpu.run(BUDGET);
  });
  if (reason !== EXIT_SYSCALL)
    throw new Error(
      `The core left with reason ${reason}, vector ${cpu.fault.vector} at ${cpu.rip.toString(16)}`,
    );
  return { time, instructions: Number(cpu.instructions), checksum: cpu.get('rdi') };
}

const directory = mkdtempSync(join(tmpdir(), 'troupe-bench-'));
try {
  const empty = compile(directory, 'EMPTY', 1);
  const startup = Math.min(...Array.from({ length: RUNS }, () => runTcg(empty.elf).time));
  console.log(`qemu-x86_64 start-up ${(startup * 1e3).toFixed(1)} ms, subtracted below`);
  const ratios: number[] = [];
  for (const { name, rounds, bytesPerRound } of WORKLOADS) {
    const { elf, flat, entry } = compile(directory, name, rounds);
    // The least of several.
    const tcgRuns = Array.from({ length: RUNS }, () => runTcg(elf));
    const tcg = Math.min(...tcgRuns.map(({ time }) => time)) - startup;
    const status = tcgRuns[0]?.status;
    let core = await runCore(flat, entry);
    for (let run = 1; run < RUNS; run++) {
      const again = await runCore(flat, entry);
      if (again.time < core.time) core = again;
    }
    if (Number(core.checksum & 255n) !== status)
      throw new Error(`${name}: checksum ${core.checksum & 255n}, qemu's is ${status}`);
    ratios.push(tcg / core.time);
    const rate =
      bytesPerRound === undefined
        ? `${(core.instructions / core.time / 1e6).toFixed(0)} MIPS`
        : `${((rounds * bytesPerRound) / core.time / 2 ** 30).toFixed(1)} GiB/s`;
    console.log(
      `${name.padEnd(8)} core ${core.time.toFixed(3)} s (${rate}), TCG ${tcg.toFixed(3)} s, core/TCG speed 1/${(core.time / tcg).toFixed(1)}`,
    );
  }
  const mean = Math.exp(ratios.reduce((sum, r) => sum + Math.log(r), 0) / ratios.length);
  console.log(`geometric mean: ${mean >= 1 ? mean.toFixed(2) : `1/${(1 / mean).toFixed(1)}`} of TCG`);
} finally {
  rmSync(directory, { recursive: true });
}
