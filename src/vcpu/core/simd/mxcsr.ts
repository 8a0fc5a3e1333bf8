// MXCSR during one instruction: its control bits, the exceptions met so far, and what becomes of them at the end
// (SDM vol. 1, 11.5).
import { CPU_CR4, CPU_MXCSR, CPU_SCRATCH } from '../../../memory/layout';
import { CR4_OSXMMEXCPT } from '../bits';
import { raise, raiseUD, VECTOR_XM } from '../fault';

export const MXCSR_DAZ: u32 = 0x40;
export const MXCSR_MASKS: u32 = 0x1f80;
export const MXCSR_MASKS_SHIFT: u32 = 7;
export const MXCSR_ROUNDING_SHIFT: u32 = 13;
export const MXCSR_FTZ: u32 = 0x8000;
/** Bits that LDMXCSR may set: MXCSR_MASK of FXSAVE. */
export const MXCSR_VALID: u32 = 0xffff;

/** MXCSR of the running instruction. */
export let control: u32 = 0;
/** Exceptions of operands: invalid, denormal, zero divide. All lanes are looked at for these before any is computed. */
export let before: u32 = 0;
/** Exceptions of results: overflow, underflow, inexact. */
export let after: u32 = 0;
/** 64 bytes of the page group in which a slow path may lay out lanes. */
export let lanes: usize = 0;

/** Starts an instruction that obeys MXCSR. */
// @ts-ignore: decorator
@inline
export function begin(cpu: usize): void {
  control = load<u32>(cpu, CPU_MXCSR);
  before = 0;
  after = 0;
  lanes = cpu + CPU_SCRATCH;
}

// @ts-ignore: decorator
@inline
export function noteBefore(events: u32): void {
  before |= events;
}

// @ts-ignore: decorator
@inline
export function noteAfter(events: u32): void {
  after |= events;
}

/**
 * Ends a stage of an instruction that computes in several (DPPS): true if an unmasked exception keeps the next one from
 * being started. Masked exceptions of this stage are kept whatever happens later.
 */
export function stageFails(): bool {
  if (!areMasked(before | after)) return true;
  before |= after;
  after = 0;
  return false;
}

// @ts-ignore: decorator
@inline
export function rounding(): i32 {
  return <i32>((control >> MXCSR_ROUNDING_SHIFT) & 3);
}

/** True if all of the exceptions `events` are masked. */
// @ts-ignore: decorator
@inline
export function areMasked(events: u32): bool {
  return (~(control >> MXCSR_MASKS_SHIFT) & events & 0x3f) == 0;
}

/**
 * Ends the instruction before it writes its destination: sets the flags, and raises #XM (or #UD without
 * CR4.OSXMMEXCPT) for what is not masked. An unmasked exception of an operand hides those of results.
 */
// @ts-ignore: decorator
@inline
export function settle(cpu: usize): void {
  if (before | after) settleEvents(cpu);
}

function settleEvents(cpu: usize): void {
  const unmasked = ~(load<u32>(cpu, CPU_MXCSR) >> MXCSR_MASKS_SHIFT);
  const events = before & unmasked & 0x3f ? before : before | after;
  store<u32>(cpu, load<u32>(cpu, CPU_MXCSR) | events, CPU_MXCSR);
  if (!(events & unmasked & 0x3f)) return;
  if (!(load<u64>(cpu, CPU_CR4) & CR4_OSXMMEXCPT)) raiseUD(cpu);
  raise(cpu, VECTOR_XM);
}
