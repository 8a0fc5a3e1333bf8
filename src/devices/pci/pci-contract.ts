/** What the PCI bus hands to a device, and what it wants to know of it (PCI Local Bus Specification 3.0, chapter 6). */
import type { BoardServices, RegionHandler, Wire } from '../board-services.ts';

/** Type name of the bus. */
export const PCI_BUS = 'PCI';

export interface PciIdentity {
  readonly vendor: number;
  readonly device: number;
  readonly revision?: number;
  /** 24 bits: class, subclass, programming interface. */
  readonly classCode: number;
  /** 1af4:1100 when absent. */
  readonly subsystemVendor?: number;
  readonly subsystem?: number;
  /** 1 to 4 for INTA to INTD; 0 or absent: none. */
  readonly interruptPin?: number;
}

export type BarKind = 'io' | 'memory' | 'memory64';

export interface BarOptions {
  readonly kind: BarKind;
  /** A power of two, at least 4 ports or 16 bytes. */
  readonly bytes: number;
  readonly prefetchable?: boolean;
  readonly name: string;
}

/** What backs a BAR: a handler, or shared memory that the guest maps directly (a frame buffer). */
export type BarBacking =
  | { readonly handler: RegionHandler; readonly posted?: boolean; readonly widest?: 1 | 2 | 4 }
  | { readonly host: number; readonly type: 'ram' | 'rom' | 'video' };

/** MSI-X of one function: a table and a pending-bit array in a BAR (PCI 3.0, 6.8.2). */
export interface MsixTable {
  readonly enabled: boolean;
  /** Sends the vector's message, or notes it as pending while it is masked. */
  notify(vector: number): void;
}

/** The configuration space and the resources of one function. Made by the bus for a device that is being realized. */
export interface PciFunction {
  /** Device number << 3 | function. */
  readonly devfn: number;
  /** 256 bytes, as the guest reads them. */
  readonly config: Uint8Array;
  /** Which bits of `config` a guest's write changes; the bus sets it up for the standard header. */
  readonly writable: Uint8Array;
  /** Which bits a guest's write of 1 clears. */
  readonly clearable: Uint8Array;
  /** Declares a base address register; it is mapped and moved as the guest programs it. */
  bar(index: number, options: BarOptions, backing: BarBacking): void;
  /** Option ROM contents; padded to a power of two. */
  rom(contents: Uint8Array): void;
  /** Appends a capability of `bytes` bytes (with its two-byte header); gives its offset in `config`. */
  capability(id: number, bytes: number): number;
  /** MSI-X with its table in a memory BAR of its own. */
  msix(barIndex: number, vectors: number): MsixTable;
  /** INTx, obeying the interrupt-disable bit of the command register. */
  readonly intx: Wire;
  /** Command register, bit 2: DMA is allowed. */
  readonly busMaster: boolean;
  /** Called with the address of a BAR after it has moved; undefined while it is not decoded. */
  onBarMoved(moved: (index: number, address: number | undefined) => void): void;
  /** Called after a guest's write has changed `config` (offset and size in bytes as written). */
  onConfigWrite(written: (offset: number, size: number) => void): void;
  /** Called before a guest's read, so that the device can bring `config` up to date. */
  onConfigRead(reading: (offset: number, size: number) => void): void;
}

export interface PciPorts extends BoardServices {
  /** Claims the slot that the device's `addr` property names, or the first free one. Once per device. */
  pci(identity: PciIdentity): PciFunction;
}
