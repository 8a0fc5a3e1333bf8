/** Runs the segment cases on the core, with a descriptor as Linux makes it of modify_ldt()'s request. */
import {
  CPU_CR0,
  CPU_SEG_ATTRIBUTES,
  CPU_SEG_BASE,
  CPU_SEG_LIMIT,
  CPU_SEG_SELECTOR,
  CPU_TSC_OFFSET,
} from '../../../src/memory/layout.ts';
import { REGISTERS, TestCpu } from '../support/test-cpu.ts';
import {
  CODE,
  CONTENTS_SHIFT,
  DATA,
  DATA_BYTES,
  FLAG_32BIT,
  FLAG_ABSENT,
  FLAG_PAGES,
  FLAG_READ_ONLY,
} from './cases.ts';
import { INPUT_BYTES, OUTPUT_BYTES } from './oracle.ts';

const LDT = 0x80000;
const LDTR = 6;
const GDTR = 8;
const ALIGNMENT_MASK = 0x40000n;
const CODE_BYTES = 112;
/** What the oracle begins with. */
const FLAGS = 0x246;
const FNV_START = 0x811c9dc5;
const FNV_PRIME = 0x01000193;

/** The doublewords of a descriptor: accessed, DPL 3, AVL. */
function descriptor(base: number, limit: number, flags: number): [number, number] {
  const contents = (flags >>> CONTENTS_SHIFT) & 3;
  const type = 1 | (flags & FLAG_READ_ONLY ? 0 : 2) | (contents << 2);
  const high =
    (base & 0xff000000) |
    ((base >>> 16) & 0xff) |
    (limit & 0xf0000) |
    (type << 8) |
    0x1000 |
    0x6000 |
    (flags & FLAG_ABSENT ? 0 : 0x8000) |
    0x100000 |
    (flags & FLAG_32BIT ? 0x400000 : 0) |
    (flags & FLAG_PAGES ? 0x800000 : 0);
  return [((base & 0xffff) << 16) | (limit & 0xffff), high];
}

function hash(view: DataView, lane: number): number {
  let value = FNV_START;
  for (let at = 0; at < DATA_BYTES; at += 8)
    value = Math.imul(value ^ view.getUint32(DATA + at + lane * 4, true), FNV_PRIME);
  return value >>> 0;
}

export class SegmentRunner {
  readonly #cpu: TestCpu;
  readonly #image: Buffer;
  /** Registers, modes and segments as the test CPU begins: the page group up to what belongs to caches. */
  readonly #initial: Uint8Array;

  private constructor(cpu: TestCpu, image: Buffer) {
    this.#cpu = cpu;
    this.#image = image;
    this.#initial = new Uint8Array(cpu.memory.buffer, cpu.core.base, CPU_TSC_OFFSET).slice();
  }

  static async create(image: Buffer): Promise<SegmentRunner> {
    const cpu = await TestCpu.create({ mode: 'flat32' });
    // Linux checks alignment where a program sets EFLAGS.AC, as POPF of anything may.
    cpu.setState64(CPU_CR0, cpu.state64(CPU_CR0) | ALIGNMENT_MASK);
    return new SegmentRunner(cpu, image);
  }

  run(records: Buffer): Buffer {
    const count = records.length / INPUT_BYTES;
    const answers = Buffer.alloc(count * OUTPUT_BYTES);
    for (let i = 0; i < count; i++) {
      this.#runOne(records.subarray(i * INPUT_BYTES, (i + 1) * INPUT_BYTES));
      this.#answer(answers, i * OUTPUT_BYTES);
    }
    return answers;
  }

  #runOne(record: Buffer): void {
    const cpu = this.#cpu;
    new Uint8Array(cpu.memory.buffer, cpu.core.base).set(this.#initial);
    cpu.load(DATA, this.#image);
    cpu.load(CODE, record.subarray(16, 16 + CODE_BYTES));
    const [low, high] = descriptor(record.readUInt32LE(0), record.readUInt32LE(4), record.readUInt32LE(8));
    cpu.view.setInt32(LDT + 8, low, true);
    cpu.view.setInt32(LDT + 12, high, true);
    cpu.setState64(CPU_SEG_BASE + LDTR * 8, BigInt(LDT));
    cpu.setState32(CPU_SEG_LIMIT + LDTR * 4, 0xff);
    cpu.setState32(CPU_SEG_ATTRIBUTES + LDTR * 4, 0x10082);
    new DataView(cpu.memory.buffer, cpu.core.base).setUint16(CPU_SEG_SELECTOR + LDTR * 2, 0x40, true);
    cpu.setState64(CPU_SEG_BASE + GDTR * 8, 0n);
    for (const name of REGISTERS) cpu.set(name, 0n);
    cpu.flags = FLAGS;
    cpu.rip = BigInt(CODE);
    cpu.run(1000);
  }

  #answer(answers: Buffer, at: number): void {
    const cpu = this.#cpu;
    const { vector, error } = cpu.fault;
    const words = [vector, error, Number(cpu.rip), cpu.flags];
    const registers = REGISTERS.slice(0, 8).map((name) => Number(BigInt.asUintN(32, cpu.get(name))));
    for (const [i, value] of [...words, ...registers, hash(cpu.view, 0), hash(cpu.view, 1)].entries())
      answers.writeUInt32LE(value >>> 0, at + i * 4);
  }
}
