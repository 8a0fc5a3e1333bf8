// BMI1, BMI2, ADX (SDM vol. 2).
import { INFO_VVVV_SHIFT, RECORD_IMM } from '../../memory/layout';
import { FEATURE_ADX, FEATURE_BMI1, FEATURE_BMI2 } from '../cpu-features';
import { CPU_FLAG_AUX, CPU_RDX } from '../../memory/layout';
import { read } from './access';
import { readAddress } from './address';
import { AUX_CF, AUX_OVERFLOW_BITS, carry, flagsLogic, overflow, setCarry, setFlags } from './flags';
import {
  byPrefix,
  byReg,
  defineMem,
  defineReg,
  MAP_0F38,
  MAP_VEX_0F38,
  MAP_VEX_0F3A,
  OP_IMM8,
  OP_L0,
  OP_MODRM,
  slot,
} from './opcode-table';
import { info, next, putGpr, putReg, reg, rm } from './state';
import { mulUnsigned, productHigh } from './wide';

/** The general register in VEX.vvvv: its offset. */
// @ts-ignore: decorator
@inline
function vvvv(record: usize): usize {
  return <usize>(info(record) >> INFO_VVVV_SHIFT) << 3;
}

// @ts-ignore: decorator
@inline
function bitsOf<T>(): u32 {
  return sizeof<T>() * 8;
}

function andn<T>(cpu: usize, record: usize, b: T): usize {
  const r = <T>(~load<T>(cpu + vvvv(record)) & b);
  putReg<T>(cpu, record, r);
  flagsLogic<T>(cpu, r);
  return next(record);
}

/** BLSR (1), BLSMSK (2), BLSI (3) by modrm.reg. */
function lowest<T>(cpu: usize, record: usize, a: T): usize {
  const kind = (info(record) >> 11) & 7;
  const r = kind == 1 ? <T>(a & (a - 1)) : kind == 2 ? <T>(a ^ (a - 1)) : <T>(a & (0 - a));
  putGpr<T>(cpu, vvvv(record), r);
  const cf = kind == 3 ? a != 0 : a == 0;
  setFlags<T>(cpu, r, cf ? AUX_OVERFLOW_BITS : 0);
  return next(record);
}

function bextr<T>(cpu: usize, record: usize, a: T): usize {
  const control = <u32>load<T>(cpu + vvvv(record));
  const start = control & 0xff;
  const length = (control >> 8) & 0xff;
  let r: u64 = start < bitsOf<T>() ? <u64>a >> start : 0;
  if (length < 64) r &= ((<u64>1) << length) - 1;
  putReg<T>(cpu, record, <T>r);
  flagsLogic<T>(cpu, <T>r);
  return next(record);
}

function bzhi<T>(cpu: usize, record: usize, a: T): usize {
  const index = <u32>load<u8>(cpu + vvvv(record));
  const r = index < bitsOf<T>() ? <T>(<u64>a & (((<u64>1) << index) - 1)) : a;
  putReg<T>(cpu, record, r);
  setFlags<T>(cpu, r, index >= bitsOf<T>() ? AUX_OVERFLOW_BITS : 0);
  return next(record);
}

function mulx<T>(cpu: usize, record: usize, a: T): usize {
  let low: u64;
  let high: u64;
  if (sizeof<T>() == 8) {
    low = mulUnsigned(<u64>a, load<u64>(cpu, CPU_RDX));
    high = productHigh;
  } else {
    low = <u64>a * <u64>load<u32>(cpu, CPU_RDX);
    high = low >> 32;
  }
  // The low half first: with both destinations alike the high half stays.
  putGpr<T>(cpu, vvvv(record), <T>low);
  putReg<T>(cpu, record, <T>high);
  return next(record);
}

function pdep<T>(cpu: usize, record: usize, maskOperand: T): usize {
  let source = <u64>load<T>(cpu + vvvv(record));
  let mask = <u64>maskOperand;
  let r: u64 = 0;
  while (mask) {
    const lowest = mask & (0 - mask);
    if (source & 1) r |= lowest;
    source >>= 1;
    mask &= mask - 1;
  }
  putReg<T>(cpu, record, <T>r);
  return next(record);
}

