// Control registers: what writing each means, and MOV CR, LMSW, SMSW, CLTS, INVLPG, INVPCID (SDM vol. 3, 2.5 and 4.10.4).
import {
  CPU_CR0,
  CPU_CR2,
  CPU_CR3,
  CPU_CR4,
  CPU_EFER,
  CPU_PDPTE,
  CPU_PHYS_MASK,
  CPU_SEG_ATTRIBUTES,
  CPU_SEG_BASE,
  RECORD_ADDRESS,
  RECORD_REG,
} from '../../memory/layout';
import {
  FEATURE_CR8_LEGACY,
  FEATURE_DE,
  FEATURE_FSGSBASE,
  FEATURE_FXSR,
  FEATURE_INVPCID,
  FEATURE_MCE,
  FEATURE_PAE,
  FEATURE_PCID,
  FEATURE_PGE,
  FEATURE_PSE,
  FEATURE_SMAP,
  FEATURE_SMEP,
  FEATURE_SSE,
  FEATURE_TSC,
  FEATURE_UMIP,
  FEATURE_VME,
  FEATURE_XSAVE,
} from '../cpu-features';
import { apicGetTpr, apicSetTpr } from './apic/registers';
import { isCanonical, read, write } from './access';
import { effectiveAddress, readAddress, segmentAddress, writeAddress } from './address';
import {
  ATTR_L,
  CR0_CD,
  CR0_ET,
  CR0_NW,
  CR0_PE,
  CR0_PG,
  CR0_TS,
  CR0_WP,
  CR4_DE,
  CR4_FSGSBASE,
  CR4_MCE,
  CR4_OSFXSR,
  CR4_OSXMMEXCPT,
  CR4_OSXSAVE,
  CR4_PAE,
  CR4_PCIDE,
  CR4_PGE,
  CR4_PSE,
  CR4_PVI,
  CR4_SMAP,
  CR4_SMEP,
  CR4_TSD,
  CR4_UMIP,
  CR4_VME,
  EFER_LMA,
  EFER_LME,
  SEG_CS,
} from './bits';
import { raiseGP, raiseUD } from './fault';
import { updateMode } from './mode';
import {
  byMem,
  byPrefix,
  byReg,
  defineLock,
  defineMem,
  defineOne,
  defineReg,
  MAP_0F,
  MAP_0F38,
  OP_END,
  OP_FORCE64,
  OP_LOCK_REG,
  OP_MODRM,
  OP_REGNUM,
  slot,
} from './opcode-table';
import { physicalRead } from './physical';
import { checkUmip } from './segment';
import { cpl, finish, hasFeature, is64, isLongMode, isV86, next, putRm, rm } from './state';
import { flushPage, flushTlb } from './tlb';

const CR0_KNOWN: u64 = 0xe005003f;
const CR4_KNOWN: u64 = 0x370fff;
const CR3_NO_FLUSH: u64 = 0x8000000000000000;
const INVALID_PDPTE: u64 = 0x1e6;

/** Loads CR3 (and, in PAE mode, the four directory pointers) and forgets translations. Raises #GP for bad pointers. */
export function loadPageDirectory(cpu: usize, value: u64): void {
  const pae = (load<u64>(cpu, CPU_CR4) & CR4_PAE) != 0 && (load<u64>(cpu, CPU_CR0) & CR0_PG) != 0;
  if (pae && !isLongMode(cpu)) loadPointers(cpu, value);
  store<u64>(cpu, value & ~CR3_NO_FLUSH, CPU_CR3);
  flushTlb(cpu, false);
}

/** The PDPTEs are read when CR3 is loaded, not at each walk (SDM vol. 3, 4.4.1). */
function loadPointers(cpu: usize, cr3: u64): void {
  const at = cr3 & 0xffffffe0;
  const reserved = INVALID_PDPTE | ~load<u64>(cpu, CPU_PHYS_MASK);
  for (let i: u64 = 0; i < 4; i++) {
    const entry = physicalRead(at + i * 8, 8);
    if (entry & 1 && entry & reserved) raiseGP(cpu, 0);
  }
  for (let i: u64 = 0; i < 4; i++) store<u64>(cpu + (<usize>i << 3), physicalRead(at + i * 8, 8), CPU_PDPTE);
}

