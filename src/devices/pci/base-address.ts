/** One base address register: what it decodes, and where the guest has put it (PCI Local Bus Specification 3.0, 6.2.5). */
import type { Region } from '../board-services.ts';
import {
  BAR_IO,
  BAR_IO_FLAGS,
  BAR_MEMORY_FLAGS,
  BAR_MEMORY64,
  BAR_PREFETCHABLE,
  ROM_ENABLE,
  ROM_FLAGS,
} from './config-registers.ts';
import type { BarBacking, BarOptions } from './pci-contract.ts';

export interface BaseAddress extends Omit<BarOptions, 'kind'> {
  readonly kind: BarOptions['kind'] | 'rom';
  /** Offset of the register in configuration space. */
  readonly register: number;
  readonly backing: BarBacking;
}

/** Where a BAR's contents appear. Made by the bus. */
export type MapBar = (bar: BaseAddress, address: number) => Region;

const PORTS = 0x10000;
const TWO_32 = 2 ** 32;
/** What a guest can put into a BAR and still mean it: physical addresses have at most this many. */
const HIGHEST_ADDRESS = 2 ** 40;

/** The fixed low bits of a BAR. */
export function barFlags({ kind, prefetchable = false }: BaseAddress): number {
  switch (kind) {
    case 'io':
      return BAR_IO;
    case 'rom':
      return 0;
    default:
      return (kind === 'memory64' ? BAR_MEMORY64 : 0) | (prefetchable ? BAR_PREFETCHABLE : 0);
  }
}

/** Which bits of the BAR's low doubleword a guest can write. */
export function barMask({ kind, bytes }: BaseAddress): number {
  const address = -bytes >>> 0;
  if (kind === 'io') return (address & ~BAR_IO_FLAGS) >>> 0;
  if (kind === 'rom') return ((address & ~ROM_FLAGS) | ROM_ENABLE) >>> 0;
  return (address & ~BAR_MEMORY_FLAGS) >>> 0;
}

/** Where the BAR is, or undefined while it decodes nothing: not programmed yet, being sized, or out of its space. */
export function barAddress(bar: BaseAddress, low: number, high: number): number | undefined {
  const { kind, bytes } = bar;
  if (kind === 'rom' && (low & ROM_ENABLE) === 0) return undefined;
  const flags = kind === 'io' ? BAR_IO_FLAGS : kind === 'rom' ? ROM_FLAGS : BAR_MEMORY_FLAGS;
  const address = ((low & ~flags) >>> 0) + (kind === 'memory64' ? high * TWO_32 : 0);
  const end = kind === 'io' ? PORTS : kind === 'memory64' ? HIGHEST_ADDRESS : TWO_32;
  // A 32-bit BAR that ends with the last byte has just been written with ones, to find out its size.
  const isSizing = kind !== 'io' && address + bytes === TWO_32;
  return address === 0 || address + bytes > end || isSizing ? undefined : address;
}
