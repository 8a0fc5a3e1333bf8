// Instructions between MMX and XMM registers: CVTPI2PS, CVTPI2PD, CVT(T)PS2PI, CVT(T)PD2PI, MOVQ2DQ, MOVDQ2Q (SDM vol. 2).
// Those that touch an MMX register make TOP zero and all tags valid; CVTPI2PS and CVTPI2PD from memory touch none.
// A memory fault comes before that; #XM after it, as Intel's processors have it: the exception leaves TOP and tags changed.
import { RECORD_REG, RECORD_RM } from '../../../memory/layout';
import { FEATURE_SSE, FEATURE_SSE2 } from '../../cpu-features';
import { read } from '../access';
import { readAddress } from '../address';
import { enterMmx, getMm, setMm } from '../fpu/mmx';
import { ROUND_TO_ZERO } from '../fpu/rounding';
import { wait } from '../fpu/x87-state';
import { MAP_0F } from '../opcode-table';
import { next } from '../state';
import { doublesToIntegers, integersToDoubles, integersToSingles, singlesToIntegers } from './convert';
import { begin, rounding, settle } from './mxcsr';
import { alignedSource, elementSource, isMemory, regVector, rmVector } from './operands';
import { defineLegacy, defineLegacyReg, legacyEntry, NP, P66, PF2, PF3 } from './shapes';

/** A quadword with zeros above it: lanes that convert to zero and raise nothing. */
// @ts-ignore: decorator
@inline
function lowHalf(value: u64): v128 {
  return i64x2.replace_lane(i64x2.splat(0), 0, value);
}

/** Two integers of an MMX register or of memory, with zeros above them. */
function integerSource(cpu: usize, record: usize): v128 {
  if (isMemory(record)) return lowHalf(read<u64>(cpu, readAddress<u64>(cpu, record)));
  return lowHalf(getMm(cpu, load<u8>(record, RECORD_RM)));
}

function CVTPI2PS(cpu: usize, record: usize): usize {
  wait(cpu, record);
  const x = integerSource(cpu, record);
  begin(cpu);
  const result = integersToSingles(x);
  if (!isMemory(record)) enterMmx(cpu);
  settle(cpu);
  store<u64>(regVector(cpu, record), i64x2.extract_lane(result, 0));
  return next(record);
}

/** Always exact. */
function CVTPI2PD(cpu: usize, record: usize): usize {
  wait(cpu, record);
  store<v128>(regVector(cpu, record), integersToDoubles(integerSource(cpu, record)));
  if (!isMemory(record)) enterMmx(cpu);
  return next(record);
}

/** Settles the conversion and gives its two integers to the MMX register in modrm.reg. */
function finishIntegers(cpu: usize, record: usize, integers: u64): usize {
  enterMmx(cpu);
  settle(cpu);
  setMm(cpu, load<u8>(record, RECORD_REG), integers);
  return next(record);
}

/** CVTPS2PI, or CVTTPS2PI with `truncate`. */
function convertSingles(cpu: usize, record: usize, truncate: bool): usize {
  wait(cpu, record);
  const x = lowHalf(i64x2.extract_lane(elementSource<u64>(cpu, record), 0));
  begin(cpu);
  const integers = singlesToIntegers(x, truncate ? ROUND_TO_ZERO : rounding());
  return finishIntegers(cpu, record, i64x2.extract_lane(integers, 0));
}

/** CVTPD2PI, or CVTTPD2PI with `truncate`. */
function convertDoubles(cpu: usize, record: usize, truncate: bool): usize {
  wait(cpu, record);
  const x = alignedSource(cpu, record);
  begin(cpu);
  return finishIntegers(cpu, record, doublesToIntegers(x, truncate ? ROUND_TO_ZERO : rounding()));
}

function MOVQ2DQ(cpu: usize, record: usize): usize {
  wait(cpu, record);
  store<v128>(regVector(cpu, record), integerSource(cpu, record));
  enterMmx(cpu);
  return next(record);
}

function MOVDQ2Q(cpu: usize, record: usize): usize {
  wait(cpu, record);
  enterMmx(cpu);
  setMm(cpu, load<u8>(record, RECORD_REG), load<u64>(rmVector(cpu, record)));
  return next(record);
}

export function registerMmxConversion(): void {
  defineLegacy(legacyEntry(MAP_0F, 0x2a, NP), 0, FEATURE_SSE, CVTPI2PS);
  defineLegacy(legacyEntry(MAP_0F, 0x2a, P66), 0, FEATURE_SSE2, CVTPI2PD);
  defineLegacy(legacyEntry(MAP_0F, 0x2c, NP), 0, FEATURE_SSE, (c: usize, r: usize): usize => convertSingles(c, r, true));
  defineLegacy(legacyEntry(MAP_0F, 0x2c, P66), 0, FEATURE_SSE2, (c: usize, r: usize): usize => convertDoubles(c, r, true));
  defineLegacy(legacyEntry(MAP_0F, 0x2d, NP), 0, FEATURE_SSE, (c: usize, r: usize): usize => convertSingles(c, r, false));
  defineLegacy(legacyEntry(MAP_0F, 0x2d, P66), 0, FEATURE_SSE2, (c: usize, r: usize): usize => convertDoubles(c, r, false));
  defineLegacyReg(legacyEntry(MAP_0F, 0xd6, PF3), 0, FEATURE_SSE2, MOVQ2DQ);
  defineLegacyReg(legacyEntry(MAP_0F, 0xd6, PF2), 0, FEATURE_SSE2, MOVDQ2Q);
}
