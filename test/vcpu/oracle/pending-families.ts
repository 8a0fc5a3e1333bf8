/** Families that the core does not agree on with the host yet, left out of the random sequences. A test fails when one does. */
export const PENDING_FAMILIES: ReadonlySet<string> = new Set();
