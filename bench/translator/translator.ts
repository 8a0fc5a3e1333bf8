/**
 * The translator's speed on user-mode workloads as a ratio to qemu-x86_64 (TCG), with native execution as the limit, all in one
 * run; every checksum is verified. Needs gcc, objcopy and qemu-x86_64-static. Run: `npm run bench -- translator`, or with
 * names of workloads: `tsx bench/translator/translator.ts SIEVE MATRIX`.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { CPU_SYSCALL_HOOK, EXIT_BUDGET, EXIT_SYSCALL } from '../../src/memory/layout.ts';
import { Translator } from '../../src/vcpu/jit/translator.ts';
import { TestCpu } from '../../test/vcpu/support/test-cpu.ts';

const SOURCE = fileURLToPath(new URL('workloads.c', import.meta.url));
const LOAD_ADDRESS = 0x400000;
const STACK_TOP = 0x3ff000n;
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

function compile(
  directory: string,
  name: string,
  rounds: number,
): { elf: string; flat: Uint8Array; entry: bigint } {
  const elf = join(directory, name);
  const flat = `${elf}.bin`;
  execFileSync('gcc', [
    '-O2',
    '-fno-tree-vectorize',
    '-static',
    '-nostdlib',
    '-ffreestanding',
    '-fno-pie',
    '-no-pie',
    '-fno-stack-protector',
    '-fcf-protection=none',
    '-fno-asynchronous-unwind-tables',
    '-fno-tree-loop-distribute-patterns',
    `-D${name}`,
    `-DROUNDS=${rounds}u`,
    '-Wl,--build-id=none',
    `-Wl,-Ttext=0x${LOAD_ADDRESS.toString(16)}`,
    '-o',
    elf,
    SOURCE,
  ]);
  execFileSync('objcopy', ['-O', 'binary', '--set-section-flags', '.bss=alloc,load,contents', elf, flat]);
  return { elf, flat: readFileSync(flat), entry: readFileSync(elf).readBigUInt64LE(24) };
}

async function runTranslated(
  flat: Uint8Array,
  entry: bigint,
): Promise<{ time: number; mips: number; checksum: bigint; translator: Translator }> {
  const cpu = await TestCpu.create({ ramMiB: 32 });
  const translator = new Translator(cpu.core, cpu.memory);
  cpu.load(LOAD_ADDRESS, flat);
  cpu.rip = entry;
  cpu.set('rsp', STACK_TOP);
  cpu.setState32(CPU_SYSCALL_HOOK, 1);
  cpu.core.stateWritten();
  let reason = EXIT_BUDGET;
  const time = seconds(() => {
    while (reason === EXIT_BUDGET) reason = cpu.run(BUDGET);
  });
  if (reason !== EXIT_SYSCALL)
    throw new Error(`Left with reason ${reason}, vector ${cpu.fault.vector} at ${cpu.rip.toString(16)}`);
  return { time, mips: Number(cpu.instructions) / time / 1e6, checksum: cpu.get('rdi'), translator };
}

const wanted = process.argv.slice(2);
const directory = mkdtempSync(join(tmpdir(), 'troupe-bench-'));
try {
  const empty = compile(directory, 'EMPTY', 1);
  const startup = spawnSeconds('qemu-x86_64-static', [empty.elf]).time;
  const nativeStartup = spawnSeconds(empty.elf, []).time;
  console.log(
    'workload   native s     TCG s    ours s   ours/TCG speed   ours/native   MIPS   regions   compile ms',
  );
  const ratios: number[] = [];
  for (const [name, rounds] of WORKLOADS) {
    if (wanted.length > 0 && !wanted.includes(name)) continue;
    const { elf, flat, entry } = compile(directory, name, rounds);
    const tcg = spawnSeconds('qemu-x86_64-static', [elf]);
    const native = spawnSeconds(elf, []);
    const runs = [await runTranslated(flat, entry), await runTranslated(flat, entry)];
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
  const mean = Math.exp(ratios.reduce((sum, r) => sum + Math.log(r), 0) / ratios.length);
  console.log(`geometric mean of ${ratios.length}: ${mean.toFixed(2)} of TCG's speed`);
} finally {
  rmSync(directory, { recursive: true });
}
