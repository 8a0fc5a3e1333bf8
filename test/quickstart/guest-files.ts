/** Kernels and roots for tests that boot them. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { hasApt } from '../../src/quickstart/apt.ts';
import { fetchPackage, kernelOf } from '../../src/quickstart/debian-packages.ts';
import { initramfs } from '../../src/quickstart/initramfs.ts';

const silent = { report: () => undefined };

/** Why tests that boot a real guest cannot run here; undefined when they can. */
export const whyNoGuests: string | undefined = hasApt()
  ? undefined
  : 'apt, which fetches the guests, is not here';

export async function cloudKernel(): Promise<string> {
  return kernelOf(await fetchPackage('linux-image-cloud-amd64', silent));
}

/** Writes an initramfs with that script as /init into `folder`; gives its path. */
export async function writeInitramfs(folder: string, init: string): Promise<string> {
  const { root } = await fetchPackage('busybox-static', silent);
  const path = join(folder, 'initrd.gz');
  writeFileSync(path, initramfs({ busybox: readFileSync(join(root, 'bin/busybox')), init }));
  return path;
}
