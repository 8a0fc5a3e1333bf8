/** Shifts, rotates, double shifts, bit tests and scans, counts, BMI1 and BMI2. */
import { AF, CF, OF, PF, SF, STATUS, ZF } from '../flag-bits.ts';
import type { FlagEffect, SequenceBuilder, Size } from '../sequence-builder.ts';
import { type Family, maybeLock, widened } from './family.ts';

const FIRST_SHIFT = 4;
const SAR = 7;
const RCL = 2;
const RCR = 3;

/**
 * Flags of a shift or rotate by a known count, SDM vol. 2 "SAL/SAR/SHL/SHR" and "RCL/RCR/ROL/ROR": nothing for 0; OF only
 * for 1; AF never; CF of SHL and SHR only below the operand's size.
 */
function shiftEffect(operation: number, size: Size, count: number): FlagEffect {
  const reads = operation === RCL || operation === RCR ? CF : 0;
  const masked = count & (size === 64 ? 63 : 31);
  if (masked === 0) return { reads };
  const overflow = masked === 1 ? 0 : OF;
  if (operation < FIRST_SHIFT) return { reads, defines: CF | OF, undefines: overflow };
  const carry = operation !== SAR && masked >= size ? CF : 0;
  return { defines: STATUS, undefines: AF | overflow | carry };
}

/** The same when the count is in CL. */
function shiftByClEffect(operation: number, size: Size): FlagEffect {
  if (operation === RCL || operation === RCR) return { reads: CF, undefines: OF };
  if (operation < FIRST_SHIFT) return { undefines: OF };
  return { undefines: AF | OF | (operation !== SAR && size < 32 ? CF : 0) };
}

function shift(b: SequenceBuilder): void {
  const size = b.size();
  const operation = b.random.below(8);
  const rm = b.operand(size, true);
  const kind = b.random.below(3);
  if (kind === 0) {
    const effect = shiftEffect(operation, size, 1);
    b.emit({ ...effect, opcode: [widened(0xd0, size)], size, rm, reg: operation });
  } else if (kind === 1) {
    const count = b.random.chance(0.7) ? b.random.below(size + 2) : b.random.below(256);
    const immediate = { value: count, bytes: 1 };
    const effect = shiftEffect(operation, size, count);
    b.emit({ ...effect, opcode: [widened(0xc0, size)], size, rm, reg: operation, immediate });
  } else {
    if (b.random.chance(0.5)) setCl(b, b.random.below(70));
    b.emit({ ...shiftByClEffect(operation, size), opcode: [widened(0xd2, size)], size, rm, reg: operation });
  }
}

function setCl(b: SequenceBuilder, value: number): void {
  b.emit({ opcode: [0xb0], size: 8, opcodeRegister: 1, immediate: { value, bytes: 1 } });
}

/** SHLD and SHRD: counts above the operand's size leave everything undefined, so 16-bit ones stay within it. */
function doubleShift(b: SequenceBuilder): void {
  const size = b.size(false);
  const rm = b.operand(size, true);
  const reg = b.source();
  const opcode = [0x0f, b.random.pick([0xa4, 0xac])];
  if (b.random.chance(0.5)) {
    const count = size === 16 ? b.random.below(17) : b.random.below(256);
    const effect = shiftEffect(SAR, size, count);
    b.emit({ ...effect, opcode, size, rm, reg, immediate: { value: count, bytes: 1 } });
    return;
  }
  const byCl = { opcode: [0x0f, (opcode[1] ?? 0) | 1], size, reg, undefines: AF | OF } as const;
  if (size !== 16) b.emit({ ...byCl, rm });
  else {
    b.group(() => {
      setCl(b, b.random.below(17));
      b.emit({ ...byCl, rm });
    });
  }
}

/** BT BTS BTR BTC. With a register as bit offset the operand in memory is a bit string of any length. */
function bitTest(b: SequenceBuilder): void {
  const size = b.size(false);
  const operation = b.random.below(4);
  const writes = operation !== 0;
  const effect = { defines: CF, undefines: OF | SF | AF | PF };
  if (b.random.chance(0.5)) {
    const rm = b.operand(size, writes);
    const immediate = { value: b.random.below(256), bytes: 1 };
    const prefixes = writes ? maybeLock(b, rm) : [];
    b.emit({ ...effect, opcode: [0x0f, 0xba], size, rm, reg: 4 + operation, immediate, prefixes });
    return;
  }
  const opcode = [0x0f, 0xa3 + operation * 8];
  const isMemory = b.random.chance(0.5);
  if (!isMemory) {
    b.emit({ ...effect, opcode, size, rm: b.register(b.destination()), reg: b.source() });
    return;
  }
  b.group(() => {
    const offset = b.random.between(-300, 300);
    b.emit({ opcode: [0xb8], size: 32, opcodeRegister: 0, immediate: { value: offset, bytes: 4 } });
    if (b.bits === 64 && b.random.chance(0.7)) b.emit({ opcode: [0x98], size: 64 });
    const rm = b.memory(size / 8);
    const prefixes = writes ? maybeLock(b, rm) : [];
    b.emit({ ...effect, opcode, size, rm, reg: 0, prefixes });
  });
}

