/** One guest instruction as the translator sees it: the interpreter's record of it, and what it is. */
import {
  ADDRESS_FLAT64,
  ADDRESS_GENERAL,
  BLOCK_CODE_MASK,
  INFO_LOCK,
  INFO_MODRM_SHIFT,
  INFO_OPCODE_MASK,
  INFO_OPSIZE_SHIFT,
  INFO_REP,
  INFO_REPNE,
  RECORD_ADDRESS,
  RECORD_BASE,
  RECORD_DISP,
  RECORD_HANDLER,
  RECORD_IMM,
  RECORD_INDEX,
  RECORD_INFO,
  RECORD_LENGTH_SHIFT,
  RECORD_OFFSET,
  RECORD_REG,
  RECORD_RM,
  RECORD_SCALE,
  RECORD_SCALE_MASK,
  RECORD_SIZE,
} from '../../memory/layout.ts';

/** Opcode maps, times 256: `operation` is map + opcode. */
export const MAP_ONE = 0x000;
export const MAP_0F = 0x100;
export const MAP_0F38 = 0x200;
export const MAP_0F3A = 0x300;
/** VEX-encoded, whatever its map. */
export const MAP_VEX = 0x400;

/** Mandatory prefixes, as opcode-table.ts numbers them: the last of F2h and F3h wins over 66h. */
export const PREFIX_NONE = 0;
export const PREFIX_66 = 1;
export const PREFIX_F3 = 2;
export const PREFIX_F2 = 3;

const CODE64 = 2;

export interface Instruction {
  /** Offset from the first byte of the region's first page; may be negative. */
  readonly at: number;
  readonly length: number;
  /** Pages from the region's first page to that of the first byte. */
  readonly page: number;
  readonly handler: number;
  /** MAP_* + opcode. */
  readonly operation: number;
  readonly prefix: number;
  readonly modrm: number;
  readonly isMemory: boolean;
  /** log2 of the operand size in bytes: 1, 2 or 3. Byte operations do not look at it. */
  readonly size: number;
  readonly locked: boolean;
  readonly repeated: boolean;
  readonly reg: number;
  readonly rm: number;
  readonly base: number;
  readonly index: number;
  readonly scale: number;
  readonly form: number;
  readonly segment: number;
  readonly disp: number;
  readonly imm: bigint;
  /** The record's bytes, for the interpreter's handler. */
  readonly record: Uint8Array;
}

/** modrm.reg as an opcode extension. */
export function extension(instruction: Instruction): number {
  return (instruction.modrm >> 3) & 7;
}

function isPrefix(byte: number, code64: boolean): boolean {
  if (code64 && (byte & 0xf0) === 0x40) return true;
  return (
    byte === 0x66 ||
    byte === 0x67 ||
    byte === 0xf0 ||
    byte === 0xf2 ||
    byte === 0xf3 ||
    byte === 0x64 ||
    byte === 0x65 ||
    byte === 0x2e ||
    byte === 0x36 ||
    byte === 0x3e ||
    byte === 0x26
  );
}

/** Map, opcode and mandatory prefix of the instruction whose bytes `byteAt` gives (SDM vol. 2, 2.1). */
function identify(
  byteAt: (index: number) => number,
  code64: boolean,
  info: number,
): { operation: number; prefix: number } {
  let at = 0;
  let is66 = false;
  let repeat = PREFIX_NONE;
  let byte = byteAt(at);
  while (isPrefix(byte, code64)) {
    if (byte === 0x66) is66 = true;
    else if (byte === 0xf3) repeat = PREFIX_F3;
    else if (byte === 0xf2) repeat = PREFIX_F2;
    byte = byteAt(++at);
  }
  const prefix = repeat !== PREFIX_NONE ? repeat : is66 ? PREFIX_66 : PREFIX_NONE;
  const opcode = info & INFO_OPCODE_MASK;
  if ((byte === 0xc4 || byte === 0xc5) && (code64 || byteAt(at + 1) >= 0xc0))
    return { operation: MAP_VEX + opcode, prefix };
  if (byte !== 0x0f) return { operation: MAP_ONE + opcode, prefix };
  const second = byteAt(at + 1);
  if (second === 0x38) return { operation: MAP_0F38 + opcode, prefix };
  if (second === 0x3a) return { operation: MAP_0F3A + opcode, prefix };
  return { operation: MAP_0F + opcode, prefix };
}

/**
 * Reads the record at `address` of a block decoded for `mode`.
 * @param page pages from the region's first page to the record's
 * @param originalHandler the interpreter's handler in place of that of a region
 * @param codeAt host address of a byte by its offset from the start of the record's page (it may lie in the next page)
 */
export function readInstruction(
  view: DataView,
  address: number,
  mode: number,
  page: number,
  codeAt: (offset: number) => number,
  originalHandler: (handler: number) => number,
): Instruction {
  const u8 = (field: number) => view.getUint8(address + field);
  const info = view.getUint32(address + RECORD_INFO, true);
  const offset = view.getUint16(address + RECORD_OFFSET, true);
  const modrm = (info >>> INFO_MODRM_SHIFT) & 0xff;
  const code64 = (mode & BLOCK_CODE_MASK) === CODE64;
  const { operation, prefix } = identify((i) => view.getUint8(codeAt(offset + i)), code64, info);
  const addressForm = u8(RECORD_ADDRESS);
  return {
    at: page * 4096 + offset,
    length: u8(RECORD_SCALE) >> RECORD_LENGTH_SHIFT,
    page,
    handler: originalHandler(view.getUint16(address + RECORD_HANDLER, true)),
    operation,
    prefix,
    modrm,
    isMemory: modrm < 0xc0,
    size: ((info >>> INFO_OPSIZE_SHIFT) & 3) + 1,
    locked: (info & INFO_LOCK) !== 0,
    repeated: (info & (INFO_REP | INFO_REPNE)) !== 0,
    reg: u8(RECORD_REG),
    rm: u8(RECORD_RM),
    base: u8(RECORD_BASE),
    index: u8(RECORD_INDEX),
    scale: u8(RECORD_SCALE) & RECORD_SCALE_MASK,
    form: addressForm & 15,
    segment: addressForm >> 4,
    disp: view.getInt32(address + RECORD_DISP, true),
    imm: view.getBigInt64(address + RECORD_IMM, true),
    record: Uint8Array.from(new Uint8Array(view.buffer, address, RECORD_SIZE)),
  };
}

/** Whether the translator can compute the address of the memory operand inline. */
export function hasPlainAddress(instruction: Instruction): boolean {
  return instruction.form >= ADDRESS_FLAT64 && instruction.form < ADDRESS_GENERAL;
}
