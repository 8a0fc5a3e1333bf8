import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { linuxPlan } from '../../../src/machine/firmware/direct/linux-plan.ts';
import { systemMap } from '../../../src/machine/firmware/e820.ts';
import { closeKernel, needsNoBios, openKernel } from '../../../src/machine/firmware/kernel-choice.ts';
import { videoMode } from '../../../src/machine/firmware/linux-image.ts';
import { multibootInformation } from '../../../src/machine/firmware/multiboot-information.ts';
import { demoGuest } from '../../../src/quickstart/demo/demo-guest.ts';
import { machineConfig } from './support.ts';

const MIB = 2 ** 20;
const map = systemMap({ lowRamBytes: 64 * MIB, highRamBytes: 0, tableBytes: 0x10000, romBytes: 0x10000 });
let folder = '';
test.before(() => {
  folder = mkdtempSync(join(tmpdir(), 'troupe-kernel-'));
});
test.after.always(() => rmSync(folder, { recursive: true, force: true }));

let files = 0;
function file(contents: Uint8Array): string {
  files += 1;
  const path = join(folder, `file-${files}`);
  writeFileSync(path, contents);
  return path;
}

interface HeaderFields {
  readonly protocol: number;
  readonly loadFlags: number;
}

/** A bzImage that is all header: two setup sectors, and `code` bytes of ones. */
function bzImage({ protocol, loadFlags }: HeaderFields, code = 4096): Uint8Array {
  const image = new Uint8Array(3 * 512 + code).fill(1, 3 * 512);
  const view = new DataView(image.buffer);
  image[0x1f1] = 2;
  view.setUint16(0x1fe, 0xaa55, true);
  image[0x201] = 0x6a;
  view.setUint32(0x202, 0x53726448, true);
  view.setUint16(0x206, protocol, true);
  image[0x211] = loadFlags;
  view.setUint32(0x214, 0x100000, true);
  view.setUint32(0x22c, 0x7fffffff, true);
  view.setUint32(0x238, 2047, true);
  return image;
}

const MODERN = { protocol: 0x20f, loadFlags: 1 };

function open(kernel: Uint8Array, ...args: readonly string[]) {
  const choice = openKernel(machineConfig('-m', '64', '-kernel', file(kernel), ...args).firmware);
  if (choice === undefined) throw new Error('There is no kernel');
  return choice;
}

function linux(kernel: Uint8Array, ...args: readonly string[]) {
  const choice = open(kernel, ...args);
  if (choice.kind !== 'linux') throw new Error('It is no Linux');
  return choice;
}

const demand = { map, usableEnd: 64 * MIB - 0x10000, rsdp: 0xf0010, textMode: true };

test('Linux gets its header, command line, map, RSDP and initrd by the 32-bit protocol', (t) => {
  const initrd = file(new Uint8Array(5000));
  const kernel = linux(bzImage(MODERN), '-initrd', initrd, '-append', 'console=ttyS0 quiet');
  const { pieces, entry } = linuxPlan({ ...kernel, ...demand });
  const [page, commandLine, code, ramdisk] = pieces;
  if (commandLine === undefined || ramdisk === undefined) throw new Error('Pieces are missing');
  if (!(page?.contents instanceof Uint8Array)) throw new Error('There is no zero page');
  const view = new DataView(page.contents.buffer);
  t.deepEqual(entry, { eip: 0x100000, eax: 0, ebx: 0, esi: page.address });
  t.is(view.getUint32(0x228, true), commandLine.address);
  t.deepEqual(commandLine.contents, Uint8Array.from(Buffer.from('console=ttyS0 quiet\0')));
  t.is(view.getUint32(0x218, true), ramdisk.address);
  t.is(view.getUint32(0x21c, true), 5000);
  t.is(ramdisk.address % 4096, 0);
  t.true(ramdisk.address + 5000 <= demand.usableEnd);
  t.is(view.getBigUint64(0x70, true), 0xf0010n);
  t.is(page.contents[0x1e8], map.length);
  t.is(page.contents[0x0f], 1);
  t.deepEqual([code?.address, code?.bytes], [0x100000, 4096]);
  closeKernel(kernel);
});

