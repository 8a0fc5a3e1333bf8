/** Debian's installer, from its kernel and initrd for the network, shows its first question on the screen. */
import { join } from 'node:path';
import test from 'ava';
import { launch } from '../../src/client/troupe.ts';
import { fetchPackage } from '../../src/quickstart/debian-packages.ts';
import { Screen, vgaFont } from '../guests/screen-text.ts';
import { whyNoGuests } from '../quickstart/guest-files.ts';
import { scratch } from './process.ts';

const GUEST_MS = 1_200_000;
const IMAGES = 'usr/lib/debian-installer/images/12/amd64/text/debian-installer/amd64';
/** Less makes the installer begin with a warning instead. */
const RAM_MIB = '1024';
/** Linux draws the text, in a font that we can read, not the installer itself. */
const ON_CONSOLE = 'fb=false quiet';
const wanted = whyNoGuests === undefined && process.env['TROUPE_MORE_GUESTS'] !== undefined;
const real = wanted ? test.serial : test.serial.skip;

real("Debian's installer asks for a language, and a key is heard", async (t) => {
  t.timeout(GUEST_MS);
  await using folder = await scratch();
  const { root } = await fetchPackage('debian-installer-12-netboot-amd64', { report: () => undefined });
  const kernel = [
    '-kernel',
    join(root, IMAGES, 'linux'),
    '-initrd',
    join(root, IMAGES, 'initrd.gz'),
    '-append',
    ON_CONSOLE,
  ];
  await using machine = await launch({
    args: ['-nodefaults', '-m', RAM_MIB, '-smp', '2', '-display', 'none', '-vga', 'std', ...kernel],
  });
  const screen = new Screen(machine, folder.path, await vgaFont());
  t.regex(await screen.until(/Select a language/), /English/);
  await screen.press('ret');
  t.regex(await screen.until(/Select your location/), /United States/);
  t.is((await machine.quit()).code, 0);
});