function pext<T>(cpu: usize, record: usize, maskOperand: T): usize {
  const source = <u64>load<T>(cpu + vvvv(record));
  let mask = <u64>maskOperand;
  let r: u64 = 0;
  let bit: u64 = 1;
  while (mask) {
    if (source & mask & (0 - mask)) r |= bit;
    bit <<= 1;
    mask &= mask - 1;
  }
  putReg<T>(cpu, record, <T>r);
  return next(record);
}

function rorx<T>(cpu: usize, record: usize, a: T): usize {
  putReg<T>(cpu, record, rotr<T>(a, <T>load<u8>(record, RECORD_IMM)));
  return next(record);
}

/** T signed: SARX. */
function sarx<T>(cpu: usize, record: usize, a: T): usize {
  putReg<T>(cpu, record, <T>(a >> (<T>load<u8>(cpu + vvvv(record)) & (bitsOf<T>() - 1))));
  return next(record);
}
function shlx<T>(cpu: usize, record: usize, a: T): usize {
  putReg<T>(cpu, record, <T>(a << (<T>load<u8>(cpu + vvvv(record)) & (bitsOf<T>() - 1))));
  return next(record);
}

/** ADCX: carry through CF alone. */
function adcx<T>(cpu: usize, record: usize, b: T): usize {
  const a = reg<T>(cpu, record);
  const r = <T>(a + b + <T>carry(cpu));
  putReg<T>(cpu, record, r);
  setCarry(cpu, <u32>(<u64>((a & b) | ((a | b) & ~r)) >> (bitsOf<T>() - 1)) & 1);
  return next(record);
}

/** ADOX: carry through OF alone. */
function adox<T>(cpu: usize, record: usize, b: T): usize {
  const a = reg<T>(cpu, record);
  const r = <T>(a + b + <T>overflow(cpu));
  putReg<T>(cpu, record, r);
  const out = <u32>(<u64>((a & b) | ((a | b) & ~r)) >> (bitsOf<T>() - 1)) & 1;
  const aux = load<u32>(cpu, CPU_FLAG_AUX);
  store<u32>(cpu, (aux & ~(<u32>0x40000000)) | (((aux >> 31) ^ out) << 30), CPU_FLAG_AUX);
  return next(record);
}

function ANDN_RM<T>(cpu: usize, record: usize): usize {
  return andn<T>(cpu, record, rm<T>(cpu, record));
}
function ANDN_MEM<T>(cpu: usize, record: usize): usize {
  return andn<T>(cpu, record, read<T>(cpu, readAddress<T>(cpu, record)));
}

function LOWEST_RM<T>(cpu: usize, record: usize): usize {
  return lowest<T>(cpu, record, rm<T>(cpu, record));
}
function LOWEST_MEM<T>(cpu: usize, record: usize): usize {
  return lowest<T>(cpu, record, read<T>(cpu, readAddress<T>(cpu, record)));
}

function BEXTR_RM<T>(cpu: usize, record: usize): usize {
  return bextr<T>(cpu, record, rm<T>(cpu, record));
}
function BEXTR_MEM<T>(cpu: usize, record: usize): usize {
  return bextr<T>(cpu, record, read<T>(cpu, readAddress<T>(cpu, record)));
}

function BZHI_RM<T>(cpu: usize, record: usize): usize {
  return bzhi<T>(cpu, record, rm<T>(cpu, record));
}
function BZHI_MEM<T>(cpu: usize, record: usize): usize {
  return bzhi<T>(cpu, record, read<T>(cpu, readAddress<T>(cpu, record)));
}

function MULX_RM<T>(cpu: usize, record: usize): usize {
  return mulx<T>(cpu, record, rm<T>(cpu, record));
}
function MULX_MEM<T>(cpu: usize, record: usize): usize {
  return mulx<T>(cpu, record, read<T>(cpu, readAddress<T>(cpu, record)));
}

