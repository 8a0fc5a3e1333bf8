/** Modules of a Debian kernel for an initramfs, with what they need. */
import { readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { type CpioEntry, folder, program } from '../../../src/quickstart/cpio.ts';
import type { FetchedPackage } from '../../../src/quickstart/debian-packages.ts';

/** Shell lines that load all of them in their order, and say which would not load. */
export const LOAD_MODULES =
  'for module in $(cat /modules/order); do insmod /modules/$module.ko || echo "NOT LOADED $module"; done';

/** Modules go by either spelling. */
const canonical = (name: string): string => name.replaceAll('-', '_');

/** Entries of the modules of those names and of all that they depend on. Throws for a name that the kernel does not have. */
export function kernelModules(linux: FetchedPackage, names: readonly string[]): readonly CpioEntry[] {
  const root = join(linux.root, 'lib/modules');
  const files = new Map(
    readdirSync(root, { recursive: true, encoding: 'utf8' })
      .filter((path) => path.endsWith('.ko'))
      .map((path) => [canonical(basename(path, '.ko')), join(root, path)]),
  );
  const loaded = new Map<string, Uint8Array>();
  const load = (name: string): void => {
    if (loaded.has(name)) return;
    const file = files.get(name);
    if (file === undefined) throw new Error(`${linux.name} has no module ${name}`);
    const contents = readFileSync(file);
    for (const other of dependencies(contents)) load(other);
    loaded.set(name, contents);
  };
  for (const name of names) load(canonical(name));
  return [
    folder('modules'),
    ...[...loaded].map(([name, contents]) => program(`modules/${name}.ko`, contents)),
    program('modules/order', Buffer.from([...loaded.keys()].join('\n'))),
  ];
}

/** What the section `.modinfo` says (Linux, include/linux/module.h). */
function dependencies(module: Buffer): readonly string[] {
  const names = /\0depends=([^\0]*)\0/.exec(module.toString('latin1'))?.[1] ?? '';
  return names.split(',').filter(Boolean).map(canonical);
}
