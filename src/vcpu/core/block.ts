// Blocks of predecoded records: finding, building, linking. Keyed by the host address of the code and the block mode,
// valid while the generation of the code's page stands.
import {
  BLOCK_BYTES,
  BLOCK_CODE,
  BLOCK_CODE_LIMIT,
  BLOCK_CODE_MASK,
  BLOCK_ENTRIES_COUNT,
  BLOCK_GEN,
  BLOCK_GEN2,
  BLOCK_GEN_ADDRESS,
  BLOCK_HEADER_SIZE,
  BLOCK_KEY_MODE,
  BLOCK_PAGE2,
  BLOCK_RECORDS,
  BLOCK_SINGLE,
  BLOCK_TABLE_ENTRIES,
  CODE_GEN_HAS_CODE,
  CODE_MASK_BASE,
  CODE_MASK_GRANULE_SHIFT,
  CPU_ATTENTION_MASK,
  CPU_BLOCK_MODE,
  CPU_BLOCK_TABLE,
  CPU_BUDGET,
  CPU_CODE_BASE,
  CPU_CODE_END,
  CPU_CODE_NEXT,
  CPU_CURRENT_BLOCK,
  CPU_CURRENT_RECORD,
  CPU_FAULT_PENDING,
  CPU_HOT_ENTRIES,
  CPU_PENDING,
  CPU_RIP,
  CPU_RIP_BASE,
  CPU_SCRATCH,
  CPU_SEG_BASE,
  CPU_SEG_LIMIT,
  RECORD_COUNT,
  RECORD_HANDLER,
  RECORD_LINK,
  RECORD_OFFSET,
  RECORD_SIZE,
} from '../../memory/layout';
import { SEG_CS } from './bits';
import { decode, decodedEnd, DECODE_NEEDS_MORE, DECODE_TOO_LONG, DECODED } from './decode';
import { raiseGP } from './fault';
import { hotBlock } from './host';
import { isCanonical } from './access';
import { generationAddress } from './physical';
import { protectCode } from './exclusive';
import { dropWrites, fetchAddress } from './tlb';
import { indexOf, instructionLength, maskRip } from './state';
import { forgetJumps, knownJump, noteJump } from './jump-cache';
import { improveBlock } from './peephole';

/** Most instructions of one block. */
const MAX_RECORDS: u32 = 64;
const PAGE: u64 = 0xfffffffffffff000;

/** Ends a block that has no jump at its end: goes on at the address of the record. */
function continueBlock(cpu: usize, record: usize): usize {
  const rip = maskRip(cpu, load<u64>(cpu, CPU_RIP_BASE) + <u64>load<u16>(record, RECORD_OFFSET));
  return branchTo(cpu, record, rip);
}

// @ts-ignore: decorator
@inline
function tableEntry(cpu: usize, host: u32, mode: u32): usize {
  return cpu + CPU_BLOCK_TABLE + (<usize>((host ^ (mode << 9)) & (BLOCK_TABLE_ENTRIES - 1)) << 4);
}

// @ts-ignore: decorator
@inline
export function isCurrent(block: usize): bool {
  return load<u32>(<usize>load<u32>(block, BLOCK_GEN_ADDRESS)) == load<u32>(block, BLOCK_GEN);
}

/** Code segment's base; 0 in 64-bit code. */
function codeBase(cpu: usize): u64 {
  return (load<u32>(cpu, CPU_BLOCK_MODE) & BLOCK_CODE_MASK) == 2 ? 0 : load<u64>(cpu, CPU_SEG_BASE + 8);
}

/** First record of the block at CPU_RIP, which becomes the current one. Raises what the fetch raises, with RIP = CPU_RIP. */
export function enter(cpu: usize): usize {
  const rip = load<u64>(cpu, CPU_RIP);
  store<u32>(cpu, 0, CPU_CURRENT_RECORD);
  const mode = load<u32>(cpu, CPU_BLOCK_MODE);
  let linear = rip;
  if ((mode & BLOCK_CODE_MASK) != 2) {
    linear = (rip + load<u64>(cpu, CPU_SEG_BASE + 8)) & 0xffffffff;
    if (rip > <u64>load<u32>(cpu, CPU_SEG_LIMIT + 4)) raiseGP(cpu, 0);
  } else if (!isCanonical(rip)) {
    raiseGP(cpu, 0);
  }
  const host = fetchAddress(cpu, linear);
  store<u64>(cpu, rip - (linear & 4095), CPU_RIP_BASE);
  const entry = tableEntry(cpu, host, mode);
  if (load<u32>(entry) == host && load<u32>(entry, 4) == mode) {
    const block = <usize>load<u32>(entry, 8);
    if (isCurrent(block) && (!load<u32>(block, BLOCK_PAGE2) || secondPageHolds(cpu, block, linear))) {
      if (!(mode & BLOCK_CODE_LIMIT) || fitsLimit(cpu, block, rip)) return start(cpu, block);
    }
  }
  return build(cpu, linear, host, mode, rip);
}

