// The save areas of FXSAVE and XSAVE: x87, SSE and AVX state (SDM vol. 1, 10.5 and chapter 13).
import {
  CPU_CR0,
  CPU_CR4,
  CPU_EFER,
  CPU_MXCSR,
  CPU_RAX,
  CPU_RDX,
  CPU_VECTOR,
  CPU_X87,
  CPU_X87_CONTROL,
  CPU_X87_FCS,
  CPU_X87_FDP,
  CPU_X87_FDS,
  CPU_X87_FIP,
  CPU_X87_OPCODE,
  CPU_X87_STATUS,
  CPU_X87_TAG,
  CPU_XCR0,
  INFO_W,
} from '../../../memory/layout';
import { FEATURE_FXSR, FEATURE_XSAVE, FEATURE_XSAVEC, FEATURE_XSAVEOPT } from '../../cpu-features';
import { checkRead, checkWrite, read, write } from '../access';
import { addressOf } from '../address';
import { CR0_TS, CR4_OSXSAVE, EFER_FFXSR } from '../bits';
import { raise, raiseGP, raiseUD, VECTOR_NM } from '../fault';
import { abridgedTags, initialiseX87, setAbridgedTags } from '../fpu/x87-control';
import { physicalIndex, refreshSummary } from '../fpu/x87-state';
import { byMem, byPrefix, byReg, defineMem, defineOne, MAP_0F, OP_MODRM, OP_X87, slot } from '../opcode-table';
import { cpl, Handler, info, is64, next } from '../state';
import { MXCSR_VALID } from './mxcsr';

// State components: bits of XCR0, XSTATE_BV and XCOMP_BV (SDM vol. 1, 13.1).
const X87: u64 = 1;
const SSE: u64 = 2;
const AVX: u64 = 4;
const COMPACTED: u64 = 0x8000000000000000;

// Offsets in the areas (SDM vol. 1, table 10-2, 13.4).
const AREA_X87_REGISTERS: u64 = 32;
const AREA_XMM: u64 = 160;
const AREA_BYTES: u32 = 512;
const HEADER: u64 = 512;
const HEADER_COMPACTION: u64 = 520;
const AREA_AVX: u64 = 576;
const AREA_AVX_BYTES: u32 = 256;

const INITIAL_CONTROL: u16 = 0x37f;
const INITIAL_MXCSR: u32 = 0x1f80;
const ALL_EMPTY: u16 = 0xffff;

/** Sixteen vector registers in 64-bit code, else eight. */
function vectorCount(cpu: usize): u32 {
  return is64(cpu) ? 16 : 8;
}

/** Writes the x87 part; with REX.W instruction and data pointers have 64 bits and no selectors. */
function saveX87(cpu: usize, record: usize, at: u64): void {
  const control = <u64>load<u16>(cpu, CPU_X87_CONTROL) | (<u64>load<u16>(cpu, CPU_X87_STATUS) << 16);
  write<u64>(cpu, at, control | (<u64>abridgedTags(cpu) << 32) | (<u64>load<u16>(cpu, CPU_X87_OPCODE) << 48));
  let instruction = load<u64>(cpu, CPU_X87_FIP);
  let data = load<u64>(cpu, CPU_X87_FDP);
  if (!(info(record) & INFO_W)) {
    instruction = (instruction & 0xffffffff) | (<u64>load<u16>(cpu, CPU_X87_FCS) << 32);
    data = (data & 0xffffffff) | (<u64>load<u16>(cpu, CPU_X87_FDS) << 32);
  }
  write<u64>(cpu, at + 8, instruction);
  write<u64>(cpu, at + 16, data);
  for (let i: u32 = 0; i < 8; i++) {
    const register = cpu + CPU_X87 + (<usize>physicalIndex(cpu, i) << 4);
    const place = at + AREA_X87_REGISTERS + (<u64>i << 4);
    write<u64>(cpu, place, load<u64>(register));
    write<u64>(cpu, place + 8, <u64>load<u16>(register, 8));
  }
}

