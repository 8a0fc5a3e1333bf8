/** SeaBIOS boots real media: CDs of GRUB and of isolinux to their menus and on into Linux, in the order that -boot says. */
import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { launch, type Machine } from '../../src/client/troupe.ts';
import { debianGuest, type GuestFiles } from '../guests/linux/debian-guest.ts';
import { SerialLine } from '../guests/linux/serial-line.ts';
import { grubCd, isolinuxCd, LINUX_ENTRY, whyNoCds } from '../guests/media/boot-cd.ts';
import { Screen, vgaFont } from '../guests/screen-text.ts';
import { whyNoGuests } from '../quickstart/guest-files.ts';
import { scratch } from './process.ts';

const GUEST_MS = 1_200_000;
const MENU = new RegExp(LINUX_ENTRY);
const real = whyNoGuests === undefined && whyNoCds === undefined ? test.serial : test.serial.skip;

/** What Linux reads from the CD by DMA; the BIOS read the same files by PIO. Then it ends as `ending` says. */
const readCd = (ending: string): string => `
mkdir /mnt
mount -t iso9660 -o ro /dev/sr0 /mnt || echo "NOT MOUNTED"
echo "kernel $(sha256sum < /mnt/boot/kernel)"
echo "initrd $(sha256sum < /mnt/boot/initrd)"
dmesg -r | grep '^<[0-3]>'
echo the-end
sleep 1
${ending} -f
`;

function boot(args: readonly string[]): Promise<Machine> {
  return launch({
    args: ['-nodefaults', '-m', '256', '-display', 'none', '-serial', 'stdio', '-vga', 'std', ...args],
    stdio: 'pipe',
  });
}

const guestFor = (folder: string, ending: string): Promise<GuestFiles> =>
  debianGuest(folder, { modules: ['ata_piix', 'sr_mod', 'isofs'], script: readCd(ending) });

const digest = (file: string): string => createHash('sha256').update(readFileSync(file)).digest('hex');

/** From the menu on the screen to the end of the script. */
async function bootFromMenu(
  t: ExecutionContext,
  screen: Screen,
  line: SerialLine,
  guest: GuestFiles,
): Promise<void> {
  await screen.until(MENU);
  await screen.press('ret');
  const log = await line.until(/^the-end/m);
  t.true(log.includes(`kernel ${digest(guest.kernel)}`), log);
  t.true(log.includes(`initrd ${digest(guest.initrd)}`), log);
  t.notRegex(log, /NOT |^<[0-3]>/m, log);
}

real('a rescue CD of GRUB shows its menu and boots Linux, which powers off', async (t) => {
  t.timeout(GUEST_MS);
  await using folder = await scratch();
  const guest = await guestFor(folder.path, 'poweroff');
  await using machine = await boot(['-smp', '2', '-cdrom', grubCd(folder.path, guest)]);
  const screen = new Screen(machine, folder.path, await vgaFont());
  await bootFromMenu(t, screen, new SerialLine(machine), guest);
  t.is((await machine.exited).code, 0);
});

real('a CD of isolinux shows its menu and boots Linux, which reboots to the menu', async (t) => {
  t.timeout(GUEST_MS);
  await using folder = await scratch();
  const guest = await guestFor(folder.path, 'reboot');
  await using machine = await boot(['-cdrom', isolinuxCd(folder.path, guest)]);
  const screen = new Screen(machine, folder.path, await vgaFont());
  const reset = machine.qmp.waitForEvent('RESET', { deadlineMs: GUEST_MS });
  await bootFromMenu(t, screen, new SerialLine(machine), guest);
  await reset;
  await screen.until(/SeaBIOS/);
  t.regex(await screen.until(MENU), MENU);
});

/** A boot sector that says `letter` on the first serial port. */
function bootSector(path: string, letter: string, bytes: number): string {
  const image = new Uint8Array(bytes);
  image.set([0xba, 0xf8, 0x03, 0xb0, letter.charCodeAt(0), 0xee, 0xfa, 0xf4]); // mov dx, 0x3f8; mov al, letter; out dx, al; cli; hlt
  image.set([0x55, 0xaa], 510);
  writeFileSync(path, image);
  return path;
}

const FLOPPY_BYTES = 1440 * 1024;

/** A disk that says H, a floppy that says F, and a CD with a menu. */
async function threeMedia(folder: string): Promise<readonly string[]> {
  const guest = await guestFor(folder, 'poweroff');
  return [
    ...['-hda', bootSector(join(folder, 'disk.img'), 'H', 2 ** 20)],
    ...['-fda', bootSector(join(folder, 'floppy.img'), 'F', FLOPPY_BYTES)],
    ...['-cdrom', isolinuxCd(folder, guest)],
  ];
}

real('-boot order= and once= choose the medium: once until the first reset', async (t) => {
  t.timeout(GUEST_MS);
  await using folder = await scratch();
  await using machine = await boot([...(await threeMedia(folder.path)), '-boot', 'order=ac,once=d']);
  const line = new SerialLine(machine);
  const screen = new Screen(machine, folder.path, await vgaFont());
  await screen.until(MENU);
  t.is(line.text, '');
  await machine.reset();
  t.is(await line.until(/[FH]/), 'F');
  await machine.execute('human-monitor-command', { 'command-line': 'boot_set c' });
  await machine.reset();
  t.is(await line.until(/[FH]/), 'H');
});

real('-boot menu=on lists the media, and a key chooses', async (t) => {
  t.timeout(GUEST_MS);
  await using folder = await scratch();
  await using machine = await boot([
    ...(await threeMedia(folder.path)),
    '-boot',
    'order=c,menu=on,splash-time=60000',
  ]);
  const line = new SerialLine(machine);
  const screen = new Screen(machine, folder.path, await vgaFont());
  await screen.until(/Press ESC for boot menu/);
  await screen.press('esc');
  const menu = await screen.until(/Select boot device:.*Floppy/s);
  t.regex(menu, /1\. ata0-0: QEMU HARDDISK/);
  const [, cd = ''] = /(\d)\. DVD\/CD/.exec(menu) ?? [];
  await screen.press(cd);
  await screen.until(MENU);
  t.is(line.text, '');
});
