/**
 * The power series behind the transcendental functions, summed by Horner's rule on 128-bit fractions. Each leaves in the
 * fraction the sum without its leading 1 and its first power, so that the caller multiplies by (1 ± fraction) and loses
 * no relative accuracy near zero. The constants are 1/n! and 1/n in units of 2^-128; each series is cut where the next
 * term is below 2^-96 for the largest argument its caller reduces to.
 */
import {
  fractionHigh,
  fractionLow,
  hornerAdd,
  hornerSubtract,
  multiplyFraction,
  setFraction,
} from './float128';

/** 1 - sin(x)/x from z = x² (the fraction), for x <= pi/4: z/3! - z²/5! + … */
export function sineSeries(): void {
  const h = fractionHigh;
  const l = fractionLow;
  setFraction(0x0000000000000000, 0x0000000746ac70b7);
  hornerSubtract(0x0000000000000000, 0x000013f3ccdd1660, h, l);
  hornerSubtract(0x0000000000000000, 0x002ec368262c7034, h, l);
  hornerSubtract(0x0000000000000000, 0x5c6e3bdb73d5c630, h, l);
  hornerSubtract(0x0000000000000097, 0xa4da340a0ab92651, h, l);
  hornerSubtract(0x000000000000ca96, 0x3b81856a53593029, h, l);
  hornerSubtract(0x0000000000d73f9f, 0x399dc0f88ec32b58, h, l);
  hornerSubtract(0x00000000b092309d, 0x43684be51c198e92, h, l);
  hornerSubtract(0x0000006b99159fd5, 0x138e3f9d1f92e0df, h, l);
  hornerSubtract(0x00002e3bc74aad8e, 0x671f5583911ca003, h, l);
  hornerSubtract(0x000d00d00d00d00d, 0x00d00d00d00d00d0, h, l);
  hornerSubtract(0x0222222222222222, 0x2222222222222222, h, l);
  hornerSubtract(0x2aaaaaaaaaaaaaaa, 0xaaaaaaaaaaaaaaab, h, l);
  multiplyFraction(fractionHigh, fractionLow, h, l);
}

/** 1 - cos(x) from z = x² (the fraction), for x <= pi/4: z/2! - z²/4! + … */
export function cosineSeries(): void {
  const h = fractionHigh;
  const l = fractionLow;
  setFraction(0x0000000000000000, 0x000000c4742fe352);
  hornerSubtract(0x0000000000000000, 0x0001f2cf01972f57, h, l);
  hornerSubtract(0x0000000000000000, 0x04338e5b6dfe14a5, h, l);
  hornerSubtract(0x0000000000000007, 0x950ae900808941ea, h, l);
  hornerSubtract(0x0000000000000b41, 0x3c31dcbecbbdd802, h, l);
  hornerSubtract(0x00000000000d73f9, 0xf399dc0f88ec32b6, h, l);
  hornerSubtract(0x000000000c9cba54, 0x603e4e905d6f8a2f, h, l);
  hornerSubtract(0x00000008f76c77fc, 0x6c4bdaa26d4c3d68, h, l);
  hornerSubtract(0x0000049f93edde27, 0xd71cbbc05b4fa99a, h, l);
  hornerSubtract(0x0001a01a01a01a01, 0xa01a01a01a01a01a, h, l);
  hornerSubtract(0x005b05b05b05b05b, 0x05b05b05b05b05b0, h, l);
  hornerSubtract(0x0aaaaaaaaaaaaaaa, 0xaaaaaaaaaaaaaaab, h, l);
  hornerSubtract(0x8000000000000000, 0x0000000000000000, h, l);
  multiplyFraction(fractionHigh, fractionLow, h, l);
}

