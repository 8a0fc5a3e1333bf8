/** The NBD server before the tools of QEMU and libnbd. */
import { readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { directory, equal, imageFile, KiB, MiB, pattern, tool } from '../support/images.ts';
import { has, run, serve } from './tools.ts';

const withLibnbd = has('nbdinfo') && has('nbdcopy') ? test : test.skip;
const withNbdsh = has('nbdsh') ? test : test.skip;

test('qemu-img reads and writes a raw and a qcow2 drive', async (t) => {
  const raw = imageFile(t, pattern(4 * MiB));
  const folder = directory(t);
  const qcow2 = join(folder, 'disk.qcow2');
  tool('qemu-img', 'create', '-f', 'qcow2', qcow2, '4M');
  const { server, uri } = await serve(
    t,
    { id: 'raw', file: raw, format: 'raw' },
    { id: 'cow', file: qcow2, format: 'qcow2' },
  );
  server.add('raw', false);
  server.add('cow', true);
  t.regex(await run('qemu-img', 'info', uri('raw')), /virtual size: 4 MiB \(4194304 bytes\)/);
  t.is(await run('qemu-img', 'convert', '-n', '-f', 'raw', '-O', 'raw', uri('raw'), uri('cow')), '');
  t.is(
    await run('qemu-img', 'compare', '-f', 'raw', '-F', 'raw', uri('raw'), uri('cow')),
    'Images are identical.\n',
  );
  t.regex(await run('qemu-io', '-f', 'raw', '-c', 'write 0 512', uri('raw')), /^failed/);
  const script = [
    'write -P 5 1M 64k',
    'write -z 2M 64k',
    'write -f -P 6 3M 512',
    'read -P 5 1M 64k',
    'read -P 0 2M 64k',
  ];
  const answer = await run(
    'qemu-io',
    '-f',
    'raw',
    ...script.flatMap((line) => ['-c', line]),
    '-c',
    'flush',
    uri('cow'),
  );
  t.notRegex(answer, /failed/i);
  server.stop();
});

withLibnbd('nbdinfo tells what nbdinfo tells of qemu-nbd', async (t) => {
  const file = join(directory(t), 'sparse.img');
  writeFileSync(file, pattern(256 * KiB));
  truncateSync(file, 8 * MiB);
  const { server, uri, socket } = await serve(
    t,
    { id: 'd1', file, format: 'raw' },
    { id: 'd2', file: imageFile(t, pattern(MiB)) },
  );
  server.add('d1', true);
  server.add('d2', false);
  const info = await run('nbdinfo', uri('d1'));
  t.regex(info, /protocol: newstyle-fixed without TLS, using structured packets/);
  t.regex(info, /export-size: 8388608/);
  t.regex(info, /base:allocation/);
  for (const line of [
    'is_read_only: false',
    'can_flush: true',
    'can_fua: true',
    'can_trim: true',
    'can_zero: true',
    'can_df: true',
    'can_multi_conn: true',
  ]) {
    t.true(info.includes(line), line);
  }
  t.regex(await run('nbdinfo', uri('d2')), /is_read_only: true/);
  const list = await run('nbdinfo', '--list', `nbd+unix:///?socket=${socket}`);
  t.deepEqual(
    [...list.matchAll(/export="(.*)":/g)].map(([, name]) => name),
    ['d1', 'd2'],
  );
  t.regex(await run('nbdinfo', uri('d3')), /No such file or directory for export: d3/);

  const map = async (where: string): Promise<unknown> =>
    JSON.parse(await run('nbdinfo', '--map', '--json', where));
  t.deepEqual(await map(uri('d1')), [
    { offset: 0, length: 262144, type: 0, description: 'data' },
    { offset: 262144, length: 8126464, type: 3, description: 'hole,zero' },
  ]);
});

withLibnbd('nbdcopy copies out of and into a drive', async (t) => {
  const source = imageFile(t, pattern(8 * MiB));
  const target = imageFile(t, new Uint8Array(8 * MiB), 'target.img');
  const { server, uri } = await serve(
    t,
    { id: 'source', file: source, format: 'raw' },
    { id: 'target', file: target, format: 'raw', discard: 'unmap' },
  );
  server.add('source', false);
  server.add('target', true);
  const out = join(directory(t), 'out');
  t.is(await run('nbdcopy', uri('source'), out), '');
  t.true(equal(readFileSync(out), pattern(8 * MiB)));
  t.is(await run('nbdcopy', '--flush', out, uri('target')), '');
  t.true(equal(readFileSync(target), pattern(8 * MiB)));
});

withNbdsh('requests that begin and end anywhere', async (t) => {
  const file = imageFile(t, pattern(64 * KiB));
  const { server, uri } = await serve(t, { id: 'd', file, format: 'raw' });
  server.add('d', true);
  const script = [
    'assert h.pread(10, 1000) == h.pread(2000, 500)[500:510]',
    "h.pwrite(b'hello', 511)",
    "assert h.pread(7, 510)[1:6] == b'hello'",
    'h.zero(3, 4095)',
    'assert h.pread(3, 4095) == bytes(3)',
    'h.trim(100, 5000)',
    'h.flush()',
    "print(h.get_structured_replies_negotiated(), 'ok')",
  ];
  t.is(await run('nbdsh', '-u', uri('d'), ...script.flatMap((line) => ['-c', line])), 'True ok\n');
  const expected = pattern(64 * KiB);
  expected.set(Buffer.from('hello'), 511);
  expected.fill(0, 4095, 4098);
  await run('nbdsh', '-u', uri('d'), '-c', 'h.flush()');
  t.true(equal(readFileSync(file), expected));
});

withNbdsh('errors arrive as such', async (t) => {
  const { server, uri } = await serve(t, { id: 'd', file: imageFile(t, pattern(64 * KiB)), format: 'raw' });
  server.add('d', false);
  const expectError = (work: string, error: string) =>
    [`try:\n  ${work}\n  print('nothing')\nexcept nbd.Error as error:\n  print(error.errno)`, error] as const;
  const cases = [
    expectError("h.set_strict_mode(0); h.pwrite(b'x' * 512, 0)", 'EPERM'),
    expectError('h.pread(512, 65536)', 'EINVAL'),
    expectError('h.pread(1024, 65024)', 'EINVAL'),
  ];
  const answer = await run('nbdsh', '-u', uri('d'), ...cases.flatMap(([work]) => ['-c', work]));
  t.deepEqual(
    answer.trim().split('\n'),
    cases.map(([, error]) => error),
  );
});

test('many clients at once', async (t) => {
  const file = imageFile(t, new Uint8Array(4 * MiB));
  const { server, uri } = await serve(t, { id: 'd', file, format: 'raw' });
  server.add('d', true);
  const clients = [1, 2, 3, 4].map((id) =>
    run(
      'qemu-io',
      '-f',
      'raw',
      '-c',
      `write -P ${id} ${id - 1}M 1M`,
      '-c',
      `read -P ${id} ${id - 1}M 1M`,
      '-c',
      'flush',
      uri('d'),
    ),
  );
  for (const answer of await Promise.all(clients)) t.notRegex(answer, /failed/i);
  const bytes = readFileSync(file);
  t.deepEqual(
    [0, 1, 2, 3].map((index) => bytes[index * MiB]),
    [1, 2, 3, 4],
  );
});

test('an export goes with its medium, and with the server', async (t) => {
  const { server, uri, drives } = await serve(
    t,
    { id: 'cd', file: imageFile(t, pattern(MiB)), format: 'raw' },
    { id: 'hd', file: imageFile(t, pattern(MiB)), format: 'raw' },
    { id: 'empty' },
  );
  server.add('cd', false);
  server.add('hd', true);
  t.throws(() => server.add('cd', false), { message: "NBD server already exporting device 'cd'" });
  t.throws(() => server.add('no', false), { message: "Device 'no' not found" });
  t.throws(() => server.add('empty', false), { message: "Device 'empty' has no medium" });
  await t.throwsAsync(server.start({ type: 'unix', path: '/nowhere/x' }, undefined), {
    message: 'NBD server already running',
  });
  await drives.get('cd')?.changeMedium(null, undefined);
  t.regex(await run('qemu-img', 'info', uri('cd')), /^failed/);
  t.regex(await run('qemu-img', 'info', uri('hd')), /1 MiB/);
  server.stop();
  server.stop();
  t.throws(() => server.add('hd', false), { message: 'NBD server not running' });
  t.regex(await run('qemu-img', 'info', uri('hd')), /^failed/);
  await t.throwsAsync(server.start({ type: 'unix', path: '/nowhere/x' }, undefined), {
    message: 'Failed to bind socket: No such file or directory',
  });
  await server.start({ type: 'inet', host: '127.0.0.1', port: '0' }, undefined);
});
