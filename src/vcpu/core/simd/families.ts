// Every vector instruction family, once.
import { registerAes } from './aes';
import { registerFloatArithmetic } from './arithmetic';
import { registerClmul } from './clmul';
import { registerCompare } from './compare';
import { registerConvert } from './convert';
import { registerElement } from './element';
import { registerExtend } from './extend';
import { registerFma } from './fma';
import { registerGathers } from './gather';
import { registerHalf } from './half';
import { registerVectorInteger } from './integer';
import { registerMmxConversion } from './mmx-conversion';
import { registerVectorMove } from './move';
import { registerMxcsrAccess } from './mxcsr-access';
import { registerPermute } from './permute';
import { registerRound } from './round';
import { registerSha } from './sha';
import { registerVectorShift } from './shift';
import { registerShuffle } from './shuffle';
import { registerSse4a } from './sse4a';
import { registerStateSave } from './state-save';
import { registerStringCompare } from './string-compare';
import { defineUndefinedForms } from './undefined-forms';
import { registerXcr } from './xcr';

/** Fills the decode table with SSE to SSE4.2, SSE4A, AES, SHA, AVX, AVX2, FMA and F16C. */
export function registerSimd(): void {
  registerAes();
  registerFloatArithmetic();
  registerClmul();
  registerCompare();
  registerConvert();
  registerElement();
  registerExtend();
  registerFma();
  registerGathers();
  registerHalf();
  registerVectorInteger();
  registerMmxConversion();
  registerVectorMove();
  registerMxcsrAccess();
  registerPermute();
  registerRound();
  registerSha();
  registerVectorShift();
  registerShuffle();
  registerSse4a();
  registerStateSave();
  registerStringCompare();
  registerXcr();
  defineUndefinedForms();
}
