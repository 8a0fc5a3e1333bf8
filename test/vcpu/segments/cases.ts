/** Cases about one data segment: its descriptor, and 32-bit code that loads it and makes an access near its limit. */
import { Random } from '../oracle/random.ts';
import { INPUT_BYTES } from './oracle.ts';

export const CODE = 0x100000;
export const DATA = 0x200000;
export const PAGE = 4096;
export const DATA_BYTES = 3 * PAGE;
/** LDT entry 1, RPL 3. */
export const SELECTOR = 0x0f;
const CODE_OFFSET = 16;
const MAX_CODE = 112;

/** Bits of a record's flags, as in Linux's struct user_desc. */
export const FLAG_32BIT = 1;
export const CONTENTS_SHIFT = 6;
export const FLAG_READ_ONLY = 0x100;
export const FLAG_PAGES = 0x400;
export const FLAG_ABSENT = 0x100000;
export const EXPAND_DOWN = 1;
const CODE_SEGMENT = 2;

const u16 = (value: number): number[] => [value & 255, (value >>> 8) & 255];
const u32 = (value: number): number[] => [...u16(value), ...u16(value >>> 16)];

interface Register {
  /** In MOV Sreg. */
  readonly number: number;
  readonly prefix: readonly number[];
}
const ES: Register = { number: 0, prefix: [0x26] };
const SS: Register = { number: 2, prefix: [0x36] };
const DS: Register = { number: 3, prefix: [] };
const GS: Register = { number: 5, prefix: [0x65] };

/**
 * Instructions with a memory operand [EDX], or [BX] behind 67H: bytes before modrm, modrm.reg. FSTP m80 is not here: the host leaves
 * its first eight bytes stored when the others fault, the core none.
 */
const ACCESSES = [
  [[0x8a], 0],
  [[0x66, 0x8b], 0],
  [[0x8b], 0],
  [[0x88], 0],
  [[0x66, 0x89], 0],
  [[0x89], 0],
  [[0x01], 0],
  [[0xf0, 0x01], 0],
  [[0x87], 0],
  [[0xf0, 0x0f, 0xc7], 1],
  [[0x0f, 0xab], 0],
  [[0xdd], 0],
  [[0xdb], 5],
  [[0xdd], 3],
  [[0x0f, 0x10], 0],
  [[0x0f, 0x11], 0],
  [[0x0f, 0x6f], 0],
  [[0xff], 6],
  [[0x8f], 0],
  [[0xc4], 0],
  [[0x66, 0xc4], 0],
  [[0x62], 0],
  [[0x0f, 0xae], 3],
  [[0xd9], 6],
  [[0x0f, 0x18], 1],
] as const;

/** String instructions by the segment that they reach through ESI or EDI. */
const STRINGS = [0xa4, 0xa5, 0xa6, 0xa7, 0xaa, 0xab, 0xac, 0xad, 0xae, 0xaf] as const;

/** Stack instructions: PUSH, POP, PUSHA, POPA, PUSHF, POPF, CALL next, ENTER, LEAVE, PUSH imm, 16-bit PUSH and POP. */
const STACK = [
  [0x50],
  [0x58],
  [0x60],
  [0x61],
  [0x9c],
  [0x9d],
  [0xe8, 0, 0, 0, 0],
  [0xc8, 8, 0, 0],
  [0xc8, 8, 0, 2],
  [0xc9],
  [0x6a, 5],
  [0x66, 0x50],
  [0x66, 0x58],
  [0x66, 0x60],
] as const;

/** FNINIT; XORPS XMM0, XMM0. */
const CLEAR_VECTORS = [0xdb, 0xe3, 0x0f, 0x57, 0xc0];

interface Segment {
  readonly base: number;
  readonly limit: number;
  readonly flags: number;
}

