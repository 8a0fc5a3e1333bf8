/**
 * A small x86 assembler for boot stubs, option ROMs and the demo guest: 16- and 32-bit code, the instructions that those
 * need, labels. Encodings as in SDM vol. 2; what has several gets a plain one, not the shortest. Memory operands always
 * use 32-bit addressing.
 */
import { u16, u32 } from '../bytes.ts';
import {
  type Dword,
  type LabelValue,
  type Memory,
  numberOf,
  type Operand,
  type Register,
  type Segment,
  type Size,
  sizeOf,
  type Value,
  type Word,
} from './operands.ts';

const ALU = { add: 0, or: 1, adc: 2, sbb: 3, and: 4, sub: 5, xor: 6, cmp: 7 } as const;
const SHIFTS = { rol: 0, ror: 1, shl: 4, shr: 5, sar: 7 } as const;
const UNARY = { not: 2, neg: 3, mul: 4, imul: 5, div: 6, idiv: 7 } as const;
const CONDITIONS = {
  o: 0,
  no: 1,
  c: 2,
  nc: 3,
  z: 4,
  nz: 5,
  be: 6,
  a: 7,
  s: 8,
  ns: 9,
  l: 12,
  ge: 13,
  le: 14,
  g: 15,
} as const;
const PLAIN = {
  cli: [0xfa],
  sti: [0xfb],
  cld: [0xfc],
  hlt: [0xf4],
  nop: [0x90],
  ret: [0xc3],
  retf: [0xcb],
  iret: [0xcf],
  pushad: [0x60],
  popad: [0x61],
  pushf: [0x9c],
  popf: [0x9d],
  pause: [0xf3, 0x90],
  wbinvd: [0x0f, 0x09],
  wrmsr: [0x0f, 0x30],
  rdmsr: [0x0f, 0x32],
  rdtsc: [0x0f, 0x31],
  cpuid: [0x0f, 0xa2],
  movsb: [0xa4],
  stosb: [0xaa],
  lodsb: [0xac],
  repMovsb: [0xf3, 0xa4],
  repStosb: [0xf3, 0xaa],
} as const;
const DWORD_STRINGS = {
  movsd: [0xa5],
  stosd: [0xab],
  lodsd: [0xad],
  repMovsd: [0xf3, 0xa5],
  repStosd: [0xf3, 0xab],
} as const;

const OPERAND_PREFIX = 0x66;
const ADDRESS_PREFIX = 0x67;
const LOCK_PREFIX = 0xf0;
const SEGMENT_PREFIXES = { es: 0x26, cs: 0x2e, ss: 0x36, ds: 0x3e, fs: 0x64, gs: 0x65 } as const;
const RM_DISPLACEMENT = 5;
const RM_SIB = 4;
const SIB_ESP = 0x24;

interface Fixup {
  readonly at: number;
  readonly bytes: 1 | 2 | 4;
  readonly label: string;
  readonly kind: 'relative' | 'offset' | 'linear';
}

export interface CodePlace {
  /** What a label at the first byte counts as, within its segment. */
  readonly origin: number;
  /** Linear address of the segment; 0 when absent. */
  readonly segmentBase?: number;
  readonly bits: 16 | 32;
}

const isLabel = (value: Value): value is LabelValue => typeof value !== 'number';

export class Assembler {
  readonly #place: CodePlace;
  readonly #bytes: number[] = [];
  readonly #labels = new Map<string, number>();
  readonly #fixups: Fixup[] = [];
  #bits: 16 | 32;

  constructor(place: CodePlace) {
    this.#place = place;
    this.#bits = place.bits;
  }

  /** How the processor will decode what follows. */
  bits(bits: 16 | 32): void {
    this.#bits = bits;
  }

