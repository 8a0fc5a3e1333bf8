// System-management mode: entry with the state-save area, and RSM (SDM vol. 3, chapter 34). The 64-bit layout of the area is
// AMD's (AMD APM vol. 2, table 10-1), which firmware written for QEMU and Bochs expects on x86-64 models.
import {
  CPU_CR0,
  CPU_CR3,
  CPU_CR4,
  CPU_DR,
  CPU_EFER,
  CPU_EXIT_REASON,
  CPU_GPR,
  CPU_HALT_STATE,
  CPU_IN_SMM,
  CPU_NMI_BLOCKED,
  CPU_RIP,
  CPU_SEG_ATTRIBUTES,
  CPU_SEG_BASE,
  CPU_SEG_LIMIT,
  CPU_SEG_SELECTOR,
  CPU_SMBASE,
  EXIT_TRIPLE_FAULT,
  HALT_HLT,
  HALT_RUNNING,
  HALT_SHUTDOWN,
  SMM_ACTIVE,
  SMM_NMI_WAS_BLOCKED,
} from '../../memory/layout';
import { FEATURE_LM } from '../cpu-features';
import {
  ATTR_P,
  ATTR_USABLE,
  CR0_CD,
  CR0_EM,
  CR0_NW,
  CR0_PE,
  CR0_PG,
  CR0_TS,
  EFER_LMA,
  EFER_LME,
  SEG_CS,
  SEG_GDTR,
  SEG_GS,
  SEG_IDTR,
  SEG_LDTR,
  SEG_TR,
} from './bits';
import { reloadPointers } from './control-register';
import { raiseUD } from './fault';
import { eflags, setEflagsRaw } from './flags';
import { updateMode } from './mode';
import { defineOne, MAP_0F, OP_END, slot } from './opcode-table';
import { physicalRead, physicalWrite } from './physical';
import { setSegment } from './segment';
import { hasFeature, leave } from './state';
import { breakpointsChanged } from './system';

const DATA: u32 = 0x10093;
/** The save area begins at SMBASE + 8000h; offsets below are from there. */
const AREA: u32 = 0x8000;
// AMD64 layout: offsets from SMBASE + 8000h
const SAVE64_SEGMENTS: u32 = 0x7e00;
const SAVE64_GDTR: u32 = 0x7e60;
const SAVE64_LDTR: u32 = 0x7e70;
const SAVE64_IDTR: u32 = 0x7e80;
const SAVE64_TR: u32 = 0x7e90;
const SAVE64_HALT: u32 = 0x7ec9;
const SAVE64_EFER: u32 = 0x7ed0;
const SAVE64_REVISION: u32 = 0x7efc;
const SAVE64_SMBASE: u32 = 0x7f00;
const SAVE64_CR4: u32 = 0x7f48;
const SAVE64_CR3: u32 = 0x7f50;
const SAVE64_CR0: u32 = 0x7f58;
const SAVE64_DR7: u32 = 0x7f60;
const SAVE64_DR6: u32 = 0x7f68;
const SAVE64_RFLAGS: u32 = 0x7f70;
const SAVE64_RIP: u32 = 0x7f78;
/** R15 first, RAX last. */
const SAVE64_R15: u32 = 0x7f80;
const REVISION64: u32 = 0x20064;

// Legacy layout
const SAVE32_SMBASE: u32 = 0x7ef8;
const SAVE32_REVISION: u32 = 0x7efc;
const SAVE32_HALT: u32 = 0x7f02;
const SAVE32_CR4: u32 = 0x7f14;
const SAVE32_DESCRIPTORS: u32 = 0x7f20;
const SAVE32_SELECTORS: u32 = 0x7fa8;
const SAVE32_DR7: u32 = 0x7fc8;
const SAVE32_DR6: u32 = 0x7fcc;
const SAVE32_REGISTERS: u32 = 0x7fd0;
const SAVE32_EIP: u32 = 0x7ff0;
const SAVE32_EFLAGS: u32 = 0x7ff4;
const SAVE32_CR3: u32 = 0x7ff8;
const SAVE32_CR0: u32 = 0x7ffc;
const REVISION32: u32 = 0x20000;
/** ES..GS, LDTR, TR, GDTR, IDTR in the (undocumented) descriptor area: attributes, base, limit. */
const SAVE32_DESCRIPTOR: u32 = 12;

/** Legacy layout (SDM vol. 3, table 34-1): EAX first, EDI last. */
const GENERAL32: u32 = 8;