/** Counts an entry; the one that makes the block hot tells the host, which may replace its first record's handler. */
// @ts-ignore: decorator
@inline
export function countEntry(cpu: usize, block: usize): void {
  const count = load<u32>(block, BLOCK_ENTRIES_COUNT) + 1;
  store<u32>(block, count, BLOCK_ENTRIES_COUNT);
  if (count == load<u32>(cpu, CPU_HOT_ENTRIES)) hotBlock(<u32>block);
}

// @ts-ignore: decorator
@inline
function start(cpu: usize, block: usize): usize {
  countEntry(cpu, block);
  store<u32>(cpu, <u32>block, CPU_CURRENT_BLOCK);
  return block + BLOCK_HEADER_SIZE;
}

/** A block whose last instruction goes on in another page: is it still the same page, with the same contents? */
function secondPageHolds(cpu: usize, block: usize, linear: u64): bool {
  const page = load<u32>(block, BLOCK_PAGE2);
  // Only single-instruction blocks straddle, so a fault here is a fault of the instruction at CPU_RIP.
  if (fetchAddress(cpu, secondPage(cpu, linear)) != page) return false;
  return load<u32>(generationAddress(page)) == load<u32>(block, BLOCK_GEN2);
}

function secondPage(cpu: usize, linear: u64): u64 {
  const next = (linear & PAGE) + 4096;
  return (load<u32>(cpu, CPU_BLOCK_MODE) & BLOCK_CODE_MASK) == 2 ? next : next & 0xffffffff;
}

function fitsLimit(cpu: usize, block: usize, rip: u64): bool {
  return rip + <u64>load<u16>(block, BLOCK_BYTES) - 1 <= <u64>load<u32>(cpu, CPU_SEG_LIMIT + 4);
}

/** Marks bytes of a page as code, so that every vCPU's writes to them are seen. `first`, `last`: offsets in the page. */
function markCode(cpu: usize, host: u32, first: u32, last: u32): u32 {
  const generation = generationAddress(host);
  const mask = <usize>CODE_MASK_BASE + ((<usize>host >> 12) << 3);
  const low = first >> CODE_MASK_GRANULE_SHIFT;
  const high = last >> CODE_MASK_GRANULE_SHIFT;
  const bits = ((<u64>-1) >> (63 - (high - low))) << low;
  while (true) {
    if ((atomic.load<u64>(mask) & bits) != bits) atomic.or<u64>(mask, bits);
    let current = atomic.load<u32>(generation);
    if (!(current & CODE_GEN_HAS_CODE)) {
      atomic.or<u32>(generation, CODE_GEN_HAS_CODE);
      dropWrites(cpu, host & ~(<u32>4095));
      protectCode(cpu);
      // A write may have ended the generation while the others were asked; then the mask is gone too.
      continue;
    }
    if ((atomic.load<u64>(mask) & bits) == bits) return current;
  }
}

/** Room for one block, emptying the code cache when it is full. */
function allocate(cpu: usize): usize {
  const needed = BLOCK_HEADER_SIZE + (MAX_RECORDS + 1) * RECORD_SIZE;
  const at = load<u32>(cpu, CPU_CODE_NEXT);
  if (at + needed <= load<u32>(cpu, CPU_CODE_END)) return at;
  flushBlocks(cpu);
  return load<u32>(cpu, CPU_CODE_NEXT);
}

/** Forgets every block. Legal only between blocks. */
export function flushBlocks(cpu: usize): void {
  memory.fill(cpu + CPU_BLOCK_TABLE, 0, BLOCK_TABLE_ENTRIES << 4);
  store<u32>(cpu, load<u32>(cpu, CPU_CODE_BASE), CPU_CODE_NEXT);
  store<u32>(cpu, 0, CPU_CURRENT_BLOCK);
  forgetJumps(cpu);
}