  label(name: string): void {
    if (this.#labels.has(name)) throw new RangeError(`Label ${name} is defined twice`);
    this.#labels.set(name, this.#bytes.length);
  }

  /** Offset of a label as the code will see it. */
  address(name: string): number {
    const at = this.#labels.get(name);
    if (at === undefined) throw new RangeError(`Label ${name} is not defined`);
    return this.#place.origin + at;
  }

  bytes(...bytes: readonly number[]): void {
    this.#bytes.push(...bytes);
  }

  data(contents: Uint8Array): void {
    for (const byte of contents) this.#bytes.push(byte);
  }

  text(text: string): void {
    this.data(Buffer.from(`${text}\0`, 'latin1'));
  }

  /** Fills with zeros up to a multiple of `unit` bytes from the start. */
  align(unit: number): void {
    while (this.#bytes.length % unit !== 0) this.#bytes.push(0);
  }

  dword(value: Value): void {
    this.#value(value, 4);
  }

  word(value: Value): void {
    this.#value(value, 2);
  }

  /** Instructions without operands. */
  op(mnemonic: keyof typeof PLAIN): void {
    this.bytes(...PLAIN[mnemonic]);
  }

  /** String instructions on 32-bit elements. */
  stringDword(mnemonic: keyof typeof DWORD_STRINGS): void {
    this.#operandPrefix(4);
    this.bytes(...DWORD_STRINGS[mnemonic]);
  }

  mov(target: Operand, source: Register | Memory | Value): void {
    if (typeof source === 'string')
      this.#modrm([opcodeFor(0x88, sizeOf(source))], numberOf(source), target, sizeOf(source));
    else if (isMemory(source)) this.#load(target, source);
    else this.#movImmediate(target, source);
  }

  /** Zero-extends a byte or word into a 32-bit register. */
  movzx(target: Dword, source: Operand): void {
    this.#modrm([0x0f, sizeOf(source) === 1 ? 0xb6 : 0xb7], numberOf(target), source, 4);
  }

  movToSegment(target: Segment, source: Word): void {
    this.bytes(0x8e, 0xc0 | (numberOf(target) << 3) | numberOf(source));
  }

  movFromSegment(target: Word, source: Segment): void {
    this.#operandPrefix(2);
    this.bytes(0x8c, 0xc0 | (numberOf(source) << 3) | numberOf(target));
  }

  movToControl(control: 0 | 3 | 4, source: Dword): void {
    this.bytes(0x0f, 0x22, 0xc0 | (control << 3) | numberOf(source));
  }

  movFromControl(target: Dword, control: 0 | 3 | 4): void {
    this.bytes(0x0f, 0x20, 0xc0 | (control << 3) | numberOf(target));
  }

  lea(target: Dword, source: Memory): void {
    this.#modrm([0x8d], numberOf(target), source, 4);
  }

  alu(operation: keyof typeof ALU, target: Operand, source: Register | Memory | Value): void {
    const base = ALU[operation] << 3;
    if (typeof source === 'string') {
      this.#modrm([opcodeFor(base, sizeOf(source))], numberOf(source), target, sizeOf(source));
    } else if (isMemory(source)) {
      const size = sizeOf(target);
      this.#modrm(
        [opcodeFor(base + 2, size)],
        typeof target === 'string' ? numberOf(target) : 0,
        source,
        size,
      );
    } else {
      const size = requireSize(target);
      this.#modrm([opcodeFor(0x80, size)], ALU[operation], target, size);
      this.#value(source, size);
    }
  }

  test(target: Operand, mask: number): void {
    const size = requireSize(target);
    this.#modrm([opcodeFor(0xf6, size)], 0, target, size);
    this.#value(mask, size);
  }

  shift(operation: keyof typeof SHIFTS, target: Operand, count: number): void {
    const size = requireSize(target);
    this.#modrm([opcodeFor(0xc0, size)], SHIFTS[operation], target, size);
    this.bytes(count);
  }

  shiftByCl(operation: keyof typeof SHIFTS, target: Operand): void {
    const size = requireSize(target);
    this.#modrm([opcodeFor(0xd2, size)], SHIFTS[operation], target, size);
  }

  unary(operation: keyof typeof UNARY, target: Operand): void {
    const size = requireSize(target);
    this.#modrm([opcodeFor(0xf6, size)], UNARY[operation], target, size);
  }

  inc(target: Operand, lock = false): void {
    if (lock) this.bytes(LOCK_PREFIX);
    const size = requireSize(target);
    this.#modrm([opcodeFor(0xfe, size)], 0, target, size);
  }

  dec(target: Operand): void {
    const size = requireSize(target);
    this.#modrm([opcodeFor(0xfe, size)], 1, target, size);
  }

  /** target += register, register = old target, in one locked access. */
  lockXadd(target: Memory, register: Register): void {
    this.bytes(LOCK_PREFIX);
    this.#modrm([0x0f, opcodeFor(0xc0, sizeOf(register))], numberOf(register), target, sizeOf(register));
  }

  xchg(target: Operand, register: Register): void {
    this.#modrm([opcodeFor(0x86, sizeOf(register))], numberOf(register), target, sizeOf(register));
  }

  push(source: Word | Dword | Segment): void {
    if (isSegment(source)) {
      const short = { es: [0x06], cs: [0x0e], ss: [0x16], ds: [0x1e], fs: [0x0f, 0xa0], gs: [0x0f, 0xa8] }[
        source
      ];
      this.bytes(...short);
      return;
    }
    this.#operandPrefix(sizeOf(source));
    this.bytes(0x50 | numberOf(source));
  }

  pop(target: Word | Dword | Exclude<Segment, 'cs'>): void {
    if (isSegment(target)) {
      const short = { es: [0x07], ss: [0x17], ds: [0x1f], fs: [0x0f, 0xa1], gs: [0x0f, 0xa9], cs: [] }[
        target
      ];
      this.bytes(...short);
      return;
    }
    this.#operandPrefix(sizeOf(target));
    this.bytes(0x58 | numberOf(target));
  }

  /** From port DX, or an immediate one below 100H. */
  in(target: 'al' | 'ax' | 'eax', port: number | 'dx'): void {
    this.#portAccess(0xe4, target, port);
  }

  out(port: number | 'dx', source: 'al' | 'ax' | 'eax'): void {
    this.#portAccess(0xe6, source, port);
  }

  int(vector: number): void {
    this.bytes(0xcd, vector);
  }

  jmp(label: string): void {
    this.bytes(0xe9);
    this.#relative(label);
  }

  call(label: string): void {
    this.bytes(0xe8);
    this.#relative(label);
  }

  jmpRegister(target: Dword): void {
    this.#operandPrefix(4);
    this.bytes(0xff, 0xe0 | numberOf(target));
  }

  jcc(condition: keyof typeof CONDITIONS, label: string): void {
    this.bytes(0x0f, 0x80 | CONDITIONS[condition]);
    this.#relative(label);
  }

  /** Far jump to an immediate pointer, with an offset of `size` bytes. */
  jmpFar(selector: number, offset: Value, size: 2 | 4): void {
    this.#operandPrefix(size);
    this.bytes(0xea);
    this.#value(offset, size);
    this.data(u16(selector));
  }

  /** Far return to what lies on the stack, with a 16-bit offset. */
  retFar16(): void {
    this.#operandPrefix(2);
    this.bytes(0xcb);
  }

  /** Loads the descriptor table register with 32 bits of base. */
  lgdt(source: Memory): void {
    this.#modrm([0x0f, 0x01], 2, source, 4);
  }

  lidt(source: Memory): void {
    this.#modrm([0x0f, 0x01], 3, source, 4);
  }

  /** The finished code. Throws for labels that are missing or out of reach. */
  assemble(): Uint8Array {
    const code = Uint8Array.from(this.#bytes);
    const view = new DataView(code.buffer);
    for (const fixup of this.#fixups) {
      const value = this.#resolve(fixup);
      if (fixup.bytes === 4) view.setUint32(fixup.at, value >>> 0, true);
      else if (fixup.bytes === 2) view.setUint16(fixup.at, value & 0xffff, true);
      else view.setUint8(fixup.at, value & 0xff);
    }
    return code;
  }

  #resolve({ at, bytes, label, kind }: Fixup): number {
    const offset = this.address(label);
    if (kind === 'offset') return offset;
    if (kind === 'linear') return (this.#place.segmentBase ?? 0) + offset;
    return offset - (this.#place.origin + at + bytes);
  }

  #relative(label: string): void {
    const bytes = this.#bits === 16 ? 2 : 4;
    this.#fixups.push({ at: this.#bytes.length, bytes, label, kind: 'relative' });
    for (let index = 0; index < bytes; index++) this.#bytes.push(0);
  }

  #value(value: Value, bytes: Size): void {
    if (isLabel(value)) {
      this.#fixups.push({ at: this.#bytes.length, bytes, label: value.label, kind: value.kind });
      this.data(new Uint8Array(bytes));
    } else {
      this.data(u32(value >>> 0).subarray(0, bytes));
    }
  }

  #operandPrefix(size: Size | undefined): void {
    if (size !== undefined && size !== 1 && size * 8 !== this.#bits) this.bytes(OPERAND_PREFIX);
  }

  #portAccess(opcode: number, register: 'al' | 'ax' | 'eax', port: number | 'dx'): void {
    const size = sizeOf(register);
    this.#operandPrefix(size);
    const wide = size === 1 ? 0 : 1;
    if (port === 'dx') this.bytes(opcode | wide | 8);
    else this.bytes(opcode | wide, port);
  }

