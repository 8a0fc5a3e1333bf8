// The page walk: linear to guest-physical in every paging form, with accessed and dirty bits set atomically.
// SDM vol. 3, chapter 4.
import {
  CPU_CR0,
  CPU_CR3,
  CPU_CR4,
  CPU_EFER,
  CPU_MODE,
  CPU_PDPTE,
  CPU_PHYS_MASK,
  MODE_LONG,
  MODE_PAGING,
  PHYS_TYPE_MASK,
} from '../../memory/layout';
import { FEATURE_PDPE1GB } from '../cpu-features';
import {
  CR0_WP,
  CR4_PAE,
  CR4_PGE,
  CR4_PSE,
  CR4_SMAP,
  CR4_SMEP,
  EFER_NXE,
  PTE_A,
  PTE_D,
  PTE_G,
  PTE_NX,
  PTE_P,
  PTE_PS,
  PTE_RW,
  PTE_US,
} from './bits';
import { mapEntry, physicalRead, gateA20, isWritable, noteDirty, noteCodeWrite } from './physical';
import { hasFeature } from './state';

export const ACCESS_READ: u32 = 0;
export const ACCESS_WRITE: u32 = 1;
export const ACCESS_FETCH: u32 = 2;

export const RIGHT_READ: u32 = 1;
export const RIGHT_WRITE: u32 = 2;
export const RIGHT_FETCH: u32 = 4;

// Page-fault error code, SDM vol. 3, 4.7
export const PF_PRESENT: u32 = 1;
export const PF_WRITE: u32 = 2;
export const PF_USER: u32 = 4;
export const PF_RESERVED: u32 = 8;
export const PF_FETCH: u32 = 16;

/** Results of the last successful walk(). */
export let walkPhysical: u64 = 0;
export let walkRights: u32 = 0;
export let walkGlobal: bool = false;
export let walkLarge: bool = false;
/** Error code of the last failed walk(). */
export let walkError: u32 = 0;

/** Sets bits in a page-table entry if it still holds `old`. False: someone changed it, walk again. */
function updateEntry(cpu: usize, physical: u64, old: u64, set: u64, wide: bool): bool {
  if ((old & set) == set) return true;
  const entry = mapEntry(physical);
  const type = entry & PHYS_TYPE_MASK;
  if (!isWritable(type)) return true;
  const host = (entry & ~PHYS_TYPE_MASK) | (<u32>physical & 4095);
  noteDirty(host, type);
  noteCodeWrite(cpu, host, 8);
  if (wide) return atomic.cmpxchg<u64>(host, old, old | set) == old;
  return atomic.cmpxchg<u32>(host, <u32>old, <u32>(old | set)) == <u32>old;
}

function fail(present: bool, reserved: bool, access: u32, user: bool, cpu: usize): bool {
  let error: u32 = 0;
  if (present) error |= PF_PRESENT;
  if (reserved) error |= PF_PRESENT | PF_RESERVED;
  if (access == ACCESS_WRITE) error |= PF_WRITE;
  if (user) error |= PF_USER;
  if (access == ACCESS_FETCH) {
    // I/D is only reported where execution can be denied: NX in a PAE form, or SMEP.
    const cr4 = load<u64>(cpu, CPU_CR4);
    if ((load<u64>(cpu, CPU_EFER) & EFER_NXE && cr4 & CR4_PAE) || cr4 & CR4_SMEP) error |= PF_FETCH;
  }
  walkError = error;
  return false;
}

/** Rights from the combined US, RW and NX bits for this privilege (SDM vol. 3, 4.6.1). */
function rightsOf(cpu: usize, flags: u64, user: bool, alignmentFlag: bool): u32 {
  const cr4 = load<u64>(cpu, CPU_CR4);
  const executable = !(flags & PTE_NX);
  if (user) {
    if (!(flags & PTE_US)) return 0;
    return RIGHT_READ | (flags & PTE_RW ? RIGHT_WRITE : 0) | (executable ? RIGHT_FETCH : 0);
  }
  const userPage = (flags & PTE_US) != 0;
  let rights: u32 = 0;
  if (!(userPage && cr4 & CR4_SMAP && !alignmentFlag)) {
    rights = RIGHT_READ;
    if (flags & PTE_RW || !(load<u64>(cpu, CPU_CR0) & CR0_WP)) rights |= RIGHT_WRITE;
  }
  if (executable && !(userPage && cr4 & CR4_SMEP)) rights |= RIGHT_FETCH;
  return rights;
}

/**
 * Translates `linear` for an access. `user`: checked as CPL 3. `alignmentFlag`: EFLAGS.AC lifts SMAP.
 * True: walkPhysical, walkRights (write right only once the dirty bit is set), walkGlobal, walkLarge are valid.
 * False: walkError is the page fault's error code. `probe`: leaves accessed and dirty bits alone.
 */
export function walk(cpu: usize, linear: u64, access: u32, user: bool, alignmentFlag: bool, probe: bool = false): bool {
  const mode = load<u32>(cpu, CPU_MODE);
  if (!(mode & MODE_PAGING)) {
    walkPhysical = gateA20(linear & 0xffffffff);
    walkRights = RIGHT_READ | RIGHT_WRITE | RIGHT_FETCH;
    walkGlobal = false;
    walkLarge = false;
    return true;
  }
  if (load<u64>(cpu, CPU_CR4) & CR4_PAE) return walkWide(cpu, linear, access, user, alignmentFlag, probe);
  return walkNarrow(cpu, linear, access, user, alignmentFlag, probe);
}

function needed(access: u32): u32 {
  return access == ACCESS_READ ? RIGHT_READ : access == ACCESS_WRITE ? RIGHT_WRITE : RIGHT_FETCH;
}

