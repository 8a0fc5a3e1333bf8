/** Random cases of a form: one instruction with registers, MXCSR and memory, in the oracle's record layout. */
import {
  type Form,
  hasImmediate,
  hasRegisterImmediate,
  isGather,
  isGroup,
  isMmxConversion,
  isMxcsrAccess,
  PREFIX_BYTES,
  usesGeneralRegister,
} from './forms.ts';
import type { Random } from './random.ts';

/** Vector registers that cases use, in the order of the records. */
export const VECTOR_NUMBERS = [0, 1, 2, 3, 8, 9, 10, 15] as const;
/** Layout of the state in records: oracle.c, struct state. */
export const STATE_GPR = 256;
export const STATE_FLAGS = 288;
export const STATE_MXCSR = 296;
export const STATE_TRAP = 300;
export const STATE_MEMORY = 304;
export const MEMORY_BYTES = 128;
export const STATE_MMX = 432;
/** An x87 register: significand, then exponent and sign. */
export const MMX_BYTES = 10;
export const STATE_TOP = 512;
export const STATE_VALID = 514;
export const STATE_BYTES = 516;
/** Before the state: length, offset of the memory operand, 14 bytes of code. */
export const HEADER_BYTES = 16;
export const INPUT_BYTES = HEADER_BYTES + STATE_BYTES;

/** Where a gather has the VEX byte with X, and its SIB byte. */
const HEADER_VEX = 3;
const HEADER_SIB = 7;

const RSI = 6;
const SIB = 4;

/** Registers of one instruction. */
interface Registers {
  readonly reg: number;
  readonly rm: number;
  readonly vvvv: number;
  readonly index: number;
}

function chooseRegisters(form: Form, random: Random): Registers {
  const low = usesGeneralRegister(form);
  const one = (): number => (low ? random.below(4) : random.pick(VECTOR_NUMBERS));
  const reg = isGroup(form) ? random.below(8) : isMxcsrAccess(form) ? 2 + random.below(2) : one();
  const rm = one();
  // An unused VEX.vvvv must be 1111b, which is register 0 in the inverted field.
  const vvvv = random.below(2) ? 0 : random.pick(VECTOR_NUMBERS);
  return { reg, rm, vvvv, index: random.pick(VECTOR_NUMBERS) };
}

function encode(form: Form, random: Random): number[] {
  const { reg, rm, vvvv, index } = chooseRegisters(form, random);
  const gather = isGather(form);
  const r = reg >> 3;
  const x = gather && form.memory ? index >> 3 : 0;
  const b = form.memory ? 0 : rm >> 3;
  const bytes: number[] = [];
  if (form.vex) {
    const field = (~vvvv & 15) << 3;
    const tail = (form.l << 2) | form.prefix;
    if (form.map === 1 && !form.w && !b && !x && random.below(2)) {
      bytes.push(0xc5, (r ? 0 : 0x80) | field | tail);
    } else {
      bytes.push(
        0xc4,
        (r ? 0 : 0x80) | (x ? 0 : 0x40) | (b ? 0 : 0x20) | form.map,
        (form.w << 7) | field | tail,
      );
    }
  } else {
    if (form.prefix) bytes.push(PREFIX_BYTES[form.prefix] as number);
    if (r || b || form.w) bytes.push(0x40 | (form.w << 3) | (r << 2) | b);
    bytes.push(0x0f);
    if (form.map > 1) bytes.push(form.map === 2 ? 0x38 : 0x3a);
  }
  bytes.push(form.opcode);
  if (form.vex && form.map === 1 && form.opcode === 0x77) return bytes;
  if (form.memory) {
    bytes.push(((reg & 7) << 3) | (gather ? SIB : RSI));
    if (gather) bytes.push((random.below(4) << 6) | ((index & 7) << 3) | RSI);
  } else {
    bytes.push(0xc0 | ((reg & 7) << 3) | (rm & 7));
  }
  if (hasImmediate(form)) {
    bytes.push(
      hasRegisterImmediate(form) ? (random.pick(VECTOR_NUMBERS) << 4) | random.below(16) : random.below(256),
    );
  }
  return bytes;
}

