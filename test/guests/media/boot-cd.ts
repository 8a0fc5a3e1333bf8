/** Boot CDs, made by the tools that distributions make theirs with. */
import { execFileSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import type { GuestFiles } from '../linux/debian-guest.ts';

const ISOLINUX = '/usr/lib/ISOLINUX/isolinux.bin';
const SYSLINUX_MODULES = '/usr/lib/syslinux/modules/bios';
const MENU_MODULES = ['ldlinux.c32', 'menu.c32', 'libutil.c32', 'libcom32.c32'];
/** The name of the entry that boots Linux, in both menus. */
export const LINUX_ENTRY = 'Linux from the CD';

/** Why boot CDs cannot be made here; undefined when they can. */
export const whyNoCds: string | undefined = [
  ['/usr/bin/grub-mkrescue', 'grub-common'],
  ['/usr/lib/grub/i386-pc/cdboot.img', 'grub-pc-bin'],
  ['/usr/bin/xorriso', 'xorriso'],
  ['/usr/bin/mformat', 'mtools'],
  [ISOLINUX, 'isolinux'],
  [SYSLINUX_MODULES, 'syslinux-common'],
]
  .filter(([file = '']) => !existsSync(file))
  .map(([, name]) => `Debian's package ${name} is not installed`)[0];

function putKernel(root: string, guest: GuestFiles): void {
  mkdirSync(join(root, 'boot'), { recursive: true });
  copyFileSync(guest.kernel, join(root, 'boot/kernel'));
  copyFileSync(guest.initrd, join(root, 'boot/initrd'));
}

/** A rescue CD of GRUB, whose menu has one entry for that kernel. Gives its path below `folder`. */
export function grubCd(folder: string, guest: GuestFiles): string {
  const root = join(folder, 'grub-root');
  putKernel(root, guest);
  mkdirSync(join(root, 'boot/grub'));
  writeFileSync(
    join(root, 'boot/grub/grub.cfg'),
    `set timeout=-1
menuentry "${LINUX_ENTRY}" { linux /boot/kernel console=ttyS0 quiet; initrd /boot/initrd; }
`,
  );
  const image = join(folder, 'grub.iso');
  execFileSync('grub-mkrescue', ['-o', image, root], { stdio: 'ignore' });
  return image;
}

/** A CD with isolinux and its text menu, with one entry for that kernel. Gives its path below `folder`. */
export function isolinuxCd(folder: string, guest: GuestFiles): string {
  const root = join(folder, 'isolinux-root');
  putKernel(root, guest);
  mkdirSync(join(root, 'isolinux'));
  for (const file of [ISOLINUX, ...MENU_MODULES.map((name) => join(SYSLINUX_MODULES, name))]) {
    copyFileSync(file, join(root, 'isolinux', basename(file)));
  }
  writeFileSync(
    join(root, 'isolinux/isolinux.cfg'),
    `UI menu.c32
LABEL linux
 MENU LABEL ${LINUX_ENTRY}
 KERNEL /boot/kernel
 INITRD /boot/initrd
 APPEND console=ttyS0 quiet
`,
  );
  const image = join(folder, 'isolinux.iso');
  const boot = [
    '-b',
    'isolinux/isolinux.bin',
    '-c',
    'isolinux/boot.cat',
    '-no-emul-boot',
    '-boot-load-size',
    '4',
  ];
  execFileSync('xorriso', ['-as', 'mkisofs', '-o', image, ...boot, '-boot-info-table', '-J', '-R', root], {
    stdio: 'ignore',
  });
  return image;
}

/** A data CD with one file. Gives its path below `folder`. */
export function dataCd(folder: string, file: string, contents: string): string {
  const root = join(folder, `data-${file}`);
  mkdirSync(root);
  writeFileSync(join(root, file), contents);
  const image = join(folder, `${file}.iso`);
  execFileSync('xorriso', ['-as', 'mkisofs', '-o', image, '-R', root], { stdio: 'ignore' });
  return image;
}