/** SMBASE as RSM found it: in force once everything else is restored. */
let restoredBase: u32 = 0;

function areaAddress(cpu: usize, offset: u32): u64 {
  return <u64>(load<u32>(cpu, CPU_SMBASE) + AREA + offset);
}

function save(cpu: usize, offset: u32, size: u32, value: u64): void {
  physicalWrite(cpu, areaAddress(cpu, offset), size, value);
}

function restore(cpu: usize, offset: u32, size: u32): u64 {
  return physicalRead(areaAddress(cpu, offset), size);
}

/** Attributes as the AMD64 layout packs them: 12 bits. */
function packAttributes(attributes: u32): u32 {
  return (attributes & 0xff) | ((attributes >> 4) & 0xf00);
}
function unpackAttributes(packed: u32): u32 {
  const usable: u32 = packed & ATTR_P ? ATTR_USABLE : 0;
  return (packed & 0xff) | ((packed & 0xf00) << 4) | usable;
}

function saveSegment64(cpu: usize, at: u32, segment: u32): void {
  if (segment < SEG_GDTR) {
    save(cpu, at, 2, load<u16>(cpu + (segment << 1), CPU_SEG_SELECTOR));
    save(cpu, at + 2, 2, packAttributes(load<u32>(cpu + (segment << 2), CPU_SEG_ATTRIBUTES)));
  }
  save(cpu, at + 4, 4, load<u32>(cpu + (segment << 2), CPU_SEG_LIMIT));
  save(cpu, at + 8, 8, load<u64>(cpu + (segment << 3), CPU_SEG_BASE));
}

function restoreSegment64(cpu: usize, at: u32, segment: u32): void {
  const limit = <u32>restore(cpu, at + 4, 4);
  const base = restore(cpu, at + 8, 8);
  if (segment >= SEG_GDTR) {
    store<u64>(cpu + (segment << 3), base, CPU_SEG_BASE);
    store<u32>(cpu + (segment << 2), limit, CPU_SEG_LIMIT);
    return;
  }
  const attributes = unpackAttributes(<u32>restore(cpu, at + 2, 2));
  setSegment(cpu, segment, <u32>restore(cpu, at, 2), base, limit, attributes);
}

function save64(cpu: usize): void {
  for (let s: u32 = 0; s <= SEG_GS; s++) saveSegment64(cpu, SAVE64_SEGMENTS + s * 16, s);
  saveSegment64(cpu, SAVE64_GDTR, SEG_GDTR);
  saveSegment64(cpu, SAVE64_LDTR, SEG_LDTR);
  saveSegment64(cpu, SAVE64_IDTR, SEG_IDTR);
  saveSegment64(cpu, SAVE64_TR, SEG_TR);
  save(cpu, SAVE64_HALT, 1, load<u32>(cpu, CPU_HALT_STATE) == HALT_HLT ? 1 : 0);
  save(cpu, SAVE64_EFER, 8, load<u64>(cpu, CPU_EFER));
  save(cpu, SAVE64_REVISION, 4, REVISION64);
  save(cpu, SAVE64_SMBASE, 4, load<u32>(cpu, CPU_SMBASE));
  save(cpu, SAVE64_CR4, 8, load<u64>(cpu, CPU_CR4));
  save(cpu, SAVE64_CR3, 8, load<u64>(cpu, CPU_CR3));
  save(cpu, SAVE64_CR0, 8, load<u64>(cpu, CPU_CR0));
  save(cpu, SAVE64_DR7, 8, load<u64>(cpu, CPU_DR + 56));
  save(cpu, SAVE64_DR6, 8, load<u64>(cpu, CPU_DR + 48));
  save(cpu, SAVE64_RFLAGS, 8, eflags(cpu));
  save(cpu, SAVE64_RIP, 8, load<u64>(cpu, CPU_RIP));
  for (let r: u32 = 0; r < 16; r++) save(cpu, SAVE64_R15 + (15 - r) * 8, 8, load<u64>(cpu + (r << 3), CPU_GPR));
}

