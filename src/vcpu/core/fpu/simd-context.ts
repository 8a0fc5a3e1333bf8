/**
 * What one SSE or AVX floating-point instruction needs around its element operations (Intel SDM vol. 1, 11.5): the
 * MXCSR it runs under and the flags its elements raise. An instruction calls `beginSimd`, computes every element, then
 * asks `simdFault`: if that is not zero it raises #XM and writes no result, otherwise it stores `simdStatus`.
 */
import { DENORMAL, INEXACT, INVALID, ZERO_DIVIDE } from './rounding';

/** MXCSR bits. */
export const MXCSR_DAZ: u32 = 0x40;
export const MXCSR_FTZ: u32 = 0x8000;
const MASK_SHIFT: u32 = 7;
const ALL_FLAGS: u32 = 0x3f;
const BEFORE_COMPUTING: u32 = INVALID | DENORMAL | ZERO_DIVIDE;

/** MXCSR as the instruction found it. */
export let simdControl: u32 = 0x1f80;
/** Flags raised by the elements so far. */
export let simdFlags: u32 = 0;
/** Rounding mode. */
export let simdRounding: i32 = 0;
/**
 * Whether native arithmetic can be right: round to nearest, every exception masked, neither DAZ nor FTZ. Elements then
 * need the slow path only for operands and results that are not ordinary, and to find out whether they are inexact.
 */
export let simdNative: bool = true;
/** `simdNative`, and the inexact flag is set already, so that nobody needs to know. */
export let simdQuick: bool = false;

/** Starts an instruction under an MXCSR. */
export function beginSimd(mxcsr: u32): void {
  simdControl = mxcsr;
  simdFlags = 0;
  simdRounding = i32((mxcsr >> 13) & 3);
  simdNative = (mxcsr & 0xffc0) === 0x1f80;
  simdQuick = simdNative && (mxcsr & INEXACT) !== 0;
}

/** Adds flags to those of the running instruction. */
export function raiseSimd(flags: u32): void {
  simdFlags |= flags;
}

/** Whether an exception of this kind is masked. */
export function simdMasks(flag: u32): bool {
  return ((simdControl >> MASK_SHIFT) & flag) !== 0;
}

/** The unmasked exceptions that the elements raised; not zero means #XM and no result. */
export function simdFault(): u32 {
  return simdFlags & ~(simdControl >> MASK_SHIFT) & ALL_FLAGS;
}

/**
 * The MXCSR after the instruction. An unmasked invalid, denormal or zero-divide in any element keeps the exceptions that
 * arise from computing (overflow, underflow, inexact) from being looked at in all of them (SDM vol. 1, 11.5.2, 11.5.3).
 */
export function simdStatus(): u32 {
  const before = simdFlags & BEFORE_COMPUTING;
  if (before & ~(simdControl >> MASK_SHIFT)) return simdControl | before;
  return simdControl | simdFlags;
}
