/** Linux and its media: a CD that is changed and ejected, by the monitor and by the guest; read-only disks; -snapshot. */
import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { launch } from '../../src/client/troupe.ts';
import { fetchPackage } from '../../src/quickstart/debian-packages.ts';
import { debianGuest } from '../guests/linux/debian-guest.ts';
import { hostProgram } from '../guests/linux/host-program.ts';
import { SerialLine } from '../guests/linux/serial-line.ts';
import { dataCd, whyNoCds } from '../guests/media/boot-cd.ts';
import { whyNoGuests } from '../quickstart/guest-files.ts';
import { scratch } from './process.ts';

const GUEST_MS = 1_200_000;
const DISK_BYTES = 2 ** 20;
const real = whyNoGuests === undefined ? test.serial : test.serial.skip;
const withCds = whyNoCds === undefined ? real : test.serial.skip;

/** Reads what is in the drive whenever the serial line says so. */
const FOLLOW_CD = `
mkdir /mnt
look() {
  found=nothing
  if mount -t iso9660 -o ro /dev/sr0 /mnt 2>/dev/null; then
    found=$(cat /mnt/*)
    umount /mnt
  fi
  echo "it holds $found"
}
echo ready
while read word; do
  case $word in
    look) look ;;
    lock) mount -t iso9660 -o ro /dev/sr0 /mnt; echo locked ;;
    release) umount /mnt; echo released ;;
    eject) eject /dev/sr0; echo ejected ;;
  esac
done < /dev/ttyS0
`;

withCds('a CD is changed and ejected by the monitor, locked and ejected by the guest', async (t) => {
  t.timeout(GUEST_MS);
  await using folder = await scratch();
  const [first, second] = ['first', 'second'].map((name) => dataCd(folder.path, name, `the ${name} one`));
  const eject = await fetchPackage('eject', { report: () => undefined });
  const guest = await debianGuest(folder.path, {
    modules: ['ata_piix', 'sr_mod', 'isofs'],
    script: FOLLOW_CD,
    extra: hostProgram(join(eject.root, 'usr/bin/eject')),
  });
  await using machine = await launch({
    args: [
      ...['-nodefaults', '-m', '256', '-display', 'none', '-serial', 'stdio', '-cdrom', first ?? ''],
      ...['-kernel', guest.kernel, '-initrd', guest.initrd, '-append', 'console=ttyS0 quiet'],
    ],
    stdio: 'pipe',
  });
  const line = new SerialLine(machine);
  const tell = (word: string, answer: RegExp): Promise<string> => {
    line.type(`${word}\n`);
    return line.until(answer);
  };
  const device = 'ide1-cd0';
  const trayMoved = (isOpen: boolean): Promise<unknown> =>
    machine.qmp.waitForEvent('DEVICE_TRAY_MOVED', {
      deadlineMs: GUEST_MS,
      fresh: true,
      where: (data) => data['tray-open'] === isOpen && data.device === device,
    });
  const answer = /it holds (.*)\r\n/;
  const holds = async (): Promise<string> => answer.exec(await tell('look', answer))?.[1] ?? '';

  await line.until(/ready/);
  t.is(await holds(), 'the first one');

  const moved = Promise.all([trayMoved(true), trayMoved(false)]);
  await machine.execute('change', { device, target: second ?? '' });
  await moved;
  t.is(await holds(), 'the second one');

  await tell('lock', /locked/);
  await t.throwsAsync(machine.execute('eject', { device }), { message: /locked/ });
  await tell('release', /released/);

  const opened = trayMoved(true);
  await machine.execute('eject', { device });
  await opened;
  t.is(await holds(), 'nothing');

  await machine.execute('change', { device, target: first ?? '' });
  t.is(await holds(), 'the first one');
  const openedByGuest = trayMoved(true);
  await tell('eject', /ejected/);
  await openedByGuest;
  t.is((await machine.quit()).code, 0);
});

/** Writes to each disk as far as it may; says what it could. */
const WRITE_ALL = `
for disk in sda vda vdb; do
  echo "$disk ro $(cat /sys/block/$disk/ro)"
  if echo "the guest was here" | dd of=/dev/$disk bs=512 count=1 conv=notrunc,fsync 2>/dev/null; then
    echo 3 > /proc/sys/vm/drop_caches
    echo "$disk written: $(head -c 18 /dev/$disk)"
  else
    echo "$disk refused"
  fi
done
dmesg -r | grep '^<[0-3]>'
echo the-end
`;

real('-snapshot lets a guest write and leaves the images alone; a read-only disk says so', async (t) => {
  t.timeout(GUEST_MS);
  await using folder = await scratch();
  const guest = await debianGuest(folder.path, {
    modules: ['ata_piix', 'sd_mod', 'virtio_pci', 'virtio_blk'],
    script: WRITE_ALL,
  });
  const image = (name: string): string => {
    const path = join(folder.path, name);
    writeFileSync(path, createHash('shake256', { outputLength: DISK_BYTES }).update(name).digest());
    return path;
  };
  const [sda, vda, vdb] = ['sda', 'vda', 'vdb'].map(image) as [string, string, string];
  const before = [sda, vda, vdb].map((path) => readFileSync(path));
  await using machine = await launch({
    args: [
      ...['-nodefaults', '-m', '256', '-display', 'none', '-serial', 'stdio', '-snapshot'],
      ...['-drive', `file=${sda},format=raw,if=ide`, '-drive', `file=${vda},format=raw,if=virtio`],
      ...['-drive', `file=${vdb},format=raw,if=virtio,readonly=on`],
      ...['-kernel', guest.kernel, '-initrd', guest.initrd, '-append', 'console=ttyS0 quiet'],
    ],
    stdio: 'pipe',
  });
  const log = await new SerialLine(machine).until(/^the-end/m);
  for (const disk of ['sda', 'vda']) {
    t.true(log.includes(`${disk} ro 0`), log);
    t.true(log.includes(`${disk} written: the guest was here`), log);
  }
  t.true(log.includes('vdb ro 1'), log);
  t.true(log.includes('vdb refused'), log);
  t.notRegex(log, /NOT |^<[0-3]>/m, log);
  t.is((await machine.quit()).code, 0);
  for (const [index, path] of [sda, vda, vdb].entries()) t.deepEqual(readFileSync(path), before[index], path);
});
