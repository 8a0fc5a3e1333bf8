// The jump cache of indirect branches and of translated regions: which block a RIP leads to, as long as nothing that decides it
// has changed.
import {
  BLOCK_HEADER_SIZE,
  BLOCK_PAGE2,
  CPU_BLOCK_MODE,
  CPU_JUMP_CACHE,
  CPU_JUMP_STAMP,
  CPU_MODE,
  CPU_SEG_BASE,
  JUMP_ENTRIES,
  JUMP_ENTRY_SHIFT,
  JUMP_HASH_SHIFT,
  JUMP_RECORD,
  JUMP_STAMP,
  MODE_CPL_MASK,
} from "../../memory/layout";

const EPOCH: u64 = 0x100000000;
/** Code size in the lower half of a stamp, and a code segment that does not begin at 0. */
const CODE_MASK: u32 = 6;
const CODE64: u32 = 4;
const BASED: u32 = 0x80000000;
const CS_BASE: usize = CPU_SEG_BASE + 8;

/** To be called when block mode or privilege have changed. */
export function noteModeOfJumps(cpu: usize): void {
  const user: u32 = (load<u32>(cpu, CPU_MODE) & MODE_CPL_MASK) == 3 ? 1 : 0;
  let stamp = (load<u32>(cpu, CPU_BLOCK_MODE) << 1) | user;
  if ((stamp & CODE_MASK) != CODE64 && load<u64>(cpu, CS_BASE) != 0) {
    // Another base may have come: no entry made before counts.
    forgetJumps(cpu);
    stamp |= BASED;
  }
  store<u32>(cpu, stamp, CPU_JUMP_STAMP);
}

/** To be called when addresses may lead elsewhere, or blocks are gone. */
export function forgetJumps(cpu: usize): void {
  store<u64>(cpu, load<u64>(cpu, CPU_JUMP_STAMP) + EPOCH, CPU_JUMP_STAMP);
}

// @ts-ignore: decorator
@inline
function entryOf(cpu: usize, rip: u64): usize {
  const hash = <usize>(rip ^ (rip >> JUMP_HASH_SHIFT)) & (JUMP_ENTRIES - 1);
  return cpu + CPU_JUMP_CACHE + (hash << JUMP_ENTRY_SHIFT);
}

/** First record of the block that `rip` is known to lead to, or 0. The block's generation must be looked at. */
// @ts-ignore: decorator
@inline
export function knownJump(cpu: usize, rip: u64): usize {
  const entry = entryOf(cpu, rip);
  if (load<u64>(entry) != rip || load<u64>(entry, JUMP_STAMP) != load<u64>(cpu, CPU_JUMP_STAMP)) return 0;
  return <usize>load<u32>(entry, JUMP_RECORD);
}

/** Notes that `rip` leads to the block whose first record is `record`. */
export function noteJump(cpu: usize, rip: u64, record: usize): void {
  // A block that goes on in another page depends on that page's mapping too.
  if (load<u32>(record - BLOCK_HEADER_SIZE, BLOCK_PAGE2)) return;
  const entry = entryOf(cpu, rip);
  store<u64>(entry, rip);
  store<u64>(entry, load<u64>(cpu, CPU_JUMP_STAMP), JUMP_STAMP);
  store<u32>(entry, <u32>record, JUMP_RECORD);
}
