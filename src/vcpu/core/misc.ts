// MOVBE, CRC32, RDRAND, RDSEED, cache hints and fences, BOUND, UD.
import { CPU_MSR_TSC_AUX, CPU_PENDING, CPU_RAX, RECORD_ADDRESS } from '../../memory/layout';
import {
  FEATURE_CLFLUSH,
  FEATURE_CLFLUSHOPT,
  FEATURE_CLWB,
  FEATURE_MOVBE,
  FEATURE_RDRAND,
  FEATURE_RDPID,
  FEATURE_RDSEED,
  FEATURE_SSE,
  FEATURE_SSE2,
  FEATURE_SSE4_2,
} from '../cpu-features';
import { checkRead, read, write } from './access';
import { addressOf, effectiveAddress, readAddress, segmentAddress, truncateAddress, writeAddress } from './address';
import { raise, raiseUD, VECTOR_BR } from './fault';
import { AUX_CF, carry, setFlags } from './flags';
import { random } from './host';
import {
  byCode64,
  byMem,
  byPrefix,
  byReg,

  define,
  defineMem,
  defineOne,
  defineReg,
  MAP_0F,
  MAP_0F38,
  MAP_ONE,
  OP_MODRM,
  OP_NO64,
  OP_RM8,
  slot,
} from './opcode-table';
import { next, putReg, putRm, reg, rm } from './state';

// @ts-ignore: decorator
@inline
function swap<T>(value: T): T {
  return bswap<T>(value);
}

function MOVBE_LOAD<T>(cpu: usize, record: usize): usize {
  putReg<T>(cpu, record, swap<T>(read<T>(cpu, readAddress<T>(cpu, record))));
  return next(record);
}
function MOVBE_STORE<T>(cpu: usize, record: usize): usize {
  write<T>(cpu, writeAddress<T>(cpu, record), swap<T>(reg<T>(cpu, record)));
  return next(record);
}

/** CRC-32C (polynomial 11EDC6F41h, reflected). */
function crc32c(crc: u32, value: u64, bytes: u32): u32 {
  let r = crc;
  for (let i: u32 = 0; i < bytes; i++) {
    r ^= <u32>(value >> (i << 3)) & 0xff;
    for (let bit = 0; bit < 8; bit++) r = (r >> 1) ^ (0x82f63b78 & (0 - (r & 1)));
  }
  return r;
}

/** The destination is 32 bits wide, zero-extended to 64 with REX.W. */
function CRC32_RM<T>(cpu: usize, record: usize): usize {
  putReg<u32>(cpu, record, crc32c(reg<u32>(cpu, record), <u64>rm<T>(cpu, record), sizeof<T>()));
  return next(record);
}
function CRC32_MEM<T>(cpu: usize, record: usize): usize {
  const value = <u64>read<T>(cpu, readAddress<T>(cpu, record));
  putReg<u32>(cpu, record, crc32c(reg<u32>(cpu, record), value, sizeof<T>()));
  return next(record);
}

/** CF tells success; the other flags are cleared (SDM vol. 2, "RDRAND"). */
function RDRAND<T>(cpu: usize, record: usize): usize {
  putRm<T>(cpu, record, <T>((<u64>random() << 32) | <u64>random()));
  setFlags<u8>(cpu, 1, AUX_CF | 0x40000000);
  return next(record);
}

function NOP(cpu: usize, record: usize): usize {
  return next(record);
}

/** CLFLUSH and its kin are checked like a byte load. */
function FLUSH_LINE(cpu: usize, record: usize): usize {
  checkRead(cpu, addressOf(cpu, record, 1, false), 1);
  return next(record);
}

/** LFENCE, MFENCE, SFENCE: an atomic read-modify-write orders everything (the compiler cannot emit atomic.fence). */
function FENCE(cpu: usize, record: usize): usize {
  atomic.or<u32>(cpu + CPU_PENDING, 0);
  return next(record);
}

/** BOUND: the pair of bounds lies in memory, lower first; the upper is not read if the lower one is missed. T is signed. */
function BOUND<T>(cpu: usize, record: usize): usize {
  const index = reg<T>(cpu, record);
  const segment = <u32>load<u8>(record, RECORD_ADDRESS) >> 4;
  const offset = effectiveAddress(cpu, record);
  const lower = read<T>(cpu, segmentAddress(cpu, segment, offset, sizeof<T>(), false));
  if (index < lower) raise(cpu, VECTOR_BR);
  const upper = read<T>(cpu, segmentAddress(cpu, segment, truncateAddress(record, offset + sizeof<T>()), sizeof<T>(), false));
  if (index > upper) raise(cpu, VECTOR_BR);
  return next(record);
}

function RDPID(cpu: usize, record: usize): usize {
  putRm<u64>(cpu, record, load<u64>(cpu, CPU_MSR_TSC_AUX) & 0xffffffff);
  return next(record);
}

/** SALC, undocumented: AL is all ones if CF is set, else zero. */
function SALC(cpu: usize, record: usize): usize {
  store<u8>(cpu, carry(cpu) ? 0xff : 0, CPU_RAX);
  return next(record);
}

