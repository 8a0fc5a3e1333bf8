import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { runImageCommand } from '../../src/img/image-commands.ts';
import { directory, MiB, pattern, tool } from '../block/support/images.ts';

async function run(...words: readonly string[]): Promise<{ readonly status: number; readonly text: string }> {
  let text = '';
  const status = await runImageCommand(words, {
    write: (part) => {
      text += part;
    },
    warn: () => undefined,
  });
  return { status, text };
}

/** The members of qemu-img's answer that this version has too. */
function common(ours: Record<string, unknown>, theirs: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.keys(ours).map((key) => [key, theirs[key]]));
}

test('images that create makes are what qemu-img sees', async (t) => {
  const folder = directory(t);
  const base = join(folder, 'base.qcow2');
  const { text } = await run('create', '-f', 'qcow2', '-o', 'cluster_size=4k,compat=0.10', base, '12M');
  t.regex(text, /^Formatting '.*base.qcow2', fmt=qcow2 cluster_size=4096 .* size=12582912 compat=0.10/);
  const top = join(folder, 'top.qcow2');
  await run('create', '-q', '-f', 'qcow2', '-b', 'base.qcow2', '-F', 'qcow2', top);
  for (const file of [base, top]) {
    const theirs = JSON.parse(tool('qemu-img', 'info', '--output=json', file));
    const ours = JSON.parse((await run('info', '--output=json', file)).text);
    t.deepEqual(ours, common(ours, theirs));
    t.regex(tool('qemu-img', 'check', file), /No errors/);
  }
  t.regex(
    (await run('info', top)).text,
    /^image: .*\nfile format: qcow2\nvirtual size: 12 MiB \(12582912 bytes\)\n/,
  );
});

test('convert makes images that compare finds identical, and qemu-img too', async (t) => {
  const folder = directory(t);
  const raw = join(folder, 'a.raw');
  const contents = new Uint8Array(8 * MiB);
  contents.set(pattern(MiB, 4), 3 * MiB + 512);
  writeFileSync(raw, contents);
  const qcow2 = join(folder, 'a.qcow2');
  const { text } = await run('convert', '-p', '-O', 'qcow2', raw, qcow2);
  t.regex(text, /\(100\.00\/100%\)\r\n$/);
  t.regex(tool('qemu-img', 'compare', raw, qcow2), /Images are identical/);
  t.deepEqual(await run('compare', raw, qcow2), { status: 0, text: 'Images are identical.\n' });
  const back = join(folder, 'b.raw');
  await run('convert', qcow2, back);
  t.is((await run('compare', '-q', raw, back)).status, 0);
  tool('qemu-io', '-f', 'raw', '-c', 'write -P 1 5000k 512', back);
  t.deepEqual(await run('compare', raw, back), {
    status: 1,
    text: `Content mismatch at offset ${5000 * 1024}!\n`,
  });
});

test('map tells where qemu-img says that data lies', async (t) => {
  const folder = directory(t);
  const base = join(folder, 'base.qcow2');
  const top = join(folder, 'top.qcow2');
  tool('qemu-img', 'create', '-f', 'qcow2', base, '4M');
  tool('qemu-io', '-c', 'write 0 1M', base);
  tool('qemu-img', 'create', '-f', 'qcow2', '-b', 'base.qcow2', '-F', 'qcow2', top);
  tool('qemu-io', '-c', 'write 512k 1M', '-c', 'write -z 2M 128k', top);
  const theirs = JSON.parse(tool('qemu-img', 'map', '--output=json', top)) as Record<string, unknown>[];
  const ours = JSON.parse((await run('map', '--output=json', top)).text) as Record<string, unknown>[];
  const data = (extents: Record<string, unknown>[]) =>
    extents
      .filter((extent) => extent['data'] === true)
      .map(({ start, length, depth, offset }) => ({ start, length, depth, offset }));
  t.deepEqual(data(ours), data(theirs));
});

test('resize takes a size, or what to add', async (t) => {
  const path = join(directory(t), 'a.qcow2');
  await run('create', '-f', 'qcow2', path, '1M');
  t.is((await run('resize', path, '3M')).text, 'Image resized.\n');
  await run('resize', path, '+1M');
  t.is(JSON.parse((await run('info', '--output=json', path)).text)['virtual-size'], 4 * MiB);
  await t.throwsAsync(run('resize', path, '1M'), { message: /Use the --shrink option/ });
});

test('mistakes are told in a line', async (t) => {
  const path = join(directory(t), 'a.img');
  const refused = (words: readonly string[], message: RegExp | string) =>
    t.throwsAsync(run(...words), { message });
  await refused(['frobnicate'], 'Command not found: frobnicate');
  await refused(['create', '-f', 'bochs', path, '1M'], /'bochs' does not support image creation/);
  await refused(['create', '-f', 'qcow2', '-o', 'encrypt.format=luks', path, '1M'], /not available/);
  await refused(['info', '--image-opts', 'driver=qcow2,foo=1'], /do not include 'foo'/);
  await refused(
    ['info', '--object', 'secret,id=x', '--image-opts', `driver=qcow2,file.filename=${path}`],
    /./,
  );
  await refused(['info', '--output=xml', path], /--output must be used with human or json/);
  await refused(['info', '/nowhere/x'], /No such file or directory/);
  await refused(['convert', path], /Must specify image file name/);
});
