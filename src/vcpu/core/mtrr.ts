// Memory type range registers (SDM vol. 3, 11.11). Types have no effect here: there is no cache. The registers obey the
// rules for reserved bits.
import {
  CPU_MSR_MTRR_DEF_TYPE,
  CPU_MSR_MTRR_FIXED,
  CPU_MSR_MTRR_VARIABLE,
  CPU_PHYS_MASK,
} from '../../memory/layout';
import { FEATURE_MTRR } from '../cpu-features';
import { areMtrrTypes, isMtrrType } from './memory-type';
import {
  IA32_MTRRCAP,
  IA32_MTRR_DEF_TYPE,
  IA32_MTRR_FIX16K_80000,
  IA32_MTRR_FIX16K_A0000,
  IA32_MTRR_FIX4K_C0000,
  IA32_MTRR_FIX4K_F8000,
  IA32_MTRR_FIX64K_00000,
  IA32_MTRR_PHYSBASE0,
} from './msr-numbers';
import { give } from './msr-result';
import { hasFeature } from './state';

const VARIABLE_RANGES: u32 = 8;
const CAP_FIXED: u64 = 0x100;
const CAP_WC: u64 = 0x400;
/** Type, FE and E. */
const DEF_TYPE_BITS: u64 = 0xcff;
const MASK_VALID: u64 = 0x800;
const PAGE: u64 = 0xfffffffffffff000;
const FIXED_REGISTERS: u32 = 11;

/** Position of a fixed-range register, or -1. */
function fixedIndex(index: u32): i32 {
  if (index == IA32_MTRR_FIX64K_00000) return 0;
  if (index == IA32_MTRR_FIX16K_80000) return 1;
  if (index == IA32_MTRR_FIX16K_A0000) return 2;
  if (index >= IA32_MTRR_FIX4K_C0000 && index <= IA32_MTRR_FIX4K_F8000) return 3 + <i32>(index - IA32_MTRR_FIX4K_C0000);
  return -1;
}

function isVariable(index: u32): bool {
  return index - IA32_MTRR_PHYSBASE0 < VARIABLE_RANGES * 2;
}

// @ts-ignore: decorator
@inline
function variableAddress(cpu: usize, index: u32): usize {
  return cpu + CPU_MSR_MTRR_VARIABLE + (<usize>(index - IA32_MTRR_PHYSBASE0) << 3);
}

// @ts-ignore: decorator
@inline
function fixedAddress(cpu: usize, position: i32): usize {
  return cpu + CPU_MSR_MTRR_FIXED + (<usize>position << 3);
}

export function isMtrr(index: u32): bool {
  return index == IA32_MTRRCAP || index == IA32_MTRR_DEF_TYPE || isVariable(index) || fixedIndex(index) >= 0;
}

/** False is #GP: the model has no MTRRs. */
export function readMtrr(cpu: usize, index: u32): bool {
  if (!hasFeature(cpu, FEATURE_MTRR)) return false;
  if (index == IA32_MTRRCAP) return give(VARIABLE_RANGES | CAP_FIXED | CAP_WC);
  if (index == IA32_MTRR_DEF_TYPE) return give(load<u64>(cpu, CPU_MSR_MTRR_DEF_TYPE));
  if (isVariable(index)) return give(load<u64>(variableAddress(cpu, index)));
  return give(load<u64>(fixedAddress(cpu, fixedIndex(index))));
}

/** False is #GP: MTRRCAP, a reserved bit or a memory type that does not exist (SDM vol. 3, 11.11.2). */
export function writeMtrr(cpu: usize, index: u32, value: u64): bool {
  if (!hasFeature(cpu, FEATURE_MTRR) || index == IA32_MTRRCAP) return false;
  if (index == IA32_MTRR_DEF_TYPE) {
    if (value & ~DEF_TYPE_BITS || !isMtrrType(<u32>value & 0xff)) return false;
    store<u64>(cpu, value, CPU_MSR_MTRR_DEF_TYPE);
    return true;
  }
  if (isVariable(index)) return writeVariable(cpu, index, value);
  if (!areMtrrTypes(value)) return false;
  store<u64>(fixedAddress(cpu, fixedIndex(index)), value);
  return true;
}

/** Even numbers are bases, odd ones masks. */
function writeVariable(cpu: usize, index: u32, value: u64): bool {
  const address = load<u64>(cpu, CPU_PHYS_MASK) & PAGE;
  if (index & 1) {
    if (value & ~(address | MASK_VALID)) return false;
  } else if (value & ~(address | 0xff) || !isMtrrType(<u32>value & 0xff)) {
    return false;
  }
  store<u64>(variableAddress(cpu, index), value);
  return true;
}

/** Power-up: MTRRs disabled (SDM vol. 3, table 9-1). */
export function resetMtrrs(cpu: usize): void {
  store<u64>(cpu, 0, CPU_MSR_MTRR_DEF_TYPE);
  memory.fill(cpu + CPU_MSR_MTRR_FIXED, 0, <usize>FIXED_REGISTERS << 3);
  memory.fill(cpu + CPU_MSR_MTRR_VARIABLE, 0, <usize>VARIABLE_RANGES << 4);
}
