/** A PC's memory map before the chipset is programmed (cli.md §5). */
import { PAGE_SIZE } from '../../memory/layout.ts';
import type { Hardware } from './hardware.ts';
import { PRIORITY } from './memory-space.ts';
import { ShadowMemory } from './shadow-memory.ts';

const LEGACY_HOLE_FIRST = 0xa0000;
const LEGACY_HOLE_LAST = 0xfffff;
const LOW_RAM_LIMIT = 0xe0000000;
const FOUR_GIB = 2 ** 32;
/** How much of the end of the BIOS shows below 1 MiB. */
const ALIAS_BYTES = 0x20000;

/** How much RAM lies below the PCI hole, and how much from 4 GiB on, in bytes. */
export interface RamLayout {
  readonly low: number;
  readonly high: number;
}

export function layOutRam(ramBytes: number): RamLayout {
  const low = Math.min(ramBytes, LOW_RAM_LIMIT);
  return { low, high: ramBytes - low };
}

/** Maps RAM and the BIOS. Gives what decodes the area below 1 MiB. */
export function addMemoryMap(hardware: Hardware, { low, high }: RamLayout, bios: Uint8Array): ShadowMemory {
  const { space, plan, memory, stillness } = hardware;
  const ram = (first: number, bytes: number, offset: number): void => {
    if (bytes <= 0) return;
    space.back(first, bytes, plan.ramBase + offset, { name: 'ram', type: 'ram', priority: PRIORITY.ram });
  };
  const afterHole = LEGACY_HOLE_LAST + 1;
  ram(0, Math.min(low, LEGACY_HOLE_FIRST), 0);
  ram(afterHole, low - afterHole, afterHole);
  ram(FOUR_GIB, high, low);
  const rom = hardware.roms.allocate(bios.length, PAGE_SIZE);
  rom.view.set(bios);
  const romOptions = { name: 'bios', type: 'rom', priority: PRIORITY.ram } as const;
  space.back(FOUR_GIB - bios.length, bios.length, rom.host, romOptions);
  const aliasBytes = Math.min(bios.length, ALIAS_BYTES);
  const alias = {
    first: afterHole - aliasBytes,
    last: LEGACY_HOLE_LAST,
    host: rom.host + bios.length - aliasBytes,
  };
  space.back(alias.first, aliasBytes, alias.host, romOptions);
  return new ShadowMemory({ memory, space, stillness, ramHost: plan.ramBase, rom: alias });
}
