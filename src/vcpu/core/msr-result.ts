// The value of the MSR that was read last. Functions that read MSRs give false for #GP and leave the value here.

export let msrValue: u64 = 0;

/** Stores the value read and gives true. */
export function give(value: u64): bool {
  msrValue = value;
  return true;
}
