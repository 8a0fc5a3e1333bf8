/**
 * How many random cases a test runs: `usual` by default, that many times TROUPE_FPU_EFFORT when it is set (100 makes
 * millions of cases and takes minutes).
 */
export function effort(usual: number): number {
  return Math.round(usual * Number(process.env['TROUPE_FPU_EFFORT'] ?? 1));
}

/** Seed of the random cases: TROUPE_FPU_SEED, or the same in every run. */
export const SEED = Number(process.env['TROUPE_FPU_SEED'] ?? 20130520);
