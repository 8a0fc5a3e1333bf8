// The instruction decoder: bytes to one predecoded record (layout.ts, RECORD_*). SDM vol. 2, chapter 2.
import {
  ADDRESS_BASED64,
  ADDRESS_FLAT32,
  ADDRESS_FLAT64,
  ADDRESS_GENERAL,
  BLOCK_AVX,
  BLOCK_CODE_MASK,
  BLOCK_FLAT,
  BLOCK_PROTECTED,
  BLOCK_SSE,
  BLOCK_X87,
  CPU_FEATURES,
  CPU_RIP_BASE,
  CPU_SEG_BASE,
  CPU_ZERO,
  INFO_ADDRSIZE_SHIFT,
  INFO_LOCK,
  INFO_MODRM_SHIFT,
  INFO_OPSIZE_PREFIX,
  INFO_OPSIZE_SHIFT,
  INFO_REP,
  INFO_REPNE,
  INFO_RIP_RELATIVE,
  INFO_VL_SHIFT,
  INFO_VVVV_SHIFT,
  INFO_W,
  RECORD_ADDRESS,
  RECORD_BASE,
  RECORD_CASE,
  RECORD_DISP,
  RECORD_HANDLER,
  RECORD_IMM,
  RECORD_INDEX,
  RECORD_INFO,
  RECORD_LENGTH_SHIFT,
  RECORD_LINK,
  RECORD_OFFSET,
  RECORD_REG,
  RECORD_RM,
  RECORD_SCALE,
} from '../../memory/layout';
import { SEG_DS, SEG_ES, SEG_FS, SEG_GS, SEG_CS, SEG_SS } from './bits';
import {
  ENTRY_FEATURE,
  ENTRY_FLAGS,
  ENTRY_LOCK,
  ENTRY_MEM,
  ENTRY_MEM_CASES,
  ENTRY_REG,
  ENTRY_REG_CASES,
  ENTRY_SIZE,
  ENTRY_TABLE,
  KIND_BY_CODE64,
  KIND_BY_L,
  KIND_BY_MEM,
  KIND_BY_PREFIX,
  KIND_BY_REG,
  KIND_BY_RM,
  KIND_BY_W,
  KIND_LEAF,
  MAP_0F,
  MAP_0F38,
  MAP_0F3A,
  MAP_ONE,
  MAP_VEX_0F,
  OP_AVX,
  OP_DEF64,
  OP_END,
  OP_ENTER,
  OP_FAR,
  OP_FORCE64,
  OP_IMM16,
  OP_IMM8,
  OP_IMMV,
  OP_IMMZ,
  OP_LOCK_REG,
  OP_L0,
  OP_L1,
  OP_MMX,
  OP_MODRM,
  OP_MOFFS,
  OP_NO64,
  OP_NO_VVVV,
  OP_ONLY64,
  OP_OPREG,
  OP_PROTECTED,
  OP_REG8,
  OP_REGNUM,
  OP_REL8,
  OP_RELZ,
  OP_RM8,
  OP_RMNUM,
  OP_SSE,
  OP_STACK,
  OP_X87,
  slot,
} from './opcode-table';
import { fittingCase } from './case-table';
import { undefinedHandler, unavailableMmx, unavailableX87, unavailableSse, unavailableAvx } from './unavailable';

/** decode() results. */
export const DECODED: u32 = 0;
/** The instruction goes on in the next page. */
export const DECODE_NEEDS_MORE: u32 = 1;
/** Longer than 15 bytes: #GP (SDM vol. 3, 6.15 "Interrupt 13"). */
export const DECODE_TOO_LONG: u32 = 2;

/** True if the last decoded instruction ends its block. */
export let decodedEnd: bool = false;

const NO_SEGMENT: u32 = 0xff;

// The instruction under the decoder's eyes.
let cursor: usize = 0;
let limit: usize = 0;
let overrun: bool = false;
let opsizePrefix: bool = false;
let addrsizePrefix: bool = false;
let lockPrefix: bool = false;
/** The last of F3h (2) and F2h (3), else 0. */
let repeatPrefix: u32 = 0;
let segmentPrefix: u32 = NO_SEGMENT;
let rex: u32 = 0;
let isVex: bool = false;
let vexPrefix: u32 = 0;
let vexVvvv: u32 = 15;
let vexL: u32 = 0;
let modrm: u32 = 0;

// @ts-ignore: decorator
@inline
function fetch8(): u32 {
  if (cursor >= limit) {
    overrun = true;
    return 0;
  }
  return <u32>load<u8>(cursor++);
}