  #load(target: Operand, source: Memory): void {
    if (typeof target !== 'string') throw new RangeError('MOV takes at most one operand in memory');
    this.#modrm([opcodeFor(0x8a, sizeOf(target))], numberOf(target), source, sizeOf(target));
  }

  #movImmediate(target: Operand, value: Value): void {
    const size = requireSize(target);
    if (typeof target === 'string') {
      this.#operandPrefix(size);
      this.bytes((size === 1 ? 0xb0 : 0xb8) | numberOf(target));
    } else {
      this.#modrm([opcodeFor(0xc6, size)], 0, target, size);
    }
    this.#value(value, size);
  }

  #modrm(opcode: readonly number[], reg: number, operand: Operand, size: Size | undefined): void {
    if (typeof operand === 'string') {
      this.#operandPrefix(size);
      this.bytes(...opcode, 0xc0 | (reg << 3) | numberOf(operand));
      return;
    }
    if (operand.segment !== undefined) this.bytes(SEGMENT_PREFIXES[operand.segment]);
    if (this.#bits === 16) this.bytes(ADDRESS_PREFIX);
    this.#operandPrefix(size);
    this.bytes(...opcode);
    this.#address(reg, operand);
  }

  #address(reg: number, operand: Memory): void {
    if (operand.base === undefined) {
      this.bytes((reg << 3) | RM_DISPLACEMENT);
    } else if (operand.base === 'esp') {
      this.bytes(0x80 | (reg << 3) | RM_SIB, SIB_ESP);
    } else {
      this.bytes(0x80 | (reg << 3) | numberOf(operand.base));
    }
    this.#value(operand.displacement, 4);
  }
}

function isMemory(value: Memory | Value): value is Memory {
  return typeof value !== 'number' && 'displacement' in value;
}

function isSegment(register: Word | Dword | Segment): register is Segment {
  return register.length === 2 && register.endsWith('s');
}

/** An opcode whose lowest bit says "not a byte". */
function opcodeFor(base: number, size: Size | undefined): number {
  return size === 1 ? base : base | 1;
}

function requireSize(operand: Operand): Size {
  const size = sizeOf(operand);
  if (size === undefined) throw new RangeError('An operand in memory with an immediate must say its size');
  return size;
}
