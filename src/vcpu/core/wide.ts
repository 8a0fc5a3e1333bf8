// 128-bit products and quotients from 64-bit arithmetic.

/** Upper half of the last mulUnsigned() or mulSigned(). */
export let productHigh: u64 = 0;

/** Low half of the unsigned product; the upper one goes to productHigh. */
export function mulUnsigned(a: u64, b: u64): u64 {
  const a0 = a & 0xffffffff;
  const a1 = a >> 32;
  const b0 = b & 0xffffffff;
  const b1 = b >> 32;
  const low = a0 * b0;
  const middle = a1 * b0 + (low >> 32);
  const middle2 = a0 * b1 + (middle & 0xffffffff);
  productHigh = a1 * b1 + (middle >> 32) + (middle2 >> 32);
  return a * b;
}

/** Low half of the signed product; the upper one goes to productHigh. */
export function mulSigned(a: u64, b: u64): u64 {
  const low = mulUnsigned(a, b);
  productHigh -= (<i64>a < 0 ? b : 0) + (<i64>b < 0 ? a : 0);
  return low;
}

/** Remainder of the last divUnsigned(). */
export let remainder: u64 = 0;

/** Quotient of high:low by `divisor`; requires high < divisor (so the quotient fits). Knuth, TAOCP vol. 2, 4.3.1, algorithm D. */
export function divUnsigned(high: u64, low: u64, divisor: u64): u64 {
  if (!high) {
    const q = low / divisor;
    remainder = low - q * divisor;
    return q;
  }
  const shift = clz<u64>(divisor);
  const d = divisor << shift;
  const d1 = d >> 32;
  const d0 = d & 0xffffffff;
  const n2 = shift ? (high << shift) | (low >> (64 - shift)) : high;
  const n10 = low << shift;
  const n1 = n10 >> 32;
  const n0 = n10 & 0xffffffff;
  let q1 = n2 / d1;
  let r = n2 - q1 * d1;
  while (q1 >> 32 || q1 * d0 > ((r << 32) | n1)) {
    q1--;
    r += d1;
    if (r >> 32) break;
  }
  const n21 = (n2 << 32) + n1 - q1 * d;
  let q0 = n21 / d1;
  r = n21 - q0 * d1;
  while (q0 >> 32 || q0 * d0 > ((r << 32) | n0)) {
    q0--;
    r += d1;
    if (r >> 32) break;
  }
  remainder = ((n21 << 32) + n0 - q0 * d) >> shift;
  return (q1 << 32) + q0;
}
