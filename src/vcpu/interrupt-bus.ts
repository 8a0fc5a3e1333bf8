/**
 * How devices interrupt vCPUs from any thread: over the words of the target's local APIC page, as `core/apic/deliver.ts`
 * does for vCPUs among themselves. An interrupt is an atomic OR into IRR, one into CPU_PENDING, and a notify.
 */
import { TroupeError } from '../errors/troupe-error.ts';
import {
  APIC_BASE_EN,
  APIC_BASE_EXTD,
  APIC_BASE_MSR,
  APIC_DFR,
  APIC_ERRORS,
  APIC_ID,
  APIC_INITIAL_ID,
  APIC_IRR,
  APIC_LDR,
  APIC_LINE_EXTINT_MESSAGE,
  APIC_LINE_LINT0,
  APIC_LINE_LINT1,
  APIC_LINES,
  APIC_LVT_ERROR,
  APIC_LVT_LINT0,
  APIC_LVT_LINT1,
  APIC_PPR,
  APIC_SVR,
  APIC_TIMER_EXPIRY,
  APIC_TMR,
  CPU_APIC,
  CPU_GROUP_SIZE,
  CPU_GROUPS_BASE,
  CPU_PENDING,
  CPU_SIPI_VECTOR,
  DELIVERY_EXTINT,
  DELIVERY_FIXED,
  DELIVERY_INIT,
  DELIVERY_LOWEST_PRIORITY,
  DELIVERY_NMI,
  DELIVERY_SIPI,
  DELIVERY_SMI,
  ESR_RECEIVE_ILLEGAL_VECTOR,
  GLOBAL_CPU_COUNT,
  LVT_DELIVERY_MASK,
  LVT_DELIVERY_SHIFT,
  LVT_LEVEL,
  LVT_MASKED,
  LVT_REMOTE_IRR,
  PENDING_APIC,
  PENDING_INIT,
  PENDING_NMI,
  PENDING_PIC,
  PENDING_SIPI,
  PENDING_SMI,
  SVR_ENABLED,
} from '../memory/layout.ts';

/** What an I/O APIC's redirection entry or an MSI says (SDM vol. 3, 10.11; 82093AA data sheet, 3.2.4). */
export interface InterruptMessage {
  /** 8 bits; FFH is everyone. */
  readonly destination: number;
  readonly logical: boolean;
  /** DELIVERY_* of layout.ts. */
  readonly delivery: number;
  readonly vector: number;
  readonly level: boolean;
}

/** MSI addresses are FEExxxxxH (SDM vol. 3, figure 10-24). */
const MSI_ADDRESS = 0xfee;
const MSI_LOGICAL = 0x4;
/** "Assert" for level-triggered messages (SDM vol. 3, figure 10-25); a de-assert means nothing to a local APIC. */
const MSI_ASSERT = 0x4000;
const MSI_LEVEL = 0x8000;
const BROADCAST = 0xff;
const FIRST_LEGAL_VECTOR = 16;
const DFR_CLUSTER = 0;

/** Is a write to this guest-physical address an interrupt message? */
export function isMessageAddress(address: number): boolean {
  return Math.floor(address / 0x100000) === MSI_ADDRESS;
}

/** What a write of `data` to an MSI address means; undefined for the de-assertion of a level. */
export function decodeMessage(address: number, data: number): InterruptMessage | undefined {
  const level = (data & MSI_LEVEL) !== 0;
  if (level && (data & MSI_ASSERT) === 0) return undefined;
  return {
    destination: (address >>> 12) & 0xff,
    logical: (address & MSI_LOGICAL) !== 0,
    delivery: (data & LVT_DELIVERY_MASK) >> LVT_DELIVERY_SHIFT,
    vector: data & 0xff,
    level,
  };
}

export class InterruptBus {
  readonly #words: Int32Array;
  readonly #floats: Float64Array;

  constructor(memory: WebAssembly.Memory) {
    this.#words = new Int32Array(memory.buffer);
    this.#floats = new Float64Array(memory.buffer);
  }

