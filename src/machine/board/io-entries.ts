/** From the regions of an address space to what vCPUs may do by themselves. */
import type { IoEntry, IoSpace } from '../../memory/io-table.ts';
import type { DeviceRegion } from './device-region.ts';
import type { Segment } from './region-map.ts';

export function ioEntries(space: IoSpace, segments: readonly Segment<DeviceRegion>[]): IoEntry[] {
  const entries: IoEntry[] = [];
  for (const { first, last, claim } of segments) {
    const { posted, fast = [] } = claim.value.options;
    if (posted === true) entries.push({ kind: 'posted', space, first, last });
    for (const { offset, size, answer } of fast) {
      const address = claim.first + offset;
      // As PortSpace has it: an access belongs to who is at its first address, if he has claimed all of it.
      if (address >= first && address <= last && address + size - 1 <= claim.last) {
        entries.push({ kind: 'fast', space, address, size, answer });
      }
    }
  }
  return entries;
}
