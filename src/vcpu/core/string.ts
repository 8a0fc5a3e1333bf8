// MOVS STOS LODS CMPS SCAS, with REP and its bulk paths. INS and OUTS: io.ts.
import {
  BLOCK_FLAT,
  BLOCK_SINGLE,
  CPU_ATTENTION_MASK,
  CPU_BLOCK_MODE,
  CPU_EFLAGS,
  CPU_PENDING,
  CPU_RAX,
  CPU_RCX,
  CPU_RDI,
  CPU_RSI,
  CPU_SEG_ATTRIBUTES,
  CPU_SEG_LIMIT,
  CPU_TLB,
  INFO_ADDRSIZE_SHIFT,
  INFO_REP,
  INFO_REPNE,
  RECORD_ADDRESS,
  TLB_ADDEND,
  TLB_READ,
  TLB_WRITE,
} from '../../memory/layout';
import { checkAlignment, checkRead, checkWrite, read, write } from './access';
import { segmentAddress } from './address';
import { alu, CMP } from './alu';
import { ATTR_CODE, ATTR_EXPAND_DOWN, FLAG_DF, FLAG_RF, SEG_ES, SEG_FS } from './bits';
import { branchTo } from './block';
import { define, defineOne, MAP_ONE, slot } from './opcode-table';
import { shortenSlice } from './run';
import { info, instructionRip, is64, next, putGpr } from './state';
import { entryOf } from './tlb';

/** Most elements moved before interrupts are looked at again. */
const SLICE: u64 = 65536;

/** Mask of an index register or the counter for the record's address size. */
export function indexMask(record: usize): u64 {
  const size = (info(record) >> INFO_ADDRSIZE_SHIFT) & 3;
  return size == 2 ? 0xffffffffffffffff : size == 1 ? 0xffffffff : 0xffff;
}

/** Writes an index register: 32 bits clear the upper half, 16 bits leave the rest. */
export function putIndex(cpu: usize, register: usize, value: u64, mask: u64): void {
  if (mask == 0xffff) store<u16>(cpu + register, <u16>value);
  else store<u64>(cpu + register, value & mask);
}

// @ts-ignore: decorator
@inline
export function isRepeated(record: usize): bool {
  return (info(record) & (INFO_REP | INFO_REPNE)) != 0;
}

/** Segment of the source operand: DS unless overridden. */
// @ts-ignore: decorator
@inline
export function sourceSegment(record: usize): u32 {
  return <u32>load<u8>(record, RECORD_ADDRESS) >> 4;
}

/** How many bytes of the segment lie at and above `offset`, as far as a bulk operation may go. */
function segmentRoom(cpu: usize, segment: u32, offset: u64, mask: u64): u64 {
  const toWrap = mask - offset;
  const room = toWrap == 0xffffffffffffffff ? toWrap : toWrap + 1;
  if (is64(cpu)) return room;
  if (load<u32>(cpu, CPU_BLOCK_MODE) & BLOCK_FLAT && segment < SEG_FS) return room;
  const attributes = load<u32>(cpu + (segment << 2), CPU_SEG_ATTRIBUTES);
  if ((attributes & (ATTR_EXPAND_DOWN | ATTR_CODE)) == ATTR_EXPAND_DOWN) return 0;
  const limit = <u64>load<u32>(cpu + (segment << 2), CPU_SEG_LIMIT);
  if (offset > limit) return 0;
  return min<u64>(room, limit - offset + 1);
}

// @ts-ignore: decorator
@inline
function pageRoom(linear: u64): u64 {
  return 4096 - (linear & 4095);
}

/** Host address of a byte that is read (or written) through the TLB, 0 if it needs the slow path. Raises #PF. */
export function readHost(cpu: usize, linear: u64): usize {
  const entry = entryOf(load<u32>(cpu, CPU_TLB), linear);
  if (load<u64>(entry, TLB_READ) != (linear & ~(<u64>4095))) {
    checkRead(cpu, linear, 1);
    if (load<u64>(entry, TLB_READ) != (linear & ~(<u64>4095))) return 0;
  }
  return <usize>(<u32>linear + load<u32>(entry, TLB_ADDEND));
}
function writeHost(cpu: usize, linear: u64): usize {
  const entry = entryOf(load<u32>(cpu, CPU_TLB), linear);
  if (load<u64>(entry, TLB_WRITE) != (linear & ~(<u64>4095))) {
    checkWrite(cpu, linear, 1);
    if (load<u64>(entry, TLB_WRITE) != (linear & ~(<u64>4095))) return 0;
  }
  return <usize>(<u32>linear + load<u32>(entry, TLB_ADDEND));
}

