/** One vCPU with some RAM and nothing else, for tests: put code in, set registers, run, look. */
import {
  CPU_CR0,
  CPU_CR4,
  CPU_EFER,
  CPU_EXCEPTION_HOOKS,
  CPU_FAULT_ERROR,
  CPU_FAULT_VECTOR,
  CPU_FEATURE_WORDS,
  CPU_FEATURES,
  CPU_GPR,
  CPU_INSTRUCTION_COUNT,
  CPU_MXCSR,
  CPU_PHYS_MASK,
  CPU_RIP,
  CPU_SEG_ATTRIBUTES,
  CPU_SEG_BASE,
  CPU_SEG_LIMIT,
  CPU_SEG_SELECTOR,
  CPU_VECTOR,
  CPU_VECTOR_STRIDE,
  CPU_X87_CONTROL,
  CPU_X87_TAG,
  CPU_XCR0,
} from '../../../src/memory/layout.ts';
import { allocateMemory, type MemoryPlan, planMemory } from '../../../src/memory/memory-plan.ts';
import { PhysicalMap } from '../../../src/memory/physical-map.ts';
import { type CoreHost, CoreInstance } from '../../../src/vcpu/core-instance.ts';
import { Translator } from '../../../src/vcpu/jit/translator.ts';
import { coreModule } from './core-build.ts';

/** Register numbers as in modrm. */
export const REGISTERS = [
  'rax',
  'rcx',
  'rdx',
  'rbx',
  'rsp',
  'rbp',
  'rsi',
  'rdi',
  'r8',
  'r9',
  'r10',
  'r11',
  'r12',
  'r13',
  'r14',
  'r15',
] as const;
export type RegisterName = (typeof REGISTERS)[number];

/**
 * `flat64`, `flat32`: user level over a flat address space without paging for 32-bit code. 64-bit code has no paging
 * either: the core walks page tables only when CR0.PG is set, so EFER.LMA with PG clear is a legal test fiction.
 */
export type TestMode = 'flat64' | 'flat32' | 'real';

export interface TestCpuOptions {
  readonly mode?: TestMode;
  /** MiB of RAM from guest-physical 0; 16 when absent. */
  readonly ramMiB?: number;
  readonly host?: Partial<CoreHost>;
  readonly codeCacheBytes?: number;
  /** Entries after which a block is translated; absent: as TROUPE_HOT_ENTRIES says, and without it never. */
  readonly hotEntries?: number;
}

/** Has every test CPU translate blocks that are entered so often: 1 translates everything at first sight. */
const HOT_ENTRIES: string | undefined = process.env['TROUPE_HOT_ENTRIES'];

const ALL_VECTORS = 0xffffffff;
const CODE_SELECTOR = 0x33;
const DATA_SELECTOR = 0x2b;

export class TestCpu {
  readonly memory: WebAssembly.Memory;
  readonly core: CoreInstance;
  readonly map: PhysicalMap;
  readonly ramBase: number;
  readonly bytes: Uint8Array;
  readonly view: DataView;
  readonly translator: Translator | undefined;
  readonly #state: DataView;

  private constructor(
    module: WebAssembly.Module,
    memory: WebAssembly.Memory,
    plan: MemoryPlan,
    index: number,
    options: TestCpuOptions,
  ) {
    const { ramBytes } = plan;
    this.memory = memory;
    this.ramBase = plan.ramBase;
    this.map = new PhysicalMap(this.memory);
    this.core = new CoreInstance(module, this.memory, plan, index, {
      portIn: () => 0xffffffff,
      portOut: () => {},
      mmioRead: () => 0xffffffff,
      mmioWrite: () => {},
      virtualTime: () => 0,
      picAcknowledge: () => 0xff,
      random: () => 0x12345678,
      floatingPointError: () => 0,
      eoiBroadcast: () => {},
      ...options.host,
    });
    this.bytes = new Uint8Array(this.memory.buffer, plan.ramBase, ramBytes);
    this.view = new DataView(this.memory.buffer, plan.ramBase, ramBytes);
    this.#state = new DataView(this.memory.buffer, this.core.base, 0x10000);
    this.#enter(options.mode ?? 'flat64');
    const hotEntries = options.hotEntries ?? (HOT_ENTRIES === undefined ? 0 : Number(HOT_ENTRIES));
    if (hotEntries > 0) this.translator = new Translator(this.core, memory, { hotEntries });
  }

  static async create(options: TestCpuOptions = {}): Promise<TestCpu> {
    const ramBytes = (options.ramMiB ?? 16) * 1024 * 1024;
    const plan = planMemory({
      cpus: 1,
      ramBytes,
      ...(options.codeCacheBytes === undefined ? {} : { codeCacheBytes: options.codeCacheBytes }),
    });
    const memory = allocateMemory(plan);
    const map = new PhysicalMap(memory);
    map.initialise(1);
    map.map(0, ramBytes, plan.ramBase, 'ram');
    return new TestCpu(await coreModule(), memory, plan, 0, options);
  }

