// What waits in CPU_PENDING, in the order of SDM vol. 3, table 6-2.
import {
  CPU_ATTENTION_MASK,
  CPU_EXIT_REASON,
  CPU_HALT_STATE,
  CPU_PENDING,
  EXIT_REQUEST,
  PENDING_EXCLUSIVE,
  PENDING_EXIT,
  PENDING_FLUSH_TLB,
  PENDING_FLUSH_WRITES,
} from "../../memory/layout";
import { serveRequests, standStill } from "./exclusive";

/** Serves requests at an instruction boundary. */
export function attend(cpu: usize): void {
  const pending = atomic.load<u32>(cpu + CPU_PENDING) & load<u32>(cpu, CPU_ATTENTION_MASK);
  if (pending & (PENDING_FLUSH_TLB | PENDING_FLUSH_WRITES)) serveRequests(cpu);
  if (pending & PENDING_EXCLUSIVE) standStill(cpu);
  if (pending & PENDING_EXIT) {
    atomic.and<u32>(cpu + CPU_PENDING, ~PENDING_EXIT);
    store<u32>(cpu, EXIT_REQUEST, CPU_EXIT_REASON);
  }
}
