/** A root file system in memory: busybox, and an init that shows the processors and gives a shell. */
import { gzipSync } from 'node:zlib';
import { type CpioEntry, characterDevice, cpioArchive, folder, program, symlink } from './cpio.ts';

const FOLDERS = ['bin', 'dev', 'etc', 'proc', 'sys', 'tmp', 'root'];

/** A roll call, then a shell for as long as it is wanted; leaving it powers the machine off. */
const INTERACTIVE_INIT = `#!/bin/sh
export PATH=/bin HOME=/root TERM=\${TERM:-linux} PS1='troupe:\\w# '
mount -t proc proc /proc
mount -t sysfs sysfs /sys
mount -t devtmpfs devtmpfs /dev 2>/dev/null
echo
echo "Linux $(uname -r) on $(grep -c ^processor /proc/cpuinfo) processors, up after $(cut -d' ' -f1 /proc/uptime) s"
for cpu in $(grep ^processor /proc/cpuinfo | tr -d '\\t ' | cut -d: -f2); do
  echo "  CPU $cpu: $(taskset $(printf %x $((1 << cpu))) sh -c 'echo here' 2>/dev/null || echo missing)"
done
echo
echo "This is a shell in the guest. 'poweroff' ends it; ctrl-a x ends the machine at once."
echo
cd /root
setsid cttyhack sh
poweroff -f
`;

export interface InitramfsDemand {
  /** A static busybox. */
  readonly busybox: Uint8Array;
  /** The script at /init; the interactive one when absent. */
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

/** The archive, compressed with gzip. */
export function initramfs(demand: InitramfsDemand): Uint8Array {
  const entries = [
    ...FOLDERS.map(folder),
    characterDevice('dev/console', 5, 1),
    characterDevice('dev/null', 1, 3),
    characterDevice('dev/ttyS0', 4, 64),
    program('bin/busybox', demand.busybox),
    ...APPLETS.map((applet) => symlink(`bin/${applet}`, 'busybox')),
    program('init', Buffer.from(demand.init ?? INTERACTIVE_INIT, 'utf8')),
    ...(demand.extra ?? []),
  ];
  return gzipSync(cpioArchive(entries), { level: 1 });
}
