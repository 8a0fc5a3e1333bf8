/** What the host bridge and the ISA bridge need of the board beyond what their buses give. */
import type { BoardServices, Region, Wire } from '../board-services.ts';
import type { IsaBusHost } from '../isa/isa-bus.ts';
import type { BaseAddress } from './base-address.ts';
import type { PciBus } from './pci-bus.ts';
import type { PciPorts } from './pci-contract.ts';

/** How the host bridge decodes memory below 1 MiB. */
export interface ShadowControl {
  /**
   * Where reads and writes of a segment go: to RAM when true, to PCI (ROM, or nothing) when false. Segment 0 is
   * F0000H–FFFFFH, segments 1 to 12 are the 16 KiB pieces from C0000H on.
   */
  setSegment(segment: number, reads: boolean, writes: boolean): void;
  /**
   * System-management RAM at A0000H–BFFFFH: `open` shows it to everyone, `enabled` to vCPUs in system-management mode.
   */
  setSmram(open: boolean, enabled: boolean): void;
}

export const SHADOW_SEGMENTS = 13;

export interface HostBridgePorts extends PciPorts {
  readonly shadow: ShadowControl;
}

/** What a PCI bus reaches the machine by. */
export interface PciHostPorts extends BoardServices {
  mapBar(bar: BaseAddress, address: number): Region;
  /** Keeps an option ROM's contents where the guest can map them; gives the host address. */
  keepRom(contents: Uint8Array): number;
  /** The level of one of the four PCI interrupt lines, over all devices. */
  setPciLine(line: number, asserted: boolean): void;
  /** Hands out the bus. */
  attach(bus: PciBus): void;
}

export interface IsaBridgePorts extends PciPorts, IsaBusHost {
  /** ISA interrupt 0 to 15: a source of its own. */
  irq(line: number): Wire;
  /** Calls back when a PCI interrupt line (0 to 3) changes its level. */
  onPciLine(changed: (line: number, asserted: boolean) => void): void;
}
