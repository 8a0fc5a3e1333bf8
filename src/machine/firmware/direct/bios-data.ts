/** The part of a BIOS's data that a graphics card's ROM, and kernels that look, find in the first KiBs of memory. */
import { EBDA_ADDRESS } from '../e820.ts';
import type { Platform } from '../firmware-contract.ts';

const VECTORS = 256;
const BIOS_DATA_AREA = 0x400;
const BIOS_DATA_BYTES = 0x100;
const EBDA_SEGMENT = 0x0e;
const EQUIPMENT = 0x10;
const MEMORY_KIB = 0x13;
const HAS_COPROCESSOR = 0x02;
const HAS_POINTING_DEVICE = 0x04;
const EBDA_KIB = 1;

/** All interrupt vectors lead to an IRET at `segment:offset`. */
export function writeBiosData(platform: Platform, segment: number, offset: number): void {
  const vectors = new Uint8Array(VECTORS * 4);
  const table = new DataView(vectors.buffer);
  for (let vector = 0; vector < VECTORS; vector++) {
    table.setUint16(vector * 4, offset, true);
    table.setUint16(vector * 4 + 2, segment, true);
  }
  const area = new DataView(new ArrayBuffer(BIOS_DATA_BYTES));
  area.setUint16(EBDA_SEGMENT, EBDA_ADDRESS >> 4, true);
  area.setUint16(EQUIPMENT, HAS_COPROCESSOR | HAS_POINTING_DEVICE, true);
  area.setUint16(MEMORY_KIB, EBDA_ADDRESS / 1024, true);
  platform.writeMemory(0, vectors);
  platform.writeMemory(BIOS_DATA_AREA, new Uint8Array(area.buffer));
  platform.writeMemory(EBDA_ADDRESS, Uint8Array.of(EBDA_KIB));
}
