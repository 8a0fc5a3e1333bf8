// The software TLB: filling, flushing, and the slow path of every access that misses it.
import {
  CPU_ALIGNMENT_CHECK,
  CPU_TLB,
  CPU_TLB_USER,
  CPU_TLB_SUPERVISOR,
  CPU_TLB_SUPERVISOR_AC,
  CPU_TLB_JOURNAL,
  CPU_TLB_JOURNAL_COUNT,
  CPU_TLB_JOURNAL_SIZE,
  CPU_TLB_LARGE,
  CPU_DR,
  CPU_MODE,
  MODE_LONG,
  TLB_ENTRIES,
  TLB_ENTRY_SHIFT,
  TLB_BYTES,
  TLB_READ,
  TLB_WRITE,
  TLB_FETCH,
  TLB_ADDEND,
  TLB_FLAGS,
  TLB_FLAG_GLOBAL,
  TLB_FLAG_LARGE,
  PHYS_MMIO,
  PHYS_TYPE_MASK,
  PHYS_RAM,
  PHYS_VIDEO,
  OPEN_BUS_PAGE,
} from '../../memory/layout';
import { isApicPage } from './apic/mmio';
import { mapEntry, noteDirty, hasCode, isReadable, isWritable } from './physical';
import {
  ACCESS_FETCH,
  ACCESS_WRITE,
  RIGHT_READ,
  RIGHT_WRITE,
  RIGHT_FETCH,
  walk,
  walkError,
  walkGlobal,
  walkLarge,
  walkPhysical,
  walkRights,
} from './paging';
import { raisePF } from './fault';
import { forgetJumps } from './jump-cache';

const NO_TAG: u64 = 0xffffffffffffffff;

/** What translateSoftly() gives for a page fault: the host address of no page. */
export const FAULTED: u32 = 1;

/** Physical address of the last translate(). */
export let translatedPhysical: u64 = 0;

// @ts-ignore: decorator
@inline
export function entryOf(tlb: usize, linear: u64): usize {
  return tlb + (<usize>(linear >> (12 - TLB_ENTRY_SHIFT)) & ((TLB_ENTRIES - 1) << TLB_ENTRY_SHIFT));
}

/**
 * Translates one byte's address through `tlb` (one of the vCPU's three), fills the entry with what may be accessed
 * without asking, and leaves the physical address in translatedPhysical. Raises #PF.
 * Returns the host address of the byte if the page is backed by memory that this access may use directly, else 0.
 */
export function translate(cpu: usize, tlb: usize, linear: u64, access: u32): u32 {
  const host = translateSoftly(cpu, tlb, linear, access);
  if (host == FAULTED) raisePF(cpu, linear, walkError);
  return host;
}

/** The same for translated code, which leaves by itself: FAULTED, with the error code in walkError, instead of #PF. */
export function translateSoftly(cpu: usize, tlb: usize, linear: u64, access: u32): u32 {
  const user = tlb == cpu + CPU_TLB_USER;
  if (!walk(cpu, linear, access, user, tlb == cpu + CPU_TLB_SUPERVISOR_AC)) return FAULTED;
  const physical = walkPhysical;
  translatedPhysical = physical;
  // The local APIC hides what the map has at its place.
  const map = isApicPage(cpu, physical) ? PHYS_MMIO : mapEntry(physical);
  const type = map & PHYS_TYPE_MASK;
  const page = linear & ~(<u64>0xfff);
  if (!isReadable(type)) {
    dropPage(tlb, page);
    return 0;
  }
  const hostPage = map & ~PHYS_TYPE_MASK;
  const entry = entryOf(tlb, linear);
  const known = load<u32>(entry, TLB_ADDEND) == hostPage - <u32>page && holds(entry, page);
  if (!known) journal(cpu, tlb, entry);
  const watched = isWatched(cpu, page) || (user && load<u32>(cpu, CPU_ALIGNMENT_CHECK) != 0);
  // A page is written without asking only once its dirty bits are noted and while nothing decoded from it is valid.
  let writeTag = known ? load<u64>(entry, TLB_WRITE) : NO_TAG;
  if (access == ACCESS_WRITE && isWritable(type)) {
    noteDirty(hostPage, type);
    if (!hasCode(hostPage) && walkRights & RIGHT_WRITE && !watched) writeTag = page;
  }
  store<u64>(entry, walkRights & RIGHT_READ && !watched ? page : NO_TAG, TLB_READ);
  store<u64>(entry, writeTag, TLB_WRITE);
  store<u64>(entry, walkRights & RIGHT_FETCH ? page : NO_TAG, TLB_FETCH);
  store<u32>(entry, hostPage - <u32>page, TLB_ADDEND);
  store<u32>(entry, (walkGlobal ? TLB_FLAG_GLOBAL : 0) | (walkLarge ? TLB_FLAG_LARGE : 0), TLB_FLAGS);
  if (walkLarge) store<u32>(cpu, 1, CPU_TLB_LARGE);
  if (access == ACCESS_WRITE && !isWritable(type)) return 0;
  return hostPage | (<u32>linear & 4095);
}

// @ts-ignore: decorator
@inline
function holds(entry: usize, page: u64): bool {
  return load<u64>(entry, TLB_READ) == page || load<u64>(entry, TLB_WRITE) == page || load<u64>(entry, TLB_FETCH) == page;
}

function dropPage(tlb: usize, page: u64): void {
  const entry = entryOf(tlb, page);
  if (holds(entry, page)) clearEntry(entry);
}

function clearEntry(entry: usize): void {
  store<u64>(entry, NO_TAG, TLB_READ);
  store<u64>(entry, NO_TAG, TLB_WRITE);
  store<u64>(entry, NO_TAG, TLB_FETCH);
}