function restore64(cpu: usize): void {
  for (let s: u32 = 0; s <= SEG_GS; s++) restoreSegment64(cpu, SAVE64_SEGMENTS + s * 16, s);
  restoreSegment64(cpu, SAVE64_GDTR, SEG_GDTR);
  restoreSegment64(cpu, SAVE64_LDTR, SEG_LDTR);
  restoreSegment64(cpu, SAVE64_IDTR, SEG_IDTR);
  restoreSegment64(cpu, SAVE64_TR, SEG_TR);
  if (restore(cpu, SAVE64_HALT, 1) & 1) store<u32>(cpu, HALT_HLT, CPU_HALT_STATE);
  store<u64>(cpu, restore(cpu, SAVE64_EFER, 8), CPU_EFER);
  restoredBase = <u32>restore(cpu, SAVE64_SMBASE, 4);
  store<u64>(cpu, restore(cpu, SAVE64_CR4, 8), CPU_CR4);
  store<u64>(cpu, restore(cpu, SAVE64_CR3, 8), CPU_CR3);
  store<u64>(cpu, restore(cpu, SAVE64_CR0, 8), CPU_CR0);
  store<u64>(cpu, restore(cpu, SAVE64_DR7, 8), CPU_DR + 56);
  store<u64>(cpu, restore(cpu, SAVE64_DR6, 8), CPU_DR + 48);
  setEflagsRaw(cpu, <u32>restore(cpu, SAVE64_RFLAGS, 8));
  store<u64>(cpu, restore(cpu, SAVE64_RIP, 8), CPU_RIP);
  for (let r: u32 = 0; r < 16; r++) store<u64>(cpu + (r << 3), restore(cpu, SAVE64_R15 + (15 - r) * 8, 8), CPU_GPR);
}

function save32(cpu: usize): void {
  for (let s: u32 = 0; s <= SEG_IDTR; s++) {
    const at = SAVE32_DESCRIPTORS + s * SAVE32_DESCRIPTOR;
    if (s < SEG_GDTR) save(cpu, at, 4, load<u32>(cpu + (s << 2), CPU_SEG_ATTRIBUTES));
    save(cpu, at + 4, 4, load<u64>(cpu + (s << 3), CPU_SEG_BASE));
    save(cpu, at + 8, 4, load<u32>(cpu + (s << 2), CPU_SEG_LIMIT));
    if (s < SEG_GDTR) save(cpu, SAVE32_SELECTORS + s * 4, 4, load<u16>(cpu + (s << 1), CPU_SEG_SELECTOR));
  }
  save(cpu, SAVE32_SMBASE, 4, load<u32>(cpu, CPU_SMBASE));
  save(cpu, SAVE32_REVISION, 4, REVISION32);
  save(cpu, SAVE32_HALT, 2, load<u32>(cpu, CPU_HALT_STATE) == HALT_HLT ? 1 : 0);
  save(cpu, SAVE32_CR4, 4, load<u64>(cpu, CPU_CR4));
  save(cpu, SAVE32_DR7, 4, load<u64>(cpu, CPU_DR + 56));
  save(cpu, SAVE32_DR6, 4, load<u64>(cpu, CPU_DR + 48));
  for (let r: u32 = 0; r < GENERAL32; r++) save(cpu, SAVE32_REGISTERS + r * 4, 4, load<u64>(cpu + (r << 3), CPU_GPR));
  save(cpu, SAVE32_EIP, 4, load<u64>(cpu, CPU_RIP));
  save(cpu, SAVE32_EFLAGS, 4, eflags(cpu));
  save(cpu, SAVE32_CR3, 4, load<u64>(cpu, CPU_CR3));
  save(cpu, SAVE32_CR0, 4, load<u64>(cpu, CPU_CR0));
}

function restore32(cpu: usize): void {
  for (let s: u32 = 0; s <= SEG_IDTR; s++) {
    const at = SAVE32_DESCRIPTORS + s * SAVE32_DESCRIPTOR;
    const base = restore(cpu, at + 4, 4);
    const limit = <u32>restore(cpu, at + 8, 4);
    if (s < SEG_GDTR) {
      setSegment(cpu, s, <u32>restore(cpu, SAVE32_SELECTORS + s * 4, 2), base, limit, <u32>restore(cpu, at, 4));
    } else {
      store<u64>(cpu + (s << 3), base, CPU_SEG_BASE);
      store<u32>(cpu + (s << 2), limit, CPU_SEG_LIMIT);
    }
  }
  restoredBase = <u32>restore(cpu, SAVE32_SMBASE, 4);
  if (restore(cpu, SAVE32_HALT, 2) & 1) store<u32>(cpu, HALT_HLT, CPU_HALT_STATE);
  store<u64>(cpu, restore(cpu, SAVE32_CR4, 4), CPU_CR4);
  store<u64>(cpu, restore(cpu, SAVE32_DR7, 4), CPU_DR + 56);
  store<u64>(cpu, restore(cpu, SAVE32_DR6, 4), CPU_DR + 48);
  for (let r: u32 = 0; r < GENERAL32; r++) store<u64>(cpu + (r << 3), restore(cpu, SAVE32_REGISTERS + r * 4, 4), CPU_GPR);
  store<u64>(cpu, restore(cpu, SAVE32_EIP, 4), CPU_RIP);
  setEflagsRaw(cpu, <u32>restore(cpu, SAVE32_EFLAGS, 4));
  store<u64>(cpu, restore(cpu, SAVE32_CR3, 4), CPU_CR3);
  store<u64>(cpu, restore(cpu, SAVE32_CR0, 4), CPU_CR0);
}

