/**
 * General-purpose events and the hot-plug registers of a PC of this kind, which no data sheet has (cli.md §5, behaviour.md
 * §2): PCI slots come and go by bit masks at AE00H, vCPUs are a bit map at AF00H, and GPE0 says that something happened.
 */
import type { AddressSpace, Region } from '../board-services.ts';
import type { DeviceState } from '../device-class.ts';
import { stateLike, stateOf } from '../saved-state.ts';

const GPE0_BASE = 0xafe0;
/** Status and enable bytes, half of the block each (ACPI 3.0, 4.7.4.1). */
const GPE0_BYTES = 4;
const GPE_HALF = GPE0_BYTES / 2;
const GPE_PCI = 0x02;
const GPE_CPU = 0x04;

const PCI_BASE = 0xae00;
const PCI_BYTES = 0x10;
const PCI_UP = 0x00;
const PCI_DOWN = 0x04;
const PCI_EJECT = 0x08;
const PCI_REMOVABLE = 0x0c;

const CPU_BASE = 0xaf00;
const CPU_BYTES = 0x20;

export interface AcpiHotplugOptions {
  readonly ports: AddressSpace;
  /** Indices of the vCPUs that are there from the beginning. */
  readonly cpus: readonly number[];
  /** Slots whose devices may be taken out, bit n is slot n. */
  removableSlots(): number;
  /** The guest lets go of slots. */
  ejectSlots(slots: number): void;
  /** The level of the system control interrupt may have changed. */
  changed(): void;
}

function powerOn() {
  return { status: 0, enable: 0, up: 0, down: 0, cpus: new Uint8Array(CPU_BYTES) };
}

export class AcpiHotplug {
  #state = powerOn();
  readonly #options: AcpiHotplugOptions;
  readonly #regions: readonly Region[];

  constructor(options: AcpiHotplugOptions) {
    this.#options = options;
    for (const index of options.cpus) this.#markCpu(index);
    this.#regions = [
      options.ports.claim(
        GPE0_BASE,
        GPE0_BYTES,
        {
          read: (offset) => this.#readEvents(offset),
          write: (offset, _size, value) => this.#writeEvents(offset, value),
        },
        { name: 'acpi-gpe0', widest: 1 },
      ),
      options.ports.claim(
        PCI_BASE,
        PCI_BYTES,
        {
          read: (offset) => this.#readSlots(offset),
          write: (offset, _size, value) => this.#writeSlots(offset, value),
        },
        { name: 'acpi-pci-hotplug', narrowest: 4 },
      ),
      options.ports.claim(
        CPU_BASE,
        CPU_BYTES,
        { read: (offset) => this.#state.cpus[offset] ?? 0, write: () => undefined },
        { name: 'acpi-cpu-hotplug', widest: 1 },
      ),
    ];
  }

  /** Events are forgotten and devices that were to go are gone (behaviour.md §2); vCPUs that came stay. */
  reset(): void {
    const { cpus, down } = this.#state;
    this.#state = { ...powerOn(), cpus };
    if (down !== 0) this.#options.ejectSlots(down);
    this.#options.changed();
  }

  save(): DeviceState {
    return stateOf(this.#state);
  }

  restore(state: DeviceState): void {
    this.#state = stateLike(powerOn(), state, 'PIIX4_PM');
    this.#options.changed();
  }

  remove(): void {
    for (const region of this.#regions) region.remove();
  }

  /** Whether an event asks for the system control interrupt. */
  get isPending(): boolean {
    return (this.#state.status & this.#state.enable) !== 0;
  }

  /** A device has come into a slot while the machine runs. */
  slotAdded(slot: number): void {
    this.#state.up |= 1 << slot;
    this.#raise(GPE_PCI);
  }

  /** The guest is asked to let go of a slot. */
  requestRemoval(slot: number): void {
    this.#state.down |= 1 << slot;
    this.#raise(GPE_PCI);
  }

  /** A slot is empty. */
  slotRemoved(slot: number): void {
    this.#state.up &= ~(1 << slot);
    this.#state.down &= ~(1 << slot);
  }

  /** A vCPU has come. */
  cpuAdded(index: number): void {
    this.#markCpu(index);
    this.#raise(GPE_CPU);
  }

  #markCpu(index: number): void {
    const { cpus } = this.#state;
    cpus[index >> 3] = (cpus[index >> 3] ?? 0) | (1 << (index & 7));
  }

  #raise(event: number): void {
    this.#state.status |= event;
    this.#options.changed();
  }

  #readEvents(offset: number): number {
    const { status, enable } = this.#state;
    const half = offset < GPE_HALF ? status : enable;
    return (half >> ((offset % GPE_HALF) * 8)) & 0xff;
  }

  #writeEvents(offset: number, value: number): void {
    const state = this.#state;
    const shift = (offset % GPE_HALF) * 8;
    if (offset < GPE_HALF) state.status &= ~(value << shift);
    else state.enable = (state.enable & ~(0xff << shift)) | (value << shift);
    this.#options.changed();
  }

  #readSlots(offset: number): number {
    switch (offset) {
      case PCI_UP:
        return this.#state.up >>> 0;
      case PCI_DOWN:
        return this.#state.down >>> 0;
      case PCI_REMOVABLE:
        return this.#options.removableSlots() >>> 0;
      default:
        return 0;
    }
  }

  #writeSlots(offset: number, value: number): void {
    if (offset !== PCI_EJECT) return;
    for (let slot = 0; slot < 32; slot++) {
      if ((value & (1 << slot)) !== 0) this.slotRemoved(slot);
    }
    this.#options.ejectSlots(value);
  }
}
