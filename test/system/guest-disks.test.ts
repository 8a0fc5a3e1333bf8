/**
 * Debian's Linux makes a file system, fills it and reads it back, on IDE and on virtio, and loses nothing when the machine ends in
 * the middle of writes. The host's own e2fsck judges the images.
 *
 * TROUPE_GUEST_DISK_MIB says how much is written to each disk; 48 when absent.
 */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { createReadStream, existsSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import test, { type ExecutionContext } from 'ava';
import { launch, type Machine } from '../../src/client/troupe.ts';
import { debianGuest, type GuestFiles } from '../guests/linux/debian-guest.ts';
import { hostProgram } from '../guests/linux/host-program.ts';
import { SerialLine } from '../guests/linux/serial-line.ts';
import { whyNoGuests } from '../quickstart/guest-files.ts';
import { scratch } from './process.ts';

const GUEST_MS = 1_800_000;
const MIB = 2 ** 20;
const WRITTEN_MIB = Number(process.env['TROUPE_GUEST_DISK_MIB'] ?? 48);
/** Room for the journal and for a file system that is not full. */
const DISK_MIB = WRITTEN_MIB * 2 + 32;
const [MKE2FS, E2FSCK, DEBUGFS] = ['mke2fs', 'e2fsck', 'debugfs'].map((tool) => `/usr/sbin/${tool}`) as [
  string,
  string,
  string,
];
const MODULES = ['ata_piix', 'sd_mod', 'virtio_pci', 'virtio_blk'];

const FILL = `
for disk in sda vda; do
  /bin/mke2fs -q -t ext4 /dev/$disk && mount -t ext4 /dev/$disk /mnt || echo "NOT MOUNTED $disk"
  dd if=/dev/urandom of=/mnt/data bs=1M count=${WRITTEN_MIB} 2>/dev/null
  sync
  umount /mnt
  echo 3 > /proc/sys/vm/drop_caches
  mount -t ext4 /dev/$disk /mnt
  echo "sum $disk $(sha256sum < /mnt/data | cut -d' ' -f1)"
  umount /mnt
done
dmesg -r | grep '^<[0-3]>'
echo the-end
`;

/** Writes files without end; each line names one that was on the disk when the line came. */
const WRITE_ON = `
mount -t ext4 /dev/$disk /mnt || echo "NOT MOUNTED $disk"
file=0
while true; do
  file=$((file + 1))
  dd if=/dev/urandom of=/mnt/later-$((file % 3)) bs=64k count=16 2>/dev/null &
  dd if=/dev/urandom of=/mnt/$file bs=64k count=8 2>/dev/null
  sync /mnt/$file
  echo "synced $file $(sha256sum < /mnt/$file | cut -d' ' -f1)"
done
`;

/** Mounts what was left, which replays the journal. */
const READ_AGAIN = `
mount -t ext4 /dev/$disk /mnt || echo "NOT MOUNTED $disk"
cd /mnt
for file in [0-9]*; do echo "found $file $(sha256sum < $file | cut -d' ' -f1)"; done
cd /
umount /mnt
dmesg -r | grep '^<[0-3]>'
dmesg | grep EXT4-fs
echo the-end
`;

const hasTools = whyNoGuests === undefined && [MKE2FS, E2FSCK, DEBUGFS].every((tool) => existsSync(tool));
const real = hasTools ? test.serial : test.serial.skip;

function emptyDisk(path: string): string {
  writeFileSync(path, '');
  truncateSync(path, DISK_MIB * MIB);
  return path;
}

const drive = (path: string, bus: string): string[] => [
  '-drive',
  `file=${path},format=raw,if=${bus},cache=writeback`,
];

function boot(guest: GuestFiles, args: readonly string[]): Promise<Machine> {
  return launch({
    args: [
      ...['-nodefaults', '-m', '256', '-smp', '2', '-display', 'none', '-serial', 'stdio', ...args],
      ...['-kernel', guest.kernel, '-initrd', guest.initrd, '-append', 'console=ttyS0 quiet'],
    ],
    stdio: 'pipe',
  });
}

/** Throws with what e2fsck found wrong. */
function assertClean(image: string): void {
  execFileSync(E2FSCK, ['-f', '-n', image], { encoding: 'utf8' });
}

async function digestInImage(image: string, file: string, scrap: string): Promise<string> {
  execFileSync(DEBUGFS, ['-R', `dump ${file} ${scrap}`, image], { stdio: 'ignore' });
  const hash = createHash('sha256');
  await pipeline(createReadStream(scrap), hash);
  return hash.digest('hex');
}

real(
  'ext4 that a guest made and filled is clean and holds what the guest read back: IDE and virtio',
  async (t) => {
    t.timeout(GUEST_MS);
    await using folder = await scratch();
    const at = (name: string): string => join(folder.path, name);
    const guest = await debianGuest(folder.path, {
      modules: MODULES,
      script: `mkdir /mnt\n${FILL}`,
      extra: hostProgram(MKE2FS),
    });
    const disks = [...drive(emptyDisk(at('sda')), 'ide'), ...drive(emptyDisk(at('vda')), 'virtio')];
    await using machine = await boot(guest, disks);
    const log = await new SerialLine(machine).until(/^the-end/m);
    t.notRegex(log, /NOT |^<[0-3]>/m, log);
    t.is((await machine.quit()).code, 0);
    for (const name of ['sda', 'vda']) {
      assertClean(at(name));
      t.true(log.includes(`sum ${name} ${await digestInImage(at(name), 'data', at('scrap'))}`), name);
    }
  },
);

/** Files and their sums, from lines that begin with `word`. */
function sums(log: string, word: string): ReadonlyMap<string, string> {
  const lines = log.matchAll(new RegExp(`^${word} (\\d+) ([0-9a-f]{64})\\r?$`, 'gm'));
  return new Map([...lines].map(([, file = '', sum = '']) => [file, sum]));
}

/** Ends a machine while it writes to a new file system; gives what was on the disk for certain. */
async function endInTheMiddle(
  t: ExecutionContext,
  folder: string,
  image: string,
  bus: string,
): Promise<ReadonlyMap<string, string>> {
  execFileSync(MKE2FS, ['-q', '-t', 'ext4', emptyDisk(image)]);
  const guest = await debianGuest(folder, { modules: MODULES, script: script(bus, WRITE_ON) });
  await using machine = await boot(guest, drive(image, bus));
  const line = new SerialLine(machine);
  const log = await line.until(/^synced 12 .*\r\n/m);
  t.is((await machine.quit()).code, 0);
  t.notRegex(log, /NOT /, log);
  return sums(log, 'synced');
}

const script = (bus: string, rest: string): string =>
  `mkdir /mnt\ndisk=${bus === 'ide' ? 'sda' : 'vda'}\n${rest}`;

for (const bus of ['ide', 'virtio']) {
  real(
    `quit in the middle of writes leaves a journal that makes the file system whole: ${bus}`,
    async (t) => {
      t.timeout(GUEST_MS);
      await using folder = await scratch();
      const image = join(folder.path, 'disk');
      const copy = join(folder.path, 'copy');
      const synced = await endInTheMiddle(t, folder.path, image, bus);
      writeFileSync(copy, readFileSync(image));

      const guest = await debianGuest(folder.path, { modules: MODULES, script: script(bus, READ_AGAIN) });
      await using machine = await boot(guest, drive(image, bus));
      const log = await new SerialLine(machine).until(/^the-end/m);
      t.notRegex(log, /NOT |^<[0-3]>/m, log);
      t.regex(log, /recovery complete/);
      t.is((await machine.quit()).code, 0);
      assertClean(image);
      const found = sums(log, 'found');
      for (const [file, sum] of synced) t.is(found.get(file), sum, file);

      execFileSync(E2FSCK, ['-p', '-E', 'journal_only', copy]);
      assertClean(copy);
    },
  );
}
