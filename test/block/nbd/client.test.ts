/** Our NBD client before the servers of QEMU, of nbdkit, and our own. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync, watch } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import type { BlockNode } from '../../../src/block/block-node.ts';
import { parseNbdName } from '../../../src/block/nbd/nbd-address.ts';
import { NbdNode } from '../../../src/block/nbd/nbd-node.ts';
import { openImage } from '../../../src/block/open-image.ts';
import { directory, equal, imageFile, KiB, MiB, pattern, tool } from '../support/images.ts';
import { has, run, serve } from './tools.ts';

const withNbdkit = has('nbdkit') ? test : test.skip;

/** Runs a server on a unix socket until the test ends. */
async function daemon(
  t: ExecutionContext,
  program: string,
  words: (socket: string) => string[],
): Promise<string> {
  const socket = join(directory(t), 'server.sock');
  const child: ChildProcess = spawn(program, words(socket), { stdio: 'ignore' });
  t.teardown(async () => {
    if (child.exitCode === null && child.kill('SIGKILL')) await once(child, 'exit');
  });
  const watcher = watch(dirname(socket));
  while (!existsSync(socket)) {
    await Promise.race([
      once(watcher, 'change'),
      once(child, 'exit').then(() => Promise.reject(new Error(`${program} has ended`))),
    ]);
  }
  watcher.close();
  t.true(basename(socket) === 'server.sock');
  return socket;
}

async function open(
  t: ExecutionContext,
  fileName: string,
  format = 'raw',
  readOnly = false,
): Promise<BlockNode> {
  const node = await openImage(fileName, { format, readOnly, driverOptions: [] });
  t.teardown(() => node.close());
  return node;
}

async function read(node: BlockNode, offset: number, bytes: number): Promise<Uint8Array> {
  const view = new Uint8Array(bytes);
  await node.read(offset, [view]);
  return view;
}

const addresses: readonly [name: string, socket: object, exportName: string][] = [
  ['nbd:localhost:10809', { type: 'inet', host: 'localhost', port: '10809' }, ''],
  ['nbd:[::1]:99:exportname=a:b', { type: 'inet', host: '::1', port: '99' }, 'a:b'],
  ['nbd:unix:/run/s', { type: 'unix', path: '/run/s' }, ''],
  ['nbd:unix:/run/s:exportname=disk', { type: 'unix', path: '/run/s' }, 'disk'],
  ['nbd://host', { type: 'inet', host: 'host', port: '10809' }, ''],
  ['nbd://host:7/', { type: 'inet', host: 'host', port: '7' }, ''],
  ['nbd+tcp://[::1]:7/a%20b', { type: 'inet', host: '::1', port: '7' }, 'a b'],
  ['nbd+unix:///disk?socket=/run/s', { type: 'unix', path: '/run/s' }, 'disk'],
];

for (const [name, socket, exportName] of addresses) {
  test(`the address ${name}`, (t) => {
    t.deepEqual(parseNbdName(name), { socket, exportName } as ReturnType<typeof parseNbdName>);
  });
}

for (const name of [
  'nbd:',
  'nbd:host',
  'nbd:host:1:exportname=',
  'nbd://',
  'nbd+unix:///x',
  'nbd+udp://h/',
]) {
  test(`no address: ${name}`, (t) => {
    t.throws(() => parseNbdName(name), { code: 'ERR_BLOCK_OPEN' });
  });
}

