// What translated regions (src/vcpu/jit) call: accesses that miss the TLB, and flags from their lazy form.
import {
  CPU_ALIGNMENT_CHECK,
  CPU_CR2,
  CPU_CURRENT_RECORD,
  CPU_FAULT_ERROR,
  CPU_FAULT_HAS_ERROR,
  CPU_FAULT_PENDING,
  CPU_FAULT_VECTOR,
  CPU_MODE,
  CPU_TLB,
  DATA_RECORD,
  MODE_CODE64,
  MODE_CODE_MASK,
  MODE_CPL_MASK,
  MODE_LONG,
  RECORD_ADDRESS,
  REGION_RECORDS_BASE,
  REGION_RECORDS_FIRST,
  STACK_RECORD,
  TLB_READ,
  TLB_WRITE,
} from '../../memory/layout';
import { isCanonical, readSlow, writeSlow } from './access';
import { SEG_SS } from './bits';
import { VECTOR_AC, VECTOR_GP, VECTOR_PF, VECTOR_SS } from './fault';
import { AUX_AF, AUX_CF, AUX_OVERFLOW_BITS, AUX_SIGN } from './flags';
import { ACCESS_READ, ACCESS_WRITE, walkError } from './paging';
import { entryOf, FAULTED, translateSoftly } from './tlb';
import { mulSigned, productHigh } from './wide';
import { undefinedHandler, unavailableAvx, unavailableMmx, unavailableSse, unavailableX87 } from './unavailable';
import { staleHandler } from './stale';

const PAGE: u64 = 0xfffffffffffff000;

/** `what` of the accesses: the size in bytes, and this bit if the operand is in the stack segment. */
const STACK_OPERAND: u32 = 32;
/** Part of a vector, whose alignment is not checked here. */
const VECTOR_PART: u32 = 64;

/** The stand-ins for the records of translated instructions while their accesses take the slow path. */
export function prepareRegionRecords(): void {
  store<u8>(STACK_RECORD, <u8>(SEG_SS << 4), RECORD_ADDRESS);
  store<u32>(REGION_RECORDS_BASE, REGION_RECORDS_FIRST);
}

/** Handlers that stand for no instruction, by number from 0; 0 after the last. */
export function specialHandler(index: u32): u32 {
  switch (index) {
    case 0: return undefinedHandler;
    case 1: return unavailableX87;
    case 2: return unavailableMmx;
    case 3: return unavailableSse;
    case 4: return unavailableAvx;
    case 5: return staleHandler;
    default: return 0;
  }
}

/** Leaves an exception for resume(), once the region has stored its state and returned 0. */
function note(cpu: usize, vector: u32, error: u32, hasError: u32): void {
  store<u32>(cpu, vector, CPU_FAULT_VECTOR);
  store<u32>(cpu, error, CPU_FAULT_ERROR);
  store<u32>(cpu, hasError, CPU_FAULT_HAS_ERROR);
  store<u32>(cpu, 1, CPU_FAULT_PENDING);
}

function isMapped(cpu: usize, linear: u64, access: u32): bool {
  const tlb = <usize>load<u32>(cpu, CPU_TLB);
  const entry = entryOf(tlb, linear);
  const tag = access == ACCESS_WRITE ? load<u64>(entry, TLB_WRITE) : load<u64>(entry, TLB_READ);
  if (tag == (linear & PAGE)) return true;
  if (translateSoftly(cpu, tlb, linear, access) != FAULTED) return true;
  store<u64>(cpu, linear, CPU_CR2);
  note(cpu, VECTOR_PF, walkError, 1);
  return false;
}

/** Whether the whole operand may be accessed; if not, notes what the access raises, in the order of access.ts. */
function isAllowed(cpu: usize, linear: u64, what: u32, access: u32): bool {
  const size = what & 31;
  const mode = load<u32>(cpu, CPU_MODE);
  const isStack = (what & STACK_OPERAND) != 0;
  store<u32>(cpu, isStack ? STACK_RECORD : DATA_RECORD, CPU_CURRENT_RECORD);
  if ((mode & MODE_CODE_MASK) == MODE_CODE64 && !(isCanonical(linear) && isCanonical(linear + (size - 1)))) {
    note(cpu, isStack ? VECTOR_SS : VECTOR_GP, 0, 1);
    return false;
  }
  const isChecked = !(what & VECTOR_PART) && size <= 8 && load<u32>(cpu, CPU_ALIGNMENT_CHECK) != 0;
  if (isChecked && <u32>linear & (size - 1) && (mode & MODE_CPL_MASK) == 3) {
    note(cpu, VECTOR_AC, 0, 1);
    return false;
  }
  const address = mode & MODE_LONG ? linear : linear & 0xffffffff;
  if (!isMapped(cpu, address, access)) return false;
  const end = linear + (size - 1);
  const last = mode & MODE_LONG ? end : end & 0xffffffff;
  return (last & PAGE) == (address & PAGE) || isMapped(cpu, last & PAGE, access);
}

/** Reads 1, 2, 4 or 8 bytes; 0 with CPU_FAULT_PENDING set if that faults. */
export function slowRead(cpu: usize, linear: u64, what: u32): u64 {
  if (!isAllowed(cpu, linear, what, ACCESS_READ)) return 0;
  return readSlow(cpu, <usize>load<u32>(cpu, CPU_TLB), linear, what & 31);
}

