// SSE4A: EXTRQ, INSERTQ, MOVNTSS, MOVNTSD (AMD APM vol. 4). A field is a length in bits, 0 meaning 64, and an index of its first
// bit, both modulo 64; one that goes beyond bit 63 is undefined. The upper half of the destination is undefined, and stays.
import { RECORD_IMM } from '../../../memory/layout';
import { FEATURE_SSE4A } from '../../cpu-features';
import { write } from '../access';
import { writeAddress } from '../address';
import { byReg, MAP_0F, OP_IMM16 } from '../opcode-table';
import { next } from '../state';
import { regVector, rmVector } from './operands';
import { defineLegacyMem, defineLegacyReg, legacyEntry, P66, PF2, PF3 } from './shapes';

/** As many ones as the field is long. */
function fieldMask(length: u32): u64 {
  const bits = length & 63;
  return bits ? <u64>-1 >> (64 - <u64>bits) : <u64>-1;
}

function extract(value: u64, length: u32, index: u32): u64 {
  return (value >> <u64>(index & 63)) & fieldMask(length);
}

function insert(value: u64, field: u64, length: u32, index: u32): u64 {
  const shift = <u64>(index & 63);
  const mask = fieldMask(length);
  return (value & ~(mask << shift)) | ((field & mask) << shift);
}

/** Two immediates of 8 bits: length and index. */
function EXTRQ_IMM(cpu: usize, record: usize): usize {
  const register = rmVector(cpu, record);
  store<u64>(register, extract(load<u64>(register), load<u8>(record, RECORD_IMM), load<u8>(record, RECORD_IMM + 1)));
  return next(record);
}

/** Length and index in the source's first two bytes. */
function EXTRQ(cpu: usize, record: usize): usize {
  const register = regVector(cpu, record);
  const field = rmVector(cpu, record);
  store<u64>(register, extract(load<u64>(register), load<u8>(field), load<u8>(field, 1)));
  return next(record);
}

function INSERTQ_IMM(cpu: usize, record: usize): usize {
  const register = regVector(cpu, record);
  const field = load<u64>(rmVector(cpu, record));
  store<u64>(register, insert(load<u64>(register), field, load<u8>(record, RECORD_IMM), load<u8>(record, RECORD_IMM + 1)));
  return next(record);
}

/** Length and index in the first two bytes of the source's upper half. */
function INSERTQ(cpu: usize, record: usize): usize {
  const register = regVector(cpu, record);
  const source = rmVector(cpu, record);
  store<u64>(register, insert(load<u64>(register), load<u64>(source), load<u8>(source, 8), load<u8>(source, 9)));
  return next(record);
}

function MOVNT<T>(cpu: usize, record: usize): usize {
  write<T>(cpu, writeAddress<T>(cpu, record), load<T>(regVector(cpu, record)));
  return next(record);
}

export function registerSse4a(): void {
  defineLegacyReg(byReg(legacyEntry(MAP_0F, 0x78, P66), 0), OP_IMM16, FEATURE_SSE4A, EXTRQ_IMM);
  defineLegacyReg(legacyEntry(MAP_0F, 0x79, P66), 0, FEATURE_SSE4A, EXTRQ);
  defineLegacyReg(legacyEntry(MAP_0F, 0x78, PF2), OP_IMM16, FEATURE_SSE4A, INSERTQ_IMM);
  defineLegacyReg(legacyEntry(MAP_0F, 0x79, PF2), 0, FEATURE_SSE4A, INSERTQ);
  defineLegacyMem(legacyEntry(MAP_0F, 0x2b, PF3), 0, FEATURE_SSE4A, (c, r) => MOVNT<u32>(c, r));
  defineLegacyMem(legacyEntry(MAP_0F, 0x2b, PF2), 0, FEATURE_SSE4A, (c, r) => MOVNT<u64>(c, r));
}
