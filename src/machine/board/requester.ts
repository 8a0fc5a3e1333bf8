/** The processor whose access is being answered: it waits in its mailbox, so its registers lie still in shared memory. */
import type { ProcessorRegisters, RegisterName } from '../../devices/isa/vmport.ts';
import {
  CPU_GROUP_SIZE,
  CPU_GROUPS_BASE,
  CPU_RAX,
  CPU_RBX,
  CPU_RCX,
  CPU_RDI,
  CPU_RDX,
  CPU_RSI,
} from '../../memory/layout.ts';

const OFFSETS: Readonly<Record<RegisterName, number>> = {
  eax: CPU_RAX,
  ebx: CPU_RBX,
  ecx: CPU_RCX,
  edx: CPU_RDX,
  esi: CPU_RSI,
  edi: CPU_RDI,
};

export class Requester {
  readonly #words: Uint32Array;
  /** Its number; undefined while no processor waits. */
  cpu: number | undefined;

  constructor(memory: WebAssembly.Memory) {
    this.#words = new Uint32Array(memory.buffer);
  }

  /** Undefined while no processor waits. */
  get registers(): ProcessorRegisters | undefined {
    const { cpu } = this;
    if (cpu === undefined) return undefined;
    const at = (name: RegisterName): number =>
      (CPU_GROUPS_BASE + cpu * CPU_GROUP_SIZE + OFFSETS[name]) / this.#words.BYTES_PER_ELEMENT;
    return {
      get: (name) => this.#words[at(name)] ?? 0,
      set: (name, value) => {
        this.#words[at(name)] = value;
        this.#words[at(name) + 1] = 0;
      },
    };
  }
}
