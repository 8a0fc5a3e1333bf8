/** Builds one random sequence: encodes instructions with random operands and keeps account of undefined flags. */
import { type Case, MAX_CODE, type Step } from './case-format.ts';
import { DF, IF, STATUS } from './flag-bits.ts';
import type { Random } from './random.ts';
import { CODE, DATA, DATA_BYTES, GS_BASE, PAGE, READ_ONLY, STACK, STACK_BYTES } from './test-memory.ts';

export type Size = 8 | 16 | 32 | 64;

export interface RegisterOperand {
  readonly kind: 'register';
  readonly number: number;
}

export interface MemoryOperand {
  readonly kind: 'memory';
  /** -1: none. */
  readonly base: number;
  readonly index: number;
  readonly scale: number;
  readonly displacement: number;
  /** Absolute address of a RIP-relative operand. */
  readonly ripTarget: number | undefined;
  readonly address32: boolean;
  readonly segmentPrefix: number | undefined;
}

export type Operand = RegisterOperand | MemoryOperand;

/** What an instruction does with the status flags; nothing where absent. */
export interface FlagEffect {
  readonly reads?: number;
  readonly defines?: number;
  readonly undefines?: number;
}

export interface Instruction extends FlagEffect {
  /** Opcode bytes with their 0F, 0F 38 or 0F 3A. */
  readonly opcode: readonly number[];
  readonly size: Size;
  /** modrm.reg: a register or an opcode extension. */
  readonly reg?: number;
  /** modrm.reg names a byte register. */
  readonly byteReg?: boolean;
  /** modrm.rm names a byte register. */
  readonly byteRm?: boolean;
  readonly rm?: Operand;
  /** Register in the opcode's low three bits. */
  readonly opcodeRegister?: number;
  readonly immediate?: { readonly value: number | bigint; readonly bytes: number };
  /** F0, F2, F3 or a mandatory 66. */
  readonly prefixes?: readonly number[];
  /** 64-bit operands need no REX.W. */
  readonly default64?: boolean;
  /** The instruction has no 66 form: a mandatory prefix or none says all. */
  readonly fixedPrefix?: boolean;
  /** VEX.vvvv, map and pp: encodes with VEX instead of legacy prefixes. */
  readonly vex?: { readonly map: number; readonly pp: number; readonly vvvv: number; readonly l?: number };
}

/** RSP RBX RBP RSI RDI and (64-bit) R12 R13 begin as pointers to data or stack. */
const POINTERS: ReadonlyMap<number, number> = new Map([
  [3, DATA + 0x800],
  [4, STACK + 0x800],
  [5, DATA + 0x1000],
  [6, DATA + 0x400],
  [7, DATA + 0x1800],
  [12, DATA + 0x1ff0],
  [13, STACK + 0x200],
]);
/** Begins small, for use as an index. */
const INDEX64 = 9;
const INDEX32 = 2;
const SMALL = 24;
const RSP = 4;
const UD2 = [0x0f, 0x0b] as const;
const SEGMENT_PREFIXES = [0x2e, 0x36, 0x3e, 0x26] as const;
const GS = 0x65;
const FS = 0x64;
/** Longest encoding that one step of a family makes; room is kept for it. */
const LONGEST_STEP = 48;

export class SequenceBuilder {
  readonly random: Random;
  readonly bits: 32 | 64;
  /** The stack has room for one push or two: what pushes more faults, and may have written some of it before. */
  readonly stackIsLow: boolean;
  readonly #registers: bigint[];
  readonly #flags: number;
  readonly #codeOffset: number;
  readonly #bytes: number[] = [];
  readonly #steps: Step[] = [];
  readonly #clobbered = new Set<number>();
  /** Flags that may be undefined here, and what jumps carry to offsets ahead. */
  #undefined = 0;
  readonly #carried = new Map<number, number>();
  #family = '';
  #group: { start: number; reads: number; defines: number; undefines: number } | undefined;

  constructor(random: Random, bits: 32 | 64) {
    this.random = random;
    this.bits = bits;
    this.stackIsLow = random.chance(0.02);
    this.#registers = Array.from({ length: 16 }, (_, i) => this.#initial(i));
    this.#flags = (random.u32() & STATUS) | IF | 2 | (random.chance(0.1) ? DF : 0);
    this.#codeOffset = random.chance(0.2) ? PAGE - random.below(80) : 0x100 + random.below(0x700);
  }