/** BSF and BSR leave the destination alone for zero: not promised for 32 bits, where the upper half may be cleared. */
function scan(b: SequenceBuilder): void {
  const size = b.size(false);
  const opcode = [0x0f, b.random.pick([0xbc, 0xbd])];
  const effect = { defines: ZF, undefines: CF | OF | SF | AF | PF };
  if (size !== 32 || b.bits === 32) {
    b.emit({ ...effect, opcode, size, rm: b.operand(size, false), reg: b.destination() });
    return;
  }
  b.group(() => {
    const source = b.destination();
    const immediate = { value: 1n << BigInt(b.random.below(31)), bytes: 4 };
    b.emit({
      opcode: [0x81],
      size: 32,
      rm: b.register(source),
      reg: 1,
      immediate,
      defines: STATUS,
      undefines: AF,
    });
    b.emit({ ...effect, opcode, size, rm: b.register(source), reg: b.destination() });
  });
}

function count(b: SequenceBuilder): void {
  const size = b.size(false);
  const rm = b.operand(size, false);
  const [opcode, effect] = b.random.pick([
    [0xb8, { defines: STATUS }],
    [0xbc, { defines: CF | ZF, undefines: OF | SF | PF | AF }],
    [0xbd, { defines: CF | ZF, undefines: OF | SF | PF | AF }],
  ] as const);
  b.emit({ ...effect, opcode: [0x0f, opcode], prefixes: [0xf3], size, rm, reg: b.destination() });
}

/** ANDN, BEXTR, BLSR, BLSMSK, BLSI. */
function bmi1(b: SequenceBuilder): void {
  const size = b.bits === 64 ? b.random.pick([32, 64] as const) : 32;
  const rm = b.operand(size, false);
  const kind = b.random.below(5);
  const blended = { defines: STATUS, undefines: AF | PF };
  if (kind === 0) {
    const vex = { map: 2, pp: 0, vvvv: b.source() };
    b.emit({ ...blended, opcode: [0xf2], size, rm, reg: b.destination(), vex });
  } else if (kind === 1) {
    const vex = { map: 2, pp: 0, vvvv: b.source() };
    const effect = { defines: STATUS, undefines: AF | SF | PF };
    b.emit({ ...effect, opcode: [0xf7], size, rm, reg: b.destination(), vex });
  } else {
    const destination = b.destination();
    b.clobber(destination);
    b.emit({
      ...blended,
      opcode: [0xf3],
      size,
      rm,
      reg: kind - 1,
      vex: { map: 2, pp: 0, vvvv: destination },
    });
  }
}

/** BZHI, MULX, PDEP, PEXT, RORX, SARX, SHLX, SHRX. */
function bmi2(b: SequenceBuilder): void {
  const size = b.bits === 64 ? b.random.pick([32, 64] as const) : 32;
  const rm = b.operand(size, false);
  const reg = b.destination();
  const kind = b.random.below(8);
  const vex = (pp: number, vvvv: number, map = 2) => ({ map, pp, vvvv });
  if (kind === 0) {
    const effect = { defines: STATUS, undefines: AF | PF };
    b.emit({ ...effect, opcode: [0xf5], size, rm, reg, vex: vex(0, b.source()) });
  } else if (kind === 1) {
    const low = b.destination();
    b.clobber(low);
    b.emit({ opcode: [0xf6], size, rm, reg, vex: vex(3, low) });
  } else if (kind === 2) b.emit({ opcode: [0xf5], size, rm, reg, vex: vex(3, b.source()) });
  else if (kind === 3) b.emit({ opcode: [0xf5], size, rm, reg, vex: vex(2, b.source()) });
  else if (kind === 4) {
    const immediate = { value: b.random.below(256), bytes: 1 };
    b.emit({ opcode: [0xf0], size, rm, reg, immediate, vex: vex(3, 0, 3) });
  } else b.emit({ opcode: [0xf7], size, rm, reg, vex: vex(kind - 4, b.source()) });
}

export const BIT_FAMILIES: readonly Family[] = [
  { name: 'shift', weight: 12, emit: shift },
  { name: 'double-shift', weight: 4, emit: doubleShift },
  { name: 'bit-test', weight: 6, emit: bitTest },
  { name: 'scan', weight: 3, emit: scan },
  { name: 'count', weight: 4, needs: ['popcnt', 'abm', 'bmi1'], emit: count },
  { name: 'bmi1', weight: 4, needs: ['bmi1'], emit: bmi1 },
  { name: 'bmi2', weight: 5, needs: ['bmi2'], emit: bmi2 },
];