function fetch16(): u32 {
  const low = fetch8();
  return low | (fetch8() << 8);
}

function fetch32(): u32 {
  const low = fetch16();
  return low | (fetch16() << 16);
}

function fetch64(): u64 {
  const low = <u64>fetch32();
  return low | (<u64>fetch32() << 32);
}

/**
 * Decodes the instruction at host address `code`, of which `available` bytes may be read, into `record`. `offset` is
 * its place in its page, `mode` the BLOCK_* bits it is decoded for.
 */
export function decode(cpu: usize, record: usize, code: usize, available: u32, offset: u32, mode: u32): u32 {
  const most: u32 = available < 15 ? available : 15;
  cursor = code;
  limit = code + most;
  overrun = false;
  const handler = decodeInstruction(cpu, record, mode, code, offset);
  if (overrun) return most == 15 ? DECODE_TOO_LONG : DECODE_NEEDS_MORE;
  store<u16>(record, <u16>handler, RECORD_HANDLER);
  store<u8>(record, load<u8>(record, RECORD_SCALE) | <u8>((cursor - code) << RECORD_LENGTH_SHIFT), RECORD_SCALE);
  store<u16>(record, <u16>offset, RECORD_OFFSET);
  store<u32>(record, 0, RECORD_LINK);
  if (handler == undefinedHandler) decodedEnd = true;
  return DECODED;
}

function clear(record: usize): void {
  store<u64>(record, 0);
  store<u64>(record, 0, 8);
  store<u64>(record, 0, 16);
  store<u64>(record, 0, 24);
}

/** Reads prefixes; returns the first byte that is none. */
function decodePrefixes(code64: bool): u32 {
  opsizePrefix = false;
  addrsizePrefix = false;
  lockPrefix = false;
  repeatPrefix = 0;
  segmentPrefix = NO_SEGMENT;
  rex = 0;
  isVex = false;
  vexVvvv = 15;
  vexL = 0;
  while (true) {
    const byte = fetch8();
    if (overrun) return 0;
    if (code64 && (byte & 0xf0) == 0x40) {
      rex = byte;
      continue;
    }
    if (byte == 0x66) opsizePrefix = true;
    else if (byte == 0x67) addrsizePrefix = true;
    else if (byte == 0xf0) lockPrefix = true;
    else if (byte == 0xf3) repeatPrefix = 2;
    else if (byte == 0xf2) repeatPrefix = 3;
    else if (byte == 0x64) segmentPrefix = SEG_FS;
    else if (byte == 0x65) segmentPrefix = SEG_GS;
    else if (byte == 0x2e || byte == 0x36 || byte == 0x3e || byte == 0x26) {
      // In 64-bit code these are ignored, even against an earlier FS or GS (AMD APM vol. 3, 1.2.4).
      if (!code64) segmentPrefix = byte == 0x2e ? SEG_CS : byte == 0x36 ? SEG_SS : byte == 0x3e ? SEG_DS : SEG_ES;
    } else {
      return byte;
    }
    // REX counts only directly before the opcode (SDM vol. 2, 2.2.1).
    rex = 0;
  }
}

/** Reads a VEX prefix whose first byte was `byte`; returns the entry of the opcode, or 0 for #UD. */
function decodeVex(byte: u32, code64: bool): usize {
  if (opsizePrefix || repeatPrefix || lockPrefix || rex) {
    fetch8();
    return 0;
  }
  isVex = true;
  const second = fetch8();
  let map: u32 = 1;
  let last = second;
  rex = 0x40;
  if (!(second & 0x80)) rex |= 4;
  if (byte == 0xc4) {
    if (!(second & 0x40)) rex |= 2;
    if (!(second & 0x20)) rex |= 1;
    map = second & 31;
    last = fetch8();
    if (last & 0x80) rex |= 8;
  }
  if (!code64) rex &= 0x48;
  vexPrefix = last & 3;
  vexL = (last >> 2) & 1;
  vexVvvv = (~last >> 3) & 15;
  if (!code64) vexVvvv &= 7;
  const opcode = fetch8();
  if (map < 1 || map > 3) return 0;
  return slot(MAP_VEX_0F + map - 1, opcode);
}