  /** Number of vCPUs of the machine. */
  get cpus(): number {
    return Atomics.load(this.#words, GLOBAL_CPU_COUNT >> 2);
  }

  /**
   * Gives a fixed interrupt to one vCPU, whatever its ID. Lost if its APIC is disabled.
   * Throws ERR_INTERRUPT_TARGET if there is no such vCPU.
   */
  raiseInterrupt(cpu: number, vector: number, levelTriggered: boolean): void {
    this.deliver(cpu, DELIVERY_FIXED, vector, levelTriggered);
  }

  /** Gives a message to all vCPUs that it is meant for, or to one of them (lowest priority). */
  send(message: InterruptMessage): void {
    const { destination, logical, delivery, vector, level } = message;
    if (delivery === DELIVERY_LOWEST_PRIORITY) {
      const cpu = this.#lowestPriority(destination, logical, vector);
      if (cpu !== undefined) this.deliver(cpu, delivery, vector, level);
      return;
    }
    for (let cpu = 0; cpu < this.cpus; cpu++) {
      if (this.#matches(cpu, destination, logical)) this.deliver(cpu, delivery, vector, level);
    }
  }

  /** Decodes and sends the message that a write to an MSI address is. */
  writeMessage(address: number, data: number): void {
    const message = decodeMessage(address, data);
    if (message !== undefined) this.send(message);
  }

  /** Gives a message of a DELIVERY_* mode to one vCPU. Throws ERR_INTERRUPT_TARGET if there is no such vCPU. */
  deliver(cpu: number, delivery: number, vector: number, level: boolean): void {
    this.#check(cpu);
    switch (delivery) {
      case DELIVERY_FIXED:
      case DELIVERY_LOWEST_PRIORITY:
        if (this.#isAccepting(cpu)) this.#acceptVector(cpu, vector & 0xff, level);
        break;
      case DELIVERY_SMI:
        this.signal(cpu, PENDING_SMI);
        break;
      case DELIVERY_NMI:
        this.signal(cpu, PENDING_NMI);
        break;
      case DELIVERY_INIT:
        this.signal(cpu, PENDING_INIT);
        break;
      case DELIVERY_SIPI:
        Atomics.store(this.#words, this.#group(cpu, CPU_SIPI_VECTOR), vector);
        this.signal(cpu, PENDING_SIPI);
        break;
      case DELIVERY_EXTINT:
        if (!this.#isAccepting(cpu)) break;
        Atomics.or(this.#words, this.#group(cpu, CPU_APIC + APIC_LINES), APIC_LINE_EXTINT_MESSAGE);
        this.signal(cpu, PENDING_PIC);
        break;
      default:
      // The reserved mode 3 delivers nothing.
    }
  }

  /**
   * The level of LINT0 (the 8259's INTR on a PC) or LINT1 (NMI). What it does is the local vector table's to say; without
   * an APIC LINT0 is INTR and LINT1 is NMI. Throws ERR_INTERRUPT_TARGET if there is no such vCPU.
   */
  setLine(cpu: number, line: 0 | 1, asserted: boolean): void {
    this.#check(cpu);
    const bit = line === 0 ? APIC_LINE_LINT0 : APIC_LINE_LINT1;
    const word = this.#group(cpu, CPU_APIC + APIC_LINES);
    if (!asserted) {
      Atomics.and(this.#words, word, ~bit);
      return;
    }
    const wasAsserted = (Atomics.or(this.#words, word, bit) & bit) !== 0;
    if (!this.#isPresent(cpu)) {
      if (line === 0) this.signal(cpu, PENDING_PIC);
      else if (!wasAsserted) this.signal(cpu, PENDING_NMI);
    } else if (!wasAsserted) {
      this.#deliverLocal(cpu, line === 0 ? APIC_LVT_LINT0 : APIC_LVT_LINT1);
    }
  }

  /** A pulse on LINT1 of every vCPU: how a PC's board makes an NMI. */
  pulseNmi(): void {
    for (let cpu = 0; cpu < this.cpus; cpu++) {
      this.setLine(cpu, 1, true);
      this.setLine(cpu, 1, false);
    }
  }

  /** Virtual time in ns at which the vCPU's APIC timer expires, Infinity if it does not. */
  nextDeadline(cpu: number): number {
    this.#check(cpu);
    const base = CPU_GROUPS_BASE + cpu * CPU_GROUP_SIZE;
    return this.#floats[(base + CPU_APIC + APIC_TIMER_EXPIRY) >> 3] ?? Number.POSITIVE_INFINITY;
  }

  /** Sets PENDING_* bits of a vCPU and wakes it if it sleeps. */
  signal(cpu: number, request: number): void {
    const word = this.#group(cpu, CPU_PENDING);
    Atomics.or(this.#words, word, request);
    Atomics.notify(this.#words, word);
  }

  #check(cpu: number): void {
    if (cpu >= 0 && cpu < this.cpus) return;
    throw new TroupeError('ERR_INTERRUPT_TARGET', `There is no vCPU ${cpu}: the machine has ${this.cpus}`);
  }

  #group(cpu: number, offset: number): number {
    return (CPU_GROUPS_BASE + cpu * CPU_GROUP_SIZE + offset) >> 2;
  }

  #register(cpu: number, offset: number): number {
    return Atomics.load(this.#words, this.#group(cpu, CPU_APIC + offset)) >>> 0;
  }

  #isPresent(cpu: number): boolean {
    return (this.#register(cpu, APIC_BASE_MSR) & APIC_BASE_EN) !== 0;
  }

  #isX2apic(cpu: number): boolean {
    return (this.#register(cpu, APIC_BASE_MSR) & APIC_BASE_EXTD) !== 0;
  }

  #isAccepting(cpu: number): boolean {
    return this.#isPresent(cpu) && (this.#register(cpu, APIC_SVR) & SVR_ENABLED) !== 0;
  }

  /** SDM vol. 3, 10.8.4: trigger mode to TMR, then the request to IRR. */
  #acceptVector(cpu: number, vector: number, level: boolean): void {
    if (vector < FIRST_LEGAL_VECTOR) {
      this.#noteError(cpu, ESR_RECEIVE_ILLEGAL_VECTOR);
      return;
    }
    const bank = (vector >> 5) << 4;
    const bit = 1 << (vector & 31);
    const trigger = this.#group(cpu, CPU_APIC + APIC_TMR + bank);
    if (level) Atomics.or(this.#words, trigger, bit);
    else if ((Atomics.load(this.#words, trigger) & bit) !== 0) Atomics.and(this.#words, trigger, ~bit);
    Atomics.or(this.#words, this.#group(cpu, CPU_APIC + APIC_IRR + bank), bit);
    this.signal(cpu, PENDING_APIC);
  }

  #noteError(cpu: number, error: number): void {
    const word = this.#group(cpu, CPU_APIC + APIC_ERRORS);
    if (Atomics.or(this.#words, word, error) === 0) this.#deliverLocal(cpu, APIC_LVT_ERROR);
  }

  /** An entry of the local vector table: LINT0, LINT1 or the error interrupt (SDM vol. 3, 10.5.1). */
  #deliverLocal(cpu: number, entry: number): void {
    const lvt = this.#register(cpu, entry);
    if ((lvt & LVT_MASKED) !== 0) return;
    const delivery = (lvt & LVT_DELIVERY_MASK) >> LVT_DELIVERY_SHIFT;
    if (delivery === DELIVERY_EXTINT) {
      this.signal(cpu, PENDING_PIC);
    } else if (delivery !== DELIVERY_FIXED) {
      this.deliver(cpu, delivery, 0, false);
    } else if (entry === APIC_LVT_LINT0 && (lvt & LVT_LEVEL) !== 0) {
      const word = this.#group(cpu, CPU_APIC + APIC_LVT_LINT0);
      const old = Atomics.or(this.#words, word, LVT_REMOTE_IRR);
      if ((old & LVT_REMOTE_IRR) === 0) this.#acceptVector(cpu, lvt & 0xff, true);
    } else {
      this.#acceptVector(cpu, lvt & 0xff, false);
    }
  }

  /** SDM vol. 3, 10.6.2. Messages have 8 destination bits; an x2APIC takes them as the low ones of its ID. */
  #matches(cpu: number, destination: number, logical: boolean): boolean {
    if (!this.#isPresent(cpu)) return false;
    if (destination === BROADCAST) return true;
    if (this.#isX2apic(cpu)) {
      const id = this.#register(cpu, APIC_INITIAL_ID);
      return logical ? id >> 4 === 0 && (destination & (1 << (id & 15))) !== 0 : id === destination;
    }
    if (!logical) return this.#register(cpu, APIC_ID) >>> 24 === destination;
    const id = this.#register(cpu, APIC_LDR) >>> 24;
    if (this.#register(cpu, APIC_DFR) >>> 28 !== DFR_CLUSTER) return (id & destination) !== 0;
    return id >> 4 === destination >> 4 && (id & destination & 15) !== 0;
  }

  /** The matching vCPU with the lowest processor priority; among equals the vector says where the search begins. */
  #lowestPriority(destination: number, logical: boolean, vector: number): number | undefined {
    let chosen: number | undefined;
    let best = Number.POSITIVE_INFINITY;
    for (let step = 0; step < this.cpus; step++) {
      const cpu = (vector + step) % this.cpus;
      if (!this.#isAccepting(cpu) || !this.#matches(cpu, destination, logical)) continue;
      const priority = this.#register(cpu, APIC_PPR) & 0xf0;
      if (priority >= best) continue;
      best = priority;
      chosen = cpu;
    }
    return chosen;
  }
}
