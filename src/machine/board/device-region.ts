/** Accesses to a device's region, split and widened as its options ask. */
import type { RegionHandler, RegionOptions } from '../../devices/board-services.ts';

export interface DeviceRegion {
  readonly handler: RegionHandler;
  readonly options: RegionOptions;
}

/** What a read of nothing gives: the bus floats high. */
export function openBus(size: number): number {
  return size === 4 ? 0xffffffff : 2 ** (size * 8) - 1;
}

function low(value: number, size: number): number {
  return size === 4 ? value >>> 0 : value & openBus(size);
}

/** Reads 1, 2 or 4 bytes at `offset`, which lie in the region; unsigned. */
export function readRegion(region: DeviceRegion, offset: number, size: number): number {
  const { handler, options } = region;
  const widest = options.widest ?? 4;
  if (size > widest) {
    let value = 0;
    for (let at = 0; at < size; at += widest) {
      value |= low(handler.read(offset + at, widest), widest) << (at * 8);
    }
    return low(value, size);
  }
  const narrowest = options.narrowest ?? 1;
  if (size < narrowest) {
    const start = offset - (offset % narrowest);
    return low(handler.read(start, narrowest) >>> ((offset - start) * 8), size);
  }
  return low(handler.read(offset, size), size);
}

/** Writes 1, 2 or 4 bytes at `offset`, which lie in the region. */
export function writeRegion(region: DeviceRegion, offset: number, size: number, value: number): void {
  const { handler, options } = region;
  const widest = options.widest ?? 4;
  if (size > widest) {
    for (let at = 0; at < size; at += widest) {
      handler.write(offset + at, widest, low(value >>> (at * 8), widest));
    }
    return;
  }
  const narrowest = options.narrowest ?? 1;
  if (size < narrowest) {
    const start = offset - (offset % narrowest);
    handler.write(start, narrowest, low(low(value, size) << ((offset - start) * 8), narrowest));
    return;
  }
  handler.write(offset, size, low(value, size));
}
