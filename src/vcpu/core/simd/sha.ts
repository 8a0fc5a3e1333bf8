// SHA-1 and SHA-256 rounds and message schedules (FIPS 180-4; SDM vol. 2, "SHA1RNDS4" and following).
import { CPU_VECTOR } from '../../../memory/layout';
import { FEATURE_SHA } from '../../cpu-features';
import { MAP_0F38, MAP_0F3A, OP_IMM8 } from '../opcode-table';
import { next } from '../state';
import { alignedSource, regVector } from './operands';
import { defineLegacy, legacyEntry, legacyPacked, NP } from './shapes';

// @ts-ignore: decorator
@inline
function word(x: v128, index: u8): u32 {
  if (index == 0) return i32x4.extract_lane(x, 0);
  if (index == 1) return i32x4.extract_lane(x, 1);
  return index == 2 ? i32x4.extract_lane(x, 2) : i32x4.extract_lane(x, 3);
}

/** Four words, the first one lowest. */
// @ts-ignore: decorator
@inline
function words(w0: u32, w1: u32, w2: u32, w3: u32): v128 {
  return i32x4.replace_lane(i32x4.replace_lane(i32x4.replace_lane(i32x4.splat(w0), 1, w1), 2, w2), 3, w3);
}

/** The round function of each twenty rounds, with its constant. */
function mixed(kind: u32, b: u32, c: u32, d: u32): u32 {
  if (kind == 0) return ((b & c) ^ (~b & d)) + 0x5a827999;
  if (kind == 1) return (b ^ c ^ d) + 0x6ed9eba1;
  if (kind == 2) return ((b & c) ^ (b & d) ^ (c & d)) + 0x8f1bbcdc;
  return (b ^ c ^ d) + 0xca62c1d6;
}

/** A is the top word of the first source, W0 + E the top word of the second. */
class SHA1RNDS4 {
  apply(x: v128, y: v128, imm: u32): v128 {
    let a = word(x, 3);
    let b = word(x, 2);
    let c = word(x, 1);
    let d = word(x, 0);
    let e: u32 = 0;
    for (let i: u32 = 0; i < 4; i++) {
      const w = i == 0 ? word(y, 3) : i == 1 ? word(y, 2) : i == 2 ? word(y, 1) : word(y, 0);
      const sum = mixed(imm & 3, b, c, d) + rotl<u32>(a, 5) + w + e;
      e = d;
      d = c;
      c = rotl<u32>(b, 30);
      b = a;
      a = sum;
    }
    return words(d, c, b, a);
  }
}
class SHA1NEXTE {
  apply(x: v128, y: v128, imm: u32): v128 { return i32x4.replace_lane(y, 3, word(y, 3) + rotl<u32>(word(x, 3), 30)); }
}
class SHA1MSG1 {
  apply(x: v128, y: v128, imm: u32): v128 { return v128.xor(x, i64x2.shuffle(y, x, 1, 2)); }
}
class SHA1MSG2 {
  apply(x: v128, y: v128, imm: u32): v128 {
    const w16 = rotl<u32>(word(x, 3) ^ word(y, 2), 1);
    const w17 = rotl<u32>(word(x, 2) ^ word(y, 1), 1);
    const w18 = rotl<u32>(word(x, 1) ^ word(y, 0), 1);
    return words(rotl<u32>(word(x, 0) ^ w16, 1), w18, w17, w16);
  }
}

// @ts-ignore: decorator
@inline
function sigma0(x: u32): u32 {
  return rotr<u32>(x, 7) ^ rotr<u32>(x, 18) ^ (x >> 3);
}

// @ts-ignore: decorator
@inline
function sigma1(x: u32): u32 {
  return rotr<u32>(x, 17) ^ rotr<u32>(x, 19) ^ (x >> 10);
}

class SHA256MSG1 {
  apply(x: v128, y: v128, imm: u32): v128 {
    return i32x4.add(x, words(sigma0(word(x, 1)), sigma0(word(x, 2)), sigma0(word(x, 3)), sigma0(word(y, 0))));
  }
}
class SHA256MSG2 {
  apply(x: v128, y: v128, imm: u32): v128 {
    const w16 = word(x, 0) + sigma1(word(y, 2));
    const w17 = word(x, 1) + sigma1(word(y, 3));
    return words(w16, w17, word(x, 2) + sigma1(w16), word(x, 3) + sigma1(w17));
  }
}

/** Two rounds: C D G H in the destination, A B E F in the source, the sums of W and K in XMM0. */
function SHA256RNDS2(cpu: usize, record: usize): usize {
  const y = alignedSource(cpu, record);
  const register = regVector(cpu, record);
  const x = load<v128>(register);
  let a = word(y, 3);
  let b = word(y, 2);
  let e = word(y, 1);
  let f = word(y, 0);
  let c = word(x, 3);
  let d = word(x, 2);
  let g = word(x, 1);
  let h = word(x, 0);
  for (let i: usize = 0; i < 2; i++) {
    const wk = load<u32>(cpu + (i << 2), CPU_VECTOR);
    const choice = (e & f) ^ (~e & g);
    const sum = choice + (rotr<u32>(e, 6) ^ rotr<u32>(e, 11) ^ rotr<u32>(e, 25)) + wk + h;
    const majority = (a & b) ^ (a & c) ^ (b & c);
    h = g;
    g = f;
    f = e;
    e = sum + d;
    d = c;
    c = b;
    b = a;
    a = sum + majority + (rotr<u32>(a, 2) ^ rotr<u32>(a, 13) ^ rotr<u32>(a, 22));
  }
  store<v128>(register, words(f, e, b, a));
  return next(record);
}

export function registerSha(): void {
  legacyPacked<SHA1NEXTE, u8>(MAP_0F38, 0xc8, NP, 0, FEATURE_SHA);
  legacyPacked<SHA1MSG1, u8>(MAP_0F38, 0xc9, NP, 0, FEATURE_SHA);
  legacyPacked<SHA1MSG2, u8>(MAP_0F38, 0xca, NP, 0, FEATURE_SHA);
  defineLegacy(legacyEntry(MAP_0F38, 0xcb, NP), 0, FEATURE_SHA, SHA256RNDS2);
  legacyPacked<SHA256MSG1, u8>(MAP_0F38, 0xcc, NP, 0, FEATURE_SHA);
  legacyPacked<SHA256MSG2, u8>(MAP_0F38, 0xcd, NP, 0, FEATURE_SHA);
  legacyPacked<SHA1RNDS4, u8>(MAP_0F3A, 0xcc, NP, OP_IMM8, FEATURE_SHA);
}
