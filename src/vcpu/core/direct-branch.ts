// Direct branches as the run loop's own cases take them: by the link of their record, and fused with a comparison before them.
import {
  BLOCK_HEADER_SIZE,
  CPU_ATTENTION_MASK,
  CPU_BUDGET,
  CPU_CURRENT_BLOCK,
  CPU_CURRENT_RECORD,
  CPU_PENDING,
  RECORD_COUNT,
  RECORD_HANDLER,
  RECORD_LINK,
} from '../../memory/layout';
import { countEntry, isCurrent } from './block';
import { extend, flagsLogic, flagsSub } from './flags';
import { next, rm } from './state';

/** Calls the record's handler: gives the next record, or 0. */
// @ts-ignore: decorator
@inline
export function callHandler(cpu: usize, record: usize): usize {
  store<u32>(cpu, <u32>record, CPU_CURRENT_RECORD);
  return call_indirect<usize>(<u32>load<u16>(record, RECORD_HANDLER), cpu, record);
}

/** Takes a direct branch by its link; without one, or when something else is due, its handler does. */
export function follow(cpu: usize, record: usize): usize {
  const link = <usize>load<u32>(record, RECORD_LINK);
  if (!link || !isCurrent(link)) return callHandler(cpu, record);
  const budget = load<i32>(cpu, CPU_BUDGET) - <i32>load<u8>(record, RECORD_COUNT);
  if (budget <= 0 || atomic.load<u32>(cpu + CPU_PENDING) & load<u32>(cpu, CPU_ATTENTION_MASK)) return callHandler(cpu, record);
  store<i32>(cpu, budget, CPU_BUDGET);
  store<u32>(cpu, <u32>link, CPU_CURRENT_BLOCK);
  countEntry(cpu, link);
  return link + BLOCK_HEADER_SIZE;
}

/** Condition `cc`, one of those that relate two numbers (SDM vol. 1, appendix B), after `a` was compared with `b`. */
// @ts-ignore: decorator
@inline
function holds<T>(a: T, b: T, cc: u32): bool {
  if (cc == 2) return a < b;
  if (cc == 3) return a >= b;
  if (cc == 4) return a == b;
  if (cc == 5) return a != b;
  if (cc == 6) return a <= b;
  if (cc == 7) return a > b;
  if (cc == 12) return extend<T>(a) < extend<T>(b);
  if (cc == 13) return extend<T>(a) >= extend<T>(b);
  if (cc == 14) return extend<T>(a) <= extend<T>(b);
  return extend<T>(a) > extend<T>(b);
}

/** CMP of modrm.rm with `b`, and the branch of condition `cc` after it. */
// @ts-ignore: decorator
@inline
export function compareAndBranch<T>(cpu: usize, record: usize, b: T, cc: u32): usize {
  const a = rm<T>(cpu, record);
  flagsSub<T>(cpu, a, b, <T>(a - b));
  const jump = next(record);
  return holds<T>(a, b, cc) ? follow(cpu, jump) : next(jump);
}

/** TEST of modrm.rm with `b`, and the branch of condition `cc`, E or NE, after it. */
// @ts-ignore: decorator
@inline
export function testAndBranch<T>(cpu: usize, record: usize, b: T, cc: u32): usize {
  const result = <T>(rm<T>(cpu, record) & b);
  flagsLogic<T>(cpu, result);
  const jump = next(record);
  return holds<T>(result, 0, cc) ? follow(cpu, jump) : next(jump);
}
