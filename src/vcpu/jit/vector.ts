/** Emits MMX, SSE and AVX instructions; those that are not inlined are called with as little reloaded as they change. */
import type { Emitter } from './emitter.ts';

/** Emits a vector instruction; false, with nothing emitted, if it is the interpreter's. */
export function emitVector(_: Emitter): boolean {
  return false;
}
