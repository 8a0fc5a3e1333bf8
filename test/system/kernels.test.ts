/** Debian's other kernels: the full one with a console on either graphics card, and both of the 32-bit ones. */
import test from 'ava';
import { launch } from '../../src/client/troupe.ts';
import { debianGuest, type GuestFiles } from '../guests/linux/debian-guest.ts';
import { SerialLine } from '../guests/linux/serial-line.ts';
import { Screen, vgaFont } from '../guests/screen-text.ts';
import { whyNoGuests } from '../quickstart/guest-files.ts';
import { scratch } from './process.ts';

const GUEST_MS = 1_200_000;
const DISK_DRIVERS = ['ata_piix', 'sd_mod', 'virtio_pci', 'virtio_blk'];
const real = whyNoGuests === undefined ? test.serial : test.serial.skip;
/** What adds nothing but time to every run. */
const more = process.env['TROUPE_MORE_GUESTS'] === undefined ? test.serial.skip : real;

const REPORT = `
echo "running $(uname -m) on $(grep -c ^processor /proc/cpuinfo)"
echo "screen: $(cat /proc/fb)"
echo "it is on the screen" > /dev/tty0
dmesg -r | grep '^<[0-3]>'
echo the-end
`;

function machineArgs(guest: GuestFiles, args: readonly string[]): readonly string[] {
  const kernel = ['-kernel', guest.kernel, '-initrd', guest.initrd, '-append', 'console=ttyS0 quiet'];
  return [
    '-nodefaults',
    '-m',
    '256',
    '-smp',
    '2',
    '-display',
    'none',
    '-serial',
    'stdio',
    ...kernel,
    ...args,
  ];
}

for (const { vga, driver, screen } of [
  { vga: 'std', driver: 'bochs', screen: /screen: 0 bochs-drm/ },
  { vga: 'cirrus', driver: 'cirrus', screen: /screen: 0 cirrus/ },
  { vga: 'cirrus', driver: 'cirrusfb', screen: /screen: 0 CL / },
]) {
  real(`Debian's full kernel shows its console on -vga ${vga} by the driver ${driver}`, async (t) => {
    t.timeout(GUEST_MS);
    await using folder = await scratch();
    const guest = await debianGuest(folder.path, {
      kernel: 'linux-image-amd64',
      modules: [...DISK_DRIVERS, driver],
      script: REPORT,
    });
    await using machine = await launch({ args: machineArgs(guest, ['-vga', vga]), stdio: 'pipe' });
    const log = await new SerialLine(machine).until(/^the-end/m);
    t.regex(log, /running x86_64 on 2/);
    t.regex(log, screen);
    t.notRegex(log, /NOT |^<[0-3]>/m, log);
    await new Screen(machine, folder.path, await vgaFont()).until(/it is on the screen/);
    t.is((await machine.quit()).code, 0);
  });
}

for (const { kernel, args, how, run } of [
  { kernel: 'linux-image-686-pae', args: [], how: 'without a BIOS', run: real },
  { kernel: 'linux-image-686', args: ['-bios', 'bios-256k.bin'], how: 'through SeaBIOS', run: more },
]) {
  run(`the 32-bit kernel of ${kernel} boots ${how}`, async (t) => {
    t.timeout(GUEST_MS);
    await using folder = await scratch();
    const guest = await debianGuest(folder.path, {
      kernel,
      architecture: 'i386',
      modules: DISK_DRIVERS,
      script: REPORT,
    });
    await using machine = await launch({ args: machineArgs(guest, ['-vga', 'std', ...args]), stdio: 'pipe' });
    const log = await new SerialLine(machine).until(/^the-end/m);
    t.regex(log, /running i686 on 2/);
    t.notRegex(log, /NOT |^<[0-3]>/m, log);
    await new Screen(machine, folder.path, await vgaFont()).until(/it is on the screen/);
    t.is((await machine.quit()).code, 0);
  });
}
