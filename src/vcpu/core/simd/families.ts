// Every vector instruction family, once.
import { registerFloatArithmetic } from "./arithmetic";
import { registerCompare } from "./compare";
import { registerConvert } from "./convert";
import { registerElement } from "./element";
import { registerExtend } from "./extend";
import { registerFma } from "./fma";
import { registerVectorInteger } from "./integer";
import { registerVectorMove } from "./move";
import { registerPermute } from "./permute";
import { registerVectorShift } from "./shift";
import { registerShuffle } from "./shuffle";
import { defineUndefinedForms } from "./undefined-forms";

/** Fills the decode table with SSE to SSE4.2, AES, SHA, AVX, AVX2, FMA and F16C. */
export function registerSimd(): void {
  registerFloatArithmetic();
  registerCompare();
  registerConvert();
  registerElement();
  registerExtend();
  registerFma();
  registerVectorInteger();
  registerVectorMove();
  registerPermute();
  registerVectorShift();
  registerShuffle();
  defineUndefinedForms();
}
