/** Debian's cloud kernel on our board: straight from its file and through SeaBIOS, on one and more processors. */
import { spawn } from 'node:child_process';
import test, { type ExecutionContext } from 'ava';
import { readFirmwareFile } from '../../src/machine/firmware/firmware-files.ts';
import { cloudKernel, whyNoGuests, writeInitramfs } from '../quickstart/guest-files.ts';
import { exitOf, runTroupe, scratch, TROUPE } from './process.ts';

const BOOT_MS = 600_000;
const MIB = '256';
const SEABIOS = ['-bios', 'bios-256k.bin'];

const PREPARE = `#!/bin/sh
export PATH=/bin
mount -t proc proc /proc
mount -t sysfs sysfs /sys
mount -t devtmpfs devtmpfs /dev
`;

/** A change of the terminal's mode waits until the serial line has taken what was written before (TCSADRAIN). */
const DRAIN = 'stty -echo < /dev/console';

/** Says what it finds, all messages of the kernel included, and powers off. */
const REPORT = `${PREPARE}
echo "processors: $(grep -c ^processor /proc/cpuinfo)"
echo "clock: $(cat /sys/devices/system/clocksource/clocksource0/current_clocksource)"
dmesg -r
echo the-end
${DRAIN}
poweroff -f
`;

/** Sleeps until the clock wakes it, and reboots. */
const SLEEP = `${PREPARE}
echo awake
echo +3 > /sys/class/rtc/rtc0/wakealarm
echo mem > /sys/power/state
echo "awake again with $(grep -c ^processor /proc/cpuinfo) by $(cat /sys/devices/system/clocksource/clocksource0/current_clocksource)"
${DRAIN}
reboot -f
`;

/** The chip set has no extended configuration space: the reference's kernel says so as well. */
const HARMLESS = /fail to add MMCONFIG information/;
/** A processor of the guest stood still for long, on a host that has more to do than it has processors. */
const BUSY_HOST = /hrtimer: interrupt took|hpet: Lost \d+ RTC interrupts|clocksource: Long readout interval/;
/** What the kernel says of clocks that contradict each other, at whatever level. */
const CLOCK_TROUBLE =
  /calibration failed|unable to calibrate|not consistent|calibrate_delay_direct|read-back delay|unstable|unsynchronized|time warp/i;

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
  return log.split(/\r?\n/).filter((line) => {
    if (/^<\d>/.test(line) && CLOCK_TROUBLE.test(line)) return true;
    return /^<[0-4]>/.test(line) && ![HARMLESS, BUSY_HOST, CONTINUED].some((known) => known.test(line));
  });
}

/** Boots to the report and off again. */
async function bootCleanly(t: ExecutionContext, cpus: number, ...more: string[]): Promise<void> {
  await using linux = await guest(REPORT, cpus);
  const { stdout, stderr, code } = await runTroupe([...linux.args, ...more]);
  t.regex(stdout, new RegExp(`processors: ${cpus}\\r?\\nclock: tsc`));
  t.regex(stdout, /the-end/);
  t.deepEqual(complaints(stdout), []);
  t.is(stderr.replace(/^troupe: compiling…\n/, ''), '');
  t.is(code, 0);
}

for (const cpus of [1, 2, 4]) {
  real(
    `Linux boots without a BIOS on ${cpus} processors, has nothing to complain of, and powers off`,
    async (t) => {
      t.timeout(BOOT_MS);
      await bootCleanly(t, cpus);
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
  await bootCleanly(t, 2, ...SEABIOS);
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
  t.regex(log, /awake again with 2 by tsc/);
});

/** TROUPE_BOOTS=10 boots so many times in a row, with 1, 2 and 4 processors in turn, every other time through SeaBIOS. */
const BOOTS = Number(process.env['TROUPE_BOOTS'] ?? 0);

(BOOTS > 0 ? real : test.skip)('many boots in a row are clean, and none hangs', async (t) => {
  t.timeout(BOOTS * BOOT_MS);
  for (let boot = 0; boot < BOOTS; boot++) {
    await bootCleanly(t, [1, 2, 4][boot % 3] ?? 1, ...(boot % 2 === 0 ? [] : SEABIOS));
    t.log(`boot ${boot + 1}`);
  }
});