/** Takes an SMI at an instruction boundary (SDM vol. 3, 34.4 and 34.5). */
export function enterSmm(cpu: usize): void {
  // First, since the save area may lie where only SMM sees RAM.
  store<u32>(cpu, load<u32>(cpu, CPU_NMI_BLOCKED) ? SMM_ACTIVE | SMM_NMI_WAS_BLOCKED : SMM_ACTIVE, CPU_IN_SMM);
  if (hasFeature(cpu, FEATURE_LM)) save64(cpu);
  else save32(cpu);
  const base = load<u32>(cpu, CPU_SMBASE);
  store<u32>(cpu, 1, CPU_NMI_BLOCKED);
  store<u32>(cpu, HALT_RUNNING, CPU_HALT_STATE);
  setEflagsRaw(cpu, 2);
  store<u64>(cpu, load<u64>(cpu, CPU_CR0) & ~(CR0_PE | CR0_EM | CR0_TS | CR0_PG), CPU_CR0);
  store<u64>(cpu, 0, CPU_CR4);
  store<u64>(cpu, 0, CPU_EFER);
  store<u64>(cpu, 0x400, CPU_DR + 56);
  for (let s: u32 = 0; s <= SEG_GS; s++) setSegment(cpu, s, 0, 0, 0xffffffff, DATA);
  setSegment(cpu, SEG_CS, (base >> 4) & 0xffff, base, 0xffffffff, DATA);
  store<u64>(cpu, AREA, CPU_RIP);
  modeReplaced(cpu);
}

/** After a change of everything that translation, decoding and debugging depend on. */
function modeReplaced(cpu: usize): void {
  updateMode(cpu);
  breakpointsChanged(cpu);
}

/** Does CR0, as RSM loaded it, hold a combination that does not exist (SDM vol. 3, 34.4.1)? */
function isImpossible(cr0: u64): bool {
  return (cr0 & (CR0_PG | CR0_PE)) == CR0_PG || (cr0 & (CR0_NW | CR0_CD)) == CR0_NW;
}

/** RSM: back to what was interrupted, with all that the handler changed in the save area; SMBASE too (SDM vol. 3, 34.11). */
function RSM(cpu: usize, record: usize): usize {
  if (!load<u32>(cpu, CPU_IN_SMM)) raiseUD(cpu);
  if (hasFeature(cpu, FEATURE_LM)) restore64(cpu);
  else restore32(cpu);
  store<u32>(cpu, restoredBase, CPU_SMBASE);
  store<u32>(cpu, load<u32>(cpu, CPU_IN_SMM) & SMM_NMI_WAS_BLOCKED ? 1 : 0, CPU_NMI_BLOCKED);
  store<u32>(cpu, 0, CPU_IN_SMM);
  const cr0 = load<u64>(cpu, CPU_CR0);
  const efer = load<u64>(cpu, CPU_EFER);
  store<u64>(cpu, cr0 & CR0_PG && efer & EFER_LME ? efer | EFER_LMA : efer & ~EFER_LMA, CPU_EFER);
  if (isImpossible(cr0)) {
    store<u32>(cpu, HALT_SHUTDOWN, CPU_HALT_STATE);
    store<u32>(cpu, EXIT_TRIPLE_FAULT, CPU_EXIT_REASON);
  }
  modeReplaced(cpu);
  reloadPointers(cpu);
  return leave(cpu, record);
}

export function registerSmm(): void {
  defineOne(slot(MAP_0F, 0xaa), OP_END, 0, RSM);
}
