// Exports of the core: one instance serves one vCPU of one thread.
import {
  CPU_CODE_BASE,
  CPU_CODE_END,
  CPU_CODE_NEXT,
  CPU_INDEX,
  CPU_RIP,
  OPEN_BUS_PAGE,
} from "../../memory/layout";
import { flushBlocks } from "./block";
import { registerInstructions } from "./instructions";
import { eflags, setEflagsRaw } from "./flags";
import { updateMode } from "./mode";
import { resetTlb } from "./tlb";

export { run, resume } from "./run";
export { reset } from "./reset";
export { apicTimerTick } from "./apic/timer";

/** Prepares the tables and the vCPU's caches. Call once per instance, before anything else; the page group is zeroed or restored. */
export function initialise(cpu: usize, index: u32, codeBase: u32, codeEnd: u32): void {
  memory.fill(OPEN_BUS_PAGE, 0xff, 4096);
  registerInstructions();
  store<u32>(cpu, index, CPU_INDEX);
  store<u32>(cpu, codeBase, CPU_CODE_BASE);
  store<u32>(cpu, codeEnd, CPU_CODE_END);
  store<u32>(cpu, codeBase, CPU_CODE_NEXT);
  resetTlb(cpu);
  flushBlocks(cpu);
}

/** To be called after the page group's state was written from outside: derives what follows from it. */
export function stateWritten(cpu: usize): void {
  resetTlb(cpu);
  updateMode(cpu);
}

/** RFLAGS, computed from the lazy state. */
export function getFlags(cpu: usize): u32 {
  return eflags(cpu);
}

/** Replaces RFLAGS; call stateWritten() afterwards. */
export function setFlags(cpu: usize, flags: u32): void {
  setEflagsRaw(cpu, flags);
}