function loadX87(cpu: usize, record: usize, at: u64): void {
  const control = read<u64>(cpu, at);
  store<u16>(cpu, <u16>control, CPU_X87_CONTROL);
  store<u16>(cpu, <u16>(control >> 16), CPU_X87_STATUS);
  setAbridgedTags(cpu, <u32>(control >> 32) & 0xff);
  store<u16>(cpu, <u16>(control >> 48) & 0x7ff, CPU_X87_OPCODE);
  const instruction = read<u64>(cpu, at + 8);
  const data = read<u64>(cpu, at + 16);
  const wide = (info(record) & INFO_W) != 0;
  store<u64>(cpu, wide ? instruction : instruction & 0xffffffff, CPU_X87_FIP);
  store<u64>(cpu, wide ? data : data & 0xffffffff, CPU_X87_FDP);
  if (!wide) {
    store<u16>(cpu, <u16>(instruction >> 32), CPU_X87_FCS);
    store<u16>(cpu, <u16>(data >> 32), CPU_X87_FDS);
  }
  for (let i: u32 = 0; i < 8; i++) {
    const register = cpu + CPU_X87 + (<usize>physicalIndex(cpu, i) << 4);
    const place = at + AREA_X87_REGISTERS + (<u64>i << 4);
    store<u64>(register, read<u64>(cpu, place));
    store<u16>(register, read<u16>(cpu, place + 8), 8);
  }
  refreshSummary(cpu);
}

/** The initial configuration of XRSTOR: as FNINIT, with registers of zero (SDM vol. 1, 13.6). */
function clearX87(cpu: usize): void {
  initialiseX87(cpu);
  memory.fill(cpu + CPU_X87, 0, 128);
}

/** EFER.FFXSR: at level 0 of 64-bit code FXSAVE and FXRSTOR leave the vector registers alone (AMD APM vol. 4, "FXSAVE"). */
function isFast(cpu: usize): bool {
  return (load<u64>(cpu, CPU_EFER) & EFER_FFXSR) != 0 && is64(cpu) && cpl(cpu) == 0;
}

function isX87InUse(cpu: usize): bool {
  if (load<u16>(cpu, CPU_X87_CONTROL) != INITIAL_CONTROL || load<u16>(cpu, CPU_X87_STATUS)) return true;
  if (load<u16>(cpu, CPU_X87_TAG) != ALL_EMPTY || load<u16>(cpu, CPU_X87_OPCODE)) return true;
  if (load<u64>(cpu, CPU_X87_FIP) | load<u64>(cpu, CPU_X87_FDP)) return true;
  for (let i: usize = 0; i < 128; i += 16) if (v128.any_true(load<v128>(cpu + i, CPU_X87))) return true;
  return false;
}

/** Writes 16 bytes of each vector register, from byte `half` of it. */
function saveVectors(cpu: usize, at: u64, half: usize): void {
  const count = vectorCount(cpu);
  for (let i: u32 = 0; i < count; i++) {
    write<v128>(cpu, at + (<u64>i << 4), load<v128>(cpu + (<usize>i << 6) + half, CPU_VECTOR));
  }
}

function loadVectors(cpu: usize, at: u64, half: usize): void {
  const count = vectorCount(cpu);
  for (let i: u32 = 0; i < count; i++) {
    store<v128>(cpu + (<usize>i << 6) + half, read<v128>(cpu, at + (<u64>i << 4)), CPU_VECTOR);
  }
}

function clearVectors(cpu: usize, half: usize): void {
  const count = vectorCount(cpu);
  for (let i: u32 = 0; i < count; i++) store<v128>(cpu + (<usize>i << 6) + half, i64x2.splat(0), CPU_VECTOR);
}

function areVectorsInUse(cpu: usize, half: usize): bool {
  for (let i: usize = 0; i < 16; i++) {
    if (v128.any_true(load<v128>(cpu + (i << 6) + half, CPU_VECTOR))) return true;
  }
  return false;
}

function saveMxcsr(cpu: usize, at: u64): void {
  write<u64>(cpu, at + 24, <u64>load<u32>(cpu, CPU_MXCSR) | (<u64>MXCSR_VALID << 32));
}

