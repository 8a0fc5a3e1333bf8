// PCLMULQDQ: the carry-less product of one quadword of each source, and its 256-bit form.
import { FEATURE_AVX, FEATURE_PCLMULQDQ, FEATURE_VPCLMULQDQ } from '../../cpu-features';
import { MAP_0F3A, OP_IMM8 } from '../opcode-table';
import { legacyPacked, P66, vexEntry, vexPacked } from './shapes';

class PCLMULQDQ {
  apply(a: v128, b: v128, imm: u32): v128 {
    const x: u64 = imm & 1 ? i64x2.extract_lane(a, 1) : i64x2.extract_lane(a, 0);
    let y: u64 = imm & 16 ? i64x2.extract_lane(b, 1) : i64x2.extract_lane(b, 0);
    let low: u64 = 0;
    let high: u64 = 0;
    while (y) {
      const shift = ctz<u64>(y);
      low ^= x << shift;
      if (shift) high ^= x >> (64 - shift);
      y &= y - 1;
    }
    return i64x2.replace_lane(i64x2.splat(low), 1, high);
  }
}

export function registerClmul(): void {
  legacyPacked<PCLMULQDQ, u8>(MAP_0F3A, 0x44, P66, OP_IMM8, FEATURE_PCLMULQDQ);
  vexPacked<PCLMULQDQ, u8>(vexEntry(MAP_0F3A, 0x44, P66), OP_IMM8, FEATURE_AVX, FEATURE_VPCLMULQDQ);
}