/** Descends split entries to a leaf; 0 if there is none. Reads the modrm byte when a split needs it. */
function descend(start: usize, code64: bool): usize {
  let entry = start;
  let haveModrm = false;
  for (;;) {
    const kind = <u32>load<u8>(entry);
    if (kind == KIND_LEAF) break;
    let index: u32 = 0;
    if (kind == KIND_BY_PREFIX) {
      // pp of VEX: 0 none, 1 = 66h, 2 = F3h, 3 = F2h; legacy: F3h and F2h win over 66h (SDM vol. 2, 2.1.2).
      index = isVex ? vexPrefix : repeatPrefix ? repeatPrefix : <u32>opsizePrefix;
    } else if (kind == KIND_BY_REG || kind == KIND_BY_MEM || kind == KIND_BY_RM) {
      if (!haveModrm) {
        modrm = fetch8();
        haveModrm = true;
        // Peeked: the leaf reads it again.
        if (!overrun) cursor--;
      }
      if (kind == KIND_BY_REG) index = (modrm >> 3) & 7;
      else if (kind == KIND_BY_MEM) index = <u32>(modrm < 0xc0);
      else index = modrm & 7;
    } else if (kind == KIND_BY_W) {
      index = (rex >> 3) & 1;
    } else if (kind == KIND_BY_L) {
      index = vexL;
    } else if (kind == KIND_BY_CODE64) {
      index = <u32>code64;
    } else {
      return 0;
    }
    let below = <usize>load<u32>(entry, ENTRY_TABLE) + <usize>index * ENTRY_SIZE;
    // An instruction without a form for this prefix takes the plain form (66h is then the operand size).
    if (kind == KIND_BY_PREFIX && !isVex && index && !load<u8>(below)) below = <usize>load<u32>(entry, ENTRY_TABLE);
    entry = below;
  }
  return entry;
}

function featureMissing(cpu: usize, feature: u32): bool {
  if (!feature) return false;
  const bit = feature - 1;
  return !((load<u32>(cpu + ((bit >> 5) << 2), CPU_FEATURES) >> (bit & 31)) & 1);
}

function decodeInstruction(cpu: usize, record: usize, mode: u32, code: usize, offset: u32): u32 {
  clear(record);
  decodedEnd = false;
  const codeSize = mode & BLOCK_CODE_MASK;
  const code64 = codeSize == 2;
  let byte = decodePrefixes(code64);
  if (overrun) return 0;
  let entry: usize;
  let opcode = byte;
  if (byte == 0x0f) {
    opcode = fetch8();
    if (opcode == 0x38) {
      opcode = fetch8();
      entry = slot(MAP_0F38, opcode);
    } else if (opcode == 0x3a) {
      opcode = fetch8();
      entry = slot(MAP_0F3A, opcode);
    } else {
      entry = slot(MAP_0F, opcode);
    }
  } else if ((byte == 0xc4 || byte == 0xc5) && looksLikeVex(code64, mode)) {
    entry = decodeVex(byte, code64);
    opcode = <u32>load<u8>(cursor - 1);
  } else {
    entry = slot(MAP_ONE, byte);
  }
  if (overrun) return 0;
  if (entry) entry = descend(entry, code64);
  if (overrun) return 0;
  if (!entry) return undefinedHandler;
  const flags = load<u32>(entry, ENTRY_FLAGS);
  if (flags & (code64 ? OP_NO64 : OP_ONLY64)) return undefinedHandler;
  if (flags & OP_PROTECTED && !(mode & BLOCK_PROTECTED)) return undefinedHandler;
  if (featureMissing(cpu, load<u16>(entry, ENTRY_FEATURE))) return undefinedHandler;
  if (isVex) {
    if (flags & OP_NO_VVVV && vexVvvv != 0) return undefinedHandler;
    if (flags & OP_L0 && vexL) return undefinedHandler;
    if (flags & OP_L1 && !vexL) return undefinedHandler;
  }

  const w = (rex >> 3) & 1;
  let opsize: u32;
  if (code64) {
    if (flags & OP_FORCE64 || w) opsize = 2;
    else if (opsizePrefix) opsize = 0;
    else opsize = flags & OP_DEF64 ? 2 : 1;
  } else {
    opsize = codeSize ^ <u32>opsizePrefix;
    if (isVex) opsize = 1;
  }
  const addrsize: u32 = code64 ? 2 - <u32>addrsizePrefix : codeSize ^ <u32>addrsizePrefix;

  let isMem = false;
  store<u8>(record, CPU_ZERO, RECORD_BASE);
  store<u8>(record, CPU_ZERO, RECORD_INDEX);
  if (flags & OP_MODRM) {
    modrm = fetch8();
    isMem = modrm < 0xc0;
    decodeOperands(record, flags);
    if (isMem) decodeAddress(record, mode, addrsize, code64);
  } else {
    modrm = 0;
    if (flags & OP_OPREG) {
      const n = (opcode & 7) | ((rex & 1) << 3);
      const r = flags & OP_REG8 ? byteRegister(n) : n << 3;
      store<u8>(record, <u8>r, RECORD_REG);
      store<u8>(record, <u8>r, RECORD_RM);
    }
    const segment = flags & OP_STACK ? SEG_SS : segmentPrefix == NO_SEGMENT ? SEG_DS : segmentPrefix;
    store<u8>(record, <u8>(segment << 4) | <u8>formOf(mode, addrsize, segment, code64), RECORD_ADDRESS);
  }
  decodeImmediate(record, flags, opsize, addrsize);
  if (overrun) return 0;
  if (isMem && load<u32>(record, RECORD_INFO) & INFO_RIP_RELATIVE) finishRipRelative(record, code, offset);
  store<u32>(
    record,
    (load<u32>(record, RECORD_INFO) & INFO_RIP_RELATIVE) |
      opcode |
      (modrm << INFO_MODRM_SHIFT) |
      (opsize << INFO_OPSIZE_SHIFT) |
      (addrsize << INFO_ADDRSIZE_SHIFT) |
      (lockPrefix ? INFO_LOCK : 0) |
      (repeatPrefix == 2 ? INFO_REP : repeatPrefix == 3 ? INFO_REPNE : 0) |
      (opsizePrefix ? INFO_OPSIZE_PREFIX : 0) |
      (vexL << INFO_VL_SHIFT) |
      (w ? INFO_W : 0) |
      (vexVvvv << INFO_VVVV_SHIFT),
    RECORD_INFO,
  );
  if (flags & OP_END) decodedEnd = true;

  if (flags & OP_X87 && !(mode & BLOCK_X87)) return unavailableX87;
  if (flags & OP_SSE && !(mode & BLOCK_SSE)) return unavailableSse;
  if (flags & OP_AVX && !(mode & BLOCK_AVX)) return unavailableAvx;
  if (flags & OP_MMX && !(mode & BLOCK_X87)) return unavailableMmx;
  // LOCK is allowed only with a memory destination of certain instructions (SDM vol. 2, "LOCK"), and to name CR8.
  if (lockPrefix && !isMem && !(flags & OP_LOCK_REG)) return undefinedHandler;
  if (!lockPrefix) {
    const number = <u32>load<u8>(entry + <usize>opsize + (isMem ? ENTRY_MEM_CASES : ENTRY_REG_CASES));
    store<u8>(record, <u8>fittingCase(record, number), RECORD_CASE);
  }
  const handlers = entry + (lockPrefix ? ENTRY_LOCK : isMem ? ENTRY_MEM : ENTRY_REG);
  const handler = <u32>load<u16>(handlers + (<usize>opsize << 1));
  return handler ? handler : undefinedHandler;
}

