// Delivery of exceptions and interrupts.
import {
  CPU_EXIT_REASON,
  CPU_FAULT_PENDING,
  EXIT_TRIPLE_FAULT,
} from "../../memory/layout";

/** Delivers the pending fault. */
export function deliverFault(cpu: usize): void {
  store<u32>(cpu, 0, CPU_FAULT_PENDING);
  store<u32>(cpu, EXIT_TRIPLE_FAULT, CPU_EXIT_REASON);
}