/** 4-level and PAE paging: 8-byte entries (SDM vol. 3, 4.4 and 4.5). */
function walkWide(cpu: usize, linear: u64, access: u32, user: bool, alignmentFlag: bool, probe: bool): bool {
  const addressMask = load<u64>(cpu, CPU_PHYS_MASK) & ~(<u64>0xfff);
  const long = (load<u32>(cpu, CPU_MODE) & MODE_LONG) != 0;
  // Bits above MAXPHYADDR are reserved; 52..62 are ignored in 4-level paging and reserved in PAE.
  let reserved = ~load<u64>(cpu, CPU_PHYS_MASK) & (long ? 0x000fffffffffffff : 0x7fffffffffffffff);
  if (!(load<u64>(cpu, CPU_EFER) & EFER_NXE)) reserved |= PTE_NX;
  for (;;) {
    let flags: u64 = PTE_US | PTE_RW;
    let table: u64;
    let level: i32;
    if (long) {
      table = load<u64>(cpu, CPU_CR3) & addressMask;
      level = 4;
    } else {
      const pdpte = load<u64>(cpu + ((<usize>(linear >> 30) & 3) << 3), CPU_PDPTE);
      if (!(pdpte & PTE_P)) return fail(false, false, access, user, cpu);
      table = pdpte & addressMask;
      level = 2;
    }
    let retry = false;
    for (;;) {
      const shift = <u64>(12 + 9 * (level - 1));
      const address = gateA20(table | (((linear >> shift) & 511) << 3));
      const entry = physicalRead(address, 8);
      if (!(entry & PTE_P)) return fail(false, false, access, user, cpu);
      if (entry & reserved) return fail(true, true, access, user, cpu);
      flags &= entry | ~(PTE_US | PTE_RW);
      flags |= entry & PTE_NX;
      const large = level > 1 && (entry & PTE_PS) != 0;
      if (large && (level == 4 || (level == 3 && !hasFeature(cpu, FEATURE_PDPE1GB)))) return fail(true, true, access, user, cpu);
      if (level > 1 && !large) {
        if (!probe && !updateEntry(cpu, address, entry, PTE_A, true)) {
          retry = true;
          break;
        }
        table = entry & addressMask;
        level--;
        continue;
      }
      // Bits 13..(shift - 1) of a large page's entry are reserved (bit 12 is PAT).
      const low = ((<u64>1) << shift) - 1;
      if (large && entry & low & ~(<u64>0x1fff)) return fail(true, true, access, user, cpu);
      const rights = rightsOf(cpu, flags, user, alignmentFlag);
      if (!(rights & needed(access))) return fail(true, false, access, user, cpu);
      const set = access == ACCESS_WRITE ? PTE_A | PTE_D : PTE_A;
      if (!probe && !updateEntry(cpu, address, entry, set, true)) {
        retry = true;
        break;
      }
      walkPhysical = gateA20((entry & addressMask & ~low) | (linear & low));
      walkRights = (entry | set) & PTE_D ? rights : rights & ~RIGHT_WRITE;
      walkGlobal = (entry & PTE_G) != 0 && (load<u64>(cpu, CPU_CR4) & CR4_PGE) != 0;
      walkLarge = large;
      return true;
    }
    if (!retry) break;
  }
  return false;
}

/** 32-bit paging: 4-byte entries, 4 MiB pages with PSE, PSE-36 (SDM vol. 3, 4.3). */
function walkNarrow(cpu: usize, linear: u64, access: u32, user: bool, alignmentFlag: bool, probe: bool): bool {
  for (;;) {
    const directory = gateA20((load<u64>(cpu, CPU_CR3) & 0xfffff000) | ((linear >> 20) & 0xffc));
    const pde = physicalRead(directory, 4);
    if (!(pde & PTE_P)) return fail(false, false, access, user, cpu);
    const large = (pde & PTE_PS) != 0 && (load<u64>(cpu, CPU_CR4) & CR4_PSE) != 0;
    let address = directory;
    let entry = pde;
    let flags: u64 = pde;
    if (large) {
      // Bit 21 is reserved; bits 13..20 are physical address bits 32..39.
      if (pde & 0x200000) return fail(true, true, access, user, cpu);
    } else {
      if (!probe && !updateEntry(cpu, directory, pde, PTE_A, false)) continue;
      address = gateA20((pde & 0xfffff000) | ((linear >> 10) & 0xffc));
      entry = physicalRead(address, 4);
      if (!(entry & PTE_P)) return fail(false, false, access, user, cpu);
      flags &= entry;
    }
    const rights = rightsOf(cpu, flags & (PTE_US | PTE_RW), user, alignmentFlag);
    if (!(rights & needed(access))) return fail(true, false, access, user, cpu);
    const set = access == ACCESS_WRITE ? PTE_A | PTE_D : PTE_A;
    if (!probe && !updateEntry(cpu, address, entry, set, false)) continue;
    if (large) {
      const high = ((entry >> 13) & 0xff) << 32;
      walkPhysical = gateA20((high | (entry & 0xffc00000) | (linear & 0x3fffff)) & load<u64>(cpu, CPU_PHYS_MASK));
    } else {
      walkPhysical = gateA20((entry & 0xfffff000) | (linear & 0xfff));
    }
    walkRights = (entry | set) & PTE_D ? rights : rights & ~RIGHT_WRITE;
    walkGlobal = (entry & PTE_G) != 0 && (load<u64>(cpu, CPU_CR4) & CR4_PGE) != 0;
    walkLarge = large;
    return true;
  }
}