/** UD0, UD1, UD2: always #UD; the first two take a modrm byte. */
function UD(cpu: usize, record: usize): usize {
  raiseUD(cpu);
  return 0;
}

export function registerMisc(): void {
  for (let prefix: u32 = 0; prefix < 2; prefix++) {
    const load0 = byPrefix(slot(MAP_0F38, 0xf0), prefix);
    defineMem(load0, OP_MODRM, FEATURE_MOVBE, (c, r) => MOVBE_LOAD<u16>(c, r), (c, r) => MOVBE_LOAD<u32>(c, r), (c, r) => MOVBE_LOAD<u64>(c, r));
    const store0 = byPrefix(slot(MAP_0F38, 0xf1), prefix);
    defineMem(store0, OP_MODRM, FEATURE_MOVBE, (c, r) => MOVBE_STORE<u16>(c, r), (c, r) => MOVBE_STORE<u32>(c, r), (c, r) => MOVBE_STORE<u64>(c, r));
  }
  const crc8 = byPrefix(slot(MAP_0F38, 0xf0), 3);
  defineReg(crc8, OP_MODRM | OP_RM8, FEATURE_SSE4_2, (c, r) => CRC32_RM<u8>(c, r), (c, r) => CRC32_RM<u8>(c, r), (c, r) => CRC32_RM<u8>(c, r));
  defineMem(crc8, OP_MODRM | OP_RM8, FEATURE_SSE4_2, (c, r) => CRC32_MEM<u8>(c, r), (c, r) => CRC32_MEM<u8>(c, r), (c, r) => CRC32_MEM<u8>(c, r));
  const crc = byPrefix(slot(MAP_0F38, 0xf1), 3);
  defineReg(crc, OP_MODRM, FEATURE_SSE4_2, (c, r) => CRC32_RM<u16>(c, r), (c, r) => CRC32_RM<u32>(c, r), (c, r) => CRC32_RM<u64>(c, r));
  defineMem(crc, OP_MODRM, FEATURE_SSE4_2, (c, r) => CRC32_MEM<u16>(c, r), (c, r) => CRC32_MEM<u32>(c, r), (c, r) => CRC32_MEM<u64>(c, r));
  const c7 = slot(MAP_0F, 0xc7);
  defineReg(byReg(c7, 6), OP_MODRM, FEATURE_RDRAND, (c, r) => RDRAND<u16>(c, r), (c, r) => RDRAND<u32>(c, r), (c, r) => RDRAND<u64>(c, r));
  defineOne(byMem(byPrefix(byReg(c7, 7), 2), 0), OP_MODRM, FEATURE_RDPID, RDPID);
  defineOne(slot(MAP_ONE, 0xd6), OP_NO64, 0, SALC);
  defineReg(byPrefix(byReg(c7, 7), 0), OP_MODRM, FEATURE_RDSEED, (c, r) => RDRAND<u16>(c, r), (c, r) => RDRAND<u32>(c, r), (c, r) => RDRAND<u64>(c, r));
  // 0F 0D: PREFETCH and PREFETCHW are NOPs wherever they are not known (AMD APM vol. 3, "PREFETCH").
  defineOne(slot(MAP_0F, 0x0d), OP_MODRM, 0, NOP);
  // 0F AE with a memory operand: FXSAVE (0), FXRSTOR (1), LDMXCSR (2), STMXCSR (3), XSAVE (4), XRSTOR (5), XSAVEOPT (6) elsewhere.
  const ae = slot(MAP_0F, 0xae);
  const flush = byMem(byPrefix(byReg(ae, 7), 0), 1);
  defineOne(flush, OP_MODRM, FEATURE_CLFLUSH, FLUSH_LINE);
  defineOne(byMem(byPrefix(byReg(ae, 7), 1), 1), OP_MODRM, FEATURE_CLFLUSHOPT, FLUSH_LINE);
  defineOne(byMem(byPrefix(byReg(ae, 6), 1), 1), OP_MODRM, FEATURE_CLWB, FLUSH_LINE);
  defineOne(byMem(byPrefix(byReg(ae, 5), 0), 0), OP_MODRM, FEATURE_SSE2, FENCE);
  defineOne(byMem(byPrefix(byReg(ae, 6), 0), 0), OP_MODRM, FEATURE_SSE2, FENCE);
  defineOne(byMem(byPrefix(byReg(ae, 7), 0), 0), OP_MODRM, FEATURE_SSE, FENCE);
  const bound = byMem(byCode64(slot(MAP_ONE, 0x62), 0), 1);
  define(bound, OP_MODRM, 0, (c, r) => BOUND<i16>(c, r), (c, r) => BOUND<i32>(c, r), (c, r) => BOUND<i32>(c, r));
  defineOne(slot(MAP_0F, 0x0b), 0, 0, UD);
  defineOne(slot(MAP_0F, 0xb9), OP_MODRM, 0, UD);
  defineOne(slot(MAP_0F, 0xff), OP_MODRM, 0, UD);
}
