/** Debian's Linux with its own virtio drivers on our devices: a disk, a console, a source of random bytes, a balloon. */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import test from 'ava';
import { launch, type Machine } from '../../src/client/troupe.ts';
import { program } from '../../src/quickstart/cpio.ts';
import { fetchPackage, kernelOf } from '../../src/quickstart/debian-packages.ts';
import { initramfs } from '../../src/quickstart/initramfs.ts';
import { whyNoGuests } from '../quickstart/guest-files.ts';
import { scratch } from './process.ts';

const MIB = 2 ** 20;
const RAM_BYTES = 256 * MIB;
const DISK_BYTES = 64 * MIB;
const POLL_MS = 100;
const BOOT_MS = 600_000;
/** In the order in which they need each other. */
const MODULES = [
  'virtio_ring',
  'virtio',
  'virtio_pci_modern_dev',
  'virtio_pci_legacy_dev',
  'virtio_pci',
  'virtio_blk',
  'virtio_console',
  'virtio-rng',
  'virtio_balloon',
];

const INIT = `#!/bin/sh
export PATH=/bin
mount -t proc proc /proc
mount -t sysfs sysfs /sys
mount -t devtmpfs devtmpfs /dev
for module in ${MODULES.join(' ')}; do insmod /modules/$module.ko || echo "FAILED $module"; done
mkdir /mnt
for disk in vda vdb; do
  mount -t ext4 /dev/$disk /mnt
  dd if=/dev/hwrng of=/mnt/random bs=4096 count=64 2>/dev/null
  cp /bin/busybox /mnt/busybox
  echo "sum $disk $(cat /mnt/random /mnt/busybox | sha256sum | cut -d' ' -f1)"
  umount /mnt
  echo "disk $(cat /sys/block/$disk/serial) $(cat /sys/block/$disk/size)"
done
echo "port $(cat /sys/class/virtio-ports/*/name)"
echo "this is the console" > /dev/hvc0
dmesg -r | grep '^<[0-3]>'
echo the-end
while true; do sleep 1000; done
`;

const END = /^the-end/m;
const TOOLS = ['mkfs.ext4', 'e2fsck', 'debugfs'].map((tool) => join('/usr/sbin', tool));
const optional = whyNoGuests === undefined && TOOLS.every(existsSync) ? test.serial : test.serial.skip;

async function guest(folder: string): Promise<{ kernel: string; initrd: string }> {
  const silent = { report: () => undefined };
  const linux = await fetchPackage('linux-image-cloud-amd64', silent);
  const busybox = await fetchPackage('busybox-static', silent);
  const wanted = new Set(MODULES.map((name) => `${name}.ko`));
  const modules = readdirSync(join(linux.root, 'lib/modules'), { recursive: true, encoding: 'utf8' })
    .filter((path) => wanted.has(basename(path)))
    .map((path) => program(`modules/${basename(path)}`, readFileSync(join(linux.root, 'lib/modules', path))));
  const initrd = join(folder, 'initrd');
  const extra = [{ path: 'modules', mode: 0o040755 }, ...modules];
  writeFileSync(
    initrd,
    initramfs({ busybox: readFileSync(join(busybox.root, 'bin/busybox')), init: INIT, extra }),
  );
  return { kernel: kernelOf(linux), initrd };
}

/** What the guest has written to a file of the host, once it matches. */
async function outputUntil(file: string, pattern: RegExp): Promise<string> {
  for (const start = Date.now(); Date.now() < start + BOOT_MS; await pause(POLL_MS)) {
    const log = existsSync(file) ? readFileSync(file, 'latin1') : '';
    if (pattern.test(log)) return log;
  }
  throw new Error(`The guest did not get as far as ${pattern}: ${readFileSync(file, 'latin1').slice(-2000)}`);
}

async function balloonTo(machine: Machine, bytes: number): Promise<number> {
  const changed = machine.qmp.waitForEvent('BALLOON_CHANGE', { deadlineMs: BOOT_MS });
  await machine.execute('balloon', { value: bytes });
  await changed;
  for (;;) {
    const { actual } = await machine.execute('query-balloon');
    if (Number(actual) === bytes) return bytes;
    await pause(POLL_MS);
  }
}

/** One machine has both transports: what is legacy uses INTx, what is modern MSI-X. */
const LEGACY = ',disable-modern=on';

function disk(path: string, name: string, choice: string): string[] {
  execFileSync('/usr/sbin/mkfs.ext4', ['-q', path, `${DISK_BYTES / MIB}M`]);
  const device = `virtio-blk-pci,drive=${name},serial=${name}-1${choice}`;
  return ['-drive', `if=none,id=${name},format=raw,file=${path}`, '-device', device];
}