/** Something waits, or one iteration at a time is asked for: the instruction is left with its registers up to date. */
// @ts-ignore: decorator
@inline
export function mustPause(cpu: usize): bool {
  return (
    (load<u32>(cpu, CPU_BLOCK_MODE) & BLOCK_SINGLE) != 0 ||
    (atomic.load<u32>(cpu + CPU_PENDING) & load<u32>(cpu, CPU_ATTENTION_MASK)) != 0
  );
}

/** The counter. One of 32 bits loses the upper half of RCX even when it is zero, as on Intel's processors. */
function repeatCount(cpu: usize, mask: u64): u64 {
  const count = load<u64>(cpu, CPU_RCX) & mask;
  if (!count) putIndex(cpu, CPU_RCX, 0, mask);
  return count;
}

/**
 * Leaves a repeated instruction to be entered again. RF tells whoever comes in between that it has begun, so that its
 * instruction breakpoint does not hit again (SDM vol. 3, 17.3.1.1); only breakpoints and the trap flag could tell.
 */
export function pauseRepeat(cpu: usize, record: usize): usize {
  if (load<u32>(cpu, CPU_BLOCK_MODE) & BLOCK_SINGLE) {
    store<u32>(cpu, load<u32>(cpu, CPU_EFLAGS) | FLAG_RF, CPU_EFLAGS);
  }
  return branchTo(cpu, record, instructionRip(cpu, record));
}

/** Elements of a repeated instruction that take as long as an instruction, about, where several are one step. */
const ELEMENTS_OF_INSTRUCTION_SHIFT = 4;

/** Shortens the slice by the elements that were done: it is measured in instructions, but has to end after a time. */
// @ts-ignore: decorator
@inline
function charge(cpu: usize, elements: u64): void {
  const instructions = <i32>(elements >> ELEMENTS_OF_INSTRUCTION_SHIFT);
  if (instructions) shortenSlice(cpu, instructions);
}

function pauseAfter(cpu: usize, record: usize, elements: u64): usize {
  charge(cpu, elements);
  return pauseRepeat(cpu, record);
}

// @ts-ignore: decorator
@inline
function nextAfter(cpu: usize, record: usize, elements: u64): usize {
  charge(cpu, elements);
  return next(record);
}

/** May several iterations be one step? Upward only, and not while each is to be seen alone (SDM vol. 3, 17.3.2). */
// @ts-ignore: decorator
@inline
function mayBulk(cpu: usize, backward: bool, count: u64): bool {
  return !backward && count > 1 && !(load<u32>(cpu, CPU_BLOCK_MODE) & BLOCK_SINGLE);
}

/** Elements that one bulk step may handle. */
// @ts-ignore: decorator
@inline
function bulk<T>(count: u64, roomA: u64, roomB: u64): u64 {
  return min<u64>(count, min<u64>(roomA, roomB) / sizeof<T>());
}

function movs<T>(cpu: usize, record: usize): usize {
  const mask = indexMask(record);
  const segment = sourceSegment(record);
  const backward = (load<u32>(cpu, CPU_EFLAGS) & FLAG_DF) != 0;
  const repeated = isRepeated(record);
  let count = repeated ? repeatCount(cpu, mask) : 1;
  let budget = SLICE;
  while (count) {
    const source = load<u64>(cpu, CPU_RSI) & mask;
    const destination = load<u64>(cpu, CPU_RDI) & mask;
    const from = segmentAddress(cpu, segment, source, sizeof<T>(), false);
    const to = segmentAddress(cpu, SEG_ES, destination, sizeof<T>(), true);
    // #AC comes before any page fault, as on the host.
    checkAlignment(cpu, from, sizeof<T>());
    checkAlignment(cpu, to, sizeof<T>());
    let done: u64 = 1;
    const n = !mayBulk(cpu, backward, count)
      ? 0
      : bulk<T>(
          count,
          min<u64>(pageRoom(from), segmentRoom(cpu, segment, source, mask)),
          min<u64>(pageRoom(to), segmentRoom(cpu, SEG_ES, destination, mask)),
        );
    const a = n > 1 ? readHost(cpu, from) : 0;
    const b = a ? writeHost(cpu, to) : 0;
    if (b) {
      copyForward<T>(b, a, <usize>n);
      done = n;
    } else {
      write<T>(cpu, to, read<T>(cpu, from));
    }
    const step = backward ? 0 - sizeof<T>() : done * sizeof<T>();
    putIndex(cpu, CPU_RSI, source + step, mask);
    putIndex(cpu, CPU_RDI, destination + step, mask);
    count -= done;
    if (!repeated) break;
    putIndex(cpu, CPU_RCX, count, mask);
    budget -= min<u64>(done, budget);
    if (count && (!budget || mustPause(cpu))) return pauseAfter(cpu, record, SLICE - budget);
  }
  return nextAfter(cpu, record, SLICE - budget);
}

