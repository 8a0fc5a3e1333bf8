/**
 * Several vCPUs on one thread, at supervisor level in flat 64-bit code without paging, each driven one instruction at a
 * time: registers of the local APIC are read and written as a guest would.
 */
import {
  CPU_APIC,
  CPU_CR0,
  CPU_CR4,
  CPU_EFER,
  CPU_EXCEPTION_HOOKS,
  CPU_FAULT_VECTOR,
  CPU_GROUP_SIZE,
  CPU_GROUPS_BASE,
  CPU_HALT_STATE,
  CPU_PENDING,
  CPU_RAX,
  CPU_RBX,
  CPU_RCX,
  CPU_RDX,
  CPU_RIP,
  CPU_RSP,
  CPU_SEG_ATTRIBUTES,
  CPU_SEG_BASE,
  CPU_SEG_LIMIT,
  CPU_SEG_SELECTOR,
  EXIT_BUDGET,
  EXIT_EXCEPTION,
  EXIT_HALT,
} from '../../../src/memory/layout.ts';
import { allocateMemory, type MemoryPlan, planMemory } from '../../../src/memory/memory-plan.ts';
import { PhysicalMap } from '../../../src/memory/physical-map.ts';
import { type CoreHost, CoreInstance } from '../../../src/vcpu/core-instance.ts';
import { type CpuRequest, describeCpu } from '../../../src/vcpu/cpu-description.ts';
import { setUpCpu } from '../../../src/vcpu/cpu-setup.ts';
import type { CpuTopology } from '../../../src/vcpu/cpu-topology.ts';

const APIC_PAGE = 0xfee00000n;
const VECTOR_UD = 6;
const VECTOR_GP = 13;

// Guest-physical places of what the guest needs.
const GDT = 0x8000;
const IDT = 0x10000;
const SNIPPETS = 0x1000;
const HANDLERS = 0x20000;
const HANDLER_BYTES = 32;
const COUNTS = 0x40000;
const COUNTS_BYTES = 0x1000;
const STACKS = 0x80000;
const STACK_BYTES = 0x1000;
const RAM_BYTES = 4 * 1024 * 1024;

const CODE_SELECTOR = 8;
const DATA_SELECTOR = 16;
const CODE_DESCRIPTOR = 0x00af9b000000ffffn;
const DATA_DESCRIPTOR = 0x00cf93000000ffffn;

/** Each ends in UD2, which tells success from a fault of the instruction before it. */
const SNIPPET = {
  /** mov eax, [rbx] */
  load: { at: SNIPPETS, bytes: [0x8b, 0x03, 0x0f, 0x0b] },
  /** mov [rbx], eax */
  store: { at: SNIPPETS + 0x10, bytes: [0x89, 0x03, 0x0f, 0x0b] },
  rdmsr: { at: SNIPPETS + 0x20, bytes: [0x0f, 0x32, 0x0f, 0x0b] },
  wrmsr: { at: SNIPPETS + 0x30, bytes: [0x0f, 0x30, 0x0f, 0x0b] },
  cpuid: { at: SNIPPETS + 0x40, bytes: [0x0f, 0xa2, 0x0f, 0x0b] },
  rdtsc: { at: SNIPPETS + 0x50, bytes: [0x0f, 0x31, 0x0f, 0x0b] },
  rdpmc: { at: SNIPPETS + 0x60, bytes: [0x0f, 0x33, 0x0f, 0x0b] },
  /** sti; l: hlt; jmp l */
  idle: { at: SNIPPETS + 0x100, bytes: [0xfb, 0xf4, 0xeb, 0xfd] },
} as const;

/** lock inc qword [r14 + vector * 8]; mov dword [r15 + 0xb0], 0 (EOI); iretq */
function handler(vector: number): number[] {
  const offset = vector * 8;
  return [0xf0, 0x49, 0xff, 0x86, offset & 0xff, offset >> 8, 0, 0]
    .concat([0x41, 0xc7, 0x87, 0xb0, 0, 0, 0, 0, 0, 0, 0])
    .concat([0x48, 0xcf]);
}

export type Answer = 'ok' | 'gp';

/** What the tests of a model or of several vCPUs start from. */
export interface ApicMachineOptions {
  readonly cpus?: number;
  readonly cpu?: CpuRequest;
  readonly topology?: CpuTopology;
  readonly directedEoi?: boolean;
  readonly host?: Partial<CoreHost>;
}

/** Gives the guest's tables and code to the RAM of a machine whose every vCPU will run it. */
export function loadGuest(memory: WebAssembly.Memory, plan: MemoryPlan): void {
  const view = new DataView(memory.buffer, plan.ramBase, RAM_BYTES);
  const bytes = new Uint8Array(memory.buffer, plan.ramBase, RAM_BYTES);
  for (const { at, bytes: code } of Object.values(SNIPPET)) bytes.set(code, at);
  view.setBigUint64(GDT + CODE_SELECTOR, CODE_DESCRIPTOR, true);
  view.setBigUint64(GDT + DATA_SELECTOR, DATA_DESCRIPTOR, true);
  for (let vector = 0; vector < 256; vector++) {
    const entry = HANDLERS + vector * HANDLER_BYTES;
    bytes.set(handler(vector), entry);
    // A present interrupt gate (type 14); all addresses are below 64 KiB * 16.
    view.setUint16(IDT + vector * 16, entry & 0xffff, true);
    view.setUint16(IDT + vector * 16 + 2, CODE_SELECTOR, true);
    view.setUint16(IDT + vector * 16 + 4, 0x8e00, true);
    view.setUint16(IDT + vector * 16 + 6, entry >>> 16, true);
  }
}

