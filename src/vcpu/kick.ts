/** Reaching a vCPU's thread from others, through its request word. */
import {
  CPU_GROUP_SIZE,
  CPU_GROUPS_BASE,
  CPU_PENDING,
  PENDING_EXIT,
  PENDING_FLUSH_TLB,
} from '../memory/layout.ts';

function request(memory: WebAssembly.Memory, index: number, bits: number): void {
  const words = new Int32Array(memory.buffer);
  const word = (CPU_GROUPS_BASE + index * CPU_GROUP_SIZE + CPU_PENDING) >> 2;
  Atomics.or(words, word, bits);
  Atomics.notify(words, word);
}

/** Makes a vCPU leave its slice, or its sleep, so that it looks at its messages. */
export function kickVcpu(memory: WebAssembly.Memory, index: number): void {
  request(memory, index, PENDING_EXIT);
}

/** Makes a vCPU drop its translations before its next instruction: after a change of the physical map. */
export function flushVcpuTlb(memory: WebAssembly.Memory, index: number): void {
  request(memory, index, PENDING_FLUSH_TLB);
}
