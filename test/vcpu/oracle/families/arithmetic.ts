/** ALU operations, INC/DEC/NEG/NOT, MUL/DIV, sign extensions, ADX, BCD, CRC32. Flags: SDM vol. 2, each instruction. */
import { AF, CF, OF, PF, SF, STATUS, ZF } from '../flag-bits.ts';
import type { SequenceBuilder } from '../sequence-builder.ts';
import { type Family, maybeLock, widened } from './family.ts';

const ADC = 2;
const SBB = 3;
const CMP = 7;
const LOGIC: ReadonlySet<number> = new Set([1, 4, 6]);

/** AND, OR, XOR and TEST leave AF undefined; ADC and SBB read CF. */
function aluEffect(operation: number) {
  return {
    reads: operation === ADC || operation === SBB ? CF : 0,
    defines: STATUS,
    undefines: LOGIC.has(operation) ? AF : 0,
  };
}

function alu(b: SequenceBuilder): void {
  const operation = b.random.below(8);
  const size = b.size();
  const effect = aluEffect(operation);
  const writes = operation !== CMP;
  switch (b.random.below(5)) {
    case 0: {
      const rm = b.operand(size, writes);
      const prefixes = writes ? maybeLock(b, rm) : [];
      const opcode = [widened(operation << 3, size)];
      b.emit({ ...effect, opcode, size, rm, reg: b.source(), byteReg: true, byteRm: true, prefixes });
      break;
    }
    case 1: {
      const opcode = [widened((operation << 3) | 2, size)];
      b.emit({ ...effect, opcode, size, rm: b.operand(size, false), reg: b.destination() });
      break;
    }
    case 2:
      b.emit({
        ...effect,
        opcode: [widened((operation << 3) | 4, size)],
        size,
        immediate: b.immediate(size),
      });
      break;
    case 3: {
      const rm = b.operand(size, writes);
      const prefixes = writes ? maybeLock(b, rm) : [];
      b.emit({
        ...effect,
        opcode: [widened(0x80, size)],
        size,
        rm,
        reg: operation,
        immediate: b.immediate(size),
        prefixes,
      });
      break;
    }
    default: {
      const wide = size === 8 ? 32 : size;
      const rm = b.operand(wide, writes);
      const immediate = { value: b.random.u32(), bytes: 1 };
      const prefixes = writes ? maybeLock(b, rm) : [];
      b.emit({ ...effect, opcode: [0x83], size: wide, rm, reg: operation, immediate, prefixes });
    }
  }
}

function test(b: SequenceBuilder): void {
  const size = b.size();
  const effect = { defines: STATUS, undefines: AF };
  const kind = b.random.below(3);
  if (kind === 0)
    b.emit({ ...effect, opcode: [widened(0x84, size)], size, rm: b.operand(size, false), reg: b.source() });
  else if (kind === 1)
    b.emit({ ...effect, opcode: [widened(0xa8, size)], size, immediate: b.immediate(size) });
  else {
    // F6 /1 is the same as /0.
    const rm = b.operand(size, false);
    const immediate = b.immediate(size);
    b.emit({ ...effect, opcode: [widened(0xf6, size)], size, rm, reg: b.random.below(2), immediate });
  }
}

function unary(b: SequenceBuilder): void {
  const size = b.size();
  const rm = b.operand(size, true);
  const prefixes = maybeLock(b, rm);
  switch (b.random.below(4)) {
    case 0:
    case 1: {
      const reg = b.random.below(2);
      const defines = STATUS & ~CF;
      if (b.bits === 32 && size !== 8 && b.random.chance(0.5))
        b.emit({ opcode: [0x40 | (reg << 3)], size, opcodeRegister: b.destination(), defines });
      else b.emit({ opcode: [widened(0xfe, size)], size, rm, reg, prefixes, defines });
      break;
    }
    case 2:
      b.emit({ opcode: [widened(0xf6, size)], size, rm, reg: 2, prefixes });
      break;
    default:
      b.emit({ opcode: [widened(0xf6, size)], size, rm, reg: 3, prefixes, defines: STATUS });
  }
}

const PRODUCT = { defines: CF | OF, undefines: SF | ZF | AF | PF };

function multiply(b: SequenceBuilder): void {
  const size = b.size();
  const kind = b.random.below(4);
  if (kind < 2) {
    b.emit({ ...PRODUCT, opcode: [widened(0xf6, size)], size, rm: b.operand(size, false), reg: 4 + kind });
    return;
  }
  const wide = size === 8 ? 64 : size;
  const legal = b.bits === 32 && wide === 64 ? 32 : wide;
  const rm = b.operand(legal, false);
  const reg = b.destination();
  if (kind === 2) b.emit({ ...PRODUCT, opcode: [0x0f, 0xaf], size: legal, rm, reg });
  else if (b.random.chance(0.5))
    b.emit({ ...PRODUCT, opcode: [0x69], size: legal, rm, reg, immediate: b.immediate(legal) });
  else {
    const immediate = { value: b.random.u32(), bytes: 1 };
    b.emit({ ...PRODUCT, opcode: [0x6b], size: legal, rm, reg, immediate });
  }
}