function build(cpu: usize, linear: u64, host: u32, mode: u32, rip: u64): usize {
  const block = allocate(cpu);
  const startOffset = host & 4095;
  // All that may be decoded of this page is marked before a byte is read, so that no write is missed.
  const most = startOffset + MAX_RECORDS * 15 < 4096 ? startOffset + MAX_RECORDS * 15 : 4095;
  const markedTo = most < startOffset + 255 ? most : startOffset + 255 < 4095 ? startOffset + 255 : 4095;
  const generation = markCode(cpu, host, startOffset, markedTo);
  const limitLeft = (mode & BLOCK_CODE_MASK) == 2 ? <u64>-1 : <u64>load<u32>(cpu, CPU_SEG_LIMIT + 4) - rip + 1;
  store<u32>(block, host, BLOCK_CODE);
  store<u32>(block, mode, BLOCK_KEY_MODE);
  store<u32>(block, <u32>generationAddress(host), BLOCK_GEN_ADDRESS);
  store<u32>(block, generation, BLOCK_GEN);
  store<u32>(block, 0, BLOCK_PAGE2);
  store<u32>(block, 0, BLOCK_GEN2);
  store<u32>(block, 0, BLOCK_ENTRIES_COUNT);

  let record = block + BLOCK_HEADER_SIZE;
  let offset = startOffset;
  let count: u32 = 0;
  let ended = false;
  const maxRecords: u32 = mode & BLOCK_SINGLE ? 1 : MAX_RECORDS;
  while (count < maxRecords && offset <= markedTo) {
    const available = markedTo + 1 - offset;
    const status = decode(cpu, record, (host & ~4095) + offset, available, offset, mode);
    if (status != DECODED) {
      if (count) break;
      if (status == DECODE_TOO_LONG) raiseGP(cpu, 0);
      decodeStraddling(cpu, block, record, linear, host, available, mode);
    }
    const length = instructionLength(record);
    if (mode & BLOCK_CODE_LIMIT && <u64>(offset - startOffset + length) > limitLeft) {
      if (count) break;
      raiseGP(cpu, 0);
    }
    count++;
    store<u8>(record, <u8>count, RECORD_COUNT);
    record += RECORD_SIZE;
    offset += length;
    if (decodedEnd) {
      ended = true;
      break;
    }
  }
  // RECORD_COUNT of the continuation: instructions before it.
  if (!(mode & BLOCK_SINGLE)) improveBlock(block + BLOCK_HEADER_SIZE, record);
  if (!ended) writeContinuation(record, offset, count);
  store<u16>(block, <u16>(count + (ended ? 0 : 1)), BLOCK_RECORDS);
  store<u16>(block, <u16>(offset - startOffset), BLOCK_BYTES);
  store<u32>(cpu, <u32>(record + (ended ? 0 : RECORD_SIZE)), CPU_CODE_NEXT);
  const entry = tableEntry(cpu, host, mode);
  store<u32>(entry, host);
  store<u32>(entry, mode, 4);
  store<u32>(entry, <u32>block, 8);
  // A block that was thrown out may have been translated before.
  if (load<u32>(cpu, CPU_HOT_ENTRIES)) hotBlock(<u32>block);
  return start(cpu, block);
}

function writeContinuation(record: usize, offset: u32, count: u32): void {
  store<u64>(record, 0);
  store<u64>(record, 0, 8);
  store<u64>(record, 0, 16);
  store<u64>(record, 0, 24);
  store<u16>(record, <u16>indexOf((c, r) => continueBlock(c, r)), RECORD_HANDLER);
  store<u16>(record, <u16>offset, RECORD_OFFSET);
  store<u8>(record, <u8>count, RECORD_COUNT);
}

/** Decodes the instruction at the end of a page from a copy of its bytes in both pages. */
function decodeStraddling(
  cpu: usize,
  block: usize,
  record: usize,
  linear: u64,
  host: u32,
  available: u32,
  mode: u32,
): void {
  const buffer = cpu + CPU_SCRATCH;
  const second = fetchAddress(cpu, secondPage(cpu, linear));
  const generation = markCode(cpu, second, 0, 14);
  memory.copy(buffer, host, available);
  memory.copy(buffer + available, second, 15);
  if (decode(cpu, record, buffer, 15, host & 4095, mode) != DECODED) raiseGP(cpu, 0);
  store<u32>(block, second, BLOCK_PAGE2);
  store<u32>(block, generation, BLOCK_GEN2);
}

