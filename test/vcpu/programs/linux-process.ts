/** Runs a static Linux executable on the core in ring 3; its system calls are answered by the test. */
import {
  CPU_CR0,
  CPU_CR2,
  CPU_CR3,
  CPU_CR4,
  CPU_SYSCALL_HOOK,
  EXIT_BUDGET,
  EXIT_EXCEPTION,
  EXIT_SYSCALL,
} from '../../../src/memory/layout.ts';
import { TestCpu } from '../support/test-cpu.ts';
import { type ElfImage, parseElf } from './elf-image.ts';
import { ENOSYS, type Process, systemCall } from './linux-calls.ts';
import { UserMemory } from './user-memory.ts';
import { VirtualFiles } from './virtual-files.ts';

const PE_MP_ET_WP_PG = 0x80010033n;
const PAE_OSFXSR_OSXMMEXCPT_OSXSAVE = 0x40620n;
const SEG_CS = 1;
const SELECTOR_CODE32 = 0x23;
const ATTRIBUTES_CODE32 = 0x1c0fb;
const LIMIT = 0xffffffff;
const STACK_BYTES = 1024 * 1024;
const SLICE = 50_000_000;
const DEFAULT_MOST_INSTRUCTIONS = 2_000_000_000n;
/** Where the stack ends and mappings begin. */
const PLACES = {
  64: { stackTop: 0x7ffffffff000n, mappings: 0x7f0000000000n },
  32: { stackTop: 0xbffff000n, mappings: 0x50000000n },
} as const;
/** Auxiliary vector (System V ABI, 3.4.1; Linux's include/uapi/linux/auxvec.h). */
const AT_PHDR = 3n;
const AT_PHENT = 4n;
const AT_PHNUM = 5n;
const AT_PAGESZ = 6n;
const AT_ENTRY = 9n;
const AT_UID = 11n;
const AT_EUID = 12n;
const AT_GID = 13n;
const AT_EGID = 14n;
const AT_HWCAP = 16n;
const AT_CLKTCK = 17n;
const AT_SECURE = 23n;
const AT_RANDOM = 25n;
/** FPU TSC CX8 CMOV MMX FXSR SSE SSE2 of CPUID.1:EDX. */
const HWCAP = 0x07808111n;

export interface ProgramOptions {
  readonly arguments: readonly string[];
  readonly input?: Uint8Array;
  readonly files?: Readonly<Record<string, Uint8Array>>;
  readonly ramMiB?: number;
  /** Prepares the CPU further before the first instruction: its CPUID model. */
  readonly prepare?: (cpu: TestCpu) => void;
  readonly mostInstructions?: bigint;
}

export interface ProgramResult {
  readonly exitCode: number;
  readonly output: Buffer;
  readonly errors: Buffer;
  readonly instructions: bigint;
  readonly files: VirtualFiles;
  /** Numbers of system calls that were refused with ENOSYS. */
  readonly refused: ReadonlySet<number>;
}

/** Runs an executable to its end. Throws an Error when it faults or takes more than its instructions. */
export async function runProgram(file: Buffer, options: ProgramOptions): Promise<ProgramResult> {
  const image = parseElf(file);
  const cpu = await TestCpu.create({ ramMiB: options.ramMiB ?? 64 });
  const memory = new UserMemory(cpu);
  const files = new VirtualFiles(options.input ?? new Uint8Array(), options.files ?? {});
  enterUserMode(cpu, image, memory);
  options.prepare?.(cpu);
  const process: Process = {
    cpu,
    memory,
    files,
    bits: image.bits,
    brk: loadSegments(image, memory),
    nextMapping: PLACES[image.bits].mappings,
    exitCode: undefined,
  };
  cpu.set('rsp', buildStack(image, memory, options.arguments));
  cpu.rip = image.entry;
  cpu.flags = 0x202;
  const refused = new Set<number>();
  const most = options.mostInstructions ?? DEFAULT_MOST_INSTRUCTIONS;
  while (process.exitCode === undefined) {
    const reason = cpu.run(SLICE);
    if (reason === EXIT_SYSCALL) answerCall(process, refused);
    else if (reason !== EXIT_BUDGET || cpu.instructions > most)
      throw new Error(describeEnd(cpu, memory, reason));
  }
  return {
    exitCode: process.exitCode,
    output: files.contents('<stdout>') ?? Buffer.alloc(0),
    errors: files.contents('<stderr>') ?? Buffer.alloc(0),
    instructions: cpu.instructions,
    files,
    refused,
  };
}

