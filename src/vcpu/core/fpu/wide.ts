/**
 * 128-bit integer building blocks for the floating-point kernels.
 *
 * AssemblyScript functions return one value and WebAssembly has no wide arithmetic, so a 128-bit result
 * comes back as its low word, its high word in `wideHigh` (and a remainder in `wideRemainder`). Both are
 * module globals: one thread, no allocation, valid until the next call into this file.
 */

/** High 64 bits of the last 128-bit result. */
export let wideHigh: u64 = 0;
/** Remainder of the last `divideWide`. */
export let wideRemainder: u64 = 0;

const LOW32: u64 = 0xffffffff;

/** a × b; returns the low 64 bits, leaves the high 64 bits in `wideHigh`. */
export function multiplyWide(a: u64, b: u64): u64 {
  const a0 = a & LOW32;
  const a1 = a >> 32;
  const b0 = b & LOW32;
  const b1 = b >> 32;
  const p01 = a0 * b1;
  const p10 = a1 * b0;
  const middle = ((a0 * b0) >> 32) + (p01 & LOW32) + (p10 & LOW32);
  wideHigh = a1 * b1 + (p01 >> 32) + (p10 >> 32) + (middle >> 32);
  return a * b;
}

/** High 64 bits of a × b. */
export function multiplyHigh(a: u64, b: u64): u64 {
  const a0 = a & LOW32;
  const a1 = a >> 32;
  const b0 = b & LOW32;
  const b1 = b >> 32;
  const p01 = a0 * b1;
  const p10 = a1 * b0;
  const middle = ((a0 * b0) >> 32) + (p01 & LOW32) + (p10 & LOW32);
  return a1 * b1 + (p01 >> 32) + (p10 >> 32) + (middle >> 32);
}

/**
 * (high:low) / divisor, for a divisor with bit 63 set and high < divisor; leaves the remainder in
 * `wideRemainder`. Two 32-bit quotient digits, each estimated and corrected (Knuth, TAOCP 2, 4.3.1 D).
 */
export function divideWide(high: u64, low: u64, divisor: u64): u64 {
  const d1 = divisor >> 32;
  const d0 = divisor & LOW32;
  let digit1 = high / d1;
  let rest = high - digit1 * d1;
  while (digit1 > LOW32 || digit1 * d0 > ((rest << 32) | (low >> 32))) {
    digit1--;
    rest += d1;
    if (rest > LOW32) break;
  }
  const middle = ((high << 32) | (low >> 32)) - digit1 * divisor;
  let digit0 = middle / d1;
  rest = middle - digit0 * d1;
  while (digit0 > LOW32 || digit0 * d0 > ((rest << 32) | (low & LOW32))) {
    digit0--;
    rest += d1;
    if (rest > LOW32) break;
  }
  wideRemainder = ((middle << 32) | (low & LOW32)) - digit0 * divisor;
  return (digit1 << 32) | digit0;
}

/**
 * (high:low) >> count; returns the low word, leaves the high word in `wideHigh`. Bits that fall off are
 * OR-ed into bit 0 ("sticky"), so that a later rounding still sees that the value was not exact.
 */
export function shiftRightSticky(high: u64, low: u64, count: i32): u64 {
  if (count === 0) {
    wideHigh = high;
    return low;
  }
  if (count < 64) {
    const lost = low << (64 - count);
    wideHigh = high >> count;
    return (high << (64 - count)) | (low >> count) | u64(lost !== 0);
  }
  wideHigh = 0;
  if (count === 64) return high | u64(low !== 0);
  if (count < 128) {
    const lost = (high << (128 - count)) | low;
    return (high >> (count - 64)) | u64(lost !== 0);
  }
  return u64((high | low) !== 0);
}

/** (high:low) << count for 0 <= count < 128; returns the low word, leaves the high word in `wideHigh`. */
export function shiftLeftWide(high: u64, low: u64, count: i32): u64 {
  if (count === 0) {
    wideHigh = high;
    return low;
  }
  if (count < 64) {
    wideHigh = (high << count) | (low >> (64 - count));
    return low << count;
  }
  wideHigh = low << (count - 64);
  return 0;
}
