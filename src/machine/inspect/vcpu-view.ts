/** A vCPU's state as monitors show it: registers by name out of the bytes of an inspection. */
import {
  CPU_CR0,
  CPU_CR2,
  CPU_CR3,
  CPU_CR4,
  CPU_DR,
  CPU_EFER,
  CPU_GPR,
  CPU_HALT_STATE,
  CPU_IN_SMM,
  CPU_MODE,
  CPU_MXCSR,
  CPU_RIP,
  CPU_SEG_ATTRIBUTES,
  CPU_SEG_BASE,
  CPU_SEG_LIMIT,
  CPU_SEG_SELECTOR,
  CPU_VECTOR,
  CPU_VECTOR_STRIDE,
  CPU_X87,
  CPU_X87_CONTROL,
  CPU_X87_STATUS,
  CPU_X87_TAG,
  HALT_RUNNING,
  MODE_CODE_MASK,
  MODE_CODE32,
  MODE_CODE64,
  MODE_CPL_MASK,
  SMM_ACTIVE,
} from '../../memory/layout.ts';
import type { VcpuInspection } from '../../vcpu/vcpu-contract.ts';

/** In the order of the page group. */
export const SEGMENT_NAMES = ['es', 'cs', 'ss', 'ds', 'fs', 'gs', 'ldt', 'tr'] as const;
export type SegmentName = (typeof SEGMENT_NAMES)[number];

export interface SegmentView {
  readonly selector: number;
  readonly base: bigint;
  readonly limit: number;
  /** Bits 8 to 23 of a descriptor's second doubleword at their places: type, S, DPL, P, AVL, L, D/B, G. */
  readonly flags: number;
}

export interface TableView {
  readonly base: bigint;
  readonly limit: number;
}

const GENERAL_NAMES = ['ax', 'cx', 'dx', 'bx', 'sp', 'bp', 'si', 'di'] as const;
/** Every name that `byName` knows (hmp.md §1). */
export const REGISTER_NAMES: readonly string[] = [
  ...GENERAL_NAMES.map((stem) => `e${stem}`),
  'sp',
  'fp',
  ...Array.from({ length: 8 }, (_, index) => `r${index + 8}`),
  'eflags',
  'eip',
  'pc',
  ...['cs', 'ds', 'es', 'ss', 'fs', 'gs'].flatMap((name) => [name, `${name}.base`, `${name}.limit`]),
];

const DR6_ONES = 0xffff0ff0n;
const DR7_ONES = 0x400n;
const GDTR = 8;
const IDTR = 9;
const DESCRIPTOR_FLAGS_SHIFT = 8;
const DESCRIPTOR_FLAGS_MASK = 0x00f0ff00;
const ADDRESS_MASK_32 = 0xffff_ffffn;

export class VcpuView {
  /** 32 bits. */
  readonly rflags: number;
  readonly #view: DataView;

  constructor({ state, rflags }: VcpuInspection) {
    const { buffer, byteOffset, byteLength } = state.registers;
    this.#view = new DataView(buffer, byteOffset, byteLength);
    this.rflags = rflags;
  }

  /** RAX RCX RDX RBX RSP RBP RSI RDI R8…R15 by number. */
  general(number: number): bigint {
    return this.#u64(CPU_GPR + number * 8);
  }

  get rip(): bigint {
    return this.#u64(CPU_RIP);
  }

  segment(name: SegmentName): SegmentView {
    const index = SEGMENT_NAMES.indexOf(name);
    const attributes = this.#view.getUint32(CPU_SEG_ATTRIBUTES + index * 4, true);
    return {
      selector: this.#view.getUint16(CPU_SEG_SELECTOR + index * 2, true),
      base: this.#u64(CPU_SEG_BASE + index * 8),
      limit: this.#view.getUint32(CPU_SEG_LIMIT + index * 4, true),
      flags: (attributes << DESCRIPTOR_FLAGS_SHIFT) & DESCRIPTOR_FLAGS_MASK,
    };
  }

  get gdt(): TableView {
    return this.#table(GDTR);
  }

  get idt(): TableView {
    return this.#table(IDTR);
  }

