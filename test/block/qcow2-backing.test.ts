import { join } from 'node:path';
import test from 'ava';
import { openImage } from '../../src/block/open-image.ts';
import { directory, KiB, MiB, tool } from './support/images.ts';

const OPTIONS = { format: undefined, readOnly: false, driverOptions: [] };

test('a backing file is renamed, taken away and put back, in header and memory', async (t) => {
  const folder = directory(t);
  for (const compat of ['0.10', '1.1']) {
    const [base, top] = [join(folder, `base-${compat}`), join(folder, `top-${compat}`)];
    tool('qemu-img', 'create', '-f', 'qcow2', base, '1M');
    tool('qemu-io', '-c', 'write -P 7 0 64k', base);
    tool('qemu-img', 'create', '-f', 'qcow2', '-o', `compat=${compat}`, '-b', base, '-F', 'qcow2', top);
    const info = () => JSON.parse(tool('qemu-img', 'info', '-U', '--output=json', top));
    const node = await openImage(top, OPTIONS);

    await node.changeBacking?.(`./base-${compat}`, 'raw');
    t.is(info()['backing-filename'], `./base-${compat}`);
    t.is(info()['backing-filename-format'], 'raw');
    await node.changeBacking?.(base, undefined);
    t.is(info()['backing-filename-format'], undefined);

    await node.changeBacking?.(undefined, undefined);
    const old = node.replaceBacking?.(undefined);
    t.is(info()['backing-filename'], undefined);
    t.is(node.backing, undefined);
    t.is(old?.bytes, MiB);
    await old?.close();
    const read = new Uint8Array(64 * KiB);
    await node.read(0, [read]);
    t.true(read.every((byte) => byte === 0));

    await t.throwsAsync(async () => node.changeBacking?.('x'.repeat(1024), 'raw'), {
      message: 'Backing file name too long',
    });
    await node.close();
    t.regex(tool('qemu-img', 'check', top), /No errors/);
  }
});