  /** One vCPU of a memory that is laid out and mapped already. */
  static attach(
    module: WebAssembly.Module,
    memory: WebAssembly.Memory,
    plan: MemoryPlan,
    index: number,
  ): TestCpu {
    return new TestCpu(module, memory, plan, index, {});
  }

  /** 8 bytes of the page group: layout.ts, CPU_*. */
  state64(offset: number): bigint {
    return this.#state.getBigUint64(offset, true);
  }

  setState64(offset: number, value: bigint): void {
    this.#state.setBigUint64(offset, BigInt.asUintN(64, value), true);
  }

  state32(offset: number): number {
    return this.#state.getUint32(offset, true);
  }

  setState32(offset: number, value: number): void {
    this.#state.setUint32(offset, value, true);
  }

  get(name: RegisterName): bigint {
    return this.state64(CPU_GPR + REGISTERS.indexOf(name) * 8);
  }

  set(name: RegisterName, value: bigint): void {
    this.setState64(CPU_GPR + REGISTERS.indexOf(name) * 8, value);
  }

  get rip(): bigint {
    return this.state64(CPU_RIP);
  }

  set rip(value: bigint) {
    this.setState64(CPU_RIP, value);
  }

  get flags(): number {
    return this.core.getFlags();
  }

  set flags(value: number) {
    this.core.setFlags(value);
    this.core.stateWritten();
  }

  /** Bytes of a vector register (64 of them: ZMM-sized). */
  vector(index: number): Uint8Array {
    return new Uint8Array(this.memory.buffer, this.core.base + CPU_VECTOR + index * CPU_VECTOR_STRIDE, 64);
  }

  /** Copies bytes to guest-physical memory. */
  load(address: number, bytes: Uint8Array | readonly number[]): void {
    this.bytes.set(bytes, address);
    this.map.noteWrite(this.ramBase + address, Math.max(bytes.length, 1));
  }

  /** Runs from `rip` and gives the EXIT_* reason. */
  run(budget = 1_000_000): number {
    return this.core.run(budget);
  }

  /** Vector and error code of the exception that ended the last run. */
  get fault(): { vector: number; error: number } {
    return { vector: this.state32(CPU_FAULT_VECTOR), error: this.state32(CPU_FAULT_ERROR) };
  }

  get instructions(): bigint {
    return this.state64(CPU_INSTRUCTION_COUNT);
  }

  /** Takes a CPUID feature, a number of cpu-features.ts, from the decoder; to be called before anything is decoded. */
  removeFeature(feature: number): void {
    const bit = feature - 1;
    const word = CPU_FEATURES + (bit >> 5) * 4;
    this.setState32(word, this.state32(word) & ~(1 << (bit & 31)));
  }

  /** Switches all CPUID features on or off for the decoder. */
  setAllFeatures(on: boolean): void {
    for (let word = 0; word < CPU_FEATURE_WORDS; word++)
      this.setState32(CPU_FEATURES + word * 4, on ? -1 : 0);
  }

  setSegment(segment: number, selector: number, base: bigint, limit: number, attributes: number): void {
    this.#state.setUint16(CPU_SEG_SELECTOR + segment * 2, selector, true);
    this.setState64(CPU_SEG_BASE + segment * 8, base);
    this.setState32(CPU_SEG_LIMIT + segment * 4, limit);
    this.setState32(CPU_SEG_ATTRIBUTES + segment * 4, attributes);
  }

  #enter(mode: TestMode): void {
    this.setState64(CPU_PHYS_MASK, 0xffffffffffn);
    this.setState32(CPU_EXCEPTION_HOOKS, ALL_VECTORS);
    this.setState32(CPU_MXCSR, 0x1f80);
    this.#state.setUint16(CPU_X87_CONTROL, 0x37f, true);
    this.#state.setUint16(CPU_X87_TAG, 0xffff, true);
    this.setState64(CPU_XCR0, 7n);
    this.setAllFeatures(true);
    const real = mode === 'real';
    const long = mode === 'flat64';
    this.setState64(CPU_CR0, real ? 0x10n : 0x31n);
    this.setState64(CPU_CR4, 0x40600n);
    this.setState64(CPU_EFER, long ? 0xd01n : 0n);
    for (let segment = 0; segment < 6; segment++) {
      if (real) this.setSegment(segment, 0, 0n, 0xffff, 0x10093);
      else if (segment === 1) this.setSegment(1, CODE_SELECTOR, 0n, 0xffffffff, long ? 0x1a0fb : 0x1c0fb);
      else this.setSegment(segment, DATA_SELECTOR, 0n, 0xffffffff, 0x1c0f3);
    }
    this.flags = 0x202;
  }
}
