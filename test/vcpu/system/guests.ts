/** Every guest of this folder. */
import { exceptionsLong, refusedLong } from './cases/exceptions-long.ts';
import { pagingLegacy } from './cases/paging-legacy.ts';
import { pagingLong, pcids } from './cases/paging-long.ts';
import { segmentLoads } from './cases/segment-loads.ts';
import { tasks } from './cases/tasks.ts';
import { virtual8086 } from './cases/virtual-8086.ts';
import type { SystemGuest } from './guest.ts';

const SEGMENT_SEED = 1;
/** As many as fit a ROM. */
const SEGMENT_CASES = 500;
const PAGING_SEED = 4;
const LEGACY_PAGING_CASES = 330;
const LONG_PAGING_CASES = 160;

/** `seed` makes other random cases than those of the committed records. */
export function systemGuests(seed = 0): SystemGuest[] {
  return [
    tasks,
    exceptionsLong,
    segmentLoads(SEGMENT_SEED + seed, SEGMENT_CASES),
    refusedLong,
    pagingLegacy(PAGING_SEED + seed, LEGACY_PAGING_CASES),
    pagingLong(PAGING_SEED + seed, LONG_PAGING_CASES),
    pcids,
    virtual8086,
  ];
}