test('an image on qemu-nbd is read and written, and what it lacks is known', async (t) => {
  const file = imageFile(t, pattern(4 * MiB));
  const socket = await daemon(t, 'qemu-nbd', (path) => [
    '-f',
    'raw',
    '-k',
    path,
    '-t',
    '-e',
    '4',
    '-x',
    'disk',
    '--discard=unmap',
    file,
  ]);
  const node = await open(t, `nbd:unix:${socket}:exportname=disk`);
  t.is(node.bytes, 4 * MiB);
  t.true(equal(await read(node, 1000, 3 * MiB), pattern(4 * MiB).slice(1000, 1000 + 3 * MiB)));
  await Promise.all(
    Array.from({ length: 64 }, (_, index) =>
      node.write(index * 8192, [pattern(4096, index), pattern(4096, index + 1)]),
    ),
  );
  await node.writeZeroes(MiB, 2 * MiB, { mayUnmap: true });
  await node.discard(3 * MiB + 100, 64 * KiB);
  await node.flush();
  t.like(await node.status(MiB, 3 * MiB), { zero: true, bytes: 2 * MiB });
  t.like(await node.status(0, 4096), { zero: false, bytes: 4096 });
  const now = readFileSync(file);
  t.true(equal(now.subarray(8192, 12288), pattern(4096, 1)));
  t.true(now.subarray(MiB, 3 * MiB).every((byte) => byte === 0));
  await t.throwsAsync(node.write(4 * MiB - 512, [new Uint8Array(1024)]), { code: 'ERR_HOST_ENOSPC' });
});

test('a qcow2 image on qemu-nbd stays sound', async (t) => {
  const file = join(directory(t), 'disk.qcow2');
  tool('qemu-img', 'create', '-f', 'qcow2', file, '8M');
  const socket = await daemon(t, 'qemu-nbd', (path) => ['-f', 'raw', '-k', path, '-t', file]);
  const node = await openImage(`nbd+unix:///?socket=${socket}`, {
    format: undefined,
    readOnly: false,
    driverOptions: [],
  });
  t.like(node, { driver: 'qcow2', bytes: 8 * MiB });
  await node
    .write(100 * KiB, [pattern(64 * KiB)])
    .catch((error: unknown) => t.regex(String(error), /No space/));
  await node.close();
  t.regex(tool('qemu-img', 'check', '-U', file), /No errors/);
});

test('keys of -drive name the server', async (t) => {
  const { server, socket } = await serve(t, { id: 'd', file: imageFile(t, pattern(MiB)), format: 'raw' });
  server.add('d', true);
  const keys = (...pairs: [string, string][]) =>
    openImage('', { format: 'raw', readOnly: false, device: 'ide0-hd0', driverOptions: pairs });
  const node = await keys(['file.driver', 'nbd'], ['file.path', socket], ['file.export', 'd']);
  t.is(node.fileName, `nbd:unix:${socket}:exportname=d`);
  await node.close();
  await t.throwsAsync(keys(['file.driver', 'nbd'], ['file.paht', socket]), {
    message: "Block format 'nbd' used by device 'ide0-hd0' doesn't support the option 'paht'",
  });
  await t.throwsAsync(keys(['file.driver', 'nbd']), { message: 'one of path and host must be specified.' });
  await t.throwsAsync(keys(['file.filename', imageFile(t, pattern(512))], ['huge', 'on']), {
    message: "Block format 'raw' used by device 'ide0-hd0' doesn't support the option 'huge'",
  });
});

test('a read-only export is not opened for writing, and one that is not there not at all', async (t) => {
  const { server, uri } = await serve(t, { id: 'd', file: imageFile(t, pattern(MiB)), format: 'raw' });
  server.add('d', false);
  await t.throwsAsync(openImage(uri('d'), { format: 'raw', readOnly: false, driverOptions: [] }), {
    message: /write access denied/,
  });
  await t.throwsAsync(openImage(uri('e'), { format: 'raw', readOnly: true, driverOptions: [] }), {
    message: "NBD server: export 'e': there is no export 'e'",
  });
  const node = await open(t, uri('d'), 'raw', true);
  t.true(equal(await read(node, 0, MiB), pattern(MiB)));
});

test('requests fail when the server goes, and none of them hangs', async (t) => {
  const { server, uri } = await serve(t, { id: 'd', file: imageFile(t, pattern(MiB)), format: 'raw' });
  server.add('d', true);
  const node = await openImage(uri('d'), { format: 'raw', readOnly: false, driverOptions: [] });
  await read(node, 0, 512);
  server.stop();
  await t.throwsAsync(read(node, 0, 512), { code: 'ERR_HOST_EIO' });
  await t.throwsAsync(read(node, 0, 512), { code: 'ERR_HOST_EIO' });
  await t.throwsAsync(node.close(), { code: 'ERR_HOST_EIO' });
});