/** Writes 1, 2, 4 or 8 bytes, or nothing with CPU_FAULT_PENDING set. */
export function slowWrite(cpu: usize, linear: u64, value: u64, what: u32): void {
  if (!isAllowed(cpu, linear, what, ACCESS_WRITE)) return;
  writeSlow(cpu, <usize>load<u32>(cpu, CPU_TLB), linear, what & 31, value);
}

/** Sets CPU_FAULT_PENDING if a write would fault: before the parts of an operand of 16 bytes, or of one that is read first. */
export function slowCheckWrite(cpu: usize, linear: u64, what: u32): void {
  isAllowed(cpu, linear, what, ACCESS_WRITE);
}

// Lazy flags of regions: a kind (operation, operand size as a power of two), its operands and result, whose upper bits do
// not matter, and a carry that overrides the kind's.
const KIND_RAW: u32 = 0;
const KIND_LOGIC: u32 = 1;
const KIND_ADD: u32 = 2;
const KIND_SUB: u32 = 3;
const KIND_SHL: u32 = 4;
const KIND_SHR: u32 = 5;
const KIND_SAR: u32 = 6;
const KIND_IMUL: u32 = 7;
const KIND_SIZE_SHIFT: u32 = 4;

/** Carry of a lazy state: -1 none, 0 or 1 the carry alone, CARRY_AND_OVERFLOW with bits 0 and 2 carry and overflow. */
const CARRY_NONE: i32 = -1;
const CARRY_AND_OVERFLOW: i32 = 2;

/** CPU_FLAG_RESULT of a lazy state. */
export function flagResult(kind: u32, r: u64): u64 {
  if ((kind & 15) == KIND_RAW) return r;
  const size = kind >> KIND_SIZE_SHIFT;
  if (size == 0) return <u64><i64><i8>r;
  if (size == 1) return <u64><i64><i16>r;
  return size == 2 ? <u64><i64><i32>r : r;
}

// @ts-ignore: decorator
@inline
function auxOf(cf: u32, over: u32): u32 {
  return (cf << 31) | ((cf ^ over) << 30);
}

/** The two top bits and bit 3 of a carry vector, in their places. */
function auxOfVector(size: u32, carries: u64): u32 {
  const top: u32 = (8 << size) - 2;
  return (<u32>(carries >> top) << 30) | (<u32>carries & AUX_AF);
}

function baseAux(kind: u32, a: u64, b: u64, r: u64): u32 {
  const size = kind >> KIND_SIZE_SHIFT;
  const bits: u32 = 8 << size;
  const mask = <u64>-1 >> (64 - bits);
  switch (kind & 15) {
    case KIND_RAW: return <u32>a;
    case KIND_ADD: return auxOfVector(size, (a & b) | ((a | b) & ~r));
    case KIND_SUB: return auxOfVector(size, (~a & b) | ((~a | b) & r));
    case KIND_SHL: {
      const cf = b <= <u64>bits ? <u32>((a & mask) >> (<u64>bits - b)) & 1 : 0;
      return auxOf(cf, cf ^ (<u32>(r >> (bits - 1)) & 1));
    }
    case KIND_SHR: return auxOf(<u32>((a & mask) >> (b - 1)) & 1, <u32>(a >> (bits - 1)) & 1);
    case KIND_SAR: return auxOf(<u32>(<i64>flagResult(kind, a) >> (b - 1)) & 1, 0);
    case KIND_IMUL: {
      if (size < 3) {
        const product = <i64>flagResult(kind, a) * <i64>flagResult(kind, b);
        return product != <i64>flagResult(kind, product) ? AUX_CF : 0;
      }
      const low = mulSigned(a, b);
      return <i64>productHigh != <i64>low >> 63 ? AUX_CF : 0;
    }
    default: return 0;
  }
}

/** CPU_FLAG_AUX of a lazy state. */
export function flagAux(kind: u32, a: u64, b: u64, r: u64, carry: i32): u32 {
  const aux = baseAux(kind, a, b, r);
  if (carry == CARRY_NONE) return aux;
  if (carry & CARRY_AND_OVERFLOW) return (aux & ~AUX_OVERFLOW_BITS) | auxOf(<u32>carry & 1, (<u32>carry >> 2) & 1);
  return aux >> 31 != <u32>carry ? aux ^ AUX_OVERFLOW_BITS : aux;
}

/** Condition `cc` (SDM vol. 1, appendix B) of a lazy state. */
export function flagCondition(kind: u32, a: u64, b: u64, r: u64, carry: i32, cc: u32): u32 {
  const aux = flagAux(kind, a, b, r, carry);
  const result = flagResult(kind, r);
  const cf = aux >> 31;
  const over = cf ^ ((aux >> 30) & 1);
  const zf = <u32>(result == 0);
  const sf = <u32>(result >> 63) ^ (aux & AUX_SIGN);
  let holds: u32;
  switch (cc >> 1) {
    case 0: holds = over; break;
    case 1: holds = cf; break;
    case 2: holds = zf; break;
    case 3: holds = cf | zf; break;
    case 4: holds = sf; break;
    case 5: holds = ~popcnt<u32>((<u32>result ^ (aux >> 8)) & 0xff) & 1; break;
    case 6: holds = sf ^ over; break;
    default: holds = zf | (sf ^ over);
  }
  return holds ^ (cc & 1);
}
