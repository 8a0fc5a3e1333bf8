/** What both emulators boot: Debian's cloud kernel, with an initramfs of busybox and a script. */
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fetchPackage, kernelOf } from '../../src/quickstart/debian-packages.ts';
import { initramfs } from '../../src/quickstart/initramfs.ts';

const PREPARE = `#!/bin/sh
export PATH=/bin
mount -t proc proc /proc
`;

/** The line that userspace begins with. */
export const READY = /userspace is up: .*clock/;

/** Says when it is there, and then idles. */
export const IDLE = `${PREPARE}
echo "userspace is up: $(grep -c ^processor /proc/cpuinfo) CPUs, $(cut -d' ' -f1 /proc/uptime) s by the guest's clock"
while true; do sleep 1000; done
`;

/** What `JOBS` ends with: seconds that one job took, and two at once. */
export const JOBS_DONE = /one job (?<one>[\d.]+) s, two at once (?<two>[\d.]+) s/;

/** Runs a job that needs nothing but a processor, and then two of them at once; the best of three turns of each. */
export const JOBS = `${PREPARE}
job() { awk 'BEGIN { for (i = 0; i < 400000; i++) s = (s * 7 + i) % 65521; if (s < 0) print s }'; }
stamp() { cut -d' ' -f1 /proc/uptime; }
best() { awk -v a=$1 -v b=$2 -v c=$3 'BEGIN { d = b - a; print (c == 0 || d < c) ? d : c }'; }
job; job & job; wait
one=0; two=0
for turn in 1 2 3; do
  start=$(stamp); job; one=$(best $start $(stamp) $one)
  start=$(stamp); job & job; wait; two=$(best $start $(stamp) $two)
done
echo "one job $one s, two at once $two s"
while true; do sleep 1000; done
`;

export interface BenchGuest {
  readonly kernel: string;
  readonly initrd: string;
}

/** Fetches and builds the guest that runs the script. Throws FetchError where there is no apt. */
export async function benchGuest(init: string): Promise<BenchGuest> {
  const options = { report: (line: string) => console.error(line) };
  const kernel = kernelOf(await fetchPackage('linux-image-cloud-amd64', options));
  const busybox = await fetchPackage('busybox-static', options);
  const initrd = join(mkdtempSync(join(tmpdir(), 'troupe-bench-')), 'initrd');
  writeFileSync(initrd, initramfs({ busybox: readFileSync(join(busybox.root, 'bin/busybox')), init }));
  return { kernel, initrd };
}
