/**
 * From interrupt lines to interrupt controllers: ISA lines reach the 8259s and the I/O APIC (line 0 its input 2, as the MADT
 * says), other inputs of the I/O APIC it alone. The controllers attach when they are made; a board without one does without.
 */
import type { Wire } from '../../devices/board-services.ts';
import type { I8259 } from '../../devices/isa/i8259.ts';
import type { Ioapic } from '../../devices/system/ioapic.ts';
import type { InterruptBus } from '../../vcpu/interrupt-bus.ts';
import { InterruptLines, ISA_IRQS } from './interrupt-lines.ts';

const IOAPIC_INPUTS = 24;
const TIMER_LINE = 0;
const TIMER_INPUT = 2;
const CASCADE = 2;
const PIC_INPUTS = 8;
const BOOTSTRAP_PROCESSOR = 0;
const LINT0 = 0;
/** What an acknowledge cycle gives when nobody answers. */
const NO_VECTOR = 0xff;

export type LineTap = (line: number, asserted: boolean) => void;

export class InterruptWiring {
  readonly isa = new InterruptLines(ISA_IRQS);
  readonly inputs = new InterruptLines(IOAPIC_INPUTS);
  readonly #bus: InterruptBus;
  #ioapic: Ioapic | undefined;
  #master: I8259 | undefined;
  #slave: I8259 | undefined;
  /** Sources that legacy replacement by the HPET cuts off. */
  readonly #gated: { level: boolean; readonly wire: Wire }[] = [];
  #replaced = false;
  /** What has taken a controller's inputs over (qtest). */
  #tapIoapic: LineTap | undefined;
  #tapPic: LineTap | undefined;

  constructor(bus: InterruptBus) {
    this.#bus = bus;
    const inputs = Array.from({ length: ISA_IRQS }, (_, line) => this.inputs.source(inputOf(line)));
    this.isa.onLevel((line, asserted) => {
      if (line === CASCADE) return;
      if (this.#tapPic === undefined) this.#pic(line)?.set(asserted);
      else this.#tapPic(line, asserted);
      inputs[line]?.set(asserted);
    });
    this.inputs.onLevel((input, asserted) => {
      if (this.#tapIoapic === undefined) this.#ioapic?.input(input).set(asserted);
      else this.#tapIoapic(input, asserted);
    });
  }

  /** A source on an ISA line. */
  irq(line: number): Wire {
    return this.isa.source(line);
  }

  /** A source on an ISA line that the HPET takes over in legacy replacement mode (IA-PC HPET specification, 2.3.4). */
  replaceableIrq(line: number): Wire {
    const gated = { level: false, wire: this.isa.source(line) };
    this.#gated.push(gated);
    return {
      set: (asserted) => {
        gated.level = asserted;
        if (!this.#replaced) gated.wire.set(asserted);
      },
    };
  }

  /** Asserted while legacy replacement is on. */
  readonly legacyReplacement: Wire = {
    set: (asserted) => {
      this.#replaced = asserted;
      for (const { level, wire } of this.#gated) wire.set(level && !asserted);
    },
  };

  /** A source on an input of the I/O APIC, and on the 8259s' input of the same number if there is one. */
  pin(input: number): Wire {
    return input < ISA_IRQS && input !== TIMER_INPUT ? this.isa.source(input) : this.inputs.source(input);
  }

  attachIoapic(chip: Ioapic): void {
    this.#ioapic = chip;
  }

  /** The master comes first. */
  attachPic(chip: I8259): void {
    if (this.#master === undefined) this.#master = chip;
    else this.#slave = chip;
  }

  /** The INT output of the 8259 that is made next: INTR of the boot processor, or the master's cascade input. */
  picOutput(): Wire {
    const master = this.#master;
    if (master !== undefined) return master.input(CASCADE);
    return { set: (asserted) => this.#bus.setLine(BOOTSTRAP_PROCESSOR, LINT0, asserted) };
  }

  slavePic(): I8259 | undefined {
    return this.#slave;
  }

  /** The 8259s, master first: for `info pic`. */
  pics(): readonly I8259[] {
    return [this.#master, this.#slave].filter((chip) => chip !== undefined);
  }

  get ioapic(): Ioapic | undefined {
    return this.#ioapic;
  }

  /** An acknowledge cycle of a processor: the vector. */
  acknowledge(): number {
    return this.#master?.acknowledge() ?? NO_VECTOR;
  }

  /** A local APIC says that a level-triggered interrupt has ended. */
  endOfInterrupt(vector: number): void {
    this.#ioapic?.endOfInterrupt(vector);
  }

  /** From now on the inputs of the I/O APIC are told to `tap` instead. */
  tapIoapic(tap: LineTap): void {
    this.#tapIoapic = tap;
  }

  /** The same for the 8259s, whose inputs are numbered 0 to 15. */
  tapPics(tap: LineTap): void {
    this.#tapPic = tap;
  }

  #pic(line: number): Wire | undefined {
    return line < PIC_INPUTS ? this.#master?.input(line) : this.#slave?.input(line - PIC_INPUTS);
  }
}

function inputOf(line: number): number {
  return line === TIMER_LINE ? TIMER_INPUT : line;
}
