/**
 * The machine's way of having every vCPU stand still for a moment: the TypeScript counterpart of `core/exclusive.ts`. Needed
 * around every change of the physical map, also while a vCPU waits in its mailbox for the very access that makes the change.
 */
import {
  CPU_GROUP_SIZE,
  CPU_GROUPS_BASE,
  CPU_IN_GUEST,
  CPU_MAILBOX,
  CPU_PENDING,
  EXCLUSIVE_MACHINE,
  GLOBAL_CPU_COUNT,
  GLOBAL_EXCLUSIVE,
  MAILBOX_REQUEST,
  MAILBOX_STATE,
  PENDING_EXCLUSIVE,
  PENDING_FLUSH_TLB,
} from './layout.ts';

/** Looks at a busy vCPU before the thread sleeps between looks. */
const LOOKS = 200;
/** How long it then sleeps, in ms: a vCPU reaches the end of its block within microseconds, if its thread has a core. */
const NAP_MS = 0.05;

export class Stillness {
  readonly #words: Int32Array;
  #depth = 0;

  constructor(memory: WebAssembly.Memory) {
    this.#words = new Int32Array(memory.buffer);
  }

  /**
   * Runs `change` while no vCPU is in the guest, and has every vCPU drop its translations before it goes on. May be nested.
   * Blocks its thread: workers only.
   */
  change(change: () => void): void {
    const owns = this.#depth === 0 && this.#begin();
    this.#depth += 1;
    try {
      change();
    } finally {
      this.#depth -= 1;
      if (this.#depth === 0) this.#end(owns);
    }
  }

  /** Whether the word was taken; not when its owner stands still itself, waiting for the machine. */
  #begin(): boolean {
    const word = GLOBAL_EXCLUSIVE >> 2;
    for (;;) {
      const owner = Atomics.compareExchange(this.#words, word, 0, EXCLUSIVE_MACHINE);
      if (owner === 0) break;
      if (this.#waitsForMachine(owner - 1)) return false;
      Atomics.wait(this.#words, word, owner, NAP_MS);
    }
    const cpus = this.#cpus();
    for (let cpu = 0; cpu < cpus; cpu++) Atomics.or(this.#words, group(cpu, CPU_PENDING), PENDING_EXCLUSIVE);
    for (let cpu = 0; cpu < cpus; cpu++) this.#awaitOut(cpu);
    return true;
  }

  #end(owns: boolean): void {
    for (let cpu = 0; cpu < this.#cpus(); cpu++) {
      Atomics.or(this.#words, group(cpu, CPU_PENDING), PENDING_FLUSH_TLB);
    }
    if (!owns) return;
    Atomics.store(this.#words, GLOBAL_EXCLUSIVE >> 2, 0);
    Atomics.notify(this.#words, GLOBAL_EXCLUSIVE >> 2);
  }

  /** A vCPU that made everybody stand still and then accesses a device: all are out of the guest, and stay so. */
  #waitsForMachine(cpu: number): boolean {
    return Atomics.load(this.#words, group(cpu, CPU_MAILBOX + MAILBOX_STATE)) === MAILBOX_REQUEST;
  }

  #awaitOut(cpu: number): void {
    const word = group(cpu, CPU_IN_GUEST);
    for (let looks = 0; Atomics.load(this.#words, word) !== 0; looks++) {
      if (looks >= LOOKS) Atomics.wait(this.#words, word, 1, NAP_MS);
    }
  }

  #cpus(): number {
    return Atomics.load(this.#words, GLOBAL_CPU_COUNT >> 2);
  }
}

function group(cpu: number, offset: number): number {
  return (CPU_GROUPS_BASE + cpu * CPU_GROUP_SIZE + offset) >> 2;
}
