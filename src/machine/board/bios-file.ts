/** A firmware that is nothing but the image of -bios. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Firmware } from '../firmware/firmware-contract.ts';
import { FirmwareError } from '../firmware/firmware-error.ts';
import type { FirmwareConfig } from '../machine-config.ts';

const UNIT = 0x10000;

/** Reads a file by its name, or from the search path; undefined when it is nowhere. */
export function readFirmwareFile(
  { searchPath }: Pick<FirmwareConfig, 'searchPath'>,
  name: string,
): Uint8Array | undefined {
  for (const path of [name, ...searchPath.map((folder) => join(folder, name))]) {
    try {
      return readFileSync(path);
    } catch {
      // The next place may have it.
    }
  }
  return undefined;
}

/** Throws FirmwareError when there is no such file. */
export function biosFile(config: FirmwareConfig): Firmware {
  const name = config.bios ?? 'bios-256k.bin';
  const image = readFirmwareFile(config, name);
  if (image === undefined) throw new FirmwareError('ERR_FIRMWARE_FILE', `Could not load PC BIOS '${name}'`);
  const bios = new Uint8Array(Math.ceil(image.length / UNIT) * UNIT);
  bios.set(image, bios.length - image.length);
  return {
    bios,
    cmos: new Map(),
    registerItems: () => undefined,
    prepare: () => undefined,
    close: () => undefined,
  };
}