/** Goes to `rip` from the instruction at `from`: next record, or 0 when the budget is used up or someone asks for attention. */
export function branchTo(cpu: usize, from: usize, rip: u64): usize {
  store<u64>(cpu, rip, CPU_RIP);
  const budget = load<i32>(cpu, CPU_BUDGET) - <i32>load<u8>(from, RECORD_COUNT);
  store<i32>(cpu, budget, CPU_BUDGET);
  if (budget <= 0 || atomic.load<u32>(cpu + CPU_PENDING) & load<u32>(cpu, CPU_ATTENTION_MASK)) {
    store<u32>(cpu, 0, CPU_CURRENT_RECORD);
    return 0;
  }
  const mode = load<u32>(cpu, CPU_BLOCK_MODE);
  if (mode & BLOCK_SINGLE) {
    store<u32>(cpu, 0, CPU_CURRENT_RECORD);
    return 0;
  }
  // A limit is checked at every entry; 16-bit code has its segments at many bases.
  if (mode & BLOCK_CODE_LIMIT || !(mode & BLOCK_CODE_MASK)) return enter(cpu);
  const known = knownJump(cpu, rip);
  if (known && isCurrent(known - BLOCK_HEADER_SIZE)) {
    const block = known - BLOCK_HEADER_SIZE;
    store<u64>(cpu, rip - <u64>(load<u32>(block, BLOCK_CODE) & 4095), CPU_RIP_BASE);
    return start(cpu, block);
  }
  const record = enter(cpu);
  noteJump(cpu, rip, record);
  return record;
}

/**
 * The taken direct branch of the instruction at `record` to `rip`: follows the record's link while it holds. Links are
 * made only inside a page, where the same generation and mapping serve both ends.
 */
export function branchDirect(cpu: usize, record: usize, rip: u64): usize {
  const link = <usize>load<u32>(record, RECORD_LINK);
  if (link && isCurrent(link)) {
    const budget = load<i32>(cpu, CPU_BUDGET) - <i32>load<u8>(record, RECORD_COUNT);
    store<i32>(cpu, budget, CPU_BUDGET);
    store<u32>(cpu, <u32>link, CPU_CURRENT_BLOCK);
    if (budget > 0 && !(atomic.load<u32>(cpu + CPU_PENDING) & load<u32>(cpu, CPU_ATTENTION_MASK))) {
      countEntry(cpu, link);
      return link + BLOCK_HEADER_SIZE;
    }
    store<u64>(cpu, rip, CPU_RIP);
    store<u32>(cpu, 0, CPU_CURRENT_RECORD);
    return 0;
  }
  return linkAndBranch(cpu, record, rip);
}

/**
 * Where a translated region that has stored its state leaves to, CPU_RIP: the first record there, or 0 for whoever asks
 * for attention, or has a fault to deliver.
 */
export function leaveRegion(cpu: usize): usize {
  store<u32>(cpu, 0, CPU_CURRENT_RECORD);
  if (load<i32>(cpu, CPU_BUDGET) <= 0 || load<u32>(cpu, CPU_FAULT_PENDING)) return 0;
  if (atomic.load<u32>(cpu + CPU_PENDING) & load<u32>(cpu, CPU_ATTENTION_MASK)) return 0;
  if (load<u32>(cpu, CPU_BLOCK_MODE) & BLOCK_SINGLE) return 0;
  const rip = load<u64>(cpu, CPU_RIP);
  const record = enter(cpu);
  noteJump(cpu, rip, record);
  return record;
}

function linkAndBranch(cpu: usize, record: usize, rip: u64): usize {
  const from = load<u64>(cpu, CPU_RIP_BASE);
  const owner = <usize>load<u32>(cpu, CPU_CURRENT_BLOCK);
  const codeBefore = load<u32>(cpu, CPU_CODE_NEXT);
  const first = branchTo(cpu, record, rip);
  if (!first || load<u64>(cpu, CPU_RIP_BASE) != from) return first;
  const target = first - BLOCK_HEADER_SIZE;
  // The cache was emptied on the way: `record` is gone. Or the block crosses into another page or has a limit to check.
  if (load<u32>(cpu, CPU_CODE_NEXT) < codeBefore) return first;
  if (load<u32>(target, BLOCK_PAGE2) || load<u32>(target, BLOCK_KEY_MODE) & BLOCK_CODE_LIMIT) return first;
  if (load<u32>(target, BLOCK_CODE) >> 12 != load<u32>(owner, BLOCK_CODE) >> 12) return first;
  store<u32>(record, <u32>target, RECORD_LINK);
  return first;
}