  get cr0(): bigint {
    return this.#u64(CPU_CR0);
  }

  get cr2(): bigint {
    return this.#u64(CPU_CR2);
  }

  get cr3(): bigint {
    return this.#u64(CPU_CR3);
  }

  get cr4(): bigint {
    return this.#u64(CPU_CR4);
  }

  get efer(): bigint {
    return this.#u64(CPU_EFER);
  }

  /** DR0 to DR7, with the bits of DR6 and DR7 that always read as 1 (SDM vol. 3, 17.2.3 and 17.2.4). */
  debugRegister(number: number): bigint {
    const value = this.#u64(CPU_DR + number * 8);
    if (number === 6) return value | DR6_ONES;
    return number === 7 ? value | DR7_ONES : value;
  }

  get cpl(): number {
    return this.#mode & MODE_CPL_MASK;
  }

  /** 16, 32 or 64. */
  get codeBits(): 16 | 32 | 64 {
    const code = this.#mode & MODE_CODE_MASK;
    if (code === MODE_CODE64) return 64;
    return code === MODE_CODE32 ? 32 : 16;
  }

  get halted(): boolean {
    return this.#view.getUint32(CPU_HALT_STATE, true) !== HALT_RUNNING;
  }

  get inSmm(): boolean {
    return (this.#view.getUint32(CPU_IN_SMM, true) & SMM_ACTIVE) !== 0;
  }

  /** Linear address of the next instruction. */
  get pc(): bigint {
    const linear = this.rip + this.segment('cs').base;
    return this.codeBits === 64 ? BigInt.asUintN(64, linear) : linear & ADDRESS_MASK_32;
  }

  get x87Control(): number {
    return this.#view.getUint16(CPU_X87_CONTROL, true);
  }

  get x87Status(): number {
    return this.#view.getUint16(CPU_X87_STATUS, true);
  }

  /** Two bits a physical register; 3 is empty. */
  get x87Tags(): number {
    return this.#view.getUint16(CPU_X87_TAG, true);
  }

  /** A physical register: significand, sign and exponent. */
  x87Register(number: number): readonly [significand: bigint, signAndExponent: number] {
    const offset = CPU_X87 + number * 16;
    return [this.#u64(offset), this.#view.getUint16(offset + 8, true)];
  }

  get mxcsr(): number {
    return this.#view.getUint32(CPU_MXCSR, true);
  }

  /** The low 128 bits of a vector register. */
  xmm(number: number): bigint {
    const offset = CPU_VECTOR + number * CPU_VECTOR_STRIDE;
    return (this.#u64(offset + 8) << 64n) | this.#u64(offset);
  }

  /** A register by the name that expressions of the human monitor use (hmp.md §1); undefined for another name. */
  byName(name: string): bigint | undefined {
    const general = GENERAL_NAMES.findIndex((stem) => name === `e${stem}`);
    if (general >= 0) return this.general(general);
    if (name === 'sp' || name === 'fp') return this.general(name === 'sp' ? 4 : 5);
    const extended = /^r(8|9|1[0-5])$/.exec(name);
    if (extended !== null) return this.general(Number(extended[1]));
    if (name === 'eflags') return BigInt(this.rflags);
    if (name === 'eip') return this.rip;
    if (name === 'pc') return this.pc;
    return this.#segmentByName(name);
  }

  #segmentByName(name: string): bigint | undefined {
    const match = /^([cdefgs]s)(?:\.(base|limit))?$/.exec(name);
    const found = SEGMENT_NAMES.find((candidate) => candidate === match?.[1]);
    if (found === undefined) return undefined;
    const { selector, base, limit } = this.segment(found);
    if (match?.[2] === 'base') return base;
    return BigInt(match?.[2] === 'limit' ? limit : selector);
  }

  get #mode(): number {
    return this.#view.getUint32(CPU_MODE, true);
  }

  #table(index: number): TableView {
    return {
      base: this.#u64(CPU_SEG_BASE + index * 8),
      limit: this.#view.getUint32(CPU_SEG_LIMIT + index * 4, true),
    };
  }

  #u64(offset: number): bigint {
    return this.#view.getBigUint64(offset, true);
  }
}
