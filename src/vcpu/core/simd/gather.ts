// AVX2 gathers and AVX masked moves: element by element, where the mask's top bits are set.
import {
  INFO_MODRM_SHIFT,
  INFO_VVVV_SHIFT,
  RECORD_BASE,
  RECORD_DISP,
  RECORD_INDEX,
  RECORD_REG,
  RECORD_SCALE,
  RECORD_SCALE_MASK,
} from '../../../memory/layout';
import { FEATURE_AVX, FEATURE_AVX2 } from '../../cpu-features';
import { checkWrite, read, write } from '../access';
import { addressOf, segmentAddress, truncateAddress } from '../address';
import { raiseUD } from '../fault';
import { byL, byW, MAP_0F38 } from '../opcode-table';
import { info, next } from '../state';
import { regVector, segmentOf, vector, vvvvVector } from './operands';
import { defineVexMem, P66, vexEntry } from './shapes';

/** Number of the index register; 100b without VEX.X, which elsewhere means none, is a vector here. */
function indexNumber(record: usize): u32 {
  const number = <u32>load<u8>(record, RECORD_INDEX) >> 3;
  return number == 16 ? 4 : number;
}

/** Linear address of the element whose index is given. */
function elementAddress(cpu: usize, record: usize, index: i64, size: u32): u64 {
  const base = load<u64>(cpu + <usize>load<u8>(record, RECORD_BASE)) + <u64><i64>load<i32>(record, RECORD_DISP);
  const offset = truncateAddress(record, base + (<u64>index << <u64>(load<u8>(record, RECORD_SCALE) & RECORD_SCALE_MASK)));
  return segmentAddress(cpu, segmentOf(record), offset, size, false);
}

/**
 * T is the element, Index its index. A fault leaves what was gathered so far, with those elements' masks cleared, so
 * that the instruction goes on where it stopped (SDM vol. 2, "VPGATHERDD"). Destination, index and mask must differ.
 */
function gather<T, Index>(cpu: usize, record: usize, count: u32): usize {
  const vvvv = info(record) >> INFO_VVVV_SHIFT;
  const index = indexNumber(record);
  const number = <u32>load<u8>(record, RECORD_REG);
  const hasSib = ((info(record) >> INFO_MODRM_SHIFT) & 7) == 4;
  if (!hasSib || number == index || number == vvvv || index == vvvv) raiseUD(cpu);
  const destination = vector(cpu, number);
  const masks = vector(cpu, vvvv);
  const indices = vector(cpu, index);
  for (let i: usize = 0; i < <usize>count; i++) {
    const mask = masks + i * sizeof<T>();
    if (load<T>(mask) < 0) {
      const at: i64 = sizeof<Index>() == 4 ? <i64>load<i32>(indices + (i << 2)) : load<i64>(indices + (i << 3));
      store<T>(destination + i * sizeof<T>(), read<T>(cpu, elementAddress(cpu, record, at, sizeof<T>())));
    }
    store<T>(mask, 0);
  }
  const bytes = <usize>count * sizeof<T>();
  memory.fill(destination + bytes, 0, 32 - bytes);
  memory.fill(masks, 0, 32);
  return next(record);
}

/** Loads the selected elements and clears the others. `bytes` is 16 or 32. */
function maskedLoad<T>(cpu: usize, record: usize, bytes: usize): usize {
  const linear = addressOf(cpu, record, sizeof<T>(), false);
  const masks = vvvvVector(cpu, record);
  let low = i64x2.splat(0);
  let high = i64x2.splat(0);
  for (let i: usize = 0; i < bytes; i += sizeof<T>()) {
    if (load<T>(masks + i) >= 0) continue;
    const value = <u64>read<T>(cpu, linear + <u64>i);
    if (i < 16) low = withElement<T>(low, i, value);
    else high = withElement<T>(high, i - 16, value);
  }
  const destination = regVector(cpu, record);
  store<v128>(destination, low);
  store<v128>(destination, high, 16);
  return next(record);
}

