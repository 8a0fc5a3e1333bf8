/** PCI configuration space through configuration mechanism 1 (PCI Local Bus Specification 3.0, 3.2.2.3.2). */
import type { Platform } from '../firmware-contract.ts';

const ADDRESS_PORT = 0xcf8;
const DATA_PORT = 0xcfc;
const ENABLE = 0x80000000;

/** Reads and writes registers of bus 0. What the guest has in the address register is put back. */
export class PciConfig {
  readonly #platform: Platform;

  constructor(platform: Platform) {
    this.#platform = platform;
  }

  read(devfn: number, offset: number, size: 1 | 2 | 4): number {
    return this.#select(devfn, offset, () => this.#platform.readPort(DATA_PORT + (offset & 3), size));
  }

  write(devfn: number, offset: number, size: 1 | 2 | 4, value: number): void {
    this.#select(devfn, offset, () => this.#platform.writePort(DATA_PORT + (offset & 3), size, value));
  }

  #select<T>(devfn: number, offset: number, access: () => T): T {
    const before = this.#platform.readPort(ADDRESS_PORT, 4);
    this.#platform.writePort(ADDRESS_PORT, 4, (ENABLE | (devfn << 8) | (offset & 0xfc)) >>> 0);
    try {
      return access();
    } finally {
      this.#platform.writePort(ADDRESS_PORT, 4, before);
    }
  }
}

export const devfnOf = (slot: number, pciFunction: number): number => (slot << 3) | pciFunction;