/** Reads the directory pointers again if the paging mode, put in force by other means than a MOV, has any. */
export function reloadPointers(cpu: usize): void {
  if (!(load<u64>(cpu, CPU_CR0) & CR0_PG) || !(load<u64>(cpu, CPU_CR4) & CR4_PAE) || isLongMode(cpu)) return;
  const at = load<u64>(cpu, CPU_CR3) & 0xffffffe0;
  for (let i: u64 = 0; i < 4; i++) store<u64>(cpu + (<usize>i << 3), physicalRead(at + i * 8, 8), CPU_PDPTE);
}

/** Writes CR0. Raises #GP for combinations that do not exist. */
export function writeCr0(cpu: usize, raw: u64): void {
  const value = (raw & CR0_KNOWN) | CR0_ET;
  const old = load<u64>(cpu, CPU_CR0);
  if (raw >> 32) raiseGP(cpu, 0);
  if (value & CR0_PG && !(value & CR0_PE)) raiseGP(cpu, 0);
  if (value & CR0_NW && !(value & CR0_CD)) raiseGP(cpu, 0);
  const cr4 = load<u64>(cpu, CPU_CR4);
  const efer = load<u64>(cpu, CPU_EFER);
  if ((value ^ old) & CR0_PG) {
    if (value & CR0_PG) {
      if (efer & EFER_LME) {
        if (!(cr4 & CR4_PAE)) raiseGP(cpu, 0);
        if (load<u32>(cpu, CPU_SEG_ATTRIBUTES + (SEG_CS << 2)) & ATTR_L) raiseGP(cpu, 0);
        store<u64>(cpu, efer | EFER_LMA, CPU_EFER);
      } else if (cr4 & CR4_PAE) {
        loadPointers(cpu, load<u64>(cpu, CPU_CR3));
      }
    } else {
      if (is64(cpu)) raiseGP(cpu, 0);
      if (cr4 & CR4_PCIDE) raiseGP(cpu, 0);
      store<u64>(cpu, efer & ~EFER_LMA, CPU_EFER);
    }
  }
  store<u64>(cpu, value, CPU_CR0);
  if ((value ^ old) & (CR0_PG | CR0_WP | CR0_PE)) flushTlb(cpu, true);
  updateMode(cpu);
}

/** Bits of CR4 that the model has. */
function allowedCr4(cpu: usize): u64 {
  let allowed = CR4_KNOWN;
  if (!hasFeature(cpu, FEATURE_VME)) allowed &= ~(CR4_VME | CR4_PVI);
  if (!hasFeature(cpu, FEATURE_TSC)) allowed &= ~CR4_TSD;
  if (!hasFeature(cpu, FEATURE_DE)) allowed &= ~CR4_DE;
  if (!hasFeature(cpu, FEATURE_PSE)) allowed &= ~CR4_PSE;
  if (!hasFeature(cpu, FEATURE_PAE)) allowed &= ~CR4_PAE;
  if (!hasFeature(cpu, FEATURE_MCE)) allowed &= ~CR4_MCE;
  if (!hasFeature(cpu, FEATURE_PGE)) allowed &= ~CR4_PGE;
  if (!hasFeature(cpu, FEATURE_FXSR)) allowed &= ~CR4_OSFXSR;
  if (!hasFeature(cpu, FEATURE_SSE)) allowed &= ~CR4_OSXMMEXCPT;
  if (!hasFeature(cpu, FEATURE_UMIP)) allowed &= ~CR4_UMIP;
  if (!hasFeature(cpu, FEATURE_FSGSBASE)) allowed &= ~CR4_FSGSBASE;
  if (!hasFeature(cpu, FEATURE_PCID)) allowed &= ~CR4_PCIDE;
  if (!hasFeature(cpu, FEATURE_XSAVE)) allowed &= ~CR4_OSXSAVE;
  if (!hasFeature(cpu, FEATURE_SMEP)) allowed &= ~CR4_SMEP;
  if (!hasFeature(cpu, FEATURE_SMAP)) allowed &= ~CR4_SMAP;
  return allowed;
}

export function writeCr4(cpu: usize, value: u64): void {
  const old = load<u64>(cpu, CPU_CR4);
  if (value & ~allowedCr4(cpu)) raiseGP(cpu, 0);
  if (isLongMode(cpu) && !(value & CR4_PAE)) raiseGP(cpu, 0);
  if (value & ~old & CR4_PCIDE && (!isLongMode(cpu) || load<u64>(cpu, CPU_CR3) & 0xfff)) raiseGP(cpu, 0);
  const changed = value ^ old;
  const paging = (load<u64>(cpu, CPU_CR0) & CR0_PG) != 0;
  if (paging && !isLongMode(cpu) && value & CR4_PAE && changed & (CR4_PAE | CR4_PGE | CR4_PSE | CR4_SMEP)) {
    loadPointers(cpu, load<u64>(cpu, CPU_CR3));
  }
  store<u64>(cpu, value, CPU_CR4);
  if (changed & (CR4_PAE | CR4_PGE | CR4_PSE | CR4_PCIDE | CR4_SMEP | CR4_SMAP)) flushTlb(cpu, true);
  updateMode(cpu);
}