/** MXCSR of an area; reserved bits raise #GP before anything is loaded. */
function checkedMxcsr(cpu: usize, at: u64): u32 {
  const value = read<u32>(cpu, at + 24);
  if (value & ~MXCSR_VALID) raiseGP(cpu, 0);
  return value;
}

function FXSAVE(cpu: usize, record: usize): usize {
  const at = addressOf(cpu, record, AREA_BYTES, true);
  if (at & 15) raiseGP(cpu, 0);
  checkWrite(cpu, at, AREA_BYTES);
  saveX87(cpu, record, at);
  saveMxcsr(cpu, at);
  if (!isFast(cpu)) saveVectors(cpu, at + AREA_XMM, 0);
  return next(record);
}

function FXRSTOR(cpu: usize, record: usize): usize {
  const at = addressOf(cpu, record, AREA_BYTES, false);
  if (at & 15) raiseGP(cpu, 0);
  checkRead(cpu, at, AREA_BYTES);
  const mxcsr = checkedMxcsr(cpu, at);
  loadX87(cpu, record, at);
  store<u32>(cpu, mxcsr, CPU_MXCSR);
  if (!isFast(cpu)) loadVectors(cpu, at + AREA_XMM, 0);
  return next(record);
}

/** XINUSE: which components differ from their initial configuration (SDM vol. 1, 13.6). */
export function componentsInUse(cpu: usize): u64 {
  let inUse: u64 = 0;
  if (isX87InUse(cpu)) inUse |= X87;
  if (load<u32>(cpu, CPU_MXCSR) != INITIAL_MXCSR || areVectorsInUse(cpu, 0)) inUse |= SSE;
  if (areVectorsInUse(cpu, 16)) inUse |= AVX;
  return inUse;
}

/** #UD without CR4.OSXSAVE, #NM with CR0.TS. */
function checkXsaveAvailable(cpu: usize): void {
  if (!(load<u64>(cpu, CPU_CR4) & CR4_OSXSAVE)) raiseUD(cpu);
  if (load<u64>(cpu, CPU_CR0) & CR0_TS) raise(cpu, VECTOR_NM);
}

/** RFBM: EDX:EAX as far as XCR0 has the components. */
function requested(cpu: usize): u64 {
  return (<u64>load<u32>(cpu, CPU_RAX) | (<u64>load<u32>(cpu, CPU_RDX) << 32)) & load<u64>(cpu, CPU_XCR0);
}

function areaSize(components: u64): u32 {
  return <u32>AREA_AVX + (components & AVX ? AREA_AVX_BYTES : 0);
}

function areaAddress(cpu: usize, record: usize, size: u32, isWrite: bool): u64 {
  const at = addressOf(cpu, record, size, isWrite);
  if (at & 63) raiseGP(cpu, 0);
  if (isWrite) checkWrite(cpu, at, size);
  else checkRead(cpu, at, size);
  return at;
}

/** Writes the components of `written`. */
function saveComponents(cpu: usize, record: usize, at: u64, written: u64, withMxcsr: bool): void {
  if (written & X87) saveX87(cpu, record, at);
  if (withMxcsr) saveMxcsr(cpu, at);
  if (written & SSE) saveVectors(cpu, at + AREA_XMM, 0);
  if (written & AVX) saveVectors(cpu, at + AREA_AVX, 16);
}

/** XSAVE writes every requested component, XSAVEOPT only those in use (SDM vol. 1, 13.7, 13.9). */
function saveStandard(cpu: usize, record: usize, onlyInUse: bool): usize {
  checkXsaveAvailable(cpu);
  const mask = requested(cpu);
  const at = areaAddress(cpu, record, areaSize(mask), true);
  const inUse = componentsInUse(cpu) & mask;
  const written = onlyInUse ? inUse : mask;
  saveComponents(cpu, record, at, written, (mask & (SSE | AVX)) != 0);
  write<u64>(cpu, at + HEADER, (read<u64>(cpu, at + HEADER) & ~mask) | inUse);
  return next(record);
}

