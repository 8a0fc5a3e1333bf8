/** Runs the same cases on the core, at user level over page tables with the harness's mappings. */
import {
  CPU_CR0,
  CPU_CR2,
  CPU_CR3,
  CPU_CR4,
  CPU_GPR,
  CPU_RIP,
  EXIT_EXCEPTION,
} from '../../../src/memory/layout.ts';
import { TestCpu } from '../support/test-cpu.ts';
import { AddressSpace } from './address-space.ts';
import type { Answer, Case } from './case-format.ts';
import {
  CODE,
  CODE_BYTES,
  DATA,
  DATA_BYTES,
  GS_BASE,
  hashMemory,
  PAGE,
  READ_ONLY,
  STACK,
  STACK_BYTES,
} from './test-memory.ts';

const RAM_MIB = 2;
const TABLES = 0x100000;
const TABLES_END = 0x180000;
/** Guest-physical places of the mapped areas. */
const CODE_AT = 0x10000;
const DATA_AT = 0x20000;
const READ_ONLY_AT = 0x30000;
const STACK_AT = 0x40000;

const PE_MP_ET_WP_AM_PG = 0x80050033n;
const PAE_OSFXSR_OSXMMEXCPT_OSXSAVE = 0x40620n;

const SEG_CS = 1;
const SEG_FS = 4;
const SEG_GS = 5;
const SELECTOR_CODE64 = 0x33;
const SELECTOR_CODE32 = 0x23;
const ATTRIBUTES_CODE64 = 0x1a0fb;
const ATTRIBUTES_CODE32 = 0x1c0fb;
const LIMIT = 0xffffffff;

/** More than any sequence executes: a core that runs on is reported, not waited for. */
const BUDGET = 200_000;
const NOT_AN_EXCEPTION = 0x100;
const VECTOR_PF = 14;

export class CoreRunner {
  readonly #cpu: TestCpu;
  readonly #image: Buffer;
  #bits: 32 | 64 | 0 = 0;

  private constructor(cpu: TestCpu, image: Buffer) {
    this.#cpu = cpu;
    this.#image = image;
    const space = new AddressSpace(cpu, TABLES, TABLES_END);
    const map = (linear: number, physical: number, bytes: number, write: boolean, execute: boolean) => {
      for (let at = 0; at < bytes; at += PAGE)
        space.map(BigInt(linear + at), physical + at, { write, execute });
    };
    map(CODE, CODE_AT, CODE_BYTES, true, true);
    map(DATA, DATA_AT, DATA_BYTES, true, false);
    map(READ_ONLY, READ_ONLY_AT, PAGE, false, false);
    map(STACK, STACK_AT, STACK_BYTES, true, false);
    cpu.load(READ_ONLY_AT, image.subarray(0, PAGE));
    cpu.setState64(CPU_CR0, PE_MP_ET_WP_AM_PG);
    cpu.setState64(CPU_CR4, PAE_OSFXSR_OSXMMEXCPT_OSXSAVE);
    cpu.setState64(CPU_CR3, BigInt(space.root));
    // Null selectors: in 64-bit code only the bases count, in 32-bit code every use is #GP (SDM vol. 3, 3.4.2).
    cpu.setSegment(SEG_FS, 0, 0n, 0, 0);
    cpu.setSegment(SEG_GS, 0, BigInt(GS_BASE), 0, 0);
  }

  static async create(image: Buffer): Promise<CoreRunner> {
    return new CoreRunner(await TestCpu.create({ ramMiB: RAM_MIB }), image);
  }

  /** Data, then stack, as the last case left them. */
  memory(): Buffer {
    const { bytes } = this.#cpu;
    return Buffer.concat([
      bytes.slice(DATA_AT, DATA_AT + DATA_BYTES),
      bytes.slice(STACK_AT, STACK_AT + STACK_BYTES),
    ]);
  }

  /** Runs one case from the memory image. */
  run(test: Omit<Case, 'steps'>): Answer {
    const cpu = this.#cpu;
    cpu.bytes.set(this.#image.subarray(0, DATA_BYTES), DATA_AT);
    cpu.bytes.set(this.#image.subarray(DATA_BYTES), STACK_AT);
    cpu.load(CODE_AT + test.codeOffset, test.code);
    if (this.#bits !== test.bits) this.#setBits(test.bits);
    for (let i = 0; i < 16; i++) cpu.setState64(CPU_GPR + i * 8, test.registers[i] ?? 0n);
    cpu.setState64(CPU_RIP, BigInt(CODE + test.codeOffset));
    cpu.setState64(CPU_CR2, 0n);
    cpu.flags = test.flags;
    const reason = cpu.run(BUDGET);
    return this.#answer(
      reason === EXIT_EXCEPTION ? cpu.fault : { vector: NOT_AN_EXCEPTION + reason, error: 0 },
    );
  }

  #setBits(bits: 32 | 64): void {
    this.#bits = bits;
    if (bits === 64) this.#cpu.setSegment(SEG_CS, SELECTOR_CODE64, 0n, LIMIT, ATTRIBUTES_CODE64);
    else this.#cpu.setSegment(SEG_CS, SELECTOR_CODE32, 0n, LIMIT, ATTRIBUTES_CODE32);
  }

  #answer(end: { vector: number; error: number }): Answer {
    const cpu = this.#cpu;
    const hash = new Uint32Array(4);
    hashMemory(hash, cpu.bytes.subarray(DATA_AT, DATA_AT + DATA_BYTES));
    hashMemory(hash, cpu.bytes.subarray(STACK_AT, STACK_AT + STACK_BYTES));
    return {
      ...end,
      cr2: end.vector === VECTOR_PF ? cpu.state64(CPU_CR2) : 0n,
      rip: cpu.state64(CPU_RIP),
      flags: cpu.flags,
      registers: Array.from({ length: 16 }, (_, i) => cpu.state64(CPU_GPR + i * 8)),
      memory: Buffer.from(hash.buffer).toString('hex'),
    };
  }
}
