// LOCK: read-modify-write in one atomic step against all other vCPUs. Aligned operands use WebAssembly's atomics; an
// operand inside an aligned 8-byte word uses a compare-and-exchange of the word; anything else (split words, pages with
// code, devices) is done while the other vCPUs stand still.
import { ADC, ADD, AND, DEC, INC, NEG, NOT, OR, SBB, SUB, XOR } from './alu';
import { place, readForWrite, write } from './access';
import { beginExclusive, endExclusive } from './exclusive';

// @ts-ignore: decorator
@inline
function isAligned<T>(at: usize): bool {
  return (at & (sizeof<T>() - 1)) == 0;
}

/** Is the operand inside one aligned 8-byte word? */
// @ts-ignore: decorator
@inline
function inWord<T>(at: usize): bool {
  return (at & 7) + sizeof<T>() <= 8;
}

/** Compare-and-exchange of a misaligned operand inside an aligned 8-byte word; gives the old value. */
function wordCompareExchange<T>(at: usize, expected: T, replacement: T): T {
  const word = at & ~7;
  const shift = <u64>(at & 7) << 3;
  const mask = (((<u64>1) << (<u64>sizeof<T>() << 3)) - 1) << shift;
  while (true) {
    const old = atomic.load<u64>(word);
    const value = <T>((old & mask) >> shift);
    if (value != expected) return value;
    const next = (old & ~mask) | ((<u64>replacement << shift) & mask);
    if (atomic.cmpxchg<u64>(word, old, next) == old) return value;
  }
}

// @ts-ignore: decorator
@inline
function result<T>(operation: u32, a: T, b: T, c: T): T {
  switch (operation) {
    case ADD: return <T>(a + b);
    case ADC: return <T>(a + b + c);
    case SUB: return <T>(a - b);
    case SBB: return <T>(a - b - c);
    case AND: return <T>(a & b);
    case OR: return <T>(a | b);
    case XOR: return <T>(a ^ b);
    case INC: return <T>(a + 1);
    case DEC: return <T>(a - 1);
    case NEG: return <T>(0 - a);
    default: return <T>~a;
  }
}

/** Replaces the operand by operation(operand, b, carry c); gives the old value. */
// @ts-ignore: decorator
@inline
export function lockedUpdate<T>(cpu: usize, linear: u64, operation: u32, b: T, c: T): T {
  const at = place<T>(cpu, linear);
  if (at && isAligned<T>(at)) {
    if (operation == ADD) return atomic.add<T>(at, b);
    if (operation == SUB) return atomic.sub<T>(at, b);
    if (operation == ADC) return atomic.add<T>(at, <T>(b + c));
    if (operation == SBB) return atomic.sub<T>(at, <T>(b + c));
    if (operation == AND) return atomic.and<T>(at, b);
    if (operation == OR) return atomic.or<T>(at, b);
    if (operation == XOR) return atomic.xor<T>(at, b);
    if (operation == INC) return atomic.add<T>(at, 1);
    if (operation == DEC) return atomic.sub<T>(at, 1);
    if (operation == NOT) return atomic.xor<T>(at, <T>-1);
    for (;;) {
      const old: T = atomic.load<T>(at);
      if (atomic.cmpxchg<T>(at, old, <T>(0 - old)) == old) return old;
    }
  }
  return lockedUpdateSlow<T>(cpu, linear, at, operation, b, c);
}

function lockedUpdateSlow<T>(cpu: usize, linear: u64, at: usize, operation: u32, b: T, c: T): T {
  if (at && inWord<T>(at)) {
    for (;;) {
      const old = load<T>(at);
      if (wordCompareExchange<T>(at, old, result<T>(operation, old, b, c)) == old) return old;
    }
  }
  beginExclusive(cpu);
  const old = readForWrite<T>(cpu, linear);
  write<T>(cpu, linear, result<T>(operation, old, b, c));
  endExclusive(cpu);
  return old;
}

/** Replaces the operand by `value`; gives the old value (XCHG is always locked, SDM vol. 2, "XCHG"). */
export function lockedExchange<T>(cpu: usize, linear: u64, value: T): T {
  const at = place<T>(cpu, linear);
  if (at && isAligned<T>(at)) return atomic.xchg<T>(at, value);
  if (at && inWord<T>(at)) {
    for (;;) {
      const old = load<T>(at);
      if (wordCompareExchange<T>(at, old, value) == old) return old;
    }
  }
  beginExclusive(cpu);
  const old = readForWrite<T>(cpu, linear);
  write<T>(cpu, linear, value);
  endExclusive(cpu);
  return old;
}

/** Stores `replacement` if the operand equals `expected`; gives the old value. */
export function lockedCompareExchange<T>(cpu: usize, linear: u64, expected: T, replacement: T): T {
  const at = place<T>(cpu, linear);
  if (at && isAligned<T>(at)) return atomic.cmpxchg<T>(at, expected, replacement);
  if (at && inWord<T>(at)) return wordCompareExchange<T>(at, expected, replacement);
  beginExclusive(cpu);
  const old = readForWrite<T>(cpu, linear);
  write<T>(cpu, linear, old == expected ? replacement : old);
  endExclusive(cpu);
  return old;
}
