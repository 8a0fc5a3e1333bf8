/**
 * What `npm start` runs: fetches a Debian kernel and busybox, or where there is no apt takes the demo guest that we assemble, and
 * boots it on two vCPUs with the serial console on this terminal.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { constants } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { TroupeError } from '../errors/troupe-error.ts';
import { hasApt } from './apt.ts';
import { cacheFolder } from './cache-folder.ts';
import { fetchPackage, kernelOf } from './debian-packages.ts';
import { demoGuest } from './demo/demo-guest.ts';
import { initramfs } from './initramfs.ts';

/** Both src/quickstart and dist/quickstart lie two folders below it. */
const TROUPE = fileURLToPath(new URL('../../bin/troupe', import.meta.url));
const EXIT_FAILURE = 1;
const MACHINE = ['-nodefaults', '-smp', '2', '-display', 'none', '-serial', 'mon:stdio'];

function say(line: string): void {
  process.stderr.write(`troupe: ${line}\n`);
}

/** Options for Debian's cloud kernel with a shell in memory; what is fetched stays in the cache. */
async function linuxGuest(folder: string): Promise<readonly string[]> {
  const options = { report: say };
  const kernel = kernelOf(await fetchPackage('linux-image-cloud-amd64', options));
  const busybox = await fetchPackage('busybox-static', options);
  await fetchPackage('seabios', options);
  const root = join(folder, 'initramfs.cpio.gz');
  writeFileSync(root, initramfs({ busybox: readFileSync(join(busybox.root, 'bin', 'busybox')) }));
  say('booting Linux on two virtual CPUs; leave with `poweroff` in the guest, or ctrl-a x at any time');
  return ['-m', '512', '-kernel', kernel, '-initrd', root, '-append', 'console=ttyS0'];
}

/** Options for the small guest that we assemble ourselves. */
function ownGuest(folder: string): readonly string[] {
  const image = join(folder, 'demo-guest');
  writeFileSync(image, demoGuest());
  say('booting the demo guest on two virtual CPUs; leave with its menu, or ctrl-a x at any time');
  return ['-m', '64', '-kernel', image];
}

async function guestOptions(): Promise<readonly string[]> {
  const folder = cacheFolder();
  mkdirSync(folder, { recursive: true });
  if (!hasApt()) {
    say('no apt here to fetch a Debian kernel with, so this is a small guest of our own');
    return ownGuest(folder);
  }
  return await linuxGuest(folder);
}

/** Runs the machine on this terminal; gives its exit code. */
async function runMachine(args: readonly string[]): Promise<number> {
  const machine = spawn(TROUPE, [...MACHINE, ...args], { stdio: 'inherit' });
  const leaveToMachine = (): void => undefined;
  process.on('SIGINT', leaveToMachine);
  process.on('SIGTERM', () => machine.kill('SIGTERM'));
  const [code, signal]: (number | NodeJS.Signals | null)[] = await once(machine, 'exit');
  if (typeof code === 'number') return code;
  return 128 + (typeof signal === 'string' ? constants.signals[signal] : 0);
}

try {
  process.exitCode = await runMachine(await guestOptions());
} catch (error) {
  if (!(error instanceof TroupeError)) throw error;
  say(error.message);
  process.exitCode = EXIT_FAILURE;
}
