// CPUID: the model's table, with what the machine's state changes in it (SDM vol. 2, "CPUID").
import {
  APIC_BASE_EN,
  APIC_BASE_MSR,
  CPUID_ANSWERS,
  CPUID_ANSWER_HIGHEST,
  CPUID_ENTRY_VALUES,
  CPUID_MAX_BASIC,
  CPUID_MAX_EXTENDED,
  CPUID_MAX_HYPERVISOR,
  CPU_APIC,
  CPU_CPUID,
  CPU_CR4,
  CPU_MSR_MISC_ENABLE,
  CPU_MSR_XSS,
  CPU_RAX,
  CPU_RBX,
  CPU_RCX,
  CPU_RDX,
  CPU_XCR0,
} from '../../memory/layout';
import { CR4_OSXSAVE } from './bits';
import { findLeaf } from './cpuid-table';
import { MISC_ENABLE_LIMIT_CPUID, MISC_ENABLE_MONITOR, MISC_ENABLE_XD_DISABLE } from './msr-platform';
import { defineOne, MAP_0F, slot } from './opcode-table';
import { next } from './state';

const LEAF_FEATURES: u32 = 1;
const LEAF_XSAVE: u32 = 0xd;
const LEAF_EXTENDED_FEATURES: u32 = 0x80000001;
const APIC_BIT: u32 = 0x200;
const MONITOR_BIT: u32 = 8;
const OSXSAVE_BIT: u32 = 0x8000000;
const NX_BIT: u32 = 0x100000;
/** Highest basic leaf while IA32_MISC_ENABLE bit 22 limits it (SDM vol. 4, table 2-2). */
const LIMITED_LEAF: u32 = 2;
/** The legacy area of 512 bytes and the XSAVE header of 64 (SDM vol. 1, 13.4). */
const XSAVE_LEGACY: u32 = 576;

let eax: u32 = 0;
let ebx: u32 = 0;
let ecx: u32 = 0;
let edx: u32 = 0;

function header(cpu: usize, offset: usize): u32 {
  return load<u32>(cpu + CPU_CPUID + offset);
}

function maxBasic(cpu: usize): u32 {
  const highest = header(cpu, CPUID_MAX_BASIC);
  return load<u64>(cpu, CPU_MSR_MISC_ENABLE) & MISC_ENABLE_LIMIT_CPUID ? min(highest, LIMITED_LEAF) : highest;
}

function isInRange(cpu: usize, leaf: u32): bool {
  if (leaf < 0x40000000) return leaf <= maxBasic(cpu);
  if (leaf < 0x80000000) return leaf <= header(cpu, CPUID_MAX_HYPERVISOR);
  return leaf <= header(cpu, CPUID_MAX_EXTENDED);
}

/** Fills eax … edx for a leaf and subleaf; nothing is known of it: zeros. */
function query(cpu: usize, asked: u32, subleaf: u32): void {
  eax = ebx = ecx = edx = 0;
  let leaf = asked;
  if (!isInRange(cpu, leaf)) {
    if (!(header(cpu, CPUID_ANSWERS) & CPUID_ANSWER_HIGHEST)) return;
    leaf = maxBasic(cpu);
  }
  const entry = findLeaf(cpu, leaf, subleaf);
  if (!entry) return;
  eax = load<u32>(entry, CPUID_ENTRY_VALUES);
  ebx = load<u32>(entry, CPUID_ENTRY_VALUES + 4);
  ecx = load<u32>(entry, CPUID_ENTRY_VALUES + 8);
  edx = load<u32>(entry, CPUID_ENTRY_VALUES + 12);
  adjust(cpu, leaf, subleaf);
}

/** What software can switch: APIC, OSXSAVE, MONITOR, NX, the leaf limit, the size of the enabled XSAVE area. */
function adjust(cpu: usize, leaf: u32, subleaf: u32): void {
  const misc = load<u64>(cpu, CPU_MSR_MISC_ENABLE);
  if (leaf == 0) {
    eax = maxBasic(cpu);
  } else if (leaf == LEAF_FEATURES) {
    if (!apicIsOn(cpu)) edx &= ~APIC_BIT;
    if (!(misc & MISC_ENABLE_MONITOR)) ecx &= ~MONITOR_BIT;
    if (load<u64>(cpu, CPU_CR4) & CR4_OSXSAVE) ecx |= OSXSAVE_BIT;
  } else if (leaf == LEAF_EXTENDED_FEATURES) {
    if (!apicIsOn(cpu)) edx &= ~APIC_BIT;
    if (misc & MISC_ENABLE_XD_DISABLE) edx &= ~NX_BIT;
  } else if (leaf == LEAF_XSAVE && subleaf == 0 && eax) {
    ebx = standardSize(cpu, load<u64>(cpu, CPU_XCR0));
  } else if (leaf == LEAF_XSAVE && subleaf == 1 && eax & 0xa) {
    ebx = compactedSize(cpu, load<u64>(cpu, CPU_XCR0) | load<u64>(cpu, CPU_MSR_XSS));
  }
}

function apicIsOn(cpu: usize): bool {
  return (load<u32>(cpu + CPU_APIC, APIC_BASE_MSR) & APIC_BASE_EN) != 0;
}

/** Bytes of the XSAVE area of these components in the standard format: the end of the last one (SDM vol. 1, 13.4.3). */
function standardSize(cpu: usize, components: u64): u32 {
  let end = XSAVE_LEGACY;
  for (let i: u32 = 2; i < 63; i++) {
    if (!((components >> i) & 1)) continue;
    const entry = findLeaf(cpu, LEAF_XSAVE, i);
    if (entry) end = max(end, load<u32>(entry, CPUID_ENTRY_VALUES + 4) + load<u32>(entry, CPUID_ENTRY_VALUES));
  }
  return end;
}

/** The same in the compacted format: components follow one another, aligned to 64 bytes where ECX bit 1 says so. */
function compactedSize(cpu: usize, components: u64): u32 {
  let end = XSAVE_LEGACY;
  for (let i: u32 = 2; i < 63; i++) {
    if (!((components >> i) & 1)) continue;
    const entry = findLeaf(cpu, LEAF_XSAVE, i);
    if (!entry) continue;
    if (load<u32>(entry, CPUID_ENTRY_VALUES + 8) & 2) end = (end + 63) & ~63;
    end += load<u32>(entry, CPUID_ENTRY_VALUES);
  }
  return end;
}

function CPUID(cpu: usize, record: usize): usize {
  query(cpu, load<u32>(cpu, CPU_RAX), load<u32>(cpu, CPU_RCX));
  store<u64>(cpu, <u64>eax, CPU_RAX);
  store<u64>(cpu, <u64>ebx, CPU_RBX);
  store<u64>(cpu, <u64>ecx, CPU_RCX);
  store<u64>(cpu, <u64>edx, CPU_RDX);
  return next(record);
}

export function registerCpuid(): void {
  defineOne(slot(MAP_0F, 0xa2), 0, 0, (c, r) => CPUID(c, r));
}