export function writeCr3(cpu: usize, value: u64): void {
  const noFlush = (value & CR3_NO_FLUSH) != 0 && (load<u64>(cpu, CPU_CR4) & CR4_PCIDE) != 0;
  if (isLongMode(cpu) && value & ~CR3_NO_FLUSH & ~load<u64>(cpu, CPU_PHYS_MASK)) raiseGP(cpu, 0);
  if (value & CR3_NO_FLUSH && !noFlush) raiseGP(cpu, 0);
  loadPageDirectory(cpu, is64(cpu) ? value : value & 0xffffffff);
}

function checkSupervisor(cpu: usize): void {
  if (cpl(cpu) != 0) raiseGP(cpu, 0);
}

// @ts-ignore: decorator
@inline
function controlNumber(record: usize): u32 {
  return <u32>load<u8>(record, RECORD_REG);
}

function MOV_FROM_CR(cpu: usize, record: usize): usize {
  checkSupervisor(cpu);
  const n = controlNumber(record);
  let value: u64 = 0;
  if (n == 0) value = load<u64>(cpu, CPU_CR0);
  else if (n == 2) value = load<u64>(cpu, CPU_CR2);
  else if (n == 3) value = load<u64>(cpu, CPU_CR3);
  else if (n == 4) value = load<u64>(cpu, CPU_CR4);
  else if (n == 8) value = apicGetTpr(cpu);
  else raiseUD(cpu);
  putControlResult(cpu, record, value);
  return next(record);
}

/** 64 bits in 64-bit code, else 32. */
function putControlResult(cpu: usize, record: usize, value: u64): void {
  if (is64(cpu)) putRm<u64>(cpu, record, value);
  else putRm<u32>(cpu, record, <u32>value);
}

/** LOCK MOV CR0 is MOV CR8, for code that has no REX (AMD APM vol. 3, "MOV CRn"). */
function checkCr8(cpu: usize, record: usize): void {
  if (controlNumber(record) != 0 || !hasFeature(cpu, FEATURE_CR8_LEGACY)) raiseUD(cpu);
  checkSupervisor(cpu);
}

function MOV_FROM_CR8(cpu: usize, record: usize): usize {
  checkCr8(cpu, record);
  putControlResult(cpu, record, apicGetTpr(cpu));
  return next(record);
}

function MOV_TO_CR8(cpu: usize, record: usize): usize {
  checkCr8(cpu, record);
  writeCr8(cpu, is64(cpu) ? rm<u64>(cpu, record) : <u64>rm<u32>(cpu, record));
  return finish(cpu, record);
}

function writeCr8(cpu: usize, value: u64): void {
  if (value & ~(<u64>15)) raiseGP(cpu, 0);
  apicSetTpr(cpu, value);
}

function MOV_TO_CR(cpu: usize, record: usize): usize {
  checkSupervisor(cpu);
  const value = is64(cpu) ? rm<u64>(cpu, record) : <u64>rm<u32>(cpu, record);
  const n = controlNumber(record);
  if (n == 0) writeCr0(cpu, value);
  else if (n == 2) store<u64>(cpu, value, CPU_CR2);
  else if (n == 3) writeCr3(cpu, value);
  else if (n == 4) writeCr4(cpu, value);
  else if (n == 8) writeCr8(cpu, value);
  else raiseUD(cpu);
  return finish(cpu, record);
}