/** Copies upward element by element, as MOVS does where the destination begins inside the source. */
function copyForward<T>(to: usize, from: usize, count: usize): void {
  const bytes = count * sizeof<T>();
  if (to - from >= bytes) {
    memory.copy(to, from, bytes);
    return;
  }
  for (let i: usize = 0; i < bytes; i += sizeof<T>()) store<T>(to + i, load<T>(from + i));
}

function stos<T>(cpu: usize, record: usize): usize {
  const mask = indexMask(record);
  const backward = (load<u32>(cpu, CPU_EFLAGS) & FLAG_DF) != 0;
  const repeated = isRepeated(record);
  const value = load<T>(cpu, CPU_RAX);
  let count = repeated ? repeatCount(cpu, mask) : 1;
  let budget = SLICE;
  while (count) {
    const destination = load<u64>(cpu, CPU_RDI) & mask;
    const to = segmentAddress(cpu, SEG_ES, destination, sizeof<T>(), true);
    checkAlignment(cpu, to, sizeof<T>());
    let done: u64 = 1;
    const n = !mayBulk(cpu, backward, count)
      ? 0
      : bulk<T>(count, pageRoom(to), segmentRoom(cpu, SEG_ES, destination, mask));
    const at = n > 1 ? writeHost(cpu, to) : 0;
    if (at) {
      fill<T>(at, value, <usize>n);
      done = n;
    } else {
      write<T>(cpu, to, value);
    }
    putIndex(cpu, CPU_RDI, destination + (backward ? 0 - sizeof<T>() : done * sizeof<T>()), mask);
    count -= done;
    if (!repeated) break;
    putIndex(cpu, CPU_RCX, count, mask);
    budget -= min<u64>(done, budget);
    if (count && (!budget || mustPause(cpu))) return pauseAfter(cpu, record, SLICE - budget);
  }
  return nextAfter(cpu, record, SLICE - budget);
}

function fill<T>(at: usize, value: T, count: usize): void {
  const byte = <u8>value;
  const same = sizeof<T>() == 1 || <T>(<u64>byte * 0x0101010101010101) == value;
  if (same) {
    memory.fill(at, byte, count * sizeof<T>());
    return;
  }
  const end = at + count * sizeof<T>();
  for (let to = at; to < end; to += sizeof<T>()) store<T>(to, value);
}

function lods<T>(cpu: usize, record: usize): usize {
  const mask = indexMask(record);
  const segment = sourceSegment(record);
  const step: u64 = load<u32>(cpu, CPU_EFLAGS) & FLAG_DF ? 0 - sizeof<T>() : sizeof<T>();
  const repeated = isRepeated(record);
  let count = repeated ? repeatCount(cpu, mask) : 1;
  let budget = SLICE;
  while (count) {
    const source = load<u64>(cpu, CPU_RSI) & mask;
    putGpr<T>(cpu, CPU_RAX, read<T>(cpu, segmentAddress(cpu, segment, source, sizeof<T>(), false)));
    putIndex(cpu, CPU_RSI, source + step, mask);
    count--;
    if (!repeated) break;
    putIndex(cpu, CPU_RCX, count, mask);
    if (count && (!--budget || mustPause(cpu))) return pauseAfter(cpu, record, SLICE - budget);
  }
  return nextAfter(cpu, record, SLICE - budget);
}

/** REPE goes on while equal, REPNE while not. */
// @ts-ignore: decorator
@inline
function goesOn(record: usize, equal: bool): bool {
  return equal == ((info(record) & INFO_REP) != 0);
}

function cmps<T>(cpu: usize, record: usize): usize {
  const mask = indexMask(record);
  const segment = sourceSegment(record);
  const backward = (load<u32>(cpu, CPU_EFLAGS) & FLAG_DF) != 0;
  const repeated = isRepeated(record);
  let count = repeated ? repeatCount(cpu, mask) : 1;
  let budget = SLICE;
  while (count) {
    const source = load<u64>(cpu, CPU_RSI) & mask;
    const destination = load<u64>(cpu, CPU_RDI) & mask;
    // Of two faults that of ES:RDI is taken, as on Intel's processors.
    const to = segmentAddress(cpu, SEG_ES, destination, sizeof<T>(), false);
    const from = segmentAddress(cpu, segment, source, sizeof<T>(), false);
    checkAlignment(cpu, to, sizeof<T>());
    checkAlignment(cpu, from, sizeof<T>());
    let done: u64 = 1;
    let a: T;
    let b: T;
    const n = !mayBulk(cpu, backward, count)
      ? 0
      : bulk<T>(
          count,
          min<u64>(pageRoom(from), segmentRoom(cpu, segment, source, mask)),
          min<u64>(pageRoom(to), segmentRoom(cpu, SEG_ES, destination, mask)),
        );
    const right = n > 1 ? readHost(cpu, to) : 0;
    const left = right ? readHost(cpu, from) : 0;
    if (left) {
      let i: usize = 0;
      a = load<T>(left);
      b = load<T>(right);
      while (goesOn(record, a == b) && done < n) {
        i += sizeof<T>();
        a = load<T>(left + i);
        b = load<T>(right + i);
        done++;
      }
    } else {
      b = read<T>(cpu, to);
      a = read<T>(cpu, from);
    }
    const step = backward ? 0 - sizeof<T>() : done * sizeof<T>();
    putIndex(cpu, CPU_RSI, source + step, mask);
    putIndex(cpu, CPU_RDI, destination + step, mask);
    count -= done;
    // Only the last comparison sets flags: a fault on the way leaves those from before (SDM vol. 2, "REP/REPE/REPNE").
    const isLast = !repeated || !count || !goesOn(record, a == b);
    if (isLast) alu<T>(cpu, CMP, a, b);
    if (repeated) putIndex(cpu, CPU_RCX, count, mask);
    if (isLast) break;
    budget -= min<u64>(done, budget);
    if (count && (!budget || mustPause(cpu))) return pauseAfter(cpu, record, SLICE - budget);
  }
  return nextAfter(cpu, record, SLICE - budget);
}

