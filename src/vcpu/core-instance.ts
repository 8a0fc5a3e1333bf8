/** One instance of the compiled CPU core, bound to one vCPU's page group on the thread that calls it. */
import { readFileSync } from 'node:fs';
import { TroupeError } from '../errors/troupe-error.ts';
import { CPU_GROUP_SIZE, CPU_GROUPS_BASE } from '../memory/layout.ts';
import type { MemoryPlan } from '../memory/memory-plan.ts';
import { CORE_URL } from './core-location.ts';

/** What the core asks of the thread it runs on. Addresses are guest-physical, halves of 64 bits; sizes 1, 2 or 4 bytes. */
export interface CoreHost {
  portIn(port: number, size: number): number;
  portOut(port: number, size: number, value: number): void;
  mmioRead(low: number, high: number, size: number): number;
  mmioWrite(low: number, high: number, size: number, value: number): void;
  /** Virtual time in ns since power-on. */
  virtualTime(): number;
  /** Vector of the acknowledged external interrupt. */
  picAcknowledge(): number;
  /** 32 random bits. */
  random(): number;
  /**
   * The FERR# pin while CR0.NE is 0: raises (1) or lowers (0) IRQ 13. Gives 1 while the chipset asserts IGNNE#, which a
   * write to port F0h makes it do until FERR# falls, else 0.
   */
  floatingPointError(asserted: number): number;
  /** A level-triggered vector has ended: the I/O APICs clear remote IRR where it matches. */
  eoiBroadcast(vector: number): void;
}

/** Is told of blocks that are new or have become hot, while the core waits. */
export interface BlockTranslator {
  /** @param block address of the block's header */
  hotBlock(block: number): void;
}

interface CoreExports {
  initialise(cpu: number, index: number, codeBase: number, codeEnd: number): void;
  run(cpu: number, budget: number): number;
  resume(cpu: number): number;
  reset(cpu: number): void;
  apicTimerTick(cpu: number): void;
  stateWritten(cpu: number): void;
  getFlags(cpu: number): number;
  setFlags(cpu: number, flags: number): void;
}

/** Thrown through the core's frames to end an instruction; carries nothing, so that throwing costs under a microsecond. */
const UNWIND = Object.freeze({ unwind: true });

/** Compiles the core that the build has put in `dist/vcpu`. The module can be posted to other threads. */
export function compileCore(): WebAssembly.Module {
  return new WebAssembly.Module(readFileSync(CORE_URL));
}

export class CoreInstance {
  /** Address of the vCPU's page group. */
  readonly base: number;
  readonly #exports: CoreExports;
  readonly #linkage: WebAssembly.Instance['exports'];
  #translator: BlockTranslator | undefined;

  /** Throws `ERR_VCPU_INDEX` if the plan has no such vCPU. The page group must be zeroed or hold a restored state. */
  constructor(
    module: WebAssembly.Module,
    memory: WebAssembly.Memory,
    plan: MemoryPlan,
    index: number,
    host: CoreHost,
  ) {
    if (index < 0 || index >= plan.cpus) {
      throw new TroupeError('ERR_VCPU_INDEX', `There is no vCPU ${index}: the machine has ${plan.cpus}`);
    }
    this.base = CPU_GROUPS_BASE + index * CPU_GROUP_SIZE;
    const words = new Int32Array(memory.buffer);
    const instance = new WebAssembly.Instance(module, {
      env: { memory },
      host: {
        unwind: () => {
          throw UNWIND;
        },
        portIn: host.portIn.bind(host),
        portOut: host.portOut.bind(host),
        mmioRead: host.mmioRead.bind(host),
        mmioWrite: host.mmioWrite.bind(host),
        virtualTime: host.virtualTime.bind(host),
        picAcknowledge: host.picAcknowledge.bind(host),
        random: host.random.bind(host),
        floatingPointError: host.floatingPointError.bind(host),
        eoiBroadcast: host.eoiBroadcast.bind(host),
        hotBlock: (block: number) => this.#translator?.hotBlock(block >>> 0),
        waitWhileEqual: (address: number, value: number) => {
          Atomics.wait(words, address >>> 2, value | 0, 1);
        },
      },
    });
    this.#linkage = instance.exports;
    this.#exports = instance.exports as unknown as CoreExports;
    const codeBase = plan.codeCacheBase + index * plan.codeCacheBytes;
    this.#exports.initialise(this.base, index, codeBase, codeBase + plan.codeCacheBytes);
  }

  /** What translated code is linked to: the function table and helpers of the core. */
  get linkage(): WebAssembly.Instance['exports'] {
    return this.#linkage;
  }

  /** Hands hot blocks to a translator, or to nobody. CPU_HOT_ENTRIES says what is hot. */
  setTranslator(translator: BlockTranslator | undefined): void {
    this.#translator = translator;
  }

  /** Runs about `budget` instructions (at most 2^31 - 1; a block is finished). Gives an EXIT_* reason of layout.ts. */
  run(budget: number): number {
    let first = true;
    for (;;) {
      try {
        return first ? this.#exports.run(this.base, budget) : this.#exports.resume(this.base);
      } catch (error) {
        if (error !== UNWIND) throw error;
        first = false;
      }
    }
  }

  /** RESET. The model (`setUpCpu`) must be in place. Application processors are left running, as the board may want them. */
  reset(): void {
    this.#exports.reset(this.base);
  }

  /** Has the local APIC's timer expire if its time has come: for a vCPU that slept until `InterruptBus.nextDeadline`. */
  timerTick(): void {
    this.#exports.apicTimerTick(this.base);
  }

  /** Derives what follows from state that was written to the page group; must precede the next run(). */
  stateWritten(): void {
    this.#exports.stateWritten(this.base);
  }

  getFlags(): number {
    return this.#exports.getFlags(this.base) >>> 0;
  }

  /** Replaces RFLAGS; call stateWritten() afterwards. */
  setFlags(flags: number): void {
    this.#exports.setFlags(this.base, flags);
  }
}