/** (e^y - 1)/y - 1 for 0 < y < ln 2 (the fraction): y/2! + y²/3! + …; */
export function exponentialSeries(): void {
  const h = fractionHigh;
  const l = fractionLow;
  setFraction(0x0000000000000000, 0x000000c4742fe352);
  hornerAdd(0x0000000000000000, 0x000013f3ccdd1660, h, l);
  hornerAdd(0x0000000000000000, 0x0001f2cf01972f57, h, l);
  hornerAdd(0x0000000000000000, 0x002ec368262c7034, h, l);
  hornerAdd(0x0000000000000000, 0x04338e5b6dfe14a5, h, l);
  hornerAdd(0x0000000000000000, 0x5c6e3bdb73d5c630, h, l);
  hornerAdd(0x0000000000000007, 0x950ae900808941ea, h, l);
  hornerAdd(0x0000000000000097, 0xa4da340a0ab92651, h, l);
  hornerAdd(0x0000000000000b41, 0x3c31dcbecbbdd802, h, l);
  hornerAdd(0x000000000000ca96, 0x3b81856a53593029, h, l);
  hornerAdd(0x00000000000d73f9, 0xf399dc0f88ec32b6, h, l);
  hornerAdd(0x0000000000d73f9f, 0x399dc0f88ec32b58, h, l);
  hornerAdd(0x000000000c9cba54, 0x603e4e905d6f8a2f, h, l);
  hornerAdd(0x00000000b092309d, 0x43684be51c198e92, h, l);
  hornerAdd(0x00000008f76c77fc, 0x6c4bdaa26d4c3d68, h, l);
  hornerAdd(0x0000006b99159fd5, 0x138e3f9d1f92e0df, h, l);
  hornerAdd(0x0000049f93edde27, 0xd71cbbc05b4fa99a, h, l);
  hornerAdd(0x00002e3bc74aad8e, 0x671f5583911ca003, h, l);
  hornerAdd(0x0001a01a01a01a01, 0xa01a01a01a01a01a, h, l);
  hornerAdd(0x000d00d00d00d00d, 0x00d00d00d00d00d0, h, l);
  hornerAdd(0x005b05b05b05b05b, 0x05b05b05b05b05b0, h, l);
  hornerAdd(0x0222222222222222, 0x2222222222222222, h, l);
  hornerAdd(0x0aaaaaaaaaaaaaaa, 0xaaaaaaaaaaaaaaab, h, l);
  hornerAdd(0x2aaaaaaaaaaaaaaa, 0xaaaaaaaaaaaaaaab, h, l);
  hornerAdd(0x8000000000000000, 0x0000000000000000, h, l);
  multiplyFraction(fractionHigh, fractionLow, h, l);
}

/** 1 - (1 - e^-y)/y for 0 < y < ln 2 (the fraction): y/2! - y²/3! + … */
export function negativeExponentialSeries(): void {
  const h = fractionHigh;
  const l = fractionLow;
  setFraction(0x0000000000000000, 0x000000c4742fe352);
  hornerSubtract(0x0000000000000000, 0x000013f3ccdd1660, h, l);
  hornerSubtract(0x0000000000000000, 0x0001f2cf01972f57, h, l);
  hornerSubtract(0x0000000000000000, 0x002ec368262c7034, h, l);
  hornerSubtract(0x0000000000000000, 0x04338e5b6dfe14a5, h, l);
  hornerSubtract(0x0000000000000000, 0x5c6e3bdb73d5c630, h, l);
  hornerSubtract(0x0000000000000007, 0x950ae900808941ea, h, l);
  hornerSubtract(0x0000000000000097, 0xa4da340a0ab92651, h, l);
  hornerSubtract(0x0000000000000b41, 0x3c31dcbecbbdd802, h, l);
  hornerSubtract(0x000000000000ca96, 0x3b81856a53593029, h, l);
  hornerSubtract(0x00000000000d73f9, 0xf399dc0f88ec32b6, h, l);
  hornerSubtract(0x0000000000d73f9f, 0x399dc0f88ec32b58, h, l);
  hornerSubtract(0x000000000c9cba54, 0x603e4e905d6f8a2f, h, l);
  hornerSubtract(0x00000000b092309d, 0x43684be51c198e92, h, l);
  hornerSubtract(0x00000008f76c77fc, 0x6c4bdaa26d4c3d68, h, l);
  hornerSubtract(0x0000006b99159fd5, 0x138e3f9d1f92e0df, h, l);
  hornerSubtract(0x0000049f93edde27, 0xd71cbbc05b4fa99a, h, l);
  hornerSubtract(0x00002e3bc74aad8e, 0x671f5583911ca003, h, l);
  hornerSubtract(0x0001a01a01a01a01, 0xa01a01a01a01a01a, h, l);
  hornerSubtract(0x000d00d00d00d00d, 0x00d00d00d00d00d0, h, l);
  hornerSubtract(0x005b05b05b05b05b, 0x05b05b05b05b05b0, h, l);
  hornerSubtract(0x0222222222222222, 0x2222222222222222, h, l);
  hornerSubtract(0x0aaaaaaaaaaaaaaa, 0xaaaaaaaaaaaaaaab, h, l);
  hornerSubtract(0x2aaaaaaaaaaaaaaa, 0xaaaaaaaaaaaaaaab, h, l);
  hornerSubtract(0x8000000000000000, 0x0000000000000000, h, l);
  multiplyFraction(fractionHigh, fractionLow, h, l);
}

