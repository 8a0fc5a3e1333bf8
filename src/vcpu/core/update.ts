// Read, change, write of a memory operand: the write's faults come first, so flags may be set before the write.
import { place, readForWrite, write } from './access';

/** The operand's value, at its place or (place 0) by the slow path. */
// @ts-ignore: decorator
@inline
export function fetchOperand<T>(cpu: usize, linear: u64, at: usize): T {
  return at ? load<T>(at) : readForWrite<T>(cpu, linear);
}

// @ts-ignore: decorator
@inline
export function putOperand<T>(cpu: usize, linear: u64, at: usize, value: T): void {
  if (at) store<T>(at, value);
  else write<T>(cpu, linear, value);
}