/** LMSW changes PE, MP, EM and TS, and cannot clear PE. */
function lmsw(cpu: usize, record: usize, value: u64): usize {
  checkSupervisor(cpu);
  const old = load<u64>(cpu, CPU_CR0);
  writeCr0(cpu, (old & ~(<u64>14)) | (value & 15));
  return finish(cpu, record);
}
function LMSW_RM(cpu: usize, record: usize): usize {
  return lmsw(cpu, record, <u64>rm<u16>(cpu, record));
}
function LMSW_MEM(cpu: usize, record: usize): usize {
  return lmsw(cpu, record, <u64>read<u16>(cpu, readAddress<u16>(cpu, record)));
}
function SMSW_RM<T>(cpu: usize, record: usize): usize {
  checkUmip(cpu);
  putRm<T>(cpu, record, <T>load<u64>(cpu, CPU_CR0));
  return next(record);
}
function SMSW_MEM(cpu: usize, record: usize): usize {
  checkUmip(cpu);
  write<u16>(cpu, writeAddress<u16>(cpu, record), load<u16>(cpu, CPU_CR0));
  return next(record);
}
function CLTS(cpu: usize, record: usize): usize {
  checkSupervisor(cpu);
  store<u64>(cpu, load<u64>(cpu, CPU_CR0) & ~CR0_TS, CPU_CR0);
  updateMode(cpu);
  return finish(cpu, record);
}

function INVLPG(cpu: usize, record: usize): usize {
  if (isV86(cpu)) raiseGP(cpu, 0);
  checkSupervisor(cpu);
  const segment = <u32>load<u8>(record, RECORD_ADDRESS) >> 4;
  // No access, so no limit or canonical check; a non-canonical address does nothing.
  const offset = effectiveAddress(cpu, record);
  const linear = is64(cpu) ? segmentAddress(cpu, segment, offset, 1, false) : (offset + load<u64>(cpu + (segment << 3), CPU_SEG_BASE)) & 0xffffffff;
  flushPage(cpu, linear);
  return finish(cpu, record);
}

/** INVPCID: all types but the single address drop everything that is not global (or everything). */
function INVPCID<T>(cpu: usize, record: usize): usize {
  checkSupervisor(cpu);
  const kind = <u64>load<T>(cpu + <usize>load<u8>(record, RECORD_REG));
  const segment = <u32>load<u8>(record, RECORD_ADDRESS) >> 4;
  const linear = segmentAddress(cpu, segment, effectiveAddress(cpu, record), 16, false);
  const pcid = read<u64>(cpu, linear);
  const address = read<u64>(cpu, linear + 8);
  if (kind > 3) raiseGP(cpu, 0);
  if (kind < 2 && pcid & ~(<u64>0xfff)) raiseGP(cpu, 0);
  if (kind < 2 && pcid && !(load<u64>(cpu, CPU_CR4) & CR4_PCIDE)) raiseGP(cpu, 0);
  if (kind == 0) {
    if (!isCanonical(address)) raiseGP(cpu, 0);
    flushPage(cpu, address);
  } else {
    flushTlb(cpu, kind == 2);
  }
  return finish(cpu, record);
}

export function registerControlRegister(): void {
  // MOV CR ignores the mod field: it is always a register.
  const from = slot(MAP_0F, 0x20);
  defineOne(from, OP_MODRM | OP_REGNUM | OP_FORCE64 | OP_LOCK_REG, 0, MOV_FROM_CR);
  defineLock(from, MOV_FROM_CR8, MOV_FROM_CR8, MOV_FROM_CR8);
  const to = slot(MAP_0F, 0x22);
  defineOne(to, OP_MODRM | OP_REGNUM | OP_FORCE64 | OP_LOCK_REG | OP_END, 0, MOV_TO_CR);
  defineLock(to, MOV_TO_CR8, MOV_TO_CR8, MOV_TO_CR8);
  const one = slot(MAP_0F, 0x01);
  defineReg(byReg(one, 4), OP_MODRM, 0, (c, r) => SMSW_RM<u16>(c, r), (c, r) => SMSW_RM<u32>(c, r), (c, r) => SMSW_RM<u64>(c, r));
  defineMem(byReg(one, 4), OP_MODRM, 0, SMSW_MEM, SMSW_MEM, SMSW_MEM);
  defineReg(byReg(one, 6), OP_MODRM | OP_END, 0, LMSW_RM, LMSW_RM, LMSW_RM);
  defineMem(byReg(one, 6), OP_MODRM | OP_END, 0, LMSW_MEM, LMSW_MEM, LMSW_MEM);
  defineOne(slot(MAP_0F, 0x06), OP_END, 0, CLTS);
  defineOne(byMem(byReg(one, 7), 1), OP_MODRM | OP_END, 0, INVLPG);
  const invpcid = byPrefix(slot(MAP_0F38, 0x82), 1);
  defineMem(invpcid, OP_MODRM | OP_FORCE64 | OP_END, FEATURE_INVPCID, (c, r) => INVPCID<u32>(c, r), (c, r) => INVPCID<u32>(c, r), (c, r) => INVPCID<u64>(c, r));
}