  #initial(register: number): bigint {
    if (this.bits === 32 && register >= 8) return 0n;
    const pointer = POINTERS.get(register);
    if (pointer !== undefined) return BigInt(register === RSP && this.stackIsLow ? STACK + 4 : pointer);
    if (register === this.indexRegister) return BigInt(this.random.below(SMALL));
    return this.bits === 32 ? BigInt.asUintN(32, this.random.u64()) : this.random.u64();
  }

  /** The register that begins with a small value. */
  get indexRegister(): number {
    return this.bits === 64 ? INDEX64 : INDEX32;
  }

  get hasRoom(): boolean {
    return this.#bytes.length + LONGEST_STEP < MAX_CODE - UD2.length;
  }

  get offset(): number {
    return this.#bytes.length;
  }

  /** Flags that a reader here must not depend on. */
  get undefinedFlags(): number {
    return this.#undefined;
  }

  set family(name: string) {
    this.#family = name;
  }

  // Operands

  /** An operand size that the mode has. */
  size(withByte = true): Size {
    const sizes: Size[] = this.bits === 64 ? [16, 32, 64, 64, 32] : [16, 32, 32];
    return withByte && this.random.chance(0.2) ? 8 : this.random.pick(sizes);
  }

  /** Any register: a source. */
  source(): number {
    return this.random.below(this.bits === 64 ? 16 : 8);
  }

  /** A register to write, rarely one that addresses depend on. */
  destination(): number {
    for (let attempt = 0; attempt < 8; attempt++) {
      const number = this.source();
      const isPrecious = POINTERS.has(number) || number === this.indexRegister;
      if (!isPrecious || (number !== RSP && this.random.chance(0.05))) return number;
    }
    return 0;
  }

  register(number: number): RegisterOperand {
    return { kind: 'register', number };
  }

  /** An address where `bytes` are accessed: mostly good and often misaligned or across pages; else faulting. */
  address(bytes: number): number {
    const { random } = this;
    const roll = random.below(100);
    if (roll < 55) return DATA + random.below(DATA_BYTES - 64);
    if (roll < 70) return DATA + PAGE - random.below(bytes + 1);
    if (roll < 85) return STACK + 64 + random.below(STACK_BYTES - 128);
    if (roll < 94) return (DATA + random.below(DATA_BYTES - 64)) & ~15;
    if (roll < 96) return READ_ONLY - random.below(bytes);
    if (roll < 97) return READ_ONLY + random.below(PAGE);
    if (roll < 98) return random.pick([READ_ONLY + PAGE, STACK + STACK_BYTES]) - random.below(bytes);
    if (roll < 99) return random.pick([DATA, STACK]) - random.below(bytes);
    return random.u32();
  }

  /** A memory operand of `bytes` bytes in a random address form. */
  memory(bytes: number): MemoryOperand {
    const { random } = this;
    let target = this.address(bytes);
    const address32 = this.bits === 64 && random.chance(0.04);
    let segmentPrefix: number | undefined;
    if (random.chance(0.05)) {
      segmentPrefix = random.pick([...SEGMENT_PREFIXES, GS, FS]);
      // Rarely in 32-bit code, where writes through CS and everything through FS and GS are refused.
      if (this.bits === 32 && random.chance(0.8)) segmentPrefix = 0x3e;
      if (this.bits === 64 && segmentPrefix === GS) target -= GS_BASE;
    }
    const none = { kind: 'memory', ripTarget: undefined, address32, segmentPrefix, scale: 0 } as const;
    if (this.bits === 64 && random.chance(0.1)) {
      return { ...none, base: -1, index: -1, displacement: 0, ripTarget: target };
    }
    if (random.chance(0.06)) return { ...none, base: -1, index: -1, displacement: target | 0 };
    const bases = [...POINTERS.keys()].filter(
      (n) => (this.bits === 64 || n < 8) && (!this.#clobbered.has(n) || random.chance(0.02)),
    );
    if (bases.length === 0) return { ...none, base: -1, index: -1, displacement: target | 0 };
    const base = random.pick(bases);
    let rest = target - Number(this.#registers[base] ?? 0n);
    let index = -1;
    let scale = 0;
    if (random.chance(0.35)) {
      index = random.chance(0.7) ? this.indexRegister : random.pick(bases);
      // SIB cannot name RSP as index (SDM vol. 2, table 2-3).
      if (index === RSP || this.#clobbered.has(index)) index = -1;
      scale = index === this.indexRegister ? random.below(4) : random.below(2);
      if (index >= 0) rest -= Number(this.#registers[index] ?? 0n) * (1 << scale);
      if (this.bits === 64 && rest !== (rest | 0)) {
        index = -1;
        rest = target - Number(this.#registers[base] ?? 0n);
      }
    }
    return { ...none, base, index, scale, displacement: rest | 0 };
  }

  /** Register or memory. */
  operand(size: Size, isWritten: boolean): Operand {
    if (this.random.chance(0.45)) return this.memory(size / 8);
    return this.register(isWritten ? this.destination() : this.source());
  }

  /** An immediate of an operand size: at most four bytes, sign-extended. */
  immediate(size: Size): { value: bigint; bytes: number } {
    return { value: this.random.u64(), bytes: Math.min(size / 8, 4) };
  }

  // Encoding

  /** Appends an instruction. Flags that it reads are made defined first. */
  emit(instruction: Instruction): void {
    this.#makeDefined(instruction.reads ?? 0);
    this.raw(this.#encode(instruction), instruction);
    this.#noteClobber(instruction);
  }

  /** Appends bytes that are one instruction. */
  raw(bytes: readonly number[], effect: FlagEffect = {}, target?: number): void {
    const start = this.#bytes.length;
    this.#bytes.push(...bytes);
    const { reads = 0, defines = 0, undefines = 0 } = effect;
    this.#undefined = (this.#undefined & ~defines) | undefines | (this.#carried.get(this.#bytes.length) ?? 0);
    if (this.#group) {
      this.#group.reads |= reads;
      this.#group.defines |= defines & ~undefines;
      this.#group.undefines = (this.#group.undefines & ~defines) | undefines;
      return;
    }
    this.#steps.push({
      start,
      length: bytes.length,
      family: this.#family,
      reads,
      defines,
      undefines,
      ...(target === undefined ? {} : { target }),
    });
  }

  /** What `build` appends is one step: shrinking keeps or drops it as a whole. */
  group(build: () => void): void {
    const group = { start: this.#bytes.length, reads: 0, defines: 0, undefines: 0 };
    this.#group = group;
    build();
    this.#group = undefined;
    this.#steps.push({ ...group, length: this.#bytes.length - group.start, family: this.#family });
  }

  /** Appends a forward jump over what `body` appends. `head` is the opcode before the displacement. */
  jumpOver(head: readonly number[], wide: boolean, reads: number, body: () => void): void {
    this.#makeDefined(reads);
    const displacementBytes = wide ? 4 : 1;
    const before = this.#undefined;
    this.raw([...head, ...new Array<number>(displacementBytes).fill(0)], { reads });
    const from = this.#bytes.length;
    const step = this.#steps.length - 1;
    body();
    const target = this.#bytes.length;
    const distance = target - from;
    this.#bytes[from - displacementBytes] = distance & 0xff;
    if (wide) this.#bytes[from - displacementBytes + 1] = distance >> 8;
    const jump = this.#steps[step];
    if (jump) this.#steps[step] = { ...jump, target };
    this.#carried.set(target, (this.#carried.get(target) ?? 0) | before);
    this.#undefined |= before;
  }

  /** Puts a CMP of random registers before a reader of undefined flags. */
  #makeDefined(reads: number): void {
    if ((this.#undefined & reads) === 0) return;
    const modrm = 0xc0 | this.random.below(64);
    const family = this.#family;
    if (!this.#group) this.#family = 'alu';
    this.raw([0x39, modrm], { defines: STATUS });
    this.#family = family;
  }

  #noteClobber(instruction: Instruction): void {
    if (instruction.rm?.kind === 'register') this.#clobbered.add(instruction.rm.number);
    if (instruction.reg !== undefined) this.#clobbered.add(instruction.reg);
    if (instruction.opcodeRegister !== undefined) this.#clobbered.add(instruction.opcodeRegister);
  }

  /** The next memory operands should not rely on this register's first value. */
  clobber(register: number): void {
    this.#clobbered.add(register);
  }

  #encode(i: Instruction): number[] {
    const { rm } = i;
    const is64 = this.bits === 64;
    const prefixes = [...(i.prefixes ?? [])];
    if (i.size === 16 && !i.fixedPrefix && !i.vex) prefixes.push(0x66);
    if (rm?.kind === 'memory') {
      if (rm.address32) prefixes.push(0x67);
      if (rm.segmentPrefix !== undefined) prefixes.push(rm.segmentPrefix);
    }
    this.#shuffle(prefixes);
    const extension = this.#extension(i);
    const w = i.size === 64 && !i.default64;
    const head = i.vex ? this.#vexHead(i.vex, w, extension) : this.#legacyHead(i, w, extension, is64);
    const opcode = i.vex ? [i.opcode.at(-1) ?? 0] : [...i.opcode];
    if (i.opcodeRegister !== undefined) {
      opcode[opcode.length - 1] = (opcode.at(-1) ?? 0) | (i.opcodeRegister & 7);
    }
    const bytes = [...prefixes, ...head, ...opcode];
    const immediate = i.immediate ? littleEndian(BigInt(i.immediate.value), i.immediate.bytes) : [];
    if (rm) bytes.push(...this.#modrm(rm, (i.reg ?? 0) & 7, bytes.length, immediate.length));
    return [...bytes, ...immediate];
  }

  /** REX.R, X and B as bits 2, 1 and 0. */
  #extension(i: Instruction): number {
    let bits = (i.reg ?? 0) & 8 ? 4 : 0;
    if (i.rm?.kind === 'register' && i.rm.number & 8) bits |= 1;
    if (i.rm?.kind === 'memory') {
      if (i.rm.index >= 8) bits |= 2;
      if (i.rm.base >= 8) bits |= 1;
    }
    if ((i.opcodeRegister ?? 0) & 8) bits |= 1;
    return bits;
  }

  #legacyHead(i: Instruction, w: boolean, extension: number, is64: boolean): number[] {
    if (!is64) return [];
    let rex = extension | (w ? 8 : 0);
    // An 8-bit operation ignores W; a REX without bits turns AH..BH into SPL..DIL.
    const optional = i.size === 8 ? this.random.chance(0.4) : this.random.chance(0.04);
    if (rex === 0 && !optional) return [];
    if (i.size === 8 && this.random.chance(0.1)) rex |= 8;
    return [0x40 | rex];
  }

  #vexHead(vex: NonNullable<Instruction['vex']>, w: boolean, extension: number): number[] {
    const inverted = ~extension & 7;
    const last = (w ? 0x80 : 0) | ((~vex.vvvv & 15) << 3) | ((vex.l ?? 0) << 2) | vex.pp;
    if (vex.map === 1 && !w && (inverted & 3) === 3 && this.random.chance(0.7)) {
      return [0xc5, ((inverted & 4) << 5) | (last & 0x7f)];
    }
    return [0xc4, (inverted << 5) | vex.map, last];
  }

  #modrm(rm: Operand, reg: number, before: number, immediateBytes: number): number[] {
    if (rm.kind === 'register') return [0xc0 | (reg << 3) | (rm.number & 7)];
    if (rm.ripTarget !== undefined) {
      const end = CODE + this.#codeOffset + this.#bytes.length + before + 5 + immediateBytes;
      return [(reg << 3) | 5, ...littleEndian(BigInt(rm.ripTarget - end), 4)];
    }
    const { displacement } = rm;
    if (rm.base < 0) {
      // Without base: in 64-bit code through SIB, since the plain form is RIP-relative (SDM vol. 2, 2.2.1.6).
      const index = rm.index < 0 ? 4 : rm.index & 7;
      if (this.bits === 32 && rm.index < 0 && this.random.chance(0.5)) {
        return [(reg << 3) | 5, ...littleEndian(BigInt(displacement), 4)];
      }
      return [(reg << 3) | 4, (rm.scale << 6) | (index << 3) | 5, ...littleEndian(BigInt(displacement), 4)];
    }
    const base = rm.base & 7;
    const needsSib = rm.index >= 0 || base === 4 || this.random.chance(0.05);
    const fits8 = displacement >= -128 && displacement <= 127;
    const mod = displacement === 0 && base !== 5 ? 0 : fits8 && this.random.chance(0.9) ? 1 : 2;
    const bytes = [(mod << 6) | (reg << 3) | (needsSib ? 4 : base)];
    if (needsSib) bytes.push((rm.scale << 6) | ((rm.index < 0 ? 4 : rm.index & 7) << 3) | base);
    if (mod === 1) bytes.push(displacement & 0xff);
    if (mod === 2) bytes.push(...littleEndian(BigInt(displacement), 4));
    return bytes;
  }

  #shuffle(bytes: number[]): void {
    for (let i = bytes.length - 1; i > 0; i--) {
      const j = this.random.below(i + 1);
      const swapped = bytes[i] ?? 0;
      bytes[i] = bytes[j] ?? 0;
      bytes[j] = swapped;
    }
  }

  /** Linear address of the byte at `offset` of the sequence. */
  addressOf(offset: number): number {
    return CODE + this.#codeOffset + offset;
  }

  /** The finished case. */
  finish(): Case {
    return {
      bits: this.bits,
      codeOffset: this.#codeOffset,
      code: Uint8Array.from([...this.#bytes, ...UD2]),
      flags: this.#flags,
      registers: this.#registers,
      steps: this.#steps,
    };
  }
}

/** The low `bytes` bytes of `value`. */
export function littleEndian(value: bigint, bytes: number): number[] {
  return Array.from({ length: bytes }, (_, i) => Number((value >> BigInt(8 * i)) & 0xffn));
}