test('a command line that is too long, and an initrd that does not fit, are refused by name', (t) => {
  const long = linux(bzImage(MODERN), '-append', 'x'.repeat(3000));
  t.throws(() => linuxPlan({ ...long, ...demand }), { code: 'ERR_FIRMWARE_KERNEL', message: /3000.*2047/ });
  const large = linux(bzImage(MODERN), '-initrd', file(new Uint8Array(63 * MIB)));
  t.throws(() => linuxPlan({ ...large, ...demand }), { code: 'ERR_FIRMWARE_KERNEL', message: /initrd/ });
  closeKernel(long);
  closeKernel(large);
});

test('kernels without a 32-bit entry need a BIOS', (t) => {
  t.true(needsNoBios(open(bzImage(MODERN))));
  t.false(needsNoBios(open(bzImage({ protocol: 0x201, loadFlags: 1 }))));
  t.false(needsNoBios(open(bzImage({ protocol: 0x20f, loadFlags: 0 }))));
});

test('what is no kernel, and what is not there, is refused by name', (t) => {
  t.throws(() => open(new Uint8Array(4096)), { code: 'ERR_FIRMWARE_KERNEL', message: /file-\d+.*bzImage/ });
  const config = machineConfig('-kernel', join(folder, 'missing')).firmware;
  t.throws(() => openKernel(config), { code: 'ERR_FIRMWARE_FILE', message: /missing/ });
});

test('a flat multiboot image is loaded where its header says', (t) => {
  const kernel = open(demoGuest());
  if (kernel.kind !== 'multiboot') throw new Error('It is no multiboot image');
  t.is(kernel.image.pieces[0]?.address, 0x100000);
  t.is(kernel.image.pieces[0]?.bytes, demoGuest().length);
  closeKernel(kernel);
});

/** A 32-bit ELF file with one segment: 16 bytes in the file, 64 in memory, entry in it. */
function elf(): Uint8Array {
  const bytes = new Uint8Array(0x120);
  const view = new DataView(bytes.buffer);
  bytes.set([0x7f, 0x45, 0x4c, 0x46, 1, 1, 1]);
  view.setUint16(16, 2, true);
  view.setUint16(18, 3, true);
  view.setUint32(24, 0x200010, true);
  view.setUint32(28, 52, true);
  view.setUint16(42, 32, true);
  view.setUint16(44, 1, true);
  for (const [index, value] of [1, 0x100, 0x200000, 0x200000, 16, 64].entries())
    view.setUint32(52 + 4 * index, value, true);
  const [magic, flags] = [0x1badb002, 2];
  for (const [index, value] of [magic, flags, -(magic + flags) >>> 0].entries())
    view.setUint32(0x100 + 4 * index, value, true);
  return bytes;
}

test('an ELF multiboot image is loaded by segments, with modules and a map', (t) => {
  const modules = [file(new Uint8Array(10)), file(new Uint8Array(5000))];
  const kernel = open(elf(), '-initrd', `${modules[0]} first,${modules[1]}`, '-append', 'debug');
  if (kernel.kind !== 'multiboot') throw new Error('It is no multiboot image');
  t.deepEqual(
    kernel.image.pieces.map(({ address, bytes }) => [address, bytes]),
    [
      [0x200000, 16],
      [0x200010, 48],
    ],
  );
  const { pieces, mapAddress } = multibootInformation({ ...kernel, map, lowRamEnd: 64 * MIB });
  const [told, ...loaded] = pieces;
  if (!(told?.contents instanceof Uint8Array)) throw new Error('Nothing is told');
  const view = new DataView(told.contents.buffer);
  const text = (address: number): string =>
    Buffer.from((told.contents as Uint8Array).subarray(address - told.address))
      .toString('latin1')
      .replace(/\0.*$/s, '');
  t.deepEqual(
    loaded.map(({ address, bytes }) => [address, bytes]),
    [
      [0x201000, 10],
      [0x202000, 5000],
    ],
  );
  t.regex(text(view.getUint32(16, true)), /^\S+ debug$/);
  t.is(view.getUint32(20, true), 2);
  const rows = view.getUint32(24, true) - told.address;
  t.deepEqual([view.getUint32(rows, true), view.getUint32(rows + 4, true)], [0x201000, 0x20100a]);
  t.is(text(view.getUint32(rows + 8, true)), `${modules[0]} first`);
  t.is(view.getUint32(44, true), map.length * 24);
  t.is(view.getUint32(mapAddress - told.address, true), 20);
  closeKernel(kernel);
});

test('vga= is read as the header wants it', (t) => {
  t.is(videoMode('quiet vga=ask'), 0xfffd);
  t.is(videoMode('vga=0x317 quiet'), 0x317);
  t.is(videoMode('novga=1'), undefined);
});
