/** Debian's kernels with busybox in memory, and a script that is all that runs. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { CpioEntry } from '../../../src/quickstart/cpio.ts';
import { fetchPackage, kernelOf } from '../../../src/quickstart/debian-packages.ts';
import { initramfs } from '../../../src/quickstart/initramfs.ts';
import { kernelModules, LOAD_MODULES } from './kernel-modules.ts';

export interface GuestDemand {
  /** Name of the package; `linux-image-cloud-amd64` when absent. */
  readonly kernel?: string;
  /** Debian's architecture; amd64 when absent. */
  readonly architecture?: string;
  readonly modules?: readonly string[];
  /** Shell script that runs with /proc, /sys and /dev mounted and the modules loaded. */
  readonly script: string;
  readonly extra?: readonly CpioEntry[];
}

export interface GuestFiles {
  readonly kernel: string;
  readonly initrd: string;
}

const silent = { report: () => undefined };

const prologue = (load: string): string => `#!/bin/sh
export PATH=/bin
mount -t proc proc /proc
mount -t sysfs sysfs /sys
mount -t devtmpfs devtmpfs /dev
${load}
`;

/** The tail of each script: the machine is ended from outside, or sleeps for ever. */
const EPILOGUE = `
while true; do sleep 1000; done
`;

/** Fetches what is not in the cache, and writes the initramfs into `folder`. */
export async function debianGuest(folder: string, demand: GuestDemand): Promise<GuestFiles> {
  const { architecture = 'amd64', modules = [], extra = [] } = demand;
  const options = { ...silent, architecture };
  const linux = await fetchPackage(demand.kernel ?? 'linux-image-cloud-amd64', options);
  const busybox = await fetchPackage('busybox-static', options);
  const hasModules = modules.length > 0;
  const initrd = join(folder, 'initrd.gz');
  writeFileSync(
    initrd,
    initramfs({
      busybox: readFileSync(join(busybox.root, 'bin/busybox')),
      init: prologue(hasModules ? LOAD_MODULES : '') + demand.script + EPILOGUE,
      extra: [...(hasModules ? kernelModules(linux, modules) : []), ...extra],
    }),
  );
  return { kernel: kernelOf(linux), initrd };
}