function chooseMxcsr(random: Random): number {
  const flags = random.below(64);
  switch (random.below(10)) {
    case 0:
    case 1:
    case 2:
    case 3:
      return 0x1fa0 | flags;
    case 4:
    case 5:
      return 0x1f80;
    case 6:
      return 0x1fa0 | flags | random.pick([0x8000, 0x40, 0x8040]);
    case 7:
    case 8:
      return 0x1f80 | flags | (random.below(4) << 13) | (random.below(2) << 15) | (random.below(2) << 6);
    default:
      return random.below(0x10000);
  }
}

/** Writes one case of the form at `at`. */
export function writeCase(form: Form, random: Random, buffer: Buffer, at: number): void {
  const view = new DataView(buffer.buffer, buffer.byteOffset + at, INPUT_BYTES);
  const code = encode(form, random);
  view.setUint8(0, code.length);
  view.setUint8(1, random.below(3) ? 0 : random.pick([16, 32, 1, 4, 8]));
  for (const [i, byte] of code.entries()) view.setUint8(2 + i, byte);
  const state = HEADER_BYTES;
  const kind = random.below(10);
  for (let i = 0; i < VECTOR_NUMBERS.length; i++) {
    random.fill(view, state + 32 * i, 32, random.below(8) ? kind : random.below(10));
  }
  for (let i = 0; i < 4; i++) {
    const value = random.below(2)
      ? BigInt(random.below(40) - 20)
      : random.below(2)
        ? random.u64()
        : random.double();
    view.setBigUint64(state + STATE_GPR + 8 * i, BigInt.asUintN(64, value), true);
  }
  view.setBigUint64(state + STATE_FLAGS, BigInt(random.u32() & 0x8d5), true);
  view.setUint32(state + STATE_MXCSR, chooseMxcsr(random), true);
  random.fill(view, state + STATE_MEMORY, MEMORY_BYTES, random.below(8) ? kind : random.below(10));
  if (isMxcsrAccess(form)) {
    view.setUint32(
      state + STATE_MEMORY + view.getUint8(1),
      random.below(random.below(4) ? 0x10000 : 0x40000),
      true,
    );
  }
  if (isGather(form) && form.memory) confineIndices(form, view, random);
  if (isMmxConversion(form)) fillMmx(view, random);
}

/** MMX registers with integers of every size, as an x87 stack in any state. */
function fillMmx(view: DataView, random: Random): void {
  const registers = HEADER_BYTES + STATE_MMX;
  for (let i = 0; i < 8; i++) {
    for (const half of [0, 4])
      view.setInt32(registers + MMX_BYTES * i + half, random.u32() >> random.below(32), true);
    view.setUint16(registers + MMX_BYTES * i + 8, random.below(0x10000), true);
  }
  view.setUint16(HEADER_BYTES + STATE_TOP, random.below(8), true);
  view.setUint16(HEADER_BYTES + STATE_VALID, random.below(256), true);
}

/** Confines the elements of a gather to the memory of the case, and makes every other vector usable as its mask. */
function confineIndices(form: Form, view: DataView, random: Random): void {
  const index = ((view.getUint8(HEADER_SIB) >> 3) & 7) | (view.getUint8(HEADER_VEX) & 0x40 ? 0 : 8);
  for (const [i, number] of VECTOR_NUMBERS.entries()) {
    for (let at = HEADER_BYTES + 32 * i; at < HEADER_BYTES + 32 * (i + 1); at += 4) {
      if (number !== index) view.setInt32(at, random.u32() | 0, true);
      else view.setInt32(at, form.opcode & 1 && at & 4 ? 0 : random.below(24), true);
    }
  }
}
