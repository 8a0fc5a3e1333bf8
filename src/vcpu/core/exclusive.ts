// Standing still together: requests between vCPUs that must be seen at an instruction boundary before the asker goes on.
import {
  CPU_GROUPS_BASE,
  CPU_GROUP_SIZE,
  CPU_IN_GUEST,
  CPU_INDEX,
  CPU_PENDING,
  GLOBAL_CPU_COUNT,
  GLOBAL_EXCLUSIVE,
  PENDING_EXCLUSIVE,
  PENDING_FLUSH_TLB,
  PENDING_FLUSH_WRITES,
} from '../../memory/layout';
import { dropWrites, flushTlb } from './tlb';

// @ts-ignore: decorator
@inline
function group(index: u32): usize {
  return <usize>CPU_GROUPS_BASE + <usize>index * CPU_GROUP_SIZE;
}

/** Looks at a word before the thread sleeps on it: more than another vCPU needs to reach its next block if it has a processor. */
const LOOKS: u32 = 1000;
/** Longest sleeps in ns: what a wake-up that nobody sends costs at most. */
const SHORT_SLEEP: i64 = 100_000;
const LONG_SLEEP: i64 = 1_000_000;

/** Answers what other vCPUs have asked of this one. Legal between instructions, and inside one that waits for others. */
export function serveRequests(cpu: usize): void {
  const pending = atomic.load<u32>(cpu + CPU_PENDING);
  if (pending & PENDING_FLUSH_TLB) {
    flushTlb(cpu, true);
    atomic.and<u32>(cpu + CPU_PENDING, ~(PENDING_FLUSH_TLB | PENDING_FLUSH_WRITES));
    atomic.notify(cpu + CPU_PENDING, -1);
  } else if (pending & PENDING_FLUSH_WRITES) {
    dropWrites(cpu, 0);
    atomic.and<u32>(cpu + CPU_PENDING, ~PENDING_FLUSH_WRITES);
    atomic.notify(cpu + CPU_PENDING, -1);
  }
}

/** Asks every other vCPU to give up its write permissions and waits until none can write through an old one. */
export function protectCode(cpu: usize): void {
  const count = load<u32>(GLOBAL_CPU_COUNT);
  if (count <= 1) return;
  const self = load<u32>(cpu, CPU_INDEX);
  for (let i: u32 = 0; i < count; i++) {
    if (i != self) atomic.or<u32>(group(i) + CPU_PENDING, PENDING_FLUSH_WRITES);
  }
  for (let i: u32 = 0; i < count; i++) {
    if (i == self) continue;
    const other = group(i);
    for (let looks: u32 = 0; atomic.load<u32>(other + CPU_IN_GUEST); looks++) {
      const pending = atomic.load<u32>(other + CPU_PENDING);
      if (!(pending & PENDING_FLUSH_WRITES)) break;
      serveRequests(cpu);
      if (looks >= LOOKS) atomic.wait<i32>(other + CPU_PENDING, <i32>pending, SHORT_SLEEP);
    }
  }
}

/** Stops all other vCPUs at an instruction boundary; they go on after endExclusive(). */
export function beginExclusive(cpu: usize): void {
  const count = load<u32>(GLOBAL_CPU_COUNT);
  if (count <= 1) return;
  const self = load<u32>(cpu, CPU_INDEX);
  while (atomic.cmpxchg<u32>(GLOBAL_EXCLUSIVE, 0, self + 1) != 0) {
    // Another one has it: stand still for it, as everyone does.
    serveRequests(cpu);
    standStill(cpu);
  }
  for (let i: u32 = 0; i < count; i++) {
    if (i != self) atomic.or<u32>(group(i) + CPU_PENDING, PENDING_EXCLUSIVE);
  }
  for (let i: u32 = 0; i < count; i++) {
    if (i == self) continue;
    const other = group(i);
    for (let looks: u32 = 0; atomic.load<u32>(other + CPU_IN_GUEST); looks++) {
      serveRequests(cpu);
      if (looks >= LOOKS) atomic.wait<i32>(other + CPU_IN_GUEST, 1, LONG_SLEEP);
    }
  }
}

/** Lets the others go on if this vCPU has stopped them: what it did to memory has faulted. */
export function abandonExclusive(cpu: usize): void {
  if (atomic.load<u32>(GLOBAL_EXCLUSIVE) == load<u32>(cpu, CPU_INDEX) + 1) endExclusive(cpu);
}

export function endExclusive(cpu: usize): void {
  if (load<u32>(GLOBAL_CPU_COUNT) <= 1) return;
  atomic.store<u32>(GLOBAL_EXCLUSIVE, 0);
  atomic.notify(GLOBAL_EXCLUSIVE, -1);
}

/** Leaves the guest until no other vCPU has asked for stillness. */
export function standStill(cpu: usize): void {
  atomic.and<u32>(cpu + CPU_PENDING, ~PENDING_EXCLUSIVE);
  enterGuest(cpu);
}

/** Declares that this vCPU may touch guest memory, unless someone has asked for stillness: then waits first. */
export function enterGuest(cpu: usize): void {
  const self = load<u32>(cpu, CPU_INDEX) + 1;
  for (;;) {
    leaveGuest(cpu);
    for (;;) {
      const owner = atomic.load<u32>(GLOBAL_EXCLUSIVE);
      if (!owner || owner == self) break;
      atomic.wait<i32>(GLOBAL_EXCLUSIVE, <i32>owner, LONG_SLEEP);
    }
    atomic.store<u32>(cpu + CPU_IN_GUEST, 1);
    // Asked between the look and the store? Then the asker may already count this vCPU as still.
    const owner = atomic.load<u32>(GLOBAL_EXCLUSIVE);
    if (!owner || owner == self) break;
  }
  serveRequests(cpu);
}

/** Declares that this vCPU does not touch guest memory until enterGuest(), and wakes who waits for that. */
export function leaveGuest(cpu: usize): void {
  atomic.store<u32>(cpu + CPU_IN_GUEST, 0);
  if (atomic.load<u32>(GLOBAL_EXCLUSIVE)) atomic.notify(cpu + CPU_IN_GUEST, -1);
}
