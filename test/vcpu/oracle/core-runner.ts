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
import {
  ANSWER_BYTES,
  ANSWER_CR2,
  ANSWER_ERROR,
  ANSWER_FLAGS,
  ANSWER_HASH,
  ANSWER_REGISTERS,
  ANSWER_RIP,
  ANSWER_VECTOR,
  CASE_BITS,
  CASE_BYTES,
  CASE_CODE,
  CASE_CODE_LENGTH,
  CASE_CODE_OFFSET,
  CASE_FLAGS,
  CASE_MODIFIES_CODE,
  CASE_REGISTERS,
  CODE_OVERWRITTEN,
  REGISTER_BYTES,
} from './case-format.ts';
import {
  CODE,
  CODE_BYTES,
  DATA,
  DATA_BYTES,
  EXIT_JUMP,
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
const VECTOR_UD = 6;
const VECTOR_GP = 13;
const VECTOR_PF = 14;
const UD2_BYTES = 2;

export class CoreRunner {
  readonly #cpu: TestCpu;
  readonly #image: Buffer;
  /** The page group's general registers. */
  readonly #registers: Uint8Array;
  readonly #dataWords: Uint32Array;
  readonly #stackWords: Uint32Array;
  #bits = 0;

  private constructor(cpu: TestCpu, image: Buffer) {
    this.#cpu = cpu;
    this.#image = image;
    const { buffer } = cpu.memory;
    this.#registers = new Uint8Array(buffer, cpu.core.base + CPU_GPR, REGISTER_BYTES);
    this.#dataWords = new Uint32Array(buffer, cpu.ramBase + DATA_AT, DATA_BYTES / 4);
    this.#stackWords = new Uint32Array(buffer, cpu.ramBase + STACK_AT, STACK_BYTES / 4);
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

  /** A core whose cases begin with `image` in memory. `hotEntries` as in TestCpuOptions. */
  static async create(image: Buffer, hotEntries?: number): Promise<CoreRunner> {
    const options = hotEntries === undefined ? {} : { hotEntries };
    return new CoreRunner(await TestCpu.create({ ramMiB: RAM_MIB, ...options }), image);
  }

  /** Instructions executed in all cases. */
  get instructions(): bigint {
    return this.#cpu.instructions;
  }

  /** What was translated, if anything was to be. */
  get translator(): TestCpu['translator'] {
    return this.#cpu.translator;
  }

  /** Runs case records; gives the answers in the harness's format. */
  run(records: Buffer): Buffer {
    const count = records.length / CASE_BYTES;
    const answers = Buffer.alloc(count * ANSWER_BYTES);
    for (let i = 0; i < count; i++) {
      const record = records.subarray(i * CASE_BYTES, (i + 1) * CASE_BYTES);
      this.#run(record, answers.subarray(i * ANSWER_BYTES, (i + 1) * ANSWER_BYTES));
    }
    return answers;
  }

  #run(record: Buffer, answer: Buffer): void {
    const cpu = this.#cpu;
    const codeOffset = record.readUInt32LE(CASE_CODE_OFFSET);
    this.#load(record, codeOffset);
    const start = BigInt(CODE + codeOffset);
    this.#registers.set(record.subarray(CASE_REGISTERS, CASE_REGISTERS + REGISTER_BYTES));
    cpu.setState64(CPU_RIP, start);
    cpu.flags = record.readUInt32LE(CASE_FLAGS);
    const reason = cpu.run(BUDGET);
    let { vector, error } = cpu.fault;
    if (reason !== EXIT_EXCEPTION) vector = NOT_AN_EXCEPTION + reason;
    const rip = cpu.state64(CPU_RIP);
    // The exit jump is there to be read, not to be executed: the fault that it raises stands for UD2.
    const isFault = vector === VECTOR_PF || vector === VECTOR_GP || vector === VECTOR_UD;
    if (isFault && rip === start + BigInt(record.readUInt32LE(CASE_CODE_LENGTH) - UD2_BYTES)) {
      vector = VECTOR_UD;
      error = 0;
    }
    if (record.readUInt32LE(CASE_MODIFIES_CODE) === 0 && this.#isCodeChanged(record, codeOffset)) {
      vector = CODE_OVERWRITTEN;
    }
    answer.writeUInt32LE(vector, ANSWER_VECTOR);
    answer.writeUInt32LE(error, ANSWER_ERROR);
    answer.writeBigUInt64LE(vector === VECTOR_PF ? cpu.state64(CPU_CR2) : 0n, ANSWER_CR2);
    answer.writeBigUInt64LE(rip, ANSWER_RIP);
    answer.writeUInt32LE(cpu.flags, ANSWER_FLAGS);
    answer.set(this.#registers, ANSWER_REGISTERS);
    const hash = new Uint32Array(4);
    hashMemory(hash, this.#dataWords);
    hashMemory(hash, this.#stackWords);
    for (let i = 0; i < 4; i++) answer.writeUInt32LE(hash[i] ?? 0, ANSWER_HASH + i * 4);
  }

  #isCodeChanged(record: Buffer, codeOffset: number): boolean {
    const length = record.readUInt32LE(CASE_CODE_LENGTH) - UD2_BYTES;
    const at = CODE_AT + codeOffset;
    if (record.compare(this.#cpu.bytes, at, at + length, CASE_CODE, CASE_CODE + length) !== 0) return true;
    const jump = EXIT_JUMP[record.readUInt32LE(CASE_BITS) === 32 ? 32 : 64];
    return jump.some((byte, i) => this.#cpu.bytes[at + length + i] !== byte);
  }

  /** Puts memory, code and code segment of a case in place. */
  #load(record: Buffer, codeOffset: number): void {
    const cpu = this.#cpu;
    cpu.bytes.set(this.#image.subarray(0, DATA_BYTES), DATA_AT);
    cpu.bytes.set(this.#image.subarray(DATA_BYTES), STACK_AT);
    cpu.bytes.fill(0, CODE_AT, CODE_AT + CODE_BYTES);
    const length = record.readUInt32LE(CASE_CODE_LENGTH);
    const bits = record.readUInt32LE(CASE_BITS) === 32 ? 32 : 64;
    const jump = EXIT_JUMP[bits];
    cpu.bytes.set(record.subarray(CASE_CODE, CASE_CODE + length), CODE_AT + codeOffset);
    cpu.bytes.set(jump, CODE_AT + codeOffset + length - UD2_BYTES);
    cpu.map.noteWrite(cpu.ramBase + CODE_AT, CODE_BYTES);
    if (this.#bits === bits) return;
    this.#bits = bits;
    if (bits === 64) cpu.setSegment(SEG_CS, SELECTOR_CODE64, 0n, LIMIT, ATTRIBUTES_CODE64);
    else cpu.setSegment(SEG_CS, SELECTOR_CODE32, 0n, LIMIT, ATTRIBUTES_CODE32);
  }
}