/** `x`, zero there so far, with the element at byte `at`. */
function withElement<T>(x: v128, at: usize, value: u64): v128 {
  const bits = sizeof<T>() == 4 ? value & 0xffffffff : value;
  const half = at >= 8;
  const shifted = bits << (<u64>(at & 7) << 3);
  return v128.or(x, half ? i64x2.replace_lane(i64x2.splat(0), 1, shifted) : i64x2.replace_lane(i64x2.splat(0), 0, shifted));
}

/** Stores the selected elements once all of them may be written. */
function maskedStore<T>(cpu: usize, record: usize, bytes: usize): usize {
  const linear = addressOf(cpu, record, sizeof<T>(), true);
  const masks = vvvvVector(cpu, record);
  const from = regVector(cpu, record);
  for (let i: usize = 0; i < bytes; i += sizeof<T>()) {
    if (load<T>(masks + i) < 0) checkWrite(cpu, linear + <u64>i, sizeof<T>());
  }
  for (let i: usize = 0; i < bytes; i += sizeof<T>()) {
    if (load<T>(masks + i) < 0) write<T>(cpu, linear + <u64>i, load<T>(from + i));
  }
  return next(record);
}

function registerGather(opcode: u32): void {
  const dwords = vexEntry(MAP_0F38, opcode, P66);
  defineVexMem(byL(byW(dwords, 0), 0), 0, FEATURE_AVX2, (c: usize, r: usize): usize => gather<i32, i32>(c, r, 4));
  defineVexMem(byL(byW(dwords, 0), 1), 0, FEATURE_AVX2, (c: usize, r: usize): usize => gather<i32, i32>(c, r, 8));
  defineVexMem(byL(byW(dwords, 1), 0), 0, FEATURE_AVX2, (c: usize, r: usize): usize => gather<i64, i32>(c, r, 2));
  defineVexMem(byL(byW(dwords, 1), 1), 0, FEATURE_AVX2, (c: usize, r: usize): usize => gather<i64, i32>(c, r, 4));
  const qwords = vexEntry(MAP_0F38, opcode + 1, P66);
  defineVexMem(byL(byW(qwords, 0), 0), 0, FEATURE_AVX2, (c: usize, r: usize): usize => gather<i32, i64>(c, r, 2));
  defineVexMem(byL(byW(qwords, 0), 1), 0, FEATURE_AVX2, (c: usize, r: usize): usize => gather<i32, i64>(c, r, 4));
  defineVexMem(byL(byW(qwords, 1), 0), 0, FEATURE_AVX2, (c: usize, r: usize): usize => gather<i64, i64>(c, r, 2));
  defineVexMem(byL(byW(qwords, 1), 1), 0, FEATURE_AVX2, (c: usize, r: usize): usize => gather<i64, i64>(c, r, 4));
}

function registerMasked<T>(loadOpcode: u32, storeOpcode: u32, w: u32, feature: u32): void {
  const from = byW(vexEntry(MAP_0F38, loadOpcode, P66), w);
  defineVexMem(byL(from, 0), 0, feature, (c: usize, r: usize): usize => maskedLoad<T>(c, r, 16));
  defineVexMem(byL(from, 1), 0, feature, (c: usize, r: usize): usize => maskedLoad<T>(c, r, 32));
  const to = byW(vexEntry(MAP_0F38, storeOpcode, P66), w);
  defineVexMem(byL(to, 0), 0, feature, (c: usize, r: usize): usize => maskedStore<T>(c, r, 16));
  defineVexMem(byL(to, 1), 0, feature, (c: usize, r: usize): usize => maskedStore<T>(c, r, 32));
}

export function registerGathers(): void {
  registerGather(0x90);
  registerGather(0x92);
  registerMasked<i32>(0x2c, 0x2e, 0, FEATURE_AVX);
  registerMasked<i64>(0x2d, 0x2f, 0, FEATURE_AVX);
  registerMasked<i32>(0x8c, 0x8e, 0, FEATURE_AVX2);
  registerMasked<i64>(0x8c, 0x8e, 1, FEATURE_AVX2);
}