function scas<T>(cpu: usize, record: usize): usize {
  const mask = indexMask(record);
  const backward = (load<u32>(cpu, CPU_EFLAGS) & FLAG_DF) != 0;
  const repeated = isRepeated(record);
  const a = load<T>(cpu, CPU_RAX);
  let count = repeated ? repeatCount(cpu, mask) : 1;
  let budget = SLICE;
  while (count) {
    const destination = load<u64>(cpu, CPU_RDI) & mask;
    const to = segmentAddress(cpu, SEG_ES, destination, sizeof<T>(), false);
    checkAlignment(cpu, to, sizeof<T>());
    let done: u64 = 1;
    let b: T;
    const n = !mayBulk(cpu, backward, count) ? 0 : bulk<T>(count, pageRoom(to), segmentRoom(cpu, SEG_ES, destination, mask));
    const at = n > 1 ? readHost(cpu, to) : 0;
    if (at) {
      let i: usize = 0;
      b = load<T>(at);
      while (goesOn(record, a == b) && done < n) {
        i += sizeof<T>();
        b = load<T>(at + i);
        done++;
      }
    } else {
      b = read<T>(cpu, to);
    }
    putIndex(cpu, CPU_RDI, destination + (backward ? 0 - sizeof<T>() : done * sizeof<T>()), mask);
    count -= done;
    // Only the last comparison sets flags: a fault on the way leaves those from before (SDM vol. 2, "REP/REPE/REPNE").
    const isLast = !repeated || !count || !goesOn(record, a == b);
    if (isLast) alu<T>(cpu, CMP, a, b);
    if (repeated) putIndex(cpu, CPU_RCX, count, mask);
    if (isLast) break;
    budget -= min<u64>(done, budget);
    if (count && (!budget || mustPause(cpu))) return pauseAfter(cpu, record, SLICE - budget);
  }
  return nextAfter(cpu, record, SLICE - budget);
}

export function registerString(): void {
  defineOne(slot(MAP_ONE, 0xa4), 0, 0, (c, r) => movs<u8>(c, r));
  define(slot(MAP_ONE, 0xa5), 0, 0, (c, r) => movs<u16>(c, r), (c, r) => movs<u32>(c, r), (c, r) => movs<u64>(c, r));
  defineOne(slot(MAP_ONE, 0xa6), 0, 0, (c, r) => cmps<u8>(c, r));
  define(slot(MAP_ONE, 0xa7), 0, 0, (c, r) => cmps<u16>(c, r), (c, r) => cmps<u32>(c, r), (c, r) => cmps<u64>(c, r));
  defineOne(slot(MAP_ONE, 0xaa), 0, 0, (c, r) => stos<u8>(c, r));
  define(slot(MAP_ONE, 0xab), 0, 0, (c, r) => stos<u16>(c, r), (c, r) => stos<u32>(c, r), (c, r) => stos<u64>(c, r));
  defineOne(slot(MAP_ONE, 0xac), 0, 0, (c, r) => lods<u8>(c, r));
  define(slot(MAP_ONE, 0xad), 0, 0, (c, r) => lods<u16>(c, r), (c, r) => lods<u32>(c, r), (c, r) => lods<u64>(c, r));
  defineOne(slot(MAP_ONE, 0xae), 0, 0, (c, r) => scas<u8>(c, r));
  define(slot(MAP_ONE, 0xaf), 0, 0, (c, r) => scas<u16>(c, r), (c, r) => scas<u32>(c, r), (c, r) => scas<u64>(c, r));
}
