/** The 64 Ki ports. */

import type { AddressSpace, Region, RegionHandler, RegionOptions } from '../../devices/board-services.ts';
import { TroupeError } from '../../errors/troupe-error.ts';
import type { IoEntry } from '../../memory/io-table.ts';
import { type DeviceRegion, openBus, readRegion, writeRegion } from './device-region.ts';
import { ioEntries } from './io-entries.ts';
import { type Claim, type DescribedRange, RegionMap } from './region-map.ts';

export const PORTS = 0x10000;

export class PortSpace implements AddressSpace {
  readonly #map = new RegionMap<DeviceRegion>();
  readonly #changed: () => void;

  /** @param changed called after a claim has come or gone */
  constructor(changed: () => void) {
    this.#changed = changed;
  }

  /** @throws TroupeError `ERR_PORT_RANGE` */
  claim(first: number, bytes: number, handler: RegionHandler, options: RegionOptions): Region {
    if (first < 0 || bytes < 1 || first + bytes > PORTS) {
      throw new TroupeError(
        'ERR_PORT_RANGE',
        `${options.name} claims ${bytes} ports from ${first}; there are ${PORTS} from 0 on`,
      );
    }
    const claim: Claim<DeviceRegion> = {
      first,
      last: first + bytes - 1,
      priority: 0,
      value: { handler, options },
    };
    this.#map.add(claim);
    this.#changed();
    return {
      remove: () => {
        this.#map.remove(claim);
        this.#changed();
      },
    };
  }

  /** Reads 1, 2 or 4 bytes, unsigned. An access belongs to the device at its first port, if it has them all. */
  read(port: number, size: number): number {
    const claim = this.#map.find(port);
    if (claim !== undefined && port + size - 1 <= claim.last) {
      return readRegion(claim.value, port - claim.first, size);
    }
    if (size === 1) return openBus(1);
    const half = size / 2;
    return (this.read(port, half) | (this.read((port + half) % PORTS, half) << (half * 8))) >>> 0;
  }

  write(port: number, size: number, value: number): void {
    const claim = this.#map.find(port);
    if (claim !== undefined && port + size - 1 <= claim.last) {
      writeRegion(claim.value, port - claim.first, size, value);
    } else if (size > 1) {
      const half = size / 2;
      this.write(port, half, value & openBus(half));
      this.write((port + half) % PORTS, half, value >>> (half * 8));
    }
  }

  /** What vCPUs may answer or post by themselves. */
  ioEntries(): IoEntry[] {
    return ioEntries('ports', this.#map.segments);
  }

  /** Claims as they are seen, lowest first: for `info mtree`. */
  describe(): readonly DescribedRange[] {
    return this.#map.segments.map(({ first, last, claim }) => ({
      first,
      last,
      priority: claim.priority,
      isWritable: true,
      name: claim.value.options.name,
    }));
  }
}
