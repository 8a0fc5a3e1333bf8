/** Where firmware files (SeaBIOS, graphics ROMs) are looked for. */
import { readdirSync, readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import type { FirmwareConfig } from '../machine-config.ts';

const SYSTEM_FOLDERS = ['/usr/share/seabios', '/usr/share/qemu'] as const;
/** Where a Debian package has its files, below the folder that it was unpacked to. */
const PACKAGE_FOLDER = 'usr/share/seabios';

/** SeaBIOS as `npm start` and the tests have fetched it (src/quickstart). */
function fetchedFolders(): readonly string[] {
  const cache = process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache');
  const packages = join(cache, 'troupe', 'packages', 'amd64');
  try {
    return readdirSync(packages)
      .filter((name) => name.startsWith('seabios_'))
      .map((name) => join(packages, name, PACKAGE_FOLDER));
  } catch {
    return [];
  }
}

function readIfThere(path: string): Uint8Array | undefined {
  try {
    return readFileSync(path);
  } catch {
    return undefined;
  }
}

/** The folders that are searched, first one first: -L, the system's, the cache. */
export function firmwareFolders({ searchPath }: Pick<FirmwareConfig, 'searchPath'>): readonly string[] {
  return [...searchPath, ...SYSTEM_FOLDERS, ...fetchedFolders()];
}

/** A firmware file by its path, or by its name in one of the folders; undefined when it is nowhere. */
export function readFirmwareFile(
  config: Pick<FirmwareConfig, 'searchPath'>,
  name: string,
): Uint8Array | undefined {
  for (const path of [name, ...firmwareFolders(config).map((folder) => join(folder, name))]) {
    const contents = readIfThere(path);
    if (contents !== undefined) return contents;
  }
  return undefined;
}