/** Servers that can do less than ours: each is read, written and read again. */
const LESSER_SERVERS: readonly (readonly [what: string, words: readonly string[]])[] = [
  ['all that nbdkit can', []],
  ['simple replies', ['--no-sr']],
  ['the first newstyle', ['--mask-handshake=0']],
  [
    'blocks of 4096 bytes',
    [
      '--filter=blocksize-policy',
      'blocksize-minimum=4096',
      'blocksize-maximum=64K',
      'blocksize-error-policy=error',
    ],
  ],
  ['no zeroes, no trim', ['--filter=nozero']],
];

for (const [what, words] of LESSER_SERVERS) {
  withNbdkit(`nbdkit with ${what}`, async (t) => {
    const [filters, settings] = [
      words.filter((word) => word.startsWith('-')),
      words.filter((word) => !word.startsWith('-')),
    ];
    const socket = await daemon(t, 'nbdkit', (path) => [
      '-f',
      '-U',
      path,
      ...filters,
      'memory',
      '4M',
      ...settings,
    ]);
    const node = await NbdNode.open(parseNbdName(`nbd:unix:${socket}`), 'nbd', false);
    const expected = new Uint8Array(4 * MiB);
    for (const [offset, bytes] of [
      [0, MiB],
      [512, 512],
      [2 * MiB - 100, 5000],
      [4 * MiB - 512, 512],
    ] as const) {
      expected.set(pattern(bytes, offset), offset);
      await node.write(offset, [pattern(bytes, offset)]);
    }
    await node.writeZeroes(256 * KiB, 300 * KiB, { mayUnmap: true });
    expected.fill(0, 256 * KiB, 556 * KiB);
    await node.flush();
    t.true(equal(await read(node, 0, 4 * MiB), expected));
    t.true(equal(await read(node, 511, 1025), expected.slice(511, 1536)));
    await node.close();
  });
}

withNbdkit('an oldstyle server', async (t) => {
  const socket = await daemon(t, 'nbdkit', (path) => ['-f', '-o', '-U', path, 'pattern', '1M']);
  const node = await open(t, `nbd:unix:${socket}`, 'raw', true);
  t.is(node.bytes, MiB);
  t.is(Buffer.from(await read(node, 4096, 8)).readBigUInt64BE(), 4096n);
});

withNbdkit('errors of a server arrive with their number', async (t) => {
  const socket = await daemon(t, 'nbdkit', (path) => [
    '-f',
    '-U',
    path,
    '--filter=error',
    'memory',
    '1M',
    'error-pwrite=ENOSPC',
    'error-pwrite-rate=100%',
  ]);
  const node = await NbdNode.open(parseNbdName(`nbd:unix:${socket}`), 'nbd', false);
  await t.throwsAsync(node.write(0, [new Uint8Array(512)]), { code: 'ERR_HOST_ENOSPC' });
  t.is((await read(node, 0, 512)).length, 512);
  await node.close();
});

test('qemu-img and our client agree through our server', async (t) => {
  const file = imageFile(t, new Uint8Array(8 * MiB));
  const { server, uri } = await serve(t, { id: 'd', file, format: 'raw' });
  server.add('d', true);
  const node = await open(t, uri('d'));
  await Promise.all(
    Array.from({ length: 16 }, (_, index) => node.write(index * 512 * KiB, [pattern(512 * KiB, index)])),
  );
  await node.flush();
  t.is(
    await run('qemu-img', 'compare', '-U', '-f', 'raw', '-F', 'raw', file, uri('d')),
    'Images are identical.\n',
  );
  t.true(equal(readFileSync(file).subarray(512 * KiB, MiB), pattern(512 * KiB, 1)));
});
