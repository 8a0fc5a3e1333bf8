import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { openImage } from '../../src/block/open-image.ts';
import { Qcow2Node } from '../../src/block/qcow2/qcow2-node.ts';
import { directory, equal, KiB, MiB, pattern, tool } from './support/images.ts';

const OPTIONS = { format: undefined, readOnly: false, driverOptions: [] };

/** How QEMU's tools are told of an encrypted image and its password. */
function secret(path: string, password: string): readonly string[] {
  return [
    '--object',
    `secret,id=key,data=${password}`,
    '--image-opts',
    `driver=qcow2,encrypt.key-secret=key,file.filename=${path}`,
  ];
}

test('the old encryption is read and written as qemu-io does it', async (t) => {
  for (const [password, backingMiB] of [
    ['short', 0],
    ['exactly16letters', 2],
    ['longer than sixteen letters', 4],
  ] as const) {
    const folder = directory(t);
    const path = join(folder, 'a.qcow2');
    const backing = join(folder, 'base.raw');
    writeFileSync(backing, pattern(backingMiB * MiB, 3));
    const options = 'encrypt.format=aes,encrypt.key-secret=key,cluster_size=4k';
    const below = backingMiB === 0 ? [] : ['-b', backing, '-F', 'raw'];
    const words = [
      '--object',
      `secret,id=key,data=${password}`,
      '-f',
      'qcow2',
      '-o',
      options,
      ...below,
      path,
      '4M',
    ];
    tool('qemu-img', 'create', ...words);
    tool('qemu-io', ...secret(path, password), '-c', 'write -P 5 10k 30k', '-c', 'write -P 6 1M 1M');

    const node = await openImage(path, OPTIONS);
    t.true(node.encrypted && node.keyMissing);
    await t.throwsAsync(node.read(10 * KiB, [new Uint8Array(512)]), { code: 'ERR_BLOCK_KEY' });
    await t.throwsAsync(node.write(10 * KiB, [new Uint8Array(512)]), { code: 'ERR_BLOCK_KEY' });
    node.setKey?.(password);
    t.false(node.keyMissing);
    const model = new Uint8Array(4 * MiB);
    model.set(pattern(backingMiB * MiB, 3));
    model.fill(5, 10 * KiB, 40 * KiB).fill(6, MiB, 2 * MiB);
    const read = async () => {
      const view = new Uint8Array(4 * MiB);
      await node.read(0, [view]);
      return view;
    };
    t.true(equal(await read(), model), password);

    for (const [offset, bytes, seed] of [
      [0, 512, 1],
      [20 * KiB + 512, 100 * KiB, 2],
      [3 * MiB + 512, 6 * KiB + 512, 3],
      // No whole sectors.
      [100, 1000, 4],
    ] as const) {
      await node.write(offset, [pattern(bytes, seed)]);
      model.set(pattern(bytes, seed), offset);
    }
    await node.writeZeroes(30 * KiB, 512, { mayUnmap: true });
    model.fill(0, 30 * KiB, 30 * KiB + 512);
    t.true(equal(await read(), model), password);
    await t.throwsAsync(async () => node.writeCompressed?.(0, new Uint8Array(4096)), {
      message: /encrypted/,
    });
    await node.close();

    t.regex(tool('qemu-img', 'check', ...secret(path, password)), /No errors/);
    const raw = join(folder, 'a.raw');
    writeFileSync(raw, model);
    const theirs = join(folder, 'theirs.raw');
    tool('qemu-img', 'convert', ...secret(path, password), '-O', 'raw', theirs);
    t.regex(tool('qemu-img', 'compare', '-f', 'raw', '-F', 'raw', raw, theirs), /identical/);
  }
});

test('encrypted images keep their contents through snapshots', async (t) => {
  const path = join(directory(t), 'a.qcow2');
  const options = 'encrypt.format=aes,encrypt.key-secret=key';
  tool('qemu-img', 'create', '--object', 'secret,id=key,data=x', '-f', 'qcow2', '-o', options, path, '1M');
  const node = await openImage(path, OPTIONS);
  t.true(node instanceof Qcow2Node);
  if (!(node instanceof Qcow2Node)) return;
  node.setKey('x');
  await node.write(0, [pattern(MiB, 1)]);
  const date = { dateSeconds: 0, dateNanoseconds: 0, vmClockNs: 0n, icount: undefined };
  await node.createSnapshot({ name: 'one', vmStateBytes: 0, ...date });
  await node.write(0, [pattern(MiB, 2)]);
  await node.applySnapshot('one');
  const view = new Uint8Array(MiB);
  await node.read(0, [view]);
  t.true(equal(view, pattern(MiB, 1)));
  await node.close();
  t.regex(tool('qemu-img', 'check', ...secret(path, 'x')), /No errors/);
});
