// 3DNow! and its extensions (AMD APM vol. 5): two singles in an MMX register, always rounded to nearest, without infinities, NaNs
// or exceptions. 0F 0F is followed by the operands and then by the operation.
import { FEATURE_NOW3D, FEATURE_NOW3DEXT } from '../../cpu-features';
import { RECORD_IMM, RECORD_REG, RECORD_RM } from '../../../memory/layout';
import { readAddress } from '../address';
import { read } from '../access';
import { raiseUD } from '../fault';
import { defineOne, MAP_0F, OP_IMM8, OP_MMX, OP_MODRM, OP_REGNUM, OP_RMNUM, slot } from '../opcode-table';
import { hasFeature, next } from '../state';
import { isMemory } from '../simd/operands';
import { EMMS, enterMmx, getMm, setMm } from './mmx';
import { wait } from './x87-state';

const LEAST_NORMAL: f32 = 1.17549435e-38;
const MOST: f32 = 3.40282347e38;

// Operations: the byte at the instruction's end.
const PI2FW: u32 = 0x0c;
const PI2FD: u32 = 0x0d;
const PF2IW: u32 = 0x1c;
const PF2ID: u32 = 0x1d;
const PFNACC: u32 = 0x8a;
const PFPNACC: u32 = 0x8e;
const PFCMPGE: u32 = 0x90;
const PFMIN: u32 = 0x94;
const PFRCP: u32 = 0x96;
const PFRSQRT: u32 = 0x97;
const PFSUB: u32 = 0x9a;
const PFADD: u32 = 0x9e;
const PFCMPGT: u32 = 0xa0;
const PFMAX: u32 = 0xa4;
const PFRCPIT1: u32 = 0xa6;
const PFRSQIT1: u32 = 0xa7;
const PFSUBR: u32 = 0xaa;
const PFACC: u32 = 0xae;
const PFCMPEQ: u32 = 0xb0;
const PFMUL: u32 = 0xb4;
const PFRCPIT2: u32 = 0xb6;
const PMULHRW: u32 = 0xb7;
const PSWAPD: u32 = 0xbb;
const PAVGUSB: u32 = 0xbf;

// @ts-ignore: decorator
@inline
function single(value: u64, index: u64): f32 {
  return reinterpret<f32>(<u32>(value >> (index << 5)));
}

// @ts-ignore: decorator
@inline
function pair(low: u32, high: u32): u64 {
  return <u64>low | (<u64>high << 32);
}

/** Results too big become the biggest number, too small ones zero (APM vol. 5, "PFADD"). */
function limited(value: f32): u32 {
  const size = abs<f32>(value);
  if (size > MOST) return reinterpret<u32>(copysign<f32>(MOST, value));
  if (size < LEAST_NORMAL) return reinterpret<u32>(copysign<f32>(0, value));
  return reinterpret<u32>(value);
}

/** Rounded toward zero (APM vol. 5, "PI2FD"). */
function truncatedSingle(value: i32): u32 {
  const rounded = <f32>value;
  const bits = reinterpret<u32>(rounded);
  // A magnitude that was rounded up has the next number below it.
  return abs<f64>(<f64>rounded) > abs<f64>(<f64>value) ? bits - 1 : bits;
}

/** Numbers too big become the biggest or the smallest integer (APM vol. 5, "PF2ID"). */
function truncatedInteger(value: f32): i32 {
  if (!(value < 2147483648)) return i32.MAX_VALUE;
  return value < -2147483648 ? i32.MIN_VALUE : <i32>value;
}

/** Both numbers, one operation each. */
function arithmetic(operation: u32, a: f32, b: f32): u32 {
  switch (operation) {
    case PFADD: return limited(a + b);
    case PFSUB: return limited(a - b);
    case PFSUBR: return limited(b - a);
    case PFMUL: return limited(a * b);
    case PFMIN: return reinterpret<u32>(b < a ? b : a);
    case PFMAX: return reinterpret<u32>(a < b ? b : a);
    case PFCMPEQ: return a == b ? 0xffffffff : 0;
    case PFCMPGE: return a >= b ? 0xffffffff : 0;
    case PFCMPGT: return a > b ? 0xffffffff : 0;
    case PF2ID: return <u32>truncatedInteger(b);
    case PF2IW: {
      const whole = truncatedInteger(b);
      return <u32>(whole < -32768 ? -32768 : whole > 32767 ? 32767 : whole);
    }
    case PI2FD: return truncatedSingle(reinterpret<i32>(b));
    default: return truncatedSingle(<i32><i16>reinterpret<u32>(b));
  }
}

