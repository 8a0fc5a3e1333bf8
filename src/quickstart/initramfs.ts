/** A root file system in memory: busybox, and a session that shows the processors and gives a shell. */
import { gzipSync } from 'node:zlib';
import { type CpioEntry, characterDevice, cpioArchive, folder, program, symlink } from './cpio.ts';

const FOLDERS = ['bin', 'dev', 'etc', 'proc', 'sys', 'tmp', 'root'];

/** What busybox's init does: mount, then one session on the serial console, whose end is the machine's. */
const INITTAB = `::sysinit:/etc/mount
ttyS0::once:/etc/session
`;

const MOUNT = `#!/bin/sh
mount -t proc proc /proc
mount -t sysfs sysfs /sys
mount -t devtmpfs devtmpfs /dev 2>/dev/null
`;

/** A roll call, then a shell for as long as it is wanted. */
const SESSION = `#!/bin/sh
export PATH=/bin HOME=/root TERM=\${TERM:-linux} PS1='troupe:\\w# '
echo
echo "Linux $(uname -r) on $(grep -c ^processor /proc/cpuinfo) processors, up after $(cut -d' ' -f1 /proc/uptime) s"
for cpu in $(grep ^processor /proc/cpuinfo | tr -d '\\t ' | cut -d: -f2); do
  echo "  CPU $cpu: $(taskset $(printf %x $((1 << cpu))) sh -c 'echo here' 2>/dev/null || echo missing)"
done
echo
echo "This is a shell in the guest. 'poweroff' ends it; ctrl-a x ends the machine at once."
cd /root
sh
poweroff
`;

export interface InitramfsDemand {
  /** A static busybox. */
  readonly busybox: Uint8Array;
  /** A script that is all that runs; an interactive session when absent. */
  readonly init?: string;
  readonly extra?: readonly CpioEntry[];
}

/** Commands that busybox is asked for by name; it knows more (`busybox --list`). */
const APPLETS = (
  'sh mount umount ls cat echo grep cut tr printf taskset uname sleep poweroff reboot halt ps top dmesg free df mkdir rm cp mv ' +
  'setsid cttyhack vi less more head tail sort uniq wc sed awk date hostname ifconfig ip ping lspci find xargs which env id kill ' +
  'stty clear test true false seq dd sync sha256sum md5sum gzip gunzip zcat tar mknod modprobe insmod lsmod rmmod blkid fdisk ' +
  'chroot switch_root time timeout touch ln chmod nproc uptime hexdump od devmem setserial rtcwake hwclock'
).split(' ');

/** A script as the first process, or busybox's init with a session of its own. */
function initEntries(init: string | undefined): readonly CpioEntry[] {
  const script = (path: string, text: string): CpioEntry => program(path, Buffer.from(text, 'utf8'));
  if (init !== undefined) return [script('init', init)];
  return [
    symlink('init', 'bin/busybox'),
    script('etc/inittab', INITTAB),
    script('etc/mount', MOUNT),
    script('etc/session', SESSION),
  ];
}

/** The archive, compressed with gzip. */
export function initramfs(demand: InitramfsDemand): Uint8Array {
  const entries = [
    ...FOLDERS.map(folder),
    characterDevice('dev/console', 5, 1),
    characterDevice('dev/null', 1, 3),
    characterDevice('dev/ttyS0', 4, 64),
    program('bin/busybox', demand.busybox),
    ...APPLETS.map((applet) => symlink(`bin/${applet}`, 'busybox')),
    ...initEntries(demand.init),
    ...(demand.extra ?? []),
  ];
  return gzipSync(cpioArchive(entries), { level: 1 });
}
