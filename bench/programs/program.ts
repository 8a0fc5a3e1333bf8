/** Small programs for benchmarks (`workloads.c`): compiled with gcc, run by qemu-x86_64 or natively as they are, and by the core. */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { CPU_EFER, CPU_SYSCALL_HOOK, EXIT_BUDGET, EXIT_SYSCALL } from '../../src/memory/layout.ts';
import { TestCpu } from '../../test/vcpu/support/test-cpu.ts';

const SOURCE = fileURLToPath(new URL('workloads.c', import.meta.url));
const LOAD_ADDRESS = 0x400000;
const STACK_TOP = 0x3ff000n;
/** 64-bit mode with SYSCALL: LMA, LME, SCE and NXE. */
const EFER = 0xd01n;
/** e_entry of an ELF64 header. */
const ELF_ENTRY = 24;
const FLAGS = [
  '-O2',
  '-static',
  '-nostdlib',
  '-ffreestanding',
  '-fno-pie',
  '-no-pie',
  '-fno-stack-protector',
  '-fcf-protection=none',
  '-fno-asynchronous-unwind-tables',
  '-Wl,--build-id=none',
  `-Wl,-Ttext=0x${LOAD_ADDRESS.toString(16)}`,
];

export interface Program {
  readonly name: string;
  /** Path of the executable. */
  readonly elf: string;
  /** What lies at LOAD_ADDRESS, zeroed data included. */
  readonly flat: Uint8Array;
  readonly entry: bigint;
}

/** Compiles the workload `name` of `workloads.c` into `directory`; `flags` are added to gcc's. */
export function compileProgram(
  directory: string,
  name: string,
  rounds: number,
  flags: readonly string[],
): Program {
  const elf = join(directory, `${name}-${rounds}`);
  const flat = `${elf}.bin`;
  execFileSync('gcc', [...FLAGS, ...flags, `-D${name}`, `-DROUNDS=${rounds}u`, '-o', elf, SOURCE]);
  execFileSync('objcopy', ['-O', 'binary', '--set-section-flags', '.bss=alloc,load,contents', elf, flat]);
  return {
    name,
    elf,
    flat: readFileSync(flat),
    entry: readFileSync(elf).readBigUInt64LE(ELF_ENTRY),
  };
}

/** A vCPU at the program's entry, whose SYSCALL ends run(). */
export async function loadProgram(program: Program): Promise<TestCpu> {
  const cpu = await TestCpu.create({ ramMiB: 32 });
  cpu.load(LOAD_ADDRESS, program.flat);
  cpu.rip = program.entry;
  cpu.set('rsp', STACK_TOP);
  cpu.setState32(CPU_SYSCALL_HOOK, 1);
  cpu.setState64(CPU_EFER, EFER);
  cpu.core.stateWritten();
  return cpu;
}

/** Runs a loaded program to its end in slices of `budget` instructions; gives its checksum. */
export function runProgram(program: Program, cpu: TestCpu, budget: number): bigint {
  let reason = EXIT_BUDGET;
  while (reason === EXIT_BUDGET) reason = cpu.run(budget);
  if (reason !== EXIT_SYSCALL) {
    throw new Error(
      `${program.name} left with reason ${reason}, vector ${cpu.fault.vector} at ${cpu.rip.toString(16)}; expected its exit call`,
    );
  }
  return cpu.get('rdi');
}

/** The mean of ratios. */
export function geometricMean(ratios: readonly number[]): number {
  return Math.exp(ratios.reduce((sum, ratio) => sum + Math.log(ratio), 0) / ratios.length);
}
