/** Runs the oracle's records on the CPU core. */
import {
  CPU_FAULT_VECTOR,
  CPU_GPR,
  CPU_MXCSR,
  CPU_VECTOR,
  CPU_VECTOR_STRIDE,
  CPU_X87,
  CPU_X87_CONTROL,
  CPU_X87_STATUS,
  CPU_X87_TAG,
  EXIT_EXCEPTION,
} from '../../../src/memory/layout.ts';
import { FEATURE_SSE4A } from '../../../src/vcpu/cpu-features.ts';
import { TestCpu } from '../support/test-cpu.ts';
import {
  HEADER_BYTES,
  INPUT_BYTES,
  MEMORY_BYTES,
  MMX_BYTES,
  STATE_BYTES,
  STATE_FLAGS,
  STATE_GPR,
  STATE_MEMORY,
  STATE_MMX,
  STATE_MXCSR,
  STATE_TOP,
  STATE_TRAP,
  STATE_VALID,
  VECTOR_NUMBERS,
} from './cases.ts';

const CODE = 0x100000;
const CODE_STEP = 64;
const CODE_SLOTS = 0x8000;
const DATA = 0x10040;
const UD = 6;
const STATUS_FLAGS = 0x8d5;
/** Everything masked, rounding to nearest, 64 bits. */
const X87_CONTROL = 0x37f;
/** Bytes from one x87 register to the next in the state. */
const X87_STRIDE = 16;
const EMPTY = 3;

export class CoreRunner {
  readonly #cpu: TestCpu;
  readonly #state: DataView;
  readonly #bytes: Uint8Array;
  #slot = 0;

  private constructor(cpu: TestCpu) {
    this.#cpu = cpu;
    this.#state = new DataView(cpu.memory.buffer, cpu.core.base, 0x1000);
    this.#bytes = new Uint8Array(cpu.memory.buffer, cpu.core.base, 0x1000);
  }

  static async create(hotEntries?: number): Promise<CoreRunner> {
    const cpu = await TestCpu.create(hotEntries === undefined ? {} : { hotEntries });
    // The corpus is that of a host without it.
    cpu.removeFeature(FEATURE_SSE4A);
    return new CoreRunner(cpu);
  }

  /** The states after each record. */
  run(records: Buffer): Buffer {
    const count = records.length / INPUT_BYTES;
    const answers = Buffer.alloc(count * STATE_BYTES);
    for (let i = 0; i < count; i++) {
      this.#runOne(
        records.subarray(i * INPUT_BYTES, (i + 1) * INPUT_BYTES),
        answers.subarray(i * STATE_BYTES, (i + 1) * STATE_BYTES),
      );
    }
    return answers;
  }

  #runOne(record: Buffer, answer: Buffer): void {
    const cpu = this.#cpu;
    const length = record.readUInt8(0);
    const state = record.subarray(HEADER_BYTES);
    const address = CODE + (this.#slot++ % CODE_SLOTS) * CODE_STEP;
    cpu.load(address, [...record.subarray(2, 2 + length), 0x0f, 0x0b]);
    this.#bytes.fill(0, CPU_VECTOR, CPU_VECTOR + 16 * CPU_VECTOR_STRIDE);
    for (const [i, number] of VECTOR_NUMBERS.entries()) {
      this.#bytes.set(state.subarray(32 * i, 32 * i + 32), CPU_VECTOR + number * CPU_VECTOR_STRIDE);
    }
    for (let i = 0; i < 4; i++) {
      this.#state.setBigUint64(CPU_GPR + 8 * i, state.readBigUInt64LE(STATE_GPR + 8 * i), true);
    }
    const pointer = BigInt(DATA + record.readUInt8(1));
    cpu.set('rsi', pointer);
    cpu.set('rdi', pointer);
    cpu.bytes.fill(0, DATA - 64, DATA + 448);
    cpu.bytes.set(state.subarray(STATE_MEMORY, STATE_MEMORY + MEMORY_BYTES), DATA);
    cpu.flags = Number(state.readBigUInt64LE(STATE_FLAGS)) | 0x202;
    this.#state.setUint32(CPU_MXCSR, state.readUInt32LE(STATE_MXCSR), true);
    this.#enterX87(state);
    cpu.rip = BigInt(address);
    const reason = cpu.run(100);
    if (reason !== EXIT_EXCEPTION)
      throw new Error(`The core left with reason ${reason}, expected ${EXIT_EXCEPTION}`);
    this.#readBack(answer, Number(cpu.rip) - address, length);
  }

  #enterX87(state: Buffer): void {
    let tags = 0;
    for (let i = 0; i < 8; i++) {
      const at = STATE_MMX + MMX_BYTES * i;
      this.#bytes.set(state.subarray(at, at + MMX_BYTES), CPU_X87 + X87_STRIDE * i);
      if (!((state.readUInt16LE(STATE_VALID) >> i) & 1)) tags |= EMPTY << (2 * i);
    }
    this.#state.setUint16(CPU_X87_CONTROL, X87_CONTROL, true);
    this.#state.setUint16(CPU_X87_STATUS, state.readUInt16LE(STATE_TOP) << 11, true);
    this.#state.setUint16(CPU_X87_TAG, tags, true);
  }

  #leaveX87(answer: Buffer): void {
    const tags = this.#state.getUint16(CPU_X87_TAG, true);
    let valid = 0;
    for (let i = 0; i < 8; i++) {
      const at = CPU_X87 + X87_STRIDE * i;
      answer.set(this.#bytes.subarray(at, at + MMX_BYTES), STATE_MMX + MMX_BYTES * i);
      if (((tags >> (2 * i)) & 3) !== EMPTY) valid |= 1 << i;
    }
    answer.writeUInt16LE((this.#state.getUint16(CPU_X87_STATUS, true) >> 11) & 7, STATE_TOP);
    answer.writeUInt16LE(valid, STATE_VALID);
  }

  #readBack(answer: Buffer, advance: number, length: number): void {
    const vector = this.#state.getUint32(CPU_FAULT_VECTOR, true);
    const passed = vector === UD && advance === length;
    for (const [i, number] of VECTOR_NUMBERS.entries()) {
      const at = CPU_VECTOR + number * CPU_VECTOR_STRIDE;
      answer.set(this.#bytes.subarray(at, at + 32), 32 * i);
    }
    answer.set(this.#bytes.subarray(CPU_GPR, CPU_GPR + 32), STATE_GPR);
    answer.writeBigUInt64LE(BigInt(this.#cpu.flags & STATUS_FLAGS), STATE_FLAGS);
    answer.writeUInt32LE(this.#state.getUint32(CPU_MXCSR, true), STATE_MXCSR);
    answer.writeUInt32LE(passed ? 0 : vector + 1, STATE_TRAP);
    answer.set(this.#cpu.bytes.subarray(DATA, DATA + MEMORY_BYTES), STATE_MEMORY);
    this.#leaveX87(answer);
  }
}
