// DAA DAS AAA AAS AAM AAD (SDM vol. 2).
import { CPU_RAX, RECORD_IMM } from '../../memory/layout';
import { FLAG_AF, FLAG_CF } from './bits';
import { raise, VECTOR_DE } from './fault';
import { adjust, AUX_AF, AUX_CF, carry, flagsLogic, setFlags, setStatusFlags, statusFlags } from './flags';
import { defineOne, MAP_ONE, OP_IMM8, OP_NO64, slot } from './opcode-table';
import { next } from './state';

const AH: usize = CPU_RAX + 1;

/** CF and AF of a decimal adjustment. OF is undefined and 0. */
// @ts-ignore: decorator
@inline
function decimalFlags(cpu: usize, result: u8, cf: bool, af: bool): void {
  setFlags<u8>(cpu, result, (cf ? AUX_CF | 0x40000000 : 0) | (af ? AUX_AF : 0));
}

function DAA(cpu: usize, record: usize): usize {
  const al = load<u8>(cpu, CPU_RAX);
  const af = (al & 15) > 9 || adjust(cpu) != 0;
  const cf = al > 0x99 || carry(cpu) != 0;
  let r = al;
  if (af) r += 6;
  if (cf) r += 0x60;
  store<u8>(cpu, r, CPU_RAX);
  decimalFlags(cpu, r, cf, af);
  return next(record);
}

function DAS(cpu: usize, record: usize): usize {
  const al = load<u8>(cpu, CPU_RAX);
  const oldCarry = carry(cpu) != 0;
  const af = (al & 15) > 9 || adjust(cpu) != 0;
  let cf = oldCarry;
  let r = al;
  if (af) {
    cf = oldCarry || al < 6;
    r -= 6;
  }
  if (al > 0x99 || oldCarry) {
    r -= 0x60;
    cf = true;
  }
  store<u8>(cpu, r, CPU_RAX);
  decimalFlags(cpu, r, cf, af);
  return next(record);
}

// @ts-ignore: decorator
@inline
function asciiAdjust(cpu: usize, record: usize, add: bool): usize {
  const adjusting = (load<u8>(cpu, CPU_RAX) & 15) > 9 || adjust(cpu) != 0;
  if (adjusting) {
    const ax = load<u16>(cpu, CPU_RAX);
    // On the 80286 and later the carry out of AL goes into AH.
    if (add) {
      store<u16>(cpu, ax + 0x106, CPU_RAX);
    } else {
      store<u16>(cpu, ax - 6, CPU_RAX);
      store<u8>(cpu + AH, load<u8>(cpu + AH) - 1);
    }
  }
  store<u8>(cpu, load<u8>(cpu, CPU_RAX) & 15, CPU_RAX);
  const flags = statusFlags(cpu) & ~(FLAG_CF | FLAG_AF);
  setStatusFlags(cpu, flags | (adjusting ? FLAG_CF | FLAG_AF : 0));
  return next(record);
}
function AAA(cpu: usize, record: usize): usize {
  return asciiAdjust(cpu, record, true);
}
function AAS(cpu: usize, record: usize): usize {
  return asciiAdjust(cpu, record, false);
}

function AAM(cpu: usize, record: usize): usize {
  const base = load<u8>(record, RECORD_IMM);
  if (!base) raise(cpu, VECTOR_DE);
  const al = load<u8>(cpu, CPU_RAX);
  store<u8>(cpu + AH, al / base);
  store<u8>(cpu, al % base, CPU_RAX);
  flagsLogic<u8>(cpu, al % base);
  return next(record);
}

function AAD(cpu: usize, record: usize): usize {
  const r = <u8>(load<u8>(cpu, CPU_RAX) + load<u8>(cpu + AH) * load<u8>(record, RECORD_IMM));
  store<u16>(cpu, <u16>r, CPU_RAX);
  flagsLogic<u8>(cpu, r);
  return next(record);
}

/** SALC: AL = CF ? FFh : 0. In no table of the SDM, but in every processor (AMD APM vol. 3, table A-1, opcode D6h). */
function SALC(cpu: usize, record: usize): usize {
  store<u8>(cpu, carry(cpu) ? 0xff : 0, CPU_RAX);
  return next(record);
}

export function registerBcd(): void {
  defineOne(slot(MAP_ONE, 0x27), OP_NO64, 0, DAA);
  defineOne(slot(MAP_ONE, 0x2f), OP_NO64, 0, DAS);
  defineOne(slot(MAP_ONE, 0x37), OP_NO64, 0, AAA);
  defineOne(slot(MAP_ONE, 0x3f), OP_NO64, 0, AAS);
  defineOne(slot(MAP_ONE, 0xd4), OP_NO64 | OP_IMM8, 0, AAM);
  defineOne(slot(MAP_ONE, 0xd5), OP_NO64 | OP_IMM8, 0, AAD);
  defineOne(slot(MAP_ONE, 0xd6), OP_NO64, 0, SALC);
}
