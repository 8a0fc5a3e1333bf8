/** A vCPU's state out of its page group, and back. */
import {
  CPU_CODE_BASE,
  CPU_CODE_CHANGED,
  CPU_CODE_END,
  CPU_CODE_NEXT,
  CPU_CR0,
  CPU_CR2,
  CPU_CR3,
  CPU_CR4,
  CPU_CURRENT_BLOCK,
  CPU_CURRENT_RECORD,
  CPU_EFER,
  CPU_GPR,
  CPU_HALT_STATE,
  CPU_HOT_ENTRIES,
  CPU_IN_GUEST,
  CPU_INDEX,
  CPU_INSTRUCTION_COUNT,
  CPU_JUMP_STAMP,
  CPU_LAZY_KIND,
  CPU_MAILBOX,
  CPU_MONITOR,
  CPU_MSR,
  CPU_RIP,
  CPU_SEG_SELECTOR,
  CPU_TLB,
  CPU_TLB_JOURNAL_COUNT,
  CPU_TLB_LARGE,
  HALT_MWAIT,
  HALT_RUNNING,
} from '../memory/layout.ts';
import type { CoreInstance } from './core-instance.ts';
import type { VcpuRegisters, VcpuState } from './vcpu-contract.ts';
import { VcpuError } from './vcpu-error.ts';

const VERSION = 1;
/** Registers, vectors and the APIC page end where the mailbox begins. */
const REGISTER_BYTES = CPU_MAILBOX;
const MSR_BYTES = 0x1000;

/** Words that say where caches lie or what the thread is doing: they belong to the running process, not to the state. */
const TRANSIENT = [
  CPU_CURRENT_RECORD,
  CPU_CURRENT_BLOCK,
  CPU_IN_GUEST,
  CPU_TLB,
  CPU_INDEX,
  CPU_CODE_BASE,
  CPU_CODE_END,
  CPU_CODE_NEXT,
  CPU_TLB_JOURNAL_COUNT,
  CPU_TLB_LARGE,
  CPU_HOT_ENTRIES,
  CPU_CODE_CHANGED,
  CPU_JUMP_STAMP,
  CPU_JUMP_STAMP + 4,
  CPU_LAZY_KIND,
];

/** Copies the state. The vCPU must stand at an instruction boundary. */
export function captureState(memory: WebAssembly.Memory, core: CoreInstance): VcpuState {
  const registers = new Uint8Array(memory.buffer, core.base, REGISTER_BYTES).slice();
  const words = new Uint32Array(registers.buffer);
  for (const offset of TRANSIENT) words[offset >> 2] = 0;
  return {
    version: VERSION,
    registers,
    modelSpecificRegisters: new Uint8Array(memory.buffer, core.base + CPU_MSR, MSR_BYTES).slice(),
  };
}

/** Puts a state in place and derives what follows from it. Throws `ERR_VCPU_STATE`. */
export function restoreState(memory: WebAssembly.Memory, core: CoreInstance, state: VcpuState): void {
  const { version, registers, modelSpecificRegisters } = state;
  if (
    version !== VERSION ||
    registers.length !== REGISTER_BYTES ||
    modelSpecificRegisters.length !== MSR_BYTES
  ) {
    throw new VcpuError(
      'ERR_VCPU_STATE',
      `A vCPU state of version ${version} with ${registers.length} + ${modelSpecificRegisters.length} bytes was given; ` +
        `version ${VERSION} with ${REGISTER_BYTES} + ${MSR_BYTES} is expected`,
    );
  }
  const words = new Uint32Array(memory.buffer, core.base, REGISTER_BYTES / 4);
  const kept = TRANSIENT.map((offset) => words[offset >> 2] ?? 0);
  new Uint8Array(memory.buffer, core.base, REGISTER_BYTES).set(registers);
  new Uint8Array(memory.buffer, core.base + CPU_MSR, MSR_BYTES).set(modelSpecificRegisters);
  for (const [i, offset] of TRANSIENT.entries()) words[offset >> 2] = kept[i] ?? 0;
  // The watched line is a host address of the memory it was taken from; MONITOR and MWAIT may end at any time.
  words[CPU_MONITOR >> 2] = 0;
  if (words[CPU_HALT_STATE >> 2] === HALT_MWAIT) words[CPU_HALT_STATE >> 2] = HALT_RUNNING;
  core.stateWritten();
}

/** What a debugger shows. */
export function readRegisters(memory: WebAssembly.Memory, core: CoreInstance): VcpuRegisters {
  const view = new DataView(memory.buffer, core.base, REGISTER_BYTES);
  const at = (offset: number) => view.getBigUint64(offset, true);
  return {
    rip: at(CPU_RIP),
    rflags: core.getFlags(),
    general: Array.from({ length: 16 }, (_, i) => at(CPU_GPR + i * 8)),
    selectors: Array.from({ length: 8 }, (_, i) => view.getUint16(CPU_SEG_SELECTOR + i * 2, true)),
    cr0: at(CPU_CR0),
    cr2: at(CPU_CR2),
    cr3: at(CPU_CR3),
    cr4: at(CPU_CR4),
    efer: at(CPU_EFER),
  };
}

/** Instructions executed since power-up. */
export function readInstructionCount(memory: WebAssembly.Memory, core: CoreInstance): bigint {
  return new DataView(memory.buffer, core.base).getBigUint64(CPU_INSTRUCTION_COUNT, true);
}
