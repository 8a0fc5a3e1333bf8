/** What the ISA bus hands to a device. */
import type { BoardServices, Wire } from '../board-services.ts';

/**
 * A device's end of an 8237 channel. The device asks for service with `request`; the controller then calls `transfer`,
 * possibly at once.
 */
export interface DmaChannel {
  /** Levels of DREQ. */
  request(asserted: boolean): void;
  /**
   * Registers what the controller calls while the channel is served: it gives up to `bytes` bytes to the device
   * (memory to device, `toDevice`), or takes what the device puts into `buffer`. Returns how many were taken or given; a
   * count that is too short ends the service until the next request. `terminal` says that this reaches terminal count.
   */
  onTransfer(transfer: (buffer: Uint8Array, toDevice: boolean, terminal: boolean) => number): void;
}

export interface IsaPorts extends BoardServices {
  /** ISA interrupt 0 to 15: goes to the 8259s and to the I/O APIC. */
  irq(line: number): Wire;
  dma(channel: number): DmaChannel;
}

/** What firmware calls a device of the ISA bus: by its first port. */
export function isaNode(name: string, port: number): string {
  return `${name}@${port.toString(16).padStart(4, '0')}`;
}

/** Type name of the bus. */
export const ISA_BUS = 'ISA';
