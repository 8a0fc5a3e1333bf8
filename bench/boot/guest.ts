/** What both emulators boot: Debian's cloud kernel with an initramfs that says when it is there, and then idles. */
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fetchPackage, kernelOf } from '../../src/quickstart/debian-packages.ts';
import { initramfs } from '../../src/quickstart/initramfs.ts';

/** The line that userspace begins with. */
export const READY = 'userspace is up';

const INIT = `#!/bin/sh
export PATH=/bin
mount -t proc proc /proc
echo "${READY}: $(grep -c ^processor /proc/cpuinfo) CPUs, $(cut -d' ' -f1 /proc/uptime) s by the guest's clock"
while true; do sleep 1000; done
`;

export interface BenchGuest {
  readonly kernel: string;
  readonly initrd: string;
}

/** Fetches and builds the guest. Throws FetchError where there is no apt. */
export async function benchGuest(): Promise<BenchGuest> {
  const options = { report: (line: string) => console.error(line) };
  const kernel = kernelOf(await fetchPackage('linux-image-cloud-amd64', options));
  const busybox = await fetchPackage('busybox-static', options);
  const initrd = join(mkdtempSync(join(tmpdir(), 'troupe-bench-')), 'initrd');
  writeFileSync(initrd, initramfs({ busybox: readFileSync(join(busybox.root, 'bin/busybox')), init: INIT }));
  return { kernel, initrd };
}
