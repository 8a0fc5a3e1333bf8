/** Boot indices: what fw_cfg says of them, and what SeaBIOS makes of it. */
import { existsSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { hasReference, startReference } from '../../devices/support/qtest-oracle.ts';
import { bootableDisc, bootableDisk } from './support/bootable-media.ts';
import { firmwareFile, type PortAccess } from './support/firmware-items.ts';
import { startMachine } from './support/live-machine.ts';
import { startQtest } from './support/qtest-session.ts';

const FIRMWARE = '/usr/share/seabios/bios-256k.bin';
const FLOPPY_BYTES = 1474560;
const DISK_BYTES = 1 << 20;

/** A folder with media that write their own letter to port E9H when they are booted. */
async function withMedia(run: (drives: readonly string[]) => Promise<void>): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'troupe-boot-'));
  const file = (name: string, contents: Uint8Array, bytes: number): string => {
    const path = join(folder, name);
    writeFileSync(path, contents);
    truncateSync(path, Math.max(bytes, contents.length));
    return path;
  };
  const drive = (id: string, path: string, more = ''): string[] => [
    '-drive',
    `if=none,id=${id},file=${path},format=raw${more}`,
  ];
  try {
    await run([
      ...drive('disk', file('disk', bootableDisk('D'), DISK_BYTES)),
      ...drive('disc', file('disc', bootableDisc('C'), DISK_BYTES), ',media=cdrom'),
      ...drive('virt', file('virt', bootableDisk('V'), DISK_BYTES)),
      ...drive('flop', file('flop', bootableDisk('F'), FLOPPY_BYTES)),
    ]);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function orderOf(access: PortAccess): Promise<readonly string[]> {
  const contents = (await firmwareFile(access, 'bootorder')) ?? new Uint8Array();
  return Buffer.from(contents).toString('latin1').replace(/\0$/, '').split('\n');
}

async function ownOrder(args: readonly string[]): Promise<readonly string[]> {
  await using session = await startQtest(args);
  return await orderOf({
    writeWord: async (port, value) => void (await session.send(`outw ${port} ${value}`)),
    readBytes: session.readPort,
  });
}

async function referenceOrder(args: readonly string[]): Promise<readonly string[]> {
  using reference = startReference(args);
  return await orderOf({
    writeWord: async (port, value) => void (await reference.send('outw', port, value)),
    readBytes: async (port, bytes) => {
      const contents = new Uint8Array(bytes);
      for (let index = 0; index < bytes; index++) contents[index] = (await reference.send('inb', port)) ?? 0;
      return contents;
    },
  });
}

const IDE = [
  ...['-device', 'ide-hd,drive=disk,bus=ide.0,unit=1,bootindex=3'],
  ...['-device', 'ide-cd,drive=disc,bus=ide.1,bootindex=1'],
];
/** The reference of today has drives of floppies as devices. */
const OWN_FLOPPY = ['-global', 'isa-fdc.driveB=flop', '-global', 'isa-fdc.bootindexB=4'];
const REFERENCE_FLOPPY = ['-device', 'floppy,drive=flop,unit=1', '-global', 'isa-fdc.bootindexB=4'];
const VIRTIO = ['-device', 'virtio-blk-pci,drive=virt,bootindex=2,addr=6.1,multifunction=on'];

test('boot indices become the paths that the reference makes of them', async (t) => {
  await withMedia(async (drives) => {
    const expected = [
      '/pci@i0cf8/ide@1,1/drive@1/disk@0',
      '/pci@i0cf8/scsi@6,1/disk@0,0',
      '/pci@i0cf8/ide@1,1/drive@0/disk@1',
      '/pci@i0cf8/isa@1/fdc@03f0/floppy@1',
    ];
    t.deepEqual(await ownOrder([...drives, ...IDE, ...VIRTIO, ...OWN_FLOPPY]), expected);
    if (hasReference) {
      t.deepEqual(await referenceOrder([...drives, ...IDE, ...VIRTIO, ...REFERENCE_FLOPPY]), expected);
    }
  });
});

test('a PC without PCI has the paths of its ISA bus', async (t) => {
  await withMedia(async (drives) => {
    const expected = [
      '/isa/ide@0170/drive@0/disk@0',
      '/isa/ide@01f0/drive@0/disk@1',
      '/isa/fdc@03f0/floppy@1',
    ];
    t.deepEqual(await ownOrder(['-M', 'isapc', ...drives, ...IDE, ...OWN_FLOPPY]), expected);
    if (hasReference) {
      t.deepEqual(await referenceOrder(['-M', 'isapc', ...drives, ...IDE, ...REFERENCE_FLOPPY]), expected);
    }
  });
});

test('two devices cannot have the same boot index', async (t) => {
  await withMedia(async (drives) => {
    const twice = ['-device', 'virtio-blk-pci,drive=virt,bootindex=1'];
    await t.throwsAsync(startQtest([...drives, ...IDE, ...twice]), {
      message: /Two devices with same boot index 1/,
    });
  });
});

/** Boots with these indices and sees which medium has been booted. */
async function bootsFrom(t: ExecutionContext, letter: string, indices: Readonly<Record<string, number>>) {
  if (!existsSync(FIRMWARE)) {
    t.pass('no SeaBIOS on this machine');
    return;
  }
  t.timeout(110_000);
  const at = (name: string): string => (indices[name] === undefined ? '' : `,bootindex=${indices[name]}`);
  await withMedia(async (drives) => {
    await using machine = await startMachine(readFileSync(FIRMWARE), [
      ...['-m', '32', ...drives],
      ...['-device', `ide-hd,drive=disk,bus=ide.0${at('disk')}`],
      ...['-device', `ide-cd,drive=disc,bus=ide.1${at('disc')}`],
      ...['-device', `virtio-blk-pci,drive=virt${at('virt')}`],
      ...['-set', 'drive.flop.if=floppy', '-global', `isa-fdc.bootindexA=${indices['flop'] ?? -1}`],
    ]);
    await machine.reported(letter);
    t.pass();
  });
}

test.serial('SeaBIOS boots an IDE disk that comes first', (t) => bootsFrom(t, 'D', { disk: 1, virt: 2 }));
test.serial('SeaBIOS boots a CD-ROM that comes first', (t) => bootsFrom(t, 'C', { disc: 0, disk: 1 }));
test.serial('SeaBIOS boots a virtio disk that comes first', (t) => bootsFrom(t, 'V', { virt: 3, disk: 7 }));
test.serial('SeaBIOS boots a floppy that comes first', (t) => bootsFrom(t, 'F', { flop: 0, disc: 5 }));