/** XSAVEC: the compacted format, which for these components has the same places (SDM vol. 1, 13.10). */
function XSAVEC(cpu: usize, record: usize): usize {
  checkXsaveAvailable(cpu);
  const mask = requested(cpu);
  const at = areaAddress(cpu, record, areaSize(mask), true);
  const inUse = componentsInUse(cpu) & mask;
  saveComponents(cpu, record, at, inUse, (inUse & SSE) != 0);
  write<u64>(cpu, at + HEADER, inUse);
  write<u64>(cpu, at + HEADER_COMPACTION, mask | COMPACTED);
  return next(record);
}

/** The header's rules (SDM vol. 1, 13.8.1): what is not enabled or reserved raises #GP. */
function checkHeader(cpu: usize, at: u64): u64 {
  const present = read<u64>(cpu, at + HEADER);
  const compaction = read<u64>(cpu, at + HEADER_COMPACTION);
  const enabled = load<u64>(cpu, CPU_XCR0);
  if (compaction & COMPACTED) {
    if (compaction & ~COMPACTED & ~enabled || present & ~compaction) raiseGP(cpu, 0);
  } else if (compaction || present & ~enabled) {
    raiseGP(cpu, 0);
  }
  const last = compaction & COMPACTED ? <u64>64 : <u64>24;
  for (let offset: u64 = 16; offset < last; offset += 8) if (read<u64>(cpu, at + HEADER + offset)) raiseGP(cpu, 0);
  return present;
}

function XRSTOR(cpu: usize, record: usize): usize {
  checkXsaveAvailable(cpu);
  const mask = requested(cpu);
  const at = areaAddress(cpu, record, areaSize(mask), false);
  const present = checkHeader(cpu, at);
  const isCompacted = (read<u64>(cpu, at + HEADER_COMPACTION) & COMPACTED) != 0;
  let mxcsr = load<u32>(cpu, CPU_MXCSR);
  if (isCompacted) {
    if (mask & SSE) mxcsr = present & SSE ? checkedMxcsr(cpu, at) : INITIAL_MXCSR;
  } else if (mask & (SSE | AVX)) {
    mxcsr = checkedMxcsr(cpu, at);
  }
  if (mask & X87) {
    if (present & X87) loadX87(cpu, record, at);
    else clearX87(cpu);
  }
  store<u32>(cpu, mxcsr, CPU_MXCSR);
  if (mask & SSE) restoreVectors(cpu, at + AREA_XMM, 0, (present & SSE) != 0);
  if (mask & AVX) restoreVectors(cpu, at + AREA_AVX, 16, (present & AVX) != 0);
  return next(record);
}

function restoreVectors(cpu: usize, at: u64, half: usize, isPresent: bool): void {
  if (isPresent) loadVectors(cpu, at, half);
  else clearVectors(cpu, half);
}

/** Entry of 0F AE with that modrm.reg and a memory operand. */
function groupEntry(extension: u32): usize {
  return byMem(byPrefix(byReg(slot(MAP_0F, 0xae), extension), 0), 1);
}

export function registerStateSave(): void {
  defineOne(groupEntry(0), OP_MODRM | OP_X87, FEATURE_FXSR, FXSAVE);
  defineOne(groupEntry(1), OP_MODRM | OP_X87, FEATURE_FXSR, FXRSTOR);
  defineOne(groupEntry(4), OP_MODRM, FEATURE_XSAVE, (c: usize, r: usize): usize => saveStandard(c, r, false));
  defineOne(groupEntry(5), OP_MODRM, FEATURE_XSAVE, XRSTOR);
  defineOne(groupEntry(6), OP_MODRM, FEATURE_XSAVEOPT, (c: usize, r: usize): usize => saveStandard(c, r, true));
  const compact: Handler = (c: usize, r: usize): usize => XSAVEC(c, r);
  defineMem(byReg(slot(MAP_0F, 0xc7), 4), OP_MODRM, FEATURE_XSAVEC, compact, compact, compact);
}
