import { readFileSync, statSync, truncateSync } from 'node:fs';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { Drive } from '../../src/block/drive.ts';
import type { DriveConfig } from '../../src/block/storage-contract.ts';
import { directory, driveConfig, equal, imageFile, KiB, MiB, pattern, tool } from './support/images.ts';

const ENOSPC = 28;
const EROFS = 30;
const EIO = 5;
const ENOMEDIUM = 123;

async function openDrive(t: ExecutionContext, values: Partial<DriveConfig>): Promise<Drive> {
  const config = driveConfig(values);
  const drive = new Drive(config);
  t.teardown(() => drive.close());
  await drive.changeMedium(config.file ?? null, config.format);
  return drive;
}

async function read(drive: Drive, offset: number, bytes: number): Promise<Uint8Array> {
  const view = new Uint8Array(bytes);
  const outcome = await drive.read(offset, [view], bytes);
  if (outcome !== 0) throw new Error(`read at ${offset} failed with errno ${outcome}`);
  return view;
}

test('what qemu-io writes is read, and the other way round', async (t) => {
  const file = imageFile(t, new Uint8Array(MiB));
  tool('qemu-io', '-f', 'raw', '-c', 'write -P 0x5a 64k 4k', file);
  const drive = await openDrive(t, { file });
  const around = await read(drive, 60 * KiB, 12 * KiB);
  t.true(around.subarray(0, 4096).every((byte) => byte === 0));
  t.true(around.subarray(4096, 8192).every((byte) => byte === 0x5a));
  t.true(around.subarray(8192).every((byte) => byte === 0));

  t.is(await drive.write(512, [new Uint8Array(512).fill(0xa5)], 512), 0);
  await drive.close();
  const verdict = tool('qemu-io', '-f', 'raw', '-c', 'read -P 0xa5 512 512', '-c', 'read -P 0 1024 1k', file);
  t.notRegex(verdict, /failed/);
  t.regex(verdict, /read 512\/512 bytes/);
});

test('a transfer spans pieces of shared memory', async (t) => {
  const bytes = pattern(64 * KiB);
  const drive = await openDrive(t, { file: imageFile(t, bytes) });
  const memory = new WebAssembly.Memory({ initial: 2, maximum: 2, shared: true });
  const views = [
    new Uint8Array(memory.buffer, 70000, 512),
    new Uint8Array(memory.buffer, 0, 8192),
    new Uint8Array(memory.buffer, 100_001, 1024),
  ];
  t.is(await drive.read(1024, views, 9728), 0);
  t.deepEqual(Uint8Array.from(Buffer.concat(views)), bytes.slice(1024, 1024 + 9728));
  t.is(await drive.write(20480, views, 9728), 0);
  t.deepEqual(await read(drive, 20480, 9728), bytes.slice(1024, 1024 + 9728));
});

test('a long transfer takes more pieces than one system call', async (t) => {
  const bytes = pattern(2 * MiB);
  const drive = await openDrive(t, { file: imageFile(t, bytes) });
  const target = new Uint8Array(2 * MiB);
  const views = Array.from({ length: 4096 }, (_, index) => target.subarray(index * 512, index * 512 + 512));
  t.is(await drive.read(0, views, 2 * MiB), 0);
  t.true(equal(target, bytes));
});

test('a length that is no whole sector is rounded up, and the rest reads as zeros', async (t) => {
  const drive = await openDrive(t, { file: imageFile(t, pattern(700)) });
  t.is(drive.medium?.bytes, 1024);
  const last = await read(drive, 512, 512);
  t.deepEqual(last.subarray(0, 188), pattern(700).subarray(512));
  t.true(last.subarray(188).every((byte) => byte === 0));
});

test('requests outside the medium, to a read-only one and to none are refused', async (t) => {
  const sector = new Uint8Array(512);
  const file = imageFile(t, new Uint8Array(4096));
  const drive = await openDrive(t, { file, readOnly: true });
  t.is(await drive.read(4096, [sector], 512), EIO);
  t.is(await drive.read(-512, [sector], 512), EIO);
  t.is(await drive.write(0, [sector], 512), EROFS);
  t.is(await drive.writeZeroes(0, 512), EROFS);
  const empty = await openDrive(t, {});
  t.is(empty.medium, null);
  t.is(await empty.read(0, [sector], 512), ENOMEDIUM);
});

test('statistics count what succeeded', async (t) => {
  const drive = await openDrive(t, { file: imageFile(t, new Uint8Array(MiB)), format: 'raw' });
  const view = new Uint8Array(4096);
  await drive.read(0, [view], 4096);
  await drive.read(MiB, [view], 4096);
  await drive.write(8192, [view], 4096);
  await drive.flush();
  const { readNs, writeNs, flushNs, file, ...counts } = drive.statistics();
  t.like(file, { readBytes: 4096, writeOperations: 1, highestOffset: 12288 });
  t.deepEqual(counts, {
    readBytes: 4096,
    writeBytes: 4096,
    readOperations: 1,
    writeOperations: 1,
    flushOperations: 1,
    highestOffset: 12288,
  });
  t.true(readNs > 0 && writeNs > 0 && flushNs > 0);
});