/** DIV and IDIV: mostly after a sign or zero extension, or they would nearly always overflow. */
function divide(b: SequenceBuilder): void {
  const size = b.size();
  const signed = b.random.below(2);
  if (size !== 8 && b.random.chance(0.6)) {
    if (signed) b.emit({ opcode: [0x99], size });
    else b.emit({ opcode: [0x31], size, rm: b.register(2), reg: 2, defines: STATUS, undefines: AF });
  } else if (size === 8 && b.random.chance(0.6)) {
    b.emit({ opcode: [0x98], size: 16 });
  }
  const rm = b.operand(size, false);
  b.emit({ opcode: [widened(0xf6, size)], size, rm, reg: 6 + signed, undefines: STATUS });
}

function extendSign(b: SequenceBuilder): void {
  const size = b.size(false);
  const kind = b.random.below(b.bits === 64 ? 4 : 3);
  if (kind === 0) b.emit({ opcode: [b.random.pick([0x98, 0x99])], size });
  else if (kind === 3) b.emit({ opcode: [0x63], size, rm: b.operand(32, false), reg: b.destination() });
  else {
    // MOVZX and MOVSX from a byte or a word.
    const fromWord = b.random.below(2);
    const opcode = [0x0f, (kind === 1 ? 0xb6 : 0xbe) | fromWord];
    b.emit({ opcode, size, rm: b.operand(fromWord ? 16 : 8, false), reg: b.destination() });
  }
}

function adx(b: SequenceBuilder): void {
  const size = b.bits === 64 ? b.random.pick([32, 64] as const) : 32;
  const isAdcx = b.random.chance(0.5);
  const flag = isAdcx ? CF : OF;
  b.emit({
    opcode: [0x0f, 0x38, 0xf6],
    prefixes: [isAdcx ? 0x66 : 0xf3],
    fixedPrefix: true,
    size,
    rm: b.operand(size, false),
    reg: b.destination(),
    reads: flag,
    defines: flag,
  });
}

function crc32(b: SequenceBuilder): void {
  const size = b.size();
  const destination = size === 64 ? 64 : 32;
  const rm = b.operand(size, false);
  const w = destination === 64 ? 64 : size;
  b.emit({
    opcode: [0x0f, 0x38, size === 8 ? 0xf0 : 0xf1],
    prefixes: [0xf2],
    size: w,
    rm,
    reg: b.destination(),
  });
}

/** AAA AAS DAA DAS AAM AAD (with any base, also 0) and the undocumented but universal SALC. */
function bcd(b: SequenceBuilder): void {
  const kind = b.random.below(7);
  const none = { size: 32 } as const;
  const ascii = { ...none, reads: AF, defines: AF | CF, undefines: OF | SF | ZF | PF };
  const decimal = { ...none, reads: AF | CF, defines: STATUS & ~OF, undefines: OF };
  const base = { value: b.random.chance(0.5) ? 10 : b.random.below(256), bytes: 1 };
  const adjust = { ...none, immediate: base, defines: SF | ZF | PF, undefines: OF | AF | CF };
  if (kind === 0) b.emit({ ...ascii, opcode: [0x37] });
  else if (kind === 1) b.emit({ ...ascii, opcode: [0x3f] });
  else if (kind === 2) b.emit({ ...decimal, opcode: [0x27] });
  else if (kind === 3) b.emit({ ...decimal, opcode: [0x2f] });
  else if (kind === 4) b.emit({ ...adjust, opcode: [0xd4] });
  else if (kind === 5) b.emit({ ...adjust, opcode: [0xd5] });
  else b.emit({ ...none, opcode: [0xd6], reads: CF });
}

export const ARITHMETIC_FAMILIES: readonly Family[] = [
  { name: 'alu', weight: 20, emit: alu },
  { name: 'test', weight: 3, emit: test },
  { name: 'unary', weight: 6, emit: unary },
  { name: 'multiply', weight: 5, emit: multiply },
  { name: 'divide', weight: 3, emit: divide },
  { name: 'extend', weight: 5, emit: extendSign },
  { name: 'adx', weight: 3, needs: ['adx'], emit: adx },
  { name: 'crc32', weight: 2, needs: ['sse4_2'], emit: crc32 },
  { name: 'bcd', weight: 4, bits: 32, emit: bcd },
];
