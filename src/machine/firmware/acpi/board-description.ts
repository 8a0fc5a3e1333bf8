/** What the ACPI tables of a pc-i440fx board say about it. */

/** A cpu's row in the tables. */
export interface CpuDescription {
  readonly apicId: number;
  readonly present: boolean;
  /** NUMA node, if there are any. */
  readonly node: number | undefined;
}

export interface MemoryRange {
  readonly first: number;
  readonly bytes: number;
  readonly node: number;
}

export interface BoardDescription {
  /** All that can ever be there, by index. */
  readonly cpus: readonly CpuDescription[];
  /** First address above the RAM below 4 GiB: PCI windows begin there. */
  readonly lowRamEnd: number;
  /** Ports of the power management block, as PIIX4 function 3 has it in its configuration space. */
  readonly pmBase: number;
  readonly hpet: boolean;
  /** Indices of the serial and parallel ports that are there (0 = COM1, LPT1). */
  readonly serials: readonly number[];
  readonly parallels: readonly number[];
  /** Bit n: the device in PCI slot n can be ejected. */
  readonly removableSlots: number;
  /** Affinity of RAM; empty without NUMA nodes. */
  readonly memory: readonly MemoryRange[];
}

/** Fixed places of the board (docs: the board's port table). */
export const PCI_HOTPLUG_BASE = 0xae00;
export const CPU_HOTPLUG_BASE = 0xaf00;
export const CPU_HOTPLUG_BYTES = 0x20;
export const GPE0_BASE = 0xafe0;
export const GPE0_BYTES = 4;
export const PVPANIC_PORT = 0x505;
export const IO_APIC_ADDRESS = 0xfec00000;
export const HPET_ADDRESS = 0xfed00000;
export const HPET_BYTES = 0x400;
export const LOCAL_APIC_ADDRESS = 0xfee00000;
/** First address that PCI devices cannot have: the I/O APIC's. */
export const PCI_MEMORY_END = 0xfec00000;
export const SCI_LINE = 9;