/** C4h and C5h are VEX in 64-bit code, and in protected mode when the next byte could not be a memory operand of LES or LDS. */
function looksLikeVex(code64: bool, mode: u32): bool {
  if (code64) return true;
  if (!(mode & BLOCK_PROTECTED)) return false;
  const peeked = fetch8();
  if (overrun) return false;
  cursor--;
  return peeked >= 0xc0;
}

/** Without REX, 4..7 are AH CH DH BH. */
function byteRegister(n: u32): u32 {
  return !rex && n >= 4 && n < 8 ? ((n & 3) << 3) + 1 : n << 3;
}

function decodeOperands(record: usize, flags: u32): void {
  const r = ((modrm >> 3) & 7) | ((rex & 4) << 1);
  const m = (modrm & 7) | ((rex & 1) << 3);
  store<u8>(record, <u8>(flags & OP_REGNUM ? r : flags & OP_REG8 ? byteRegister(r) : r << 3), RECORD_REG);
  store<u8>(record, <u8>(flags & OP_RMNUM ? m : flags & OP_RM8 ? byteRegister(m) : m << 3), RECORD_RM);
}

/** Which of the cheap address forms serves this mode, address size and segment. */
function formOf(mode: u32, addrsize: u32, segment: u32, code64: bool): u32 {
  if (code64) {
    if (addrsize != 2) return ADDRESS_GENERAL;
    return segment >= SEG_FS ? ADDRESS_BASED64 : ADDRESS_FLAT64;
  }
  const flatSegment = segment == SEG_DS || segment == SEG_ES || segment == SEG_SS;
  return mode & BLOCK_FLAT && flatSegment && addrsize == 1 ? ADDRESS_FLAT32 : ADDRESS_GENERAL;
}