function PDEP_RM<T>(cpu: usize, record: usize): usize {
  return pdep<T>(cpu, record, rm<T>(cpu, record));
}
function PDEP_MEM<T>(cpu: usize, record: usize): usize {
  return pdep<T>(cpu, record, read<T>(cpu, readAddress<T>(cpu, record)));
}

function PEXT_RM<T>(cpu: usize, record: usize): usize {
  return pext<T>(cpu, record, rm<T>(cpu, record));
}
function PEXT_MEM<T>(cpu: usize, record: usize): usize {
  return pext<T>(cpu, record, read<T>(cpu, readAddress<T>(cpu, record)));
}

function RORX_RM<T>(cpu: usize, record: usize): usize {
  return rorx<T>(cpu, record, rm<T>(cpu, record));
}
function RORX_MEM<T>(cpu: usize, record: usize): usize {
  return rorx<T>(cpu, record, read<T>(cpu, readAddress<T>(cpu, record)));
}

function SARX_RM<T>(cpu: usize, record: usize): usize {
  return sarx<T>(cpu, record, rm<T>(cpu, record));
}
function SARX_MEM<T>(cpu: usize, record: usize): usize {
  return sarx<T>(cpu, record, read<T>(cpu, readAddress<T>(cpu, record)));
}

function SHLX_RM<T>(cpu: usize, record: usize): usize {
  return shlx<T>(cpu, record, rm<T>(cpu, record));
}
function SHLX_MEM<T>(cpu: usize, record: usize): usize {
  return shlx<T>(cpu, record, read<T>(cpu, readAddress<T>(cpu, record)));
}

function ADCX_RM<T>(cpu: usize, record: usize): usize {
  return adcx<T>(cpu, record, rm<T>(cpu, record));
}
function ADCX_MEM<T>(cpu: usize, record: usize): usize {
  return adcx<T>(cpu, record, read<T>(cpu, readAddress<T>(cpu, record)));
}

function ADOX_RM<T>(cpu: usize, record: usize): usize {
  return adox<T>(cpu, record, rm<T>(cpu, record));
}
function ADOX_MEM<T>(cpu: usize, record: usize): usize {
  return adox<T>(cpu, record, read<T>(cpu, readAddress<T>(cpu, record)));
}