/** The plan that loadGuest() and GuestCpu fit. */
export function planGuest(cpus: number): MemoryPlan {
  return planMemory({ cpus, ramBytes: RAM_BYTES, codeCacheBytes: 256 * 1024 });
}

/** One vCPU as the tests drive it. */
export class GuestCpu {
  readonly core: CoreInstance;
  readonly state: DataView;
  readonly #counts: BigUint64Array;

  constructor(
    module: WebAssembly.Module,
    memory: WebAssembly.Memory,
    plan: MemoryPlan,
    index: number,
    host: CoreHost,
  ) {
    this.core = new CoreInstance(module, memory, plan, index, host);
    this.state = new DataView(memory.buffer, CPU_GROUPS_BASE + index * CPU_GROUP_SIZE, CPU_GROUP_SIZE);
    this.#counts = new BigUint64Array(memory.buffer, plan.ramBase + COUNTS + index * COUNTS_BYTES, 256);
    this.core.reset();
    this.#enterLongMode(index);
  }

  /** How often the handler of a vector has run. */
  count(vector: number): number {
    return Number(this.#counts[vector]);
  }

  /** PENDING_* bits. */
  get pending(): number {
    return this.state.getUint32(CPU_PENDING, true);
  }

  clearPending(): void {
    this.state.setUint32(CPU_PENDING, 0, true);
  }

  /** A word of the APIC's page as it lies in memory, without asking the APIC. */
  word(offset: number): number {
    return this.state.getUint32(CPU_APIC + offset, true);
  }

  read(offset: number, page = APIC_PAGE): number {
    this.#set(CPU_RBX, page + BigInt(offset));
    this.#expect('ok', this.#step('load'));
    return this.state.getUint32(CPU_RAX, true);
  }

  write(offset: number, value: number, page = APIC_PAGE): void {
    this.#set(CPU_RBX, page + BigInt(offset));
    this.#set(CPU_RAX, BigInt(value >>> 0));
    this.#expect('ok', this.#step('store'));
  }

  /** Value of an MSR, or 'gp'. */
  rdmsr(index: number): bigint | 'gp' {
    this.#set(CPU_RCX, BigInt(index >>> 0));
    return this.#step('rdmsr') === 'gp' ? 'gp' : this.#edxEax();
  }

  wrmsr(index: number, value: bigint): Answer {
    this.#set(CPU_RCX, BigInt(index >>> 0));
    this.#set(CPU_RAX, value & 0xffffffffn);
    this.#set(CPU_RDX, (value >> 32n) & 0xffffffffn);
    return this.#step('wrmsr');
  }

  rdpmc(index: number): bigint | 'gp' {
    this.#set(CPU_RCX, BigInt(index >>> 0));
    return this.#step('rdpmc') === 'gp' ? 'gp' : this.#edxEax();
  }

  rdtsc(): bigint {
    this.#expect('ok', this.#step('rdtsc'));
    return this.#edxEax();
  }

  cpuid(leaf: number, subleaf = 0): { eax: number; ebx: number; ecx: number; edx: number } {
    this.#set(CPU_RAX, BigInt(leaf >>> 0));
    this.#set(CPU_RCX, BigInt(subleaf));
    this.#expect('ok', this.#step('cpuid'));
    const register = (offset: number): number => this.state.getUint32(offset, true);
    return { eax: register(CPU_RAX), ebx: register(CPU_RBX), ecx: register(CPU_RCX), edx: register(CPU_RDX) };
  }

  /** Opens interrupts and runs until the vCPU halts with nothing left to do. */
  serve(): void {
    this.prepareIdle();
    this.goOn();
  }

  /** Runs on from where it is until it halts. */
  goOn(): void {
    const reason = this.runIdle(100_000);
    if (reason !== EXIT_HALT) throw new Error(`run() gave ${reason}, vector ${this.#faultVector}`);
  }

  /** Makes runIdle() begin at the loop that halts with interrupts open. */
  prepareIdle(): void {
    this.state.setUint32(CPU_HALT_STATE, 0, true);
    this.#set(CPU_RIP, BigInt(SNIPPET.idle.at));
  }

  runIdle(budget: number): number {
    return this.core.run(budget);
  }

  get #faultVector(): number {
    return this.state.getUint32(CPU_FAULT_VECTOR, true);
  }