/** 1 / x, or 1 / sqrt(|x|) with the sign of x, exact but for its rounding; the refining steps then have nothing to add. */
function reciprocal(operation: u32, x: f32): u32 {
  if (operation == PFRCP) return limited(<f32>1 / x);
  return limited(copysign<f32>(<f32>1 / sqrt<f32>(abs<f32>(x)), x));
}

/** Rounded upper halves of the products of signed words. */
function multiplyWords(a: u64, b: u64): u64 {
  let result: u64 = 0;
  for (let shift: u64 = 0; shift < 64; shift += 16) {
    const product = <i32><i16>(a >> shift) * <i32><i16>(b >> shift);
    result |= (<u64>((product + 0x8000) >> 16) & 0xffff) << shift;
  }
  return result;
}

function averageBytes(a: u64, b: u64): u64 {
  let result: u64 = 0;
  for (let shift: u64 = 0; shift < 64; shift += 8) result |= ((((a >> shift) & 0xff) + ((b >> shift) & 0xff) + 1) >> 1) << shift;
  return result;
}

function compute(operation: u32, a: u64, b: u64): u64 {
  switch (operation) {
    case PFRCP:
    case PFRSQRT: {
      const value = reciprocal(operation, single(b, 0));
      return pair(value, value);
    }
    case PFRCPIT1:
    case PFRSQIT1:
    case PFRCPIT2: return b;
    case PFACC: return pair(limited(single(a, 0) + single(a, 1)), limited(single(b, 0) + single(b, 1)));
    case PFNACC: return pair(limited(single(a, 0) - single(a, 1)), limited(single(b, 0) - single(b, 1)));
    case PFPNACC: return pair(limited(single(a, 0) - single(a, 1)), limited(single(b, 0) + single(b, 1)));
    case PMULHRW: return multiplyWords(a, b);
    case PAVGUSB: return averageBytes(a, b);
    case PSWAPD: return rotl<u64>(b, 32);
    default:
      return pair(
        arithmetic(operation, single(a, 0), single(b, 0)),
        arithmetic(operation, single(a, 1), single(b, 1)),
      );
  }
}

function isExtension(operation: u32): bool {
  return operation == PI2FW || operation == PF2IW || operation == PFNACC || operation == PFPNACC || operation == PSWAPD;
}

function isDefined(operation: u32): bool {
  if (isExtension(operation)) return true;
  switch (operation) {
    case PI2FD: case PF2ID: case PFCMPGE: case PFMIN: case PFRCP: case PFRSQRT: case PFSUB: case PFADD: case PFCMPGT: case PFMAX:
    case PFRCPIT1: case PFRSQIT1: case PFSUBR: case PFACC: case PFCMPEQ: case PFMUL: case PFRCPIT2: case PMULHRW: case PAVGUSB:
      return true;
    default:
      return false;
  }
}

function THREE_D_NOW(cpu: usize, record: usize): usize {
  const operation = <u32>load<u8>(record, RECORD_IMM);
  if (!isDefined(operation) || (isExtension(operation) && !hasFeature(cpu, FEATURE_NOW3DEXT))) raiseUD(cpu);
  wait(cpu, record);
  const b = isMemory(record) ? read<u64>(cpu, readAddress<u64>(cpu, record)) : getMm(cpu, load<u8>(record, RECORD_RM));
  const destination = <u32>load<u8>(record, RECORD_REG);
  const result = compute(operation, getMm(cpu, destination), b);
  enterMmx(cpu);
  setMm(cpu, destination, result);
  return next(record);
}

export function register3dNow(): void {
  defineOne(slot(MAP_0F, 0x0f), OP_MODRM | OP_MMX | OP_REGNUM | OP_RMNUM | OP_IMM8, FEATURE_NOW3D, THREE_D_NOW);
  // FEMMS may leave the registers undefined; it is EMMS.
  defineOne(slot(MAP_0F, 0x0e), OP_MMX, FEATURE_NOW3D, EMMS);
}