/** 1 - atan(t)/t from z = t² (the fraction), for t <= 1/14: z/3 - z²/5 + … */
export function arctangentSeries(): void {
  const h = fractionHigh;
  const l = fractionLow;
  setFraction(0x097b425ed097b425, 0xed097b425ed097b4);
  hornerSubtract(0x0a3d70a3d70a3d70, 0xa3d70a3d70a3d70a, h, l);
  hornerSubtract(0x0b21642c8590b216, 0x42c8590b21642c86, h, l);
  hornerSubtract(0x0c30c30c30c30c30, 0xc30c30c30c30c30c, h, l);
  hornerSubtract(0x0d79435e50d79435, 0xe50d79435e50d794, h, l);
  hornerSubtract(0x0f0f0f0f0f0f0f0f, 0x0f0f0f0f0f0f0f0f, h, l);
  hornerSubtract(0x1111111111111111, 0x1111111111111111, h, l);
  hornerSubtract(0x13b13b13b13b13b1, 0x3b13b13b13b13b14, h, l);
  hornerSubtract(0x1745d1745d1745d1, 0x745d1745d1745d17, h, l);
  hornerSubtract(0x1c71c71c71c71c71, 0xc71c71c71c71c71c, h, l);
  hornerSubtract(0x2492492492492492, 0x4924924924924925, h, l);
  hornerSubtract(0x3333333333333333, 0x3333333333333333, h, l);
  hornerSubtract(0x5555555555555555, 0x5555555555555555, h, l);
  multiplyFraction(fractionHigh, fractionLow, h, l);
}

/** artanh(w)/w - 1 from z = w² (the fraction), for w <= 0.1716: z/3 + z²/5 + … */
export function areaTangentSeries(): void {
  const h = fractionHigh;
  const l = fractionLow;
  setFraction(0x063e7063e7063e70, 0x63e7063e7063e706);
  hornerAdd(0x0690690690690690, 0x6906906906906907, h, l);
  hornerAdd(0x06eb3e45306eb3e4, 0x5306eb3e45306eb4, h, l);
  hornerAdd(0x0750750750750750, 0x7507507507507507, h, l);
  hornerAdd(0x07c1f07c1f07c1f0, 0x7c1f07c1f07c1f08, h, l);
  hornerAdd(0x0842108421084210, 0x8421084210842108, h, l);
  hornerAdd(0x08d3dcb08d3dcb08, 0xd3dcb08d3dcb08d4, h, l);
  hornerAdd(0x097b425ed097b425, 0xed097b425ed097b4, h, l);
  hornerAdd(0x0a3d70a3d70a3d70, 0xa3d70a3d70a3d70a, h, l);
  hornerAdd(0x0b21642c8590b216, 0x42c8590b21642c86, h, l);
  hornerAdd(0x0c30c30c30c30c30, 0xc30c30c30c30c30c, h, l);
  hornerAdd(0x0d79435e50d79435, 0xe50d79435e50d794, h, l);
  hornerAdd(0x0f0f0f0f0f0f0f0f, 0x0f0f0f0f0f0f0f0f, h, l);
  hornerAdd(0x1111111111111111, 0x1111111111111111, h, l);
  hornerAdd(0x13b13b13b13b13b1, 0x3b13b13b13b13b14, h, l);
  hornerAdd(0x1745d1745d1745d1, 0x745d1745d1745d17, h, l);
  hornerAdd(0x1c71c71c71c71c71, 0xc71c71c71c71c71c, h, l);
  hornerAdd(0x2492492492492492, 0x4924924924924925, h, l);
  hornerAdd(0x3333333333333333, 0x3333333333333333, h, l);
  hornerAdd(0x5555555555555555, 0x5555555555555555, h, l);
  multiplyFraction(fractionHigh, fractionLow, h, l);
}