/** A segment whose border lies in the data area; `border` is the offset where its limit is. */
function randomSegment(random: Random): { segment: Segment; border: number } {
  const wide = random.chance(0.6) ? FLAG_32BIT : 0;
  const readOnly = random.chance(0.12) ? FLAG_READ_ONLY : 0;
  const absent = random.chance(0.02) ? FLAG_ABSENT : 0;
  const contents = random.pick([0, 0, 0, EXPAND_DOWN, EXPAND_DOWN, CODE_SEGMENT]);
  const pages = random.chance(0.2) ? FLAG_PAGES : 0;
  const flags = wide | readOnly | absent | pages | (contents << CONTENTS_SHIFT);
  if (contents === EXPAND_DOWN && random.chance(0.4)) {
    // Its upper border: FFFFH or FFFFFFFFH.
    const top = wide ? 0x100000000 : 0x10000;
    return {
      segment: { base: (DATA + 2 * PAGE - top) >>> 0, limit: pages ? 3 : 0x3fff, flags },
      border: top - 1,
    };
  }
  const border = pages ? 2 * PAGE - 1 : PAGE + random.below(PAGE);
  return { segment: { base: DATA, limit: pages ? 1 : border, flags }, border };
}

function access(random: Random, register: Register, offset: number): number[] {
  const [bytes, reg] = random.pick(ACCESSES);
  const narrow = offset <= 0xffff && random.chance(0.25);
  const modrm = (reg << 3) | (narrow ? 7 : 2);
  const prefixes = [...(narrow ? [0x67] : []), ...register.prefix];
  return [0xba, ...u32(offset), 0xbb, ...u32(offset), ...prefixes, ...bytes, modrm];
}

function stringAccess(random: Random, register: Register, offset: number): number[] {
  const repeated = random.chance(0.6) ? [random.pick([0xf2, 0xf3])] : [];
  const other = DATA + 0x40;
  const inDestination = register === ES;
  return [
    ...[0xbe, ...u32(inDestination ? other : offset)],
    ...[0xbf, ...u32(inDestination ? offset : other)],
    ...[0xb9, ...u32(random.below(8))],
    random.chance(0.3) ? 0xfd : 0xfc,
    ...(register === ES ? [] : register.prefix),
    ...repeated,
    random.pick(STRINGS),
  ];
}

function stackAccess(random: Random, offset: number): number[] {
  return [0xbd, ...u32(offset), ...random.pick(STACK)];
}

/** The whole code: registers, the segment, the access, UD2. EDX and EBX are set before DS may be lost to others. */
function codeOf(random: Random, border: number): number[] {
  const register = random.pick([ES, ES, DS, DS, SS, SS, GS]);
  const offset =
    (border + random.pick([-40, -16, -9, -8, -7, -4, -3, -2, -1, 0, 1, 2, 3, 4, 5, 8, 17])) >>> 0;
  const selector = random.chance(0.04) ? random.below(4) : SELECTOR;
  const load = [0xb8, ...u32(selector), 0x8e, 0xc0 | (register.number << 3)];
  const stack = register === SS ? offset : DATA + 2 * PAGE;
  const body =
    register === SS && random.chance(0.6)
      ? stackAccess(random, offset)
      : random.chance(0.25)
        ? stringAccess(random, register, offset)
        : access(random, register, offset);
  return [...load, 0xbc, ...u32(stack), ...CLEAR_VECTORS, ...body, 0x0f, 0x0b];
}

/** What the data area holds before every case. */
export function dataImage(): Buffer {
  const random = new Random(11);
  const image = Buffer.alloc(DATA_BYTES);
  for (let at = 0; at < DATA_BYTES; at += 4) image.writeInt32LE(random.u32() | 0, at);
  return image;
}

/** `count` records in the oracle's form. */
export function makeRecords(seed: number, count: number): Buffer {
  const random = new Random(seed);
  const records = Buffer.alloc(count * INPUT_BYTES);
  for (let i = 0; i < count; i++) {
    const { segment, border } = randomSegment(random);
    const code = codeOf(random, border);
    if (code.length > MAX_CODE) throw new RangeError(`${code.length} bytes of code`);
    const at = i * INPUT_BYTES;
    records.writeUInt32LE(segment.base, at);
    records.writeUInt32LE(segment.limit, at + 4);
    records.writeUInt32LE(segment.flags, at + 8);
    records.writeUInt32LE(code.length, at + 12);
    records.set(code, at + CODE_OFFSET);
  }
  return records;
}
