import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { openImage } from '../../../src/block/open-image.ts';
import { directory, equal, KiB, MiB, pattern, tool } from '../support/images.ts';

async function raw(t: ExecutionContext, rules: string) {
  const folder = directory(t);
  writeFileSync(join(folder, 'rules'), rules);
  writeFileSync(join(folder, 'a.raw'), pattern(MiB));
  const name = `blkdebug:${join(folder, 'rules')}:${join(folder, 'a.raw')}`;
  const node = await openImage(name, { format: 'raw', readOnly: false, driverOptions: [] });
  t.teardown(() => node.close().catch(() => undefined));
  return node;
}

test('requests of a sector fail with the errno of the rule, once', async (t) => {
  const node = await raw(t, '[inject-error]\nevent = "read_aio"\nerrno = "28"\nsector = "5"\nonce = "on"\n');
  const read = (sector: number) => node.read(sector * 512, [new Uint8Array(512)]);
  await read(4);
  await t.throwsAsync(read(5), { code: 'ERR_HOST_ENOSPC' });
  await read(5);
});

test('a rule without a sector and without once fails always, and only its event', async (t) => {
  const rules = '# comment\n[inject-error]\nevent = "write_aio"\nimmediately = "on"\n';
  const node = await raw(t, rules);
  await node.read(0, [new Uint8Array(512)]);
  for (let count = 0; count < 3; count++) {
    await t.throwsAsync(node.write(count * 512, [new Uint8Array(512)]), { code: 'ERR_HOST_EIO' });
  }
});

test('states lead from one rule to the next', async (t) => {
  const node = await raw(
    t,
    [
      '[set-state]\nevent = "write_aio"\nstate = "1"\nnew_state = "2"',
      '[inject-error]\nevent = "flush_to_disk"\nstate = "2"\nerrno = "5"\nonce = "on"',
      '[set-state]\nevent = "flush_to_disk"\nstate = "2"\nnew_state = "3"',
    ].join('\n'),
  );
  await node.flush();
  await node.write(0, [new Uint8Array(512)]);
  await t.throwsAsync(node.flush(), { code: 'ERR_HOST_EIO' });
  await node.flush();
  await node.write(0, [new Uint8Array(512)]);
  await node.flush();
});

test('mistakes in rules are told with their line', async (t) => {
  const refused = (rules: string, message: RegExp) => t.throwsAsync(raw(t, rules), { message });
  await refused('[inject-error]\nevent = "gone"\n', /Invalid event name "gone"/);
  await refused('[inject-error]\nerrno = "5"\n', /Missing event name/);
  await refused('[inject-error]\nevent = read_aio\n', /rules:2: parse error/);
  await refused('event = "read_aio"\n', /rules:1: no group defined/);
  await refused('[else]\n', /There is no option group 'else'/);
  const name = 'blkdebug:/nowhere/rules:/nowhere/a.raw';
  const options = { format: 'raw', readOnly: true, driverOptions: [] };
  await t.throwsAsync(openImage(name, options), { message: /Could not read blkdebug config file/ });
  await t.throwsAsync(openImage('blkdebug:x', options), { message: /blkdebug:\[RULES\]:FILE/ });
});

test('a format over blkdebug hands the error up', async (t) => {
  const folder = directory(t);
  const [rules, image] = [join(folder, 'rules'), join(folder, 'a.qcow2')];
  writeFileSync(rules, '[inject-error]\nevent = "write_aio"\nerrno = "28"\nonce = "on"\n');
  tool('qemu-img', 'create', '-q', '-f', 'qcow2', image, '1M');
  const options = { format: 'qcow2', readOnly: false, driverOptions: [] };
  const node = await openImage(`blkdebug:${rules}:${image}`, options);
  await t.throwsAsync(node.write(0, [pattern(512)]), { code: 'ERR_HOST_ENOSPC' });
  await node.write(0, [pattern(512)]);
  await node.close();
  // A cluster may have leaked.
  t.notRegex(tool('qemu-img', 'check', image), /ERROR|corrupt/);
});

test('blkverify writes both files, and finds where they differ', async (t) => {
  const folder = directory(t);
  const [reference, image] = [join(folder, 'a.raw'), join(folder, 'a.vdi')];
  writeFileSync(reference, new Uint8Array(2 * MiB));
  tool('qemu-img', 'create', '-q', '-f', 'vdi', image, '2M');
  const options = { format: 'raw', readOnly: false, driverOptions: [] };
  const node = await openImage(`blkverify:${reference}:${image}`, options);
  await node.write(3 * KiB, [pattern(100 * KiB)]);
  const read = new Uint8Array(100 * KiB);
  await node.read(3 * KiB, [read]);
  t.true(equal(read, pattern(100 * KiB)));
  await node.close();
  t.regex(tool('qemu-img', 'compare', '-f', 'raw', reference, image), /identical/);
  tool('qemu-io', '-f', 'raw', '-c', 'write -P 1 8k 512', reference);
  const again = await openImage(`blkverify:${reference}:${image}`, options);
  await t.throwsAsync(again.read(4 * KiB, [new Uint8Array(8 * KiB)]), {
    code: 'ERR_BLOCK_IO',
    message: 'blkverify: read sector_num=8 nb_sectors=16 contents mismatch in sector 16',
  });
  await again.close();
});
