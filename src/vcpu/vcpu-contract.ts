/** What a vCPU's actor promises. */
import type { MemoryPlan } from '../memory/memory-plan.ts';
import type { TranslatorCounters } from './jit/counters.ts';
import type { LogSettings } from './log-items.ts';

/** Everything that makes a vCPU what it is, as plain data. TLBs and decoded code are caches and not part of it. */
export interface VcpuState {
  /** Layout of the byte arrays; a state of another version is refused. */
  readonly version: number;
  /** Registers, control state, x87, vectors and the local APIC, as they lie in the page group. */
  readonly registers: Uint8Array;
  readonly modelSpecificRegisters: Uint8Array;
}

/** What a debugger or a monitor shows. Numbers are unsigned 64-bit unless said otherwise. */
export interface VcpuRegisters {
  readonly rip: bigint;
  /** 32 bits. */
  readonly rflags: number;
  /** RAX RCX RDX RBX RSP RBP RSI RDI R8…R15. */
  readonly general: readonly bigint[];
  /** ES CS SS DS FS GS LDTR TR. */
  readonly selectors: readonly number[];
  readonly cr0: bigint;
  readonly cr2: bigint;
  readonly cr3: bigint;
  readonly cr4: bigint;
  readonly efer: bigint;
}

/** What a monitor lists of a vCPU. */
export interface VcpuStatus {
  /** Linear address of the next instruction. */
  readonly pc: bigint;
  readonly halted: boolean;
  /** The operating system's number of the thread. */
  readonly threadId: number;
}

/** Everything that a monitor can show of a vCPU. */
export interface VcpuInspection {
  readonly state: VcpuState;
  /** EFLAGS put together: the state holds them in parts. */
  readonly rflags: number;
}

export interface VcpuCounters {
  readonly instructions: bigint;
  /** What the translator has done, if there is one. */
  readonly translator?: Readonly<TranslatorCounters>;
}

/** Why a running vCPU stopped by itself. */
export type VcpuStop = 'shutdown' | 'breakpoint' | 'exception';

export interface VcpuAsks {
  /** Runs until paused. Answers at once. */
  run(argument: undefined): void;
  /** Answers when the vCPU stands at an instruction boundary. Kick it first (`kickVcpu`), or wait out its slice. */
  pause(argument: undefined): void;
  /** Power-up state; application processors wait for a SIPI. Only while paused. */
  reset(argument: undefined): void;
  state(argument: undefined): VcpuState;
  /** Only while paused. Rejects with `ERR_VCPU_STATE` if the state is of another version or size. */
  setState(argument: VcpuState): void;
  registers(argument: undefined): VcpuRegisters;
  counters(argument: undefined): VcpuCounters;
  status(argument: undefined): VcpuStatus;
  /** At an instruction boundary, whether it runs or not. */
  inspect(argument: undefined): VcpuInspection;
  /** Executes instructions one by one. Only while paused. Gives RIP afterwards. */
  step(argument: { readonly instructions: number }): bigint;
  /** Linear addresses of instructions before which a running vCPU stops. Replaces what was set before. */
  setBreakpoints(argument: { readonly addresses: readonly bigint[] }): void;
  /** From its next slice on the vCPU runs one instruction at a time, none of them translated, or as fast as it goes. */
  setSingleStep(argument: { readonly on: boolean }): void;
  /** What is written of regions that are translated from now on. Rejects when the file cannot be opened. */
  setLog(argument: LogSettings): void;
}

// biome-ignore lint/complexity/noBannedTypes: an empty set of tells
export type VcpuTells = {};

export interface VcpuEvents {
  /** It does not run any more. `pc` is the linear address of the next instruction. */
  stopped: { readonly reason: VcpuStop; readonly pc: bigint };
}

export interface VcpuContract {
  asks: VcpuAsks;
  tells: VcpuTells;
  events: VcpuEvents;
}

export interface VcpuActorConfig {
  readonly memory: WebAssembly.Memory;
  readonly module: WebAssembly.Module;
  readonly plan: MemoryPlan;
  readonly index: number;
  /** Whether hot code is translated to WebAssembly; yes when absent. */
  readonly translate?: boolean;
}