export function registerBmi(): void {
  defineReg(byPrefix(slot(MAP_VEX_0F38, 0xf2), 0), OP_MODRM | OP_L0, FEATURE_BMI1, (c, r) => ANDN_RM<u32>(c, r), (c, r) => ANDN_RM<u32>(c, r), (c, r) => ANDN_RM<u64>(c, r));
  defineMem(byPrefix(slot(MAP_VEX_0F38, 0xf2), 0), OP_MODRM | OP_L0, FEATURE_BMI1, (c, r) => ANDN_MEM<u32>(c, r), (c, r) => ANDN_MEM<u32>(c, r), (c, r) => ANDN_MEM<u64>(c, r));
  defineReg(byReg(byPrefix(slot(MAP_VEX_0F38, 0xf3), 0), 1), OP_MODRM | OP_L0, FEATURE_BMI1, (c, r) => LOWEST_RM<u32>(c, r), (c, r) => LOWEST_RM<u32>(c, r), (c, r) => LOWEST_RM<u64>(c, r));
  defineMem(byReg(byPrefix(slot(MAP_VEX_0F38, 0xf3), 0), 1), OP_MODRM | OP_L0, FEATURE_BMI1, (c, r) => LOWEST_MEM<u32>(c, r), (c, r) => LOWEST_MEM<u32>(c, r), (c, r) => LOWEST_MEM<u64>(c, r));
  defineReg(byReg(byPrefix(slot(MAP_VEX_0F38, 0xf3), 0), 2), OP_MODRM | OP_L0, FEATURE_BMI1, (c, r) => LOWEST_RM<u32>(c, r), (c, r) => LOWEST_RM<u32>(c, r), (c, r) => LOWEST_RM<u64>(c, r));
  defineMem(byReg(byPrefix(slot(MAP_VEX_0F38, 0xf3), 0), 2), OP_MODRM | OP_L0, FEATURE_BMI1, (c, r) => LOWEST_MEM<u32>(c, r), (c, r) => LOWEST_MEM<u32>(c, r), (c, r) => LOWEST_MEM<u64>(c, r));
  defineReg(byReg(byPrefix(slot(MAP_VEX_0F38, 0xf3), 0), 3), OP_MODRM | OP_L0, FEATURE_BMI1, (c, r) => LOWEST_RM<u32>(c, r), (c, r) => LOWEST_RM<u32>(c, r), (c, r) => LOWEST_RM<u64>(c, r));
  defineMem(byReg(byPrefix(slot(MAP_VEX_0F38, 0xf3), 0), 3), OP_MODRM | OP_L0, FEATURE_BMI1, (c, r) => LOWEST_MEM<u32>(c, r), (c, r) => LOWEST_MEM<u32>(c, r), (c, r) => LOWEST_MEM<u64>(c, r));
  defineReg(byPrefix(slot(MAP_VEX_0F38, 0xf7), 0), OP_MODRM | OP_L0, FEATURE_BMI1, (c, r) => BEXTR_RM<u32>(c, r), (c, r) => BEXTR_RM<u32>(c, r), (c, r) => BEXTR_RM<u64>(c, r));
  defineMem(byPrefix(slot(MAP_VEX_0F38, 0xf7), 0), OP_MODRM | OP_L0, FEATURE_BMI1, (c, r) => BEXTR_MEM<u32>(c, r), (c, r) => BEXTR_MEM<u32>(c, r), (c, r) => BEXTR_MEM<u64>(c, r));
  defineReg(byPrefix(slot(MAP_VEX_0F38, 0xf7), 1), OP_MODRM | OP_L0, FEATURE_BMI2, (c, r) => SHLX_RM<u32>(c, r), (c, r) => SHLX_RM<u32>(c, r), (c, r) => SHLX_RM<u64>(c, r));
  defineMem(byPrefix(slot(MAP_VEX_0F38, 0xf7), 1), OP_MODRM | OP_L0, FEATURE_BMI2, (c, r) => SHLX_MEM<u32>(c, r), (c, r) => SHLX_MEM<u32>(c, r), (c, r) => SHLX_MEM<u64>(c, r));
  defineReg(byPrefix(slot(MAP_VEX_0F38, 0xf7), 2), OP_MODRM | OP_L0, FEATURE_BMI2, (c, r) => SARX_RM<i32>(c, r), (c, r) => SARX_RM<i32>(c, r), (c, r) => SARX_RM<i64>(c, r));
  defineMem(byPrefix(slot(MAP_VEX_0F38, 0xf7), 2), OP_MODRM | OP_L0, FEATURE_BMI2, (c, r) => SARX_MEM<i32>(c, r), (c, r) => SARX_MEM<i32>(c, r), (c, r) => SARX_MEM<i64>(c, r));
  defineReg(byPrefix(slot(MAP_VEX_0F38, 0xf7), 3), OP_MODRM | OP_L0, FEATURE_BMI2, (c, r) => SARX_RM<u32>(c, r), (c, r) => SARX_RM<u32>(c, r), (c, r) => SARX_RM<u64>(c, r));
  defineMem(byPrefix(slot(MAP_VEX_0F38, 0xf7), 3), OP_MODRM | OP_L0, FEATURE_BMI2, (c, r) => SARX_MEM<u32>(c, r), (c, r) => SARX_MEM<u32>(c, r), (c, r) => SARX_MEM<u64>(c, r));
  defineReg(byPrefix(slot(MAP_VEX_0F38, 0xf5), 0), OP_MODRM | OP_L0, FEATURE_BMI2, (c, r) => BZHI_RM<u32>(c, r), (c, r) => BZHI_RM<u32>(c, r), (c, r) => BZHI_RM<u64>(c, r));
  defineMem(byPrefix(slot(MAP_VEX_0F38, 0xf5), 0), OP_MODRM | OP_L0, FEATURE_BMI2, (c, r) => BZHI_MEM<u32>(c, r), (c, r) => BZHI_MEM<u32>(c, r), (c, r) => BZHI_MEM<u64>(c, r));
  defineReg(byPrefix(slot(MAP_VEX_0F38, 0xf5), 2), OP_MODRM | OP_L0, FEATURE_BMI2, (c, r) => PEXT_RM<u32>(c, r), (c, r) => PEXT_RM<u32>(c, r), (c, r) => PEXT_RM<u64>(c, r));
  defineMem(byPrefix(slot(MAP_VEX_0F38, 0xf5), 2), OP_MODRM | OP_L0, FEATURE_BMI2, (c, r) => PEXT_MEM<u32>(c, r), (c, r) => PEXT_MEM<u32>(c, r), (c, r) => PEXT_MEM<u64>(c, r));
  defineReg(byPrefix(slot(MAP_VEX_0F38, 0xf5), 3), OP_MODRM | OP_L0, FEATURE_BMI2, (c, r) => PDEP_RM<u32>(c, r), (c, r) => PDEP_RM<u32>(c, r), (c, r) => PDEP_RM<u64>(c, r));
  defineMem(byPrefix(slot(MAP_VEX_0F38, 0xf5), 3), OP_MODRM | OP_L0, FEATURE_BMI2, (c, r) => PDEP_MEM<u32>(c, r), (c, r) => PDEP_MEM<u32>(c, r), (c, r) => PDEP_MEM<u64>(c, r));
  defineReg(byPrefix(slot(MAP_VEX_0F38, 0xf6), 3), OP_MODRM | OP_L0, FEATURE_BMI2, (c, r) => MULX_RM<u32>(c, r), (c, r) => MULX_RM<u32>(c, r), (c, r) => MULX_RM<u64>(c, r));
  defineMem(byPrefix(slot(MAP_VEX_0F38, 0xf6), 3), OP_MODRM | OP_L0, FEATURE_BMI2, (c, r) => MULX_MEM<u32>(c, r), (c, r) => MULX_MEM<u32>(c, r), (c, r) => MULX_MEM<u64>(c, r));
  defineReg(byPrefix(slot(MAP_VEX_0F3A, 0xf0), 3), OP_MODRM | OP_L0 | OP_IMM8, FEATURE_BMI2, (c, r) => RORX_RM<u32>(c, r), (c, r) => RORX_RM<u32>(c, r), (c, r) => RORX_RM<u64>(c, r));
  defineMem(byPrefix(slot(MAP_VEX_0F3A, 0xf0), 3), OP_MODRM | OP_L0 | OP_IMM8, FEATURE_BMI2, (c, r) => RORX_MEM<u32>(c, r), (c, r) => RORX_MEM<u32>(c, r), (c, r) => RORX_MEM<u64>(c, r));
  defineReg(byPrefix(slot(MAP_0F38, 0xf6), 1), OP_MODRM, FEATURE_ADX, (c, r) => ADCX_RM<u32>(c, r), (c, r) => ADCX_RM<u32>(c, r), (c, r) => ADCX_RM<u64>(c, r));
  defineMem(byPrefix(slot(MAP_0F38, 0xf6), 1), OP_MODRM, FEATURE_ADX, (c, r) => ADCX_MEM<u32>(c, r), (c, r) => ADCX_MEM<u32>(c, r), (c, r) => ADCX_MEM<u64>(c, r));
  defineReg(byPrefix(slot(MAP_0F38, 0xf6), 2), OP_MODRM, FEATURE_ADX, (c, r) => ADOX_RM<u32>(c, r), (c, r) => ADOX_RM<u32>(c, r), (c, r) => ADOX_RM<u64>(c, r));
  defineMem(byPrefix(slot(MAP_0F38, 0xf6), 2), OP_MODRM, FEATURE_ADX, (c, r) => ADOX_MEM<u32>(c, r), (c, r) => ADOX_MEM<u32>(c, r), (c, r) => ADOX_MEM<u64>(c, r));
}