function enterUserMode(cpu: TestCpu, image: ElfImage, memory: UserMemory): void {
  cpu.setState64(CPU_CR0, PE_MP_ET_WP_PG);
  cpu.setState64(CPU_CR4, PAE_OSFXSR_OSXMMEXCPT_OSXSAVE);
  cpu.setState64(CPU_CR3, BigInt(memory.root));
  cpu.setState32(CPU_SYSCALL_HOOK, 1);
  if (image.bits === 32) cpu.setSegment(SEG_CS, SELECTOR_CODE32, 0n, LIMIT, ATTRIBUTES_CODE32);
}

/** Maps the executable; gives the first program break. */
function loadSegments(image: ElfImage, memory: UserMemory): bigint {
  let end = 0n;
  for (const { address, bytes, memoryBytes, write, execute } of image.segments) {
    const last = address + memoryBytes;
    memory.map(address, Number(memoryBytes), { write, execute });
    memory.write(address, bytes);
    if (last > end) end = last;
  }
  return (end + 4095n) & ~4095n;
}

/** Arguments, an environment, the auxiliary vector; gives the stack pointer. */
function buildStack(image: ElfImage, memory: UserMemory, args: readonly string[]): bigint {
  const { stackTop } = PLACES[image.bits];
  memory.map(stackTop - BigInt(STACK_BYTES), STACK_BYTES, { write: true });
  let top = stackTop - 64n;
  const place = (bytes: Uint8Array) => {
    top -= BigInt(bytes.length);
    memory.write(top, bytes);
    return top;
  };
  const random = place(Buffer.alloc(16, 0xa5));
  const strings = (texts: readonly string[]) =>
    texts.map((text) => place(Buffer.from(`${text}\0`, 'latin1')));
  const environment = strings(['LC_ALL=C', 'PATH=/bin', 'TZ=UTC']);
  const argumentPointers = strings(args);
  const auxiliary: readonly (readonly [bigint, bigint])[] = [
    [AT_PHDR, image.headersAddress],
    [AT_PHENT, BigInt(image.headerBytes)],
    [AT_PHNUM, BigInt(image.headerCount)],
    [AT_PAGESZ, 4096n],
    [AT_ENTRY, image.entry],
    [AT_UID, 0n],
    [AT_EUID, 0n],
    [AT_GID, 0n],
    [AT_EGID, 0n],
    [AT_HWCAP, HWCAP],
    [AT_CLKTCK, 100n],
    [AT_SECURE, 0n],
    [AT_RANDOM, random],
    [0n, 0n],
  ];
  const words = [BigInt(args.length), ...argumentPointers, 0n, ...environment, 0n, ...auxiliary.flat()];
  const width = image.bits / 8;
  const block = Buffer.alloc(words.length * width);
  words.forEach((word, i) => {
    if (image.bits === 64) block.writeBigUInt64LE(word, i * 8);
    else block.writeUInt32LE(Number(word), i * 4);
  });
  const pointer = (top - BigInt(block.length)) & ~15n;
  memory.write(pointer, block);
  return pointer;
}

function answerCall(process: Process, refused: Set<number>): void {
  const { cpu } = process;
  const names =
    process.bits === 64
      ? (['rdi', 'rsi', 'rdx', 'r10', 'r8', 'r9'] as const)
      : (['rbx', 'rcx', 'rdx', 'rsi', 'rdi', 'rbp'] as const);
  const number = Number(cpu.get('rax') & 0xffffffffn);
  const result = systemCall(
    process,
    number,
    names.map((name) => (process.bits === 64 ? cpu.get(name) : cpu.get(name) & 0xffffffffn)),
  );
  if (result === undefined) refused.add(number);
  const value = BigInt(result ?? -ENOSYS);
  cpu.set('rax', BigInt.asUintN(process.bits, value));
}

function describeEnd(cpu: TestCpu, memory: UserMemory, reason: number): string {
  const rip = cpu.rip;
  const code = memory.isMapped(rip) ? readCode(memory, rip) : 'unmapped';
  const where = `at ${rip.toString(16)} (${code}) after ${cpu.instructions} instructions`;
  if (reason === EXIT_EXCEPTION) {
    const { vector, error } = cpu.fault;
    return `Exception ${vector}, error ${error}, cr2 ${cpu.state64(CPU_CR2).toString(16)} ${where}`;
  }
  return `The program ended with reason ${reason} ${where}`;
}

/** Up to 16 bytes of code, within the page. */
function readCode(memory: UserMemory, rip: bigint): string {
  const room = Math.min(16, 4096 - Number(rip % 4096n));
  return memory.read(rip, room).toString('hex');
}
