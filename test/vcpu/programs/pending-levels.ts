/** Instruction set levels (gcc's -march) whose programs do not run yet. A test fails when those of one do. */
export const PENDING_LEVELS: ReadonlySet<string> = new Set();