test('snapshot=on leaves the image as it was', async (t) => {
  const bytes = pattern(MiB);
  const file = imageFile(t, bytes);
  const drive = await openDrive(t, { file, snapshot: true });
  await drive.write(1536, [pattern(512, 9), pattern(1024, 4)], 1536);
  await drive.writeZeroes(MiB - 4096, 1024);
  const expected = bytes.slice();
  expected.set(pattern(512, 9), 1536);
  expected.set(pattern(1024, 4), 2048);
  expected.fill(0, MiB - 4096, MiB - 3072);
  t.true(equal(await read(drive, 0, MiB), expected));
  await drive.resize(2 * MiB);
  t.true((await read(drive, MiB, MiB)).every((byte) => byte === 0));
  await drive.resize(4096);
  await drive.resize(8192);
  t.true((await read(drive, 4096, 4096)).every((byte) => byte === 0));
  await drive.close();
  t.true(equal(readFileSync(file), bytes));
});

test('two writers of one image are kept apart, of ours and of QEMU', async (t) => {
  const file = imageFile(t, new Uint8Array(MiB));
  const drive = await openDrive(t, { file });
  await t.throwsAsync(openDrive(t, { file }), { message: /could not open disk image .*in use/ });
  t.regex(tool('qemu-io', '-f', 'raw', '-c', 'write 0 512', file), /Failed to get .*lock/);
  await drive.close();
  t.regex(tool('qemu-io', '-f', 'raw', '-c', 'write 0 512', file), /wrote 512\/512/);
  await t.notThrowsAsync(openDrive(t, { file }));
});

test('readers share an image', async (t) => {
  const file = imageFile(t, new Uint8Array(MiB));
  await openDrive(t, { file, readOnly: true });
  await t.notThrowsAsync(openDrive(t, { file, readOnly: true }));
});

test('files that cannot be opened are named, with the reason', async (t) => {
  const folder = directory(t);
  await t.throwsAsync(openDrive(t, { file: join(folder, 'none') }), {
    message: `could not open disk image ${join(folder, 'none')}: No such file or directory`,
  });
  await t.throwsAsync(openDrive(t, { file: folder }), { message: /Is a directory/ });
  await t.throwsAsync(openDrive(t, { file: 'tftp://localhost/x' }), {
    message: /tftp: not available in this version/,
  });
  await t.throwsAsync(openDrive(t, { file: imageFile(t, new Uint8Array(512)), format: 'nonsense' }), {
    message: "Invalid block format 'nonsense'",
  });
});

test('an image of another format is refused by name', async (t) => {
  const file = join(directory(t), 'disk.vhdx');
  tool('qemu-img', 'create', '-f', 'vhdx', file, '1M');
  await t.throwsAsync(openDrive(t, { file }), { message: /vhdx: not available in this version/ });
  await t.notThrowsAsync(openDrive(t, { file, format: 'raw' }));
});

test('a guest cannot turn a guessed raw disk into another format', async (t) => {
  const file = imageFile(t, new Uint8Array(MiB));
  const guessed = await openDrive(t, { file });
  const header = new Uint8Array(512);
  header.set([0x51, 0x46, 0x49, 0xfb, 0, 0, 0, 3]);
  t.is(await guessed.write(0, [header], 512), 1);
  t.true((await read(guessed, 0, 512)).every((byte) => byte === 0));
  await guessed.close();
  const declared = await openDrive(t, { file, format: 'raw' });
  t.is(await declared.write(0, [header], 512), 0);
});

test('discard=unmap gives space back', async (t) => {
  const file = imageFile(t, pattern(MiB));
  const drive = await openDrive(t, { file, discard: 'unmap' });
  const before = statSync(file).blocks;
  t.is(await drive.discard(0, 512 * KiB), 0);
  t.true(statSync(file).blocks < before);
  t.true((await read(drive, 0, 4096)).every((byte) => byte === 0));
});

test('discard is nothing by default', async (t) => {
  const file = imageFile(t, pattern(MiB));
  const drive = await openDrive(t, { file });
  t.is(await drive.discard(0, 512 * KiB), 0);
  t.true(equal(await read(drive, 0, MiB), pattern(MiB)));
});

test('a resize waits for what is under way and shows at once', async (t) => {
  const file = imageFile(t, new Uint8Array(MiB));
  const drive = await openDrive(t, { file });
  const writes = Array.from({ length: 8 }, (_, index) =>
    drive.write(index * 4096, [pattern(4096, index)], 4096),
  );
  const resized = drive.resize(3 * MiB);
  const late = drive.write(2 * MiB, [pattern(4096)], 4096);
  t.deepEqual(await Promise.all(writes), new Array(8).fill(0));
  await resized;
  t.is(await late, 0);
  t.is(drive.medium?.bytes, 3 * MiB);
  t.is(statSync(file).size, 3 * MiB);
});

test('a full device answers ENOSPC', async (t) => {
  const drive = await openDrive(t, { file: imageFile(t, new Uint8Array(MiB)) });
  const node = drive.node;
  const { HostError } = await import('../../src/host/host-error.ts');
  Object.defineProperty(node, 'write', {
    value: async () => {
      throw new HostError(ENOSPC, 'write 512 bytes at 0');
    },
  });
  t.is(await drive.write(0, [new Uint8Array(512)], 512), ENOSPC);
});

test('a medium whose file has shrunk reads as zeros behind its end', async (t) => {
  const file = imageFile(t, pattern(MiB));
  const drive = await openDrive(t, { file });
  truncateSync(file, 4096);
  t.true((await read(drive, 8192, 4096)).every((byte) => byte === 0));
});
