/** Debian's cloud kernel on our board: straight from its file and through SeaBIOS, on one and more processors. */
import { spawn } from 'node:child_process';
import test from 'ava';
import { readFirmwareFile } from '../../src/machine/firmware/firmware-files.ts';
import { cloudKernel, whyNoGuests, writeInitramfs } from '../quickstart/guest-files.ts';
import { exitOf, runTroupe, scratch, TROUPE } from './process.ts';

const BOOT_MS = 600_000;
const MIB = '256';

const PREPARE = `#!/bin/sh
export PATH=/bin
mount -t proc proc /proc
mount -t sysfs sysfs /sys
mount -t devtmpfs devtmpfs /dev
`;

/** Says what it finds, waits until the serial line has taken it, and powers off. */
const REPORT = `${PREPARE}
echo "processors: $(grep -c ^processor /proc/cpuinfo)"
echo "clock: $(cat /sys/devices/system/clocksource/clocksource0/current_clocksource)"
dmesg -r | grep '^<[0-4]>'
echo the-end
sleep 1
poweroff -f
`;

/** Sleeps until the clock wakes it, and reboots. */
const SLEEP = `${PREPARE}
echo awake
echo +3 > /sys/class/rtc/rtc0/wakealarm
echo mem > /sys/power/state
echo "awake again with $(grep -c ^processor /proc/cpuinfo) by $(cat /sys/devices/system/clocksource/clocksource0/current_clocksource)"
sleep 1
reboot -f
`;

/**
 * Warnings that say nothing against the board: the reference gives the first as well; the others are those of a host that is too
 * busy for the kernel to measure time by.
 */
const HARMLESS = /MMCONFIG|calibrat|hrtimer: interrupt took/i;

const real = whyNoGuests === undefined ? test.serial : test.serial.skip;

interface Guest extends AsyncDisposable {
  readonly args: readonly string[];
}

async function guest(init: string, cpus: number): Promise<Guest> {
  const folder = await scratch();
  const initrd = await writeInitramfs(folder.path, init);
  const machine = ['-nodefaults', '-m', MIB, '-smp', String(cpus), '-display', 'none', '-serial', 'stdio'];
  const kernel = ['-kernel', await cloudKernel(), '-initrd', initrd, '-append', 'console=ttyS0 quiet'];
  return { args: [...machine, ...kernel], [Symbol.asyncDispose]: () => folder[Symbol.asyncDispose]() };
}

/** Rest of "node #0, CPUs: #1 #2", which becomes a line of the default level when another CPU's message comes between. */
const CONTINUED = /^<4>\[ *[\d.]+\](?: +#\d+)+$/;

function complaints(log: string): readonly string[] {
  return log
    .split(/\r?\n/)
    .filter((line) => /^<[0-4]>/.test(line) && !HARMLESS.test(line) && !CONTINUED.test(line));
}

for (const cpus of [1, 2, 4]) {
  real(
    `Linux boots without a BIOS on ${cpus} processors, has nothing to complain of, and powers off`,
    async (t) => {
      t.timeout(BOOT_MS);
      await using linux = await guest(REPORT, cpus);
      const { stdout, stderr, code } = await runTroupe(linux.args);
      t.regex(stdout, new RegExp(`processors: ${cpus}\\r?\\nclock: tsc`));
      t.regex(stdout, /the-end/);
      t.deepEqual(complaints(stdout), []);
      t.is(stderr.replace(/^troupe: compiling…\n/, ''), '');
      t.is(code, 0);
    },
  );
}

real('Linux boots through SeaBIOS and our option ROM', async (t) => {
  t.timeout(BOOT_MS);
  if (readFirmwareFile({ searchPath: [] }, 'bios-256k.bin') === undefined) {
    t.log('SeaBIOS is not installed');
    t.pass();
    return;
  }
  await using linux = await guest(REPORT, 2);
  const { stdout, code } = await runTroupe([...linux.args, '-bios', 'bios-256k.bin']);
  t.regex(stdout, /processors: 2\r?\nclock: tsc/);
  t.deepEqual(complaints(stdout), []);
  t.is(code, 0);
});

real('Linux sleeps in S3 until the clock wakes it, and reboots', async (t) => {
  t.timeout(BOOT_MS);
  await using linux = await guest(SLEEP, 2);
  const machine = spawn(TROUPE, linux.args, { stdio: ['ignore', 'pipe', 'inherit'] });
  let log = '';
  for await (const text of machine.stdout.setEncoding('latin1')) {
    log += text;
    if (/awake\r?\n.*awake\r?\n/s.test(log)) break;
  }
  machine.kill('SIGTERM');
  await exitOf(machine);
  t.regex(log, /awake again with 2 by /);
});