/** Notes a filled entry so that a flush need not visit all. A full journal means "visit all". */
function journal(cpu: usize, tlb: usize, entry: usize): void {
  if (load<u64>(entry, TLB_READ) != NO_TAG || load<u64>(entry, TLB_WRITE) != NO_TAG || load<u64>(entry, TLB_FETCH) != NO_TAG)
    return;
  const count = load<u32>(cpu, CPU_TLB_JOURNAL_COUNT);
  if (count >= <u32>CPU_TLB_JOURNAL_SIZE) return;
  const index = <u32>((entry - (cpu + CPU_TLB_USER)) >> TLB_ENTRY_SHIFT);
  store<u16>(cpu + CPU_TLB_JOURNAL + (count << 1), <u16>index);
  store<u32>(cpu, count + 1, CPU_TLB_JOURNAL_COUNT);
}

/** Is there a data breakpoint in the page (SDM vol. 3, 17.2.4)? Such pages always take the slow path. */
function isWatched(cpu: usize, page: u64): bool {
  const dr7 = load<u32>(cpu, CPU_DR + 56);
  if (!(dr7 & 0xff)) return false;
  for (let i: u32 = 0; i < 4; i++) {
    if (!((dr7 >> (i * 2)) & 3)) continue;
    if (!((dr7 >> (16 + i * 4)) & 3)) continue;
    if ((load<u64>(cpu + (i << 3), CPU_DR) & ~(<u64>0xfff)) == page) return true;
  }
  return false;
}

/** Drops every entry; global ones (SDM vol. 3, 4.10.2.4) stay unless `globals`. */
export function flushTlb(cpu: usize, globals: bool): void {
  forgetJumps(cpu);
  const count = load<u32>(cpu, CPU_TLB_JOURNAL_COUNT);
  const first = cpu + CPU_TLB_USER;
  if (count >= <u32>CPU_TLB_JOURNAL_SIZE) {
    memory.fill(first, 0xff, 3 * TLB_BYTES);
    store<u32>(cpu, 0, CPU_TLB_JOURNAL_COUNT);
    store<u32>(cpu, 0, CPU_TLB_LARGE);
    return;
  }
  let kept: u32 = 0;
  for (let i: u32 = 0; i < count; i++) {
    const index = load<u16>(cpu + CPU_TLB_JOURNAL + (i << 1));
    const entry = first + (<usize>index << TLB_ENTRY_SHIFT);
    if (!globals && load<u32>(entry, TLB_FLAGS) & TLB_FLAG_GLOBAL) {
      store<u16>(cpu + CPU_TLB_JOURNAL + (kept << 1), index);
      kept++;
    } else {
      clearEntry(entry);
    }
  }
  store<u32>(cpu, kept, CPU_TLB_JOURNAL_COUNT);
  if (!kept) store<u32>(cpu, 0, CPU_TLB_LARGE);
}

/** Drops all entries at start, when the memory holds zeros rather than the empty tag. */
export function resetTlb(cpu: usize): void {
  forgetJumps(cpu);
  memory.fill(cpu + CPU_TLB_USER, 0xff, 3 * TLB_BYTES);
  store<u32>(cpu, 0, CPU_TLB_JOURNAL_COUNT);
  store<u32>(cpu, 0, CPU_TLB_LARGE);
}

/** INVLPG: drops what maps `linear` (SDM vol. 3, 4.10.4.1); a large page's other pieces are dropped with everything else. */
export function flushPage(cpu: usize, linear: u64): void {
  forgetJumps(cpu);
  if (load<u32>(cpu, CPU_TLB_LARGE)) {
    flushTlb(cpu, true);
    return;
  }
  const page = linear & ~(<u64>0xfff);
  dropPage(cpu + CPU_TLB_USER, page);
  dropPage(cpu + CPU_TLB_SUPERVISOR, page);
  dropPage(cpu + CPU_TLB_SUPERVISOR_AC, page);
}

/** Takes write permission from every entry, or (hostPage != 0) from those that lead to one host page. */
export function dropWrites(cpu: usize, hostPage: u32): void {
  const count = load<u32>(cpu, CPU_TLB_JOURNAL_COUNT);
  const first = cpu + CPU_TLB_USER;
  const all = count >= <u32>CPU_TLB_JOURNAL_SIZE;
  const total: u32 = all ? 3 * TLB_ENTRIES : count;
  for (let i: u32 = 0; i < total; i++) {
    const index = all ? i : <u32>load<u16>(cpu + CPU_TLB_JOURNAL + (i << 1));
    const entry = first + (<usize>index << TLB_ENTRY_SHIFT);
    const tag = load<u64>(entry, TLB_WRITE);
    if (tag == NO_TAG) continue;
    if (!hostPage || <u32>tag + load<u32>(entry, TLB_ADDEND) == hostPage) store<u64>(entry, NO_TAG, TLB_WRITE);
  }
}

/** Host address of an instruction byte. Memory that cannot be executed directly reads as ones. Raises #PF. */
export function fetchAddress(cpu: usize, linear: u64): u32 {
  const tlb = codeTlb(cpu);
  const entry = entryOf(tlb, linear);
  if (load<u64>(entry, TLB_FETCH) == (linear & ~(<u64>0xfff))) return <u32>linear + load<u32>(entry, TLB_ADDEND);
  const host = translate(cpu, tlb, linear, ACCESS_FETCH);
  return host ? host : OPEN_BUS_PAGE | (<u32>linear & 4095);
}

/** The TLB for fetches: that of data, since EFLAGS.AC does not matter to either of the supervisor's. */
// @ts-ignore: decorator
@inline
function codeTlb(cpu: usize): usize {
  return load<u32>(cpu, CPU_TLB);
}