/** The digest of what the guest has written, from the image. */
function digestOnDisk(path: string, scrap: string): string {
  const dump = (file: string): Buffer => {
    execFileSync('/usr/sbin/debugfs', ['-R', `dump ${file} ${scrap}`, path], { stdio: 'ignore' });
    return readFileSync(scrap);
  };
  return createHash('sha256').update(dump('/random')).update(dump('/busybox')).digest('hex');
}

optional('Linux uses disks, console, random bytes and balloon, by both transports', async (t) => {
  t.timeout(2 * BOOT_MS);
  await using folder = await scratch();
  const at = (name: string): string => join(folder.path, name);
  const { kernel, initrd } = await guest(folder.path);
  await using machine = await launch([
    ...['-nodefaults', '-m', String(RAM_BYTES / MIB), '-smp', '2', '-no-reboot'],
    ...['-kernel', kernel, '-initrd', initrd, '-append', 'console=ttyS0 quiet'],
    ...['-serial', `file:${at('serial')}`],
    ...disk(at('vda'), 'modern', ''),
    ...disk(at('vdb'), 'legacy', `${LEGACY},vectors=0`),
    ...['-device', `virtio-serial-pci,id=ports${LEGACY}`],
    ...['-chardev', `file,id=console,path=${at('console')}`, '-device', 'virtconsole,chardev=console'],
    ...[
      '-chardev',
      'null,id=nobody',
      '-device',
      'virtserialport,bus=ports.0,chardev=nobody,name=org.troupe.0',
    ],
    ...['-device', 'virtio-rng-pci', '-device', 'virtio-balloon-pci'],
  ]);
  const log = await outputUntil(at('serial'), END);
  t.regex(log, /disk modern-1 131072\r?\n/);
  t.regex(log, /disk legacy-1 131072\r?\n/);
  t.regex(log, /port org\.troupe\.0\r?\n/);
  t.notRegex(log, /FAILED|^<[0-3]>/m);
  t.regex(readFileSync(at('console'), 'latin1'), /this is the console/);
  t.is(await balloonTo(machine, RAM_BYTES / 2), RAM_BYTES / 2);
  t.is(await balloonTo(machine, RAM_BYTES), RAM_BYTES);
  t.is((await machine.quit()).code, 0);
  for (const name of ['vda', 'vdb']) {
    execFileSync('/usr/sbin/e2fsck', ['-f', '-n', at(name)], { stdio: 'ignore' });
    t.true(log.includes(`sum ${name} ${digestOnDisk(at(name), at('scrap'))}`), name);
  }
});

/** Says `V` at port E9H, reads the second sector by INT 13H, and says what it begins with. */
const BOOT_SECTOR = Uint8Array.from([
  ...[0xb0, 0x56, 0xe6, 0xe9], // mov al, 'V'; out 0xe9, al
  ...[0x31, 0xc0, 0x8e, 0xc0, 0xbb, 0x00, 0x7e], // xor ax, ax; mov es, ax; mov bx, 0x7e00
  ...[0xb8, 0x01, 0x02, 0xb9, 0x02, 0x00, 0xba, 0x80, 0x00, 0xcd, 0x13], // ax 0201H, cx 2, dx 80H; int 0x13
  ...[0xa0, 0x00, 0x7e, 0xe6, 0xe9, 0xfa, 0xf4], // mov al, [0x7e00]; out 0xe9, al; cli; hlt
]);
const SECTOR = 512;

for (const choice of ['', ',disable-modern=on', ',disable-legacy=on']) {
  const hasBios = existsSync('/usr/share/seabios/bios-256k.bin');
  (hasBios ? test.serial : test.serial.skip)(`SeaBIOS boots from a virtio disk${choice}`, async (t) => {
    t.timeout(BOOT_MS);
    await using folder = await scratch();
    const at = (name: string): string => join(folder.path, name);
    const image = new Uint8Array(2 ** 20);
    image.set(BOOT_SECTOR);
    image.set([0x55, 0xaa, 0x57], SECTOR - 2);
    writeFileSync(at('disk'), image);
    await using machine = await launch([
      ...['-nodefaults', '-L', '/usr/share/seabios', '-debugcon', `file:${at('console')}`],
      ...[
        '-drive',
        `if=none,id=d,format=raw,file=${at('disk')}`,
        '-device',
        `virtio-blk-pci,drive=d${choice}`,
      ],
    ]);
    t.is(await outputUntil(at('console'), /VW/), 'VW');
    t.is((await machine.quit()).code, 0);
  });
}
