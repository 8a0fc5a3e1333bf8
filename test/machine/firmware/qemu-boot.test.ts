/** Our firmware under a Linux that we did not write, on a board that we did not write. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { DirectBoot } from '../../../src/machine/firmware/direct/direct-boot.ts';
import { readFirmwareFile } from '../../../src/machine/firmware/firmware-files.ts';
import { openKernel } from '../../../src/machine/firmware/kernel-choice.ts';
import { kernelItems } from '../../../src/machine/firmware/option-rom/kernel-items.ts';
import { kernelRom } from '../../../src/machine/firmware/option-rom/kernel-rom.ts';
import { cloudKernel, whyNoGuests, writeInitramfs } from '../../quickstart/guest-files.ts';
import { hasQemu, QemuPlatform } from './qemu-platform.ts';
import { demandFor, machineConfig } from './support.ts';

const CPUS = 2;
const MEBIBYTES = '256';
const SERIAL = 'console=ttyS0';
/** What QEMU's own boot says too: memory types forgotten at INIT, clocks of a busy host. */
const QEMU_FAULTS = /mtrr: |MMCONFIG|calibrat|tsc: |clock|on the kernel command line/i;

const INIT = `#!/bin/sh
export PATH=/bin
mount -t proc proc /proc
mount -t sysfs sysfs /sys
echo "processors: $(grep -c ^processor /proc/cpuinfo)"
cat /sys/class/dmi/id/product_name
dmesg -r | grep '^<[0-4]>'
echo the-end
poweroff -f
`;

const oracle = hasQemu() && whyNoGuests === undefined ? test.serial : test.serial.skip;

let folder = '';
test.before(() => {
  folder = mkdtempSync(join(tmpdir(), 'troupe-boot-'));
});
test.after.always(() => rmSync(folder, { recursive: true, force: true }));

async function choice() {
  const initrd = await writeInitramfs(folder, INIT);
  const kernelArguments = ['-kernel', await cloudKernel(), '-initrd', initrd, '-append', SERIAL];
  const config = machineConfig('-m', MEBIBYTES, '-smp', String(CPUS), ...kernelArguments);
  const kernel = openKernel(config.firmware);
  if (kernel === undefined) throw new Error('There is no kernel');
  return { config, kernel };
}

/** What the kernel complains about, of what it is not QEMU's doing. */
function complaints(log: string): readonly string[] {
  return log.split(/\r?\n/).filter((line) => /^<[0-4]>/.test(line) && !QEMU_FAULTS.test(line));
}

oracle('a Linux that our boot ROM enters finds processors, ACPI, SMBIOS and PCI in order', async (t) => {
  const { config, kernel } = await choice();
  const smbios = { structures: [], bios: undefined, system: {} };
  const boot = new DirectBoot(demandFor(config), { kernel, userTables: [], smbios });
  await using qemu = new QemuPlatform(boot.bios, CPUS, ['-m', MEBIBYTES, '-no-reboot']);
  boot.prepare(qemu, 'power-on');
  qemu.command('cont');
  const log = await qemu.serialUntil(/the-end/);
  boot.close();
  t.regex(log, /processors: 2\r?\nStandard PC/);
  t.regex(log, /ACPI: RSDP 0x00000000000F0010/);
  t.notRegex(log, /ACPI (BIOS )?(Error|Warning)|incorrect checksum|BIOS bug/i);
  t.deepEqual(complaints(log), []);
});

const FILES = ['setup', 'command-line', 'kernel', 'initrd'];

oracle('our option ROM loads the kernel through SeaBIOS', async (t) => {
  const bios = readFirmwareFile({ searchPath: [] }, 'bios-256k.bin');
  if (bios === undefined) return t.log('SeaBIOS is not installed');
  const { config, kernel } = await choice();
  const { items, pieces, entry } = kernelItems(kernel, config.ramBytes);
  const contents = items.filter(({ contents: bytes }) => bytes.length > 4);
  const args = contents.flatMap(({ contents: bytes }, index) => {
    const file = join(folder, FILES[index] ?? 'more');
    writeFileSync(file, bytes);
    return ['-fw_cfg', `name=opt/troupe/${FILES[index]},file=${file}`];
  });
  const romFile = join(folder, 'rom');
  writeFileSync(romFile, new Uint8Array(512));
  const keys = await keysOf(bios, [...args, '-option-rom', romFile]);
  const renamed = pieces.map((piece, index) => ({
    ...piece,
    key: keys.get(`opt/troupe/${FILES[index]}`) ?? 0,
  }));
  writeFileSync(romFile, kernelRom(renamed, entry));
  await using qemu = new QemuPlatform(bios, CPUS, [
    '-m',
    MEBIBYTES,
    '-no-reboot',
    '-global',
    'fw_cfg.dma_enabled=on',
    '-option-rom',
    `romfile=${romFile},bootindex=0`,
    ...args,
  ]);
  qemu.command('cont');
  const log = await qemu.serialUntil(/the-end/);
  kernel.image.file.close();
  t.regex(log, /processors: 2/);
});

/** Selectors of named files, as QEMU's directory lists them. */
async function keysOf(bios: Uint8Array, args: readonly string[]): Promise<ReadonlyMap<string, number>> {
  await using qemu = new QemuPlatform(bios, 1, ['-m', MEBIBYTES, ...args]);
  const byte = (): number => qemu.readPort(0x511, 1);
  const bytes = (count: number): Buffer => Buffer.from(Array.from({ length: count }, byte));
  qemu.writePort(0x510, 2, 0x19);
  const count = bytes(4).readUInt32BE();
  return new Map(
    Array.from({ length: count }, () => {
      const entry = bytes(64);
      return [entry.toString('latin1', 8).replace(/\0.*$/s, ''), entry.readUInt16BE(4)] as const;
    }),
  );
}
