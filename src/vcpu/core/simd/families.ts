// Every vector instruction family, once.
import { registerFloatArithmetic } from "./arithmetic";
import { registerElement } from "./element";
import { registerExtend } from "./extend";
import { registerVectorInteger } from "./integer";
import { registerVectorMove } from "./move";
import { registerPermute } from "./permute";
import { registerVectorShift } from "./shift";
import { registerShuffle } from "./shuffle";

/** Fills the decode table with SSE to SSE4.2, AES, SHA, AVX, AVX2, FMA and F16C. */
export function registerSimd(): void {
  registerFloatArithmetic();
  registerElement();
  registerExtend();
  registerVectorInteger();
  registerVectorMove();
  registerPermute();
  registerVectorShift();
  registerShuffle();
}