/** The memory operand of the modrm byte: base, index, scale, displacement, segment (SDM vol. 2, 2.1.5). */
function decodeAddress(record: usize, mode: u32, addrsize: u32, code64: bool): void {
  let segment = SEG_DS;
  if (addrsize == 0) {
    segment = decodeAddress16(record);
  } else {
    const mod = modrm >> 6;
    const m = modrm & 7;
    let base = m | ((rex & 1) << 3);
    let disp: i32 = 0;
    let hasBase = true;
    if (m == 4) {
      const sib = fetch8();
      const index = ((sib >> 3) & 7) | ((rex & 2) << 2);
      if (index != 4) {
        store<u8>(record, <u8>(index << 3), RECORD_INDEX);
      }
      // Even without an index: gathers have a vector numbered 4 there.
      store<u8>(record, <u8>(sib >> 6), RECORD_SCALE);
      base = (sib & 7) | ((rex & 1) << 3);
      if ((sib & 7) == 5 && mod == 0) {
        hasBase = false;
        disp = <i32>fetch32();
      }
    } else if (m == 5 && mod == 0) {
      hasBase = false;
      disp = <i32>fetch32();
      if (code64) store<u32>(record, INFO_RIP_RELATIVE, RECORD_INFO);
    }
    if (hasBase) {
      store<u8>(record, <u8>(base << 3), RECORD_BASE);
      if (base == 4 || base == 5) segment = SEG_SS;
    }
    if (mod == 1) disp = <i32><i8>fetch8();
    else if (mod == 2) disp = <i32>fetch32();
    store<i32>(record, disp, RECORD_DISP);
  }
  if (segmentPrefix != NO_SEGMENT) segment = segmentPrefix;
  store<u8>(record, <u8>(segment << 4) | <u8>formOf(mode, addrsize, segment, code64), RECORD_ADDRESS);
}

/** 16-bit addressing forms; returns the default segment. */
function decodeAddress16(record: usize): u32 {
  const mod = modrm >> 6;
  const m = modrm & 7;
  let segment = SEG_DS;
  let disp: i32 = 0;
  if (m == 6 && mod == 0) {
    disp = <i32>fetch16();
  } else {
    // BX+SI BX+DI BP+SI BP+DI SI DI BP BX
    const base: u32 = m < 2 || m == 7 ? 3 : m == 2 || m == 3 || m == 6 ? 5 : m == 4 ? 6 : 7;
    store<u8>(record, <u8>(base << 3), RECORD_BASE);
    if (m < 4) store<u8>(record, <u8>((m & 1 ? 7 : 6) << 3), RECORD_INDEX);
    if (base == 5) segment = SEG_SS;
  }
  if (mod == 1) disp = <i32><i8>fetch8();
  else if (mod == 2) disp = <i32>fetch16();
  store<i32>(record, disp, RECORD_DISP);
  return segment;
}

/** Turns a RIP-relative displacement into one from the page's first byte, if it fits. */
function finishRipRelative(record: usize, code: usize, offset: u32): void {
  const disp = <i64>load<i32>(record, RECORD_DISP) + <i64>offset + <i64>(cursor - code);
  const form = load<u8>(record, RECORD_ADDRESS) & 15;
  if (disp == <i64><i32>disp && form != ADDRESS_GENERAL) {
    store<i32>(record, <i32>disp, RECORD_DISP);
    store<u8>(record, CPU_RIP_BASE, RECORD_BASE);
    store<u32>(record, 0, RECORD_INFO);
  } else {
    store<u8>(record, (load<u8>(record, RECORD_ADDRESS) & 0xf0) | ADDRESS_GENERAL, RECORD_ADDRESS);
  }
}

function decodeImmediate(record: usize, flags: u32, opsize: u32, addrsize: u32): void {
  let value: u64 = 0;
  if (flags & (OP_IMM8 | OP_REL8)) value = <u64><i64><i8>fetch8();
  else if (flags & (OP_IMMZ | OP_RELZ)) value = opsize == 0 ? <u64><i64><i16>fetch16() : <u64><i64><i32>fetch32();
  else if (flags & OP_IMMV) value = opsize == 0 ? <u64>fetch16() : opsize == 1 ? <u64>fetch32() : fetch64();
  else if (flags & OP_IMM16) value = <u64>fetch16();
  else if (flags & OP_ENTER) {
    value = <u64>fetch16();
    value |= <u64>fetch8() << 16;
  } else if (flags & OP_MOFFS) value = addrsize == 0 ? <u64>fetch16() : addrsize == 1 ? <u64>fetch32() : fetch64();
  else if (flags & OP_FAR) {
    value = opsize == 0 ? <u64>fetch16() : <u64>fetch32();
    value |= <u64>fetch16() << 32;
  } else return;
  store<u64>(record, value, RECORD_IMM);
}