  #step(name: keyof typeof SNIPPET): Answer {
    this.core.setFlags(2);
    this.core.stateWritten();
    this.state.setUint32(CPU_HALT_STATE, 0, true);
    this.#set(CPU_RIP, BigInt(SNIPPET[name].at));
    // Arming the timer ends a slice.
    let reason = this.core.run(100);
    if (reason === EXIT_BUDGET) reason = this.core.run(100);
    const vector = this.#faultVector;
    if (reason !== EXIT_EXCEPTION || (vector !== VECTOR_UD && vector !== VECTOR_GP)) {
      throw new Error(`${name}: run() gave ${reason}, vector ${vector}`);
    }
    return vector === VECTOR_UD ? 'ok' : 'gp';
  }

  #expect(expected: Answer, answer: Answer): void {
    if (expected !== answer) throw new Error(`Expected ${expected}, not ${answer}`);
  }

  #edxEax(): bigint {
    return BigInt(this.state.getUint32(CPU_RAX, true)) | (BigInt(this.state.getUint32(CPU_RDX, true)) << 32n);
  }

  #set(offset: number, value: bigint): void {
    this.state.setBigUint64(offset, BigInt.asUintN(64, value), true);
  }

  #segment(index: number, selector: number, attributes: number): void {
    this.state.setUint16(CPU_SEG_SELECTOR + index * 2, selector, true);
    this.#set(CPU_SEG_BASE + index * 8, 0n);
    this.state.setUint32(CPU_SEG_LIMIT + index * 4, 0xffffffff, true);
    this.state.setUint32(CPU_SEG_ATTRIBUTES + index * 4, attributes, true);
  }

  #enterLongMode(index: number): void {
    this.#set(CPU_CR0, 0x31n);
    this.#set(CPU_CR4, 0x620n);
    this.#set(CPU_EFER, 0xd00n);
    for (let segment = 0; segment < 6; segment++) {
      if (segment === 1) this.#segment(1, CODE_SELECTOR, 0x1a09b);
      else this.#segment(segment, DATA_SELECTOR, 0x1c093);
    }
    // GDTR and IDTR follow the six segments, LDTR and TR.
    this.#set(CPU_SEG_BASE + 8 * 8, BigInt(GDT));
    this.state.setUint32(CPU_SEG_LIMIT + 8 * 4, 0xff, true);
    this.#set(CPU_SEG_BASE + 9 * 8, BigInt(IDT));
    this.state.setUint32(CPU_SEG_LIMIT + 9 * 4, 0xfff, true);
    this.#set(CPU_RSP, BigInt(STACKS + (index + 1) * STACK_BYTES));
    // r14 and r15: the counters and the APIC, for the handlers.
    this.#set(14 * 8, BigInt(COUNTS + index * COUNTS_BYTES));
    this.#set(15 * 8, APIC_PAGE);
    this.state.setUint32(CPU_EXCEPTION_HOOKS, 0xffffffff, true);
    this.state.setUint32(CPU_HALT_STATE, 0, true);
    this.core.setFlags(2);
    this.core.stateWritten();
  }
}

export class ApicMachine {
  readonly memory: WebAssembly.Memory;
  /** The guest's RAM from guest-physical 0. */
  readonly ram: Uint8Array;
  readonly cpus: readonly GuestCpu[];
  /** Vectors whose EOI was told to the I/O APICs. */
  readonly endedLevels: number[] = [];
  /** Virtual time in ns; tests move it. */
  now = 0;

  constructor(module: WebAssembly.Module, options: ApicMachineOptions = {}) {
    const count = options.cpus ?? 1;
    const plan = planGuest(count);
    this.memory = allocateMemory(plan);
    const map = new PhysicalMap(this.memory);
    map.initialise(count);
    map.map(0, RAM_BYTES, plan.ramBase, 'ram');
    loadGuest(this.memory, plan);
    this.ram = new Uint8Array(this.memory.buffer, plan.ramBase, RAM_BYTES);
    const topology = options.topology ?? { sockets: 1, cores: count, threads: 1 };
    const cpu = describeCpu(options.cpu ?? { model: 'max', features: [] });
    this.cpus = Array.from({ length: count }, (_, index) => {
      setUpCpu(this.memory, { cpu, topology, index, directedEoi: options.directedEoi ?? false });
      return new GuestCpu(module, this.memory, plan, index, this.#host(options.host));
    });
  }

  /** vCPU 0, or another. */
  cpu(index = 0): GuestCpu {
    const cpu = this.cpus[index];
    if (cpu === undefined) throw new RangeError(`No vCPU ${index}`);
    return cpu;
  }

  /** Moves the clock and has every vCPU look at its timer. */
  advance(ns: number): void {
    this.now += ns;
    for (const { core } of this.cpus) core.timerTick();
  }

  #host(host: Partial<CoreHost> = {}): CoreHost {
    return {
      portIn: () => 0xffffffff,
      portOut: () => {},
      mmioRead: () => 0xffffffff,
      mmioWrite: () => {},
      virtualTime: () => this.now,
      picAcknowledge: () => 0xff,
      random: () => 0,
      floatingPointError: () => 0,
      eoiBroadcast: (vector) => {
        this.endedLevels.push(vector);
      },
      ...host,
    };
  }
}
