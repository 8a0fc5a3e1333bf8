/** Every guest of this folder. */
import { exceptionsLong, refusedLong } from './cases/exceptions-long.ts';
import { segmentLoads } from './cases/segment-loads.ts';
import { tasks } from './cases/tasks.ts';
import type { SystemGuest } from './guest.ts';

const SEGMENT_SEED = 1;
/** As many as fit a ROM. */
const SEGMENT_CASES = 500;

/** `seed` makes other random cases than those of the committed records. */
export function systemGuests(seed = 0): SystemGuest[] {
  return [tasks, exceptionsLong, segmentLoads(SEGMENT_SEED + seed, SEGMENT_CASES), refusedLong];
}
