/** What monitors can do to the disks of a machine, over QMP, with the tools of QEMU as witnesses. */
import { execFile } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import test from 'ava';
import { launch, type Machine } from '../../src/client/troupe.ts';
import { scratch } from './process.ts';

const execute = promisify(execFile);
const MiB = 1024 * 1024;

async function tool(program: string, ...words: string[]): Promise<string> {
  try {
    return (await execute(program, words)).stdout;
  } catch (error) {
    return `failed: ${String((error as { stderr?: string }).stderr)}`;
  }
}

async function say(machine: Machine, line: string): Promise<string> {
  return String(await machine.execute('human-monitor-command', { 'command-line': line }));
}

async function twoDisks(): Promise<{ folder: string; machine: Machine; files: string[] } & AsyncDisposable> {
  const folder = await scratch();
  const files = ['a.img', 'b.img'].map((name) => join(folder.path, name));
  for (const file of files) writeFileSync(file, new Uint8Array(MiB));
  const drives = files.flatMap((file, index) => ['-drive', `file=${file},format=raw,if=none,id=d${index}`]);
  const machine = await launch(['-S', '-nodefaults', ...drives, '-drive', 'if=none,id=cd']);
  return {
    folder: folder.path,
    machine,
    files,
    [Symbol.asyncDispose]: async () => {
      await machine[Symbol.asyncDispose]();
      await folder[Symbol.asyncDispose]();
    },
  };
}

const inserted = async (machine: Machine, device: string) =>
  (await machine.execute('query-block')).find((each) => each.device === device)?.inserted;

const refusal = async (work: Promise<unknown>): Promise<string> => {
  try {
    await work;
    return 'nothing';
  } catch (error) {
    const { errorClass, desc } = error as { errorClass?: string; desc?: string };
    return `${errorClass}: ${desc}`;
  }
};

test('snapshots and transactions', async (t) => {
  await using setup = await twoDisks();
  const { machine, folder, files } = setup;
  const file = (name: string) => join(folder, name);
  await machine.execute('blockdev-snapshot-sync', { device: 'd0', 'snapshot-file': file('one') });
  t.like(await inserted(machine, 'd0'), {
    file: file('one'),
    drv: 'qcow2',
    backing_file: files[0],
    backing_file_depth: 1,
  });
  const snapshot = (device: string, name: string, more = {}) => ({
    type: 'blockdev-snapshot-sync' as const,
    data: { device, 'snapshot-file': file(name), ...more },
  });
  t.is(
    await refusal(
      machine.execute('transaction', { actions: [snapshot('d0', 'two'), snapshot('no', 'two-b')] }),
    ),
    "DeviceNotFound: Device 'no' not found",
  );
  t.is((await inserted(machine, 'd0'))?.file, file('one'));
  await machine.execute('transaction', { actions: [snapshot('d0', 'two'), snapshot('d1', 'two-b')] });
  t.is((await inserted(machine, 'd0'))?.backing_file_depth, 2);
  t.is((await inserted(machine, 'd1'))?.file, file('two-b'));
  t.deepEqual(await machine.execute('transaction', { actions: [] }), {});
  t.is(
    await refusal(machine.execute('transaction', { actions: [{ type: 'nonsense', data: {} }] as never })),
    "GenericError: Invalid parameter 'nonsense'",
  );
  const refused: [object, string][] = [
    [
      { device: 'd0', 'snapshot-file': file('x'), format: 'nonsense' },
      "GenericError: Invalid block format 'nonsense'",
    ],
    [{ device: 'cd', 'snapshot-file': file('x') }, "GenericError: Device 'cd' has no medium"],
    [
      { device: 'd0', 'snapshot-file': file('two') },
      'GenericError: Error: Trying to create an image with the same filename as the backing file',
    ],
    [
      { device: 'd0', 'snapshot-file': '/nowhere/x' },
      'GenericError: /nowhere/x: error while creating qcow2: No such file or directory',
    ],
    [
      { device: 'd0', 'snapshot-file': '/nowhere/x', mode: 'existing' },
      "GenericError: Could not open '/nowhere/x'",
    ],
    [
      { device: 'd0', 'snapshot-file': file('x'), format: 'raw' },
      "GenericError: Backing file not supported for file format 'raw'",
    ],
  ];
  for (const [args, desc] of refused) {
    t.is(await refusal(machine.execute('blockdev-snapshot-sync', args as never)), desc);
  }
  t.is(await say(machine, 'snapshot_blkdev d1'), "Parameter 'snapshot-file' is missing\r\n");
  t.is(await say(machine, `snapshot_blkdev d1 ${file('three')}`), '');
  t.is((await inserted(machine, 'd1'))?.backing_file_depth, 2);
  const shown = (await say(machine, 'info block -v d0')).split('\r\n');
  t.regex(shown[0] ?? '', /^d0: removable=1 .* backing_file_depth=2 /);
  t.deepEqual(
    shown.filter((line) => line.startsWith('    image: ')).map((line) => line.slice('    image: '.length)),
    [file('two'), file('one'), files[0]],
  );
  t.true(shown.includes('    virtual size: 1.0M (1048576 bytes)'));
  t.is(await say(machine, 'info block no'), "Device 'no' not found\r\n");
});

test('limits', async (t) => {
  await using setup = await twoDisks();
  const { machine } = setup;
  const none = { bps: 0, bps_rd: 0, bps_wr: 0, iops: 0, iops_rd: 0, iops_wr: 0 };
  await machine.execute('block_set_io_throttle', { ...none, device: 'd0', bps: 1000, iops_rd: 7 });
  t.like(await inserted(machine, 'd0'), { ...none, bps: 1000, iops_rd: 7 });
  await machine.execute('block_set_io_throttle', {
    ...none,
    device: 'd0',
    bps_wr: '4096',
    iops: '0',
  } as never);
  t.like(await inserted(machine, 'd0'), { ...none, bps_wr: 4096 });
  const refused: [object, string][] = [
    [{ bps: 1, bps_rd: 1 }, 'bps(iops) and bps_rd/bps_wr(iops_rd/iops_wr) cannot be used at the same time'],
    [{ iops: -1 }, 'bps and iops values must be 0 or greater'],
    [{ iops: 'many' }, "Invalid parameter type for 'iops', expected: int"],
    [{ device: 'no' }, "Device 'no' not found"],
  ];
  for (const [values, desc] of refused) {
    const args = { ...none, device: 'd0', ...values };
    t.true((await refusal(machine.execute('block_set_io_throttle', args as never))).endsWith(`: ${desc}`));
  }
  t.is(await say(machine, 'block_set_io_throttle d0 1 0 0 2 0 0'), '');
  t.like(await inserted(machine, 'd0'), { ...none, bps: 1, iops: 2 });
  await machine.execute('block_set_io_throttle', { ...none, device: 'cd', iops: 5 });
});

test('the NBD server', async (t) => {
  await using setup = await twoDisks();
  const { machine, folder } = setup;
  const path = join(folder, 'nbd.sock');
  const addr = { type: 'unix', data: { path } } as const;
  const uri = (name: string) => `nbd+unix:///${name}?socket=${path}`;
  t.is(
    await refusal(machine.execute('nbd-server-add', { device: 'd0' })),
    'GenericError: NBD server not running',
  );
  t.is(
    await refusal(
      machine.execute('nbd-server-start', { addr: { type: 'unix', data: { path: '/nowhere/x' } } }),
    ),
    'GenericError: Failed to bind socket: No such file or directory',
  );
  await machine.execute('nbd-server-start', { addr });
  t.is(
    await refusal(machine.execute('nbd-server-start', { addr })),
    'GenericError: NBD server already running',
  );
  await machine.execute('nbd-server-add', { device: 'd0' });
  await machine.execute('nbd-server-add', { device: 'd1', writable: true });
  t.is(
    await refusal(machine.execute('nbd-server-add', { device: 'd0' })),
    "GenericError: NBD server already exporting device 'd0'",
  );
  t.is(
    await refusal(machine.execute('nbd-server-add', { device: 'no' })),
    "DeviceNotFound: Device 'no' not found",
  );
  t.regex(await tool('qemu-img', 'info', uri('d0')), /virtual size: 1 MiB/);
  t.regex(await tool('qemu-io', '-f', 'raw', '-c', 'write -P 3 0 64k', uri('d1')), /wrote 65536\/65536/);
  t.regex(await tool('qemu-io', '-f', 'raw', '-c', 'write 0 64k', uri('d0')), /^failed/);
  t.is(await say(machine, 'eject d0'), '');
  t.regex(await tool('qemu-img', 'info', uri('d0')), /^failed/);
  await machine.execute('nbd-server-stop');
  await machine.execute('nbd-server-stop');
  t.is(await say(machine, `nbd_server_start -w unix:${path}`), '-w only valid together with -a\r\n');
  t.is(await say(machine, 'nbd_server_start nonsense'), "error parsing address 'nonsense'\r\n");
  t.is(await say(machine, `nbd_server_start -a -w unix:${path}`), '');
  t.regex(await tool('qemu-io', '-f', 'raw', '-c', 'read -P 3 0 64k', uri('d1')), /read 65536\/65536/);
  t.is(await say(machine, 'nbd_server_stop'), '');
});

test('a drive on an NBD server, and its limits on the way', async (t) => {
  await using server = await twoDisks();
  const path = join(server.folder, 'nbd.sock');
  await server.machine.execute('nbd-server-start', { addr: { type: 'unix', data: { path } } });
  await server.machine.execute('nbd-server-add', { device: 'd0', writable: true });
  await using client = await launch([
    '-S',
    '-nodefaults',
    '-drive',
    `file=nbd:unix:${path}:exportname=d0,format=raw,if=none,id=n`,
    '-drive',
    `file.driver=nbd,file.path=${path},file.export=d0,format=raw,if=none,id=k`,
  ]);
  const drives = await client.execute('query-block');
  t.deepEqual(
    drives.map(({ inserted: medium }) => [medium?.file, medium?.drv, medium?.ro]),
    [1, 2].map(() => [`nbd:unix:${path}:exportname=d0`, 'raw', false]),
  );
  const top = join(server.folder, 'top.qcow2');
  await client.execute('blockdev-snapshot-sync', { device: 'n', 'snapshot-file': top });
  t.regex(
    await tool('qemu-img', 'info', '-U', top),
    new RegExp(`backing file: nbd:unix:${path}:exportname=d0`),
  );
});

test('drives come and go', async (t) => {
  await using setup = await twoDisks();
  const { machine, files } = setup;
  const names = async () => (await machine.execute('query-block')).map(({ device }) => device);
  t.is(await say(machine, `drive_del d1`), '');
  t.deepEqual(await names(), ['d0', 'cd']);
  t.is(await say(machine, `drive_add 0 if=none,id=d1,file=${files[1]},format=raw,iops=9`), 'OK\r\n');
  t.deepEqual(await names(), ['d0', 'cd', 'd1']);
  t.like(await inserted(machine, 'd1'), { file: files[1], drv: 'raw', iops: 9 });
  t.is(
    await say(machine, 'drive_add 0 if=none,file=/nowhere/x'),
    'could not open disk image /nowhere/x: No such file or directory\r\n',
  );
  t.is(await say(machine, 'drive_add 0 if=none,id=d0'), "Duplicate ID 'd0' for drive\r\n");
  t.is(await say(machine, 'drive_add 0 if=floppy'), "Can't hot-add drive to type 3\r\n");
  t.is(await say(machine, 'drive_add 0 if=none,cache=hot'), 'invalid cache option\r\n');
  t.is(await say(machine, 'drive_del no'), "Device 'no' not found\r\n");
});

test('encrypted images wait for their password', async (t) => {
  await using folder = await scratch();
  const file = join(folder.path, 'secret.qcow2');
  const options = 'encrypt.format=aes,encrypt.key-secret=s';
  const made = await tool(
    'qemu-img',
    ...['create', '-f', 'qcow2', '--object', 'secret,id=s,data=abc'],
    ...['-o', options, file, '1M'],
  );
  t.notRegex(made, /^failed/);
  await using machine = await launch([
    '-S',
    '-nodefaults',
    '-drive',
    `file=${file},if=none,id=d`,
    '-drive',
    'if=none,id=cd',
  ]);
  t.like(await inserted(machine, 'd'), { encrypted: true, encryption_key_missing: true });
  t.is(await refusal(machine.execute('cont')), `DeviceEncrypted: 'd' (${file}) is encrypted`);
  t.is(
    await refusal(machine.execute('block_passwd', { device: 'cd', password: 'abc' })),
    "GenericError: Device 'cd' is not encrypted",
  );
  await machine.execute('block_passwd', { device: 'd', password: 'abc' });
  t.like(await inserted(machine, 'd'), { encrypted: true, encryption_key_missing: false });
  await machine.execute('cont');
  await machine.execute('eject', { device: 'd' });
  t.is(
    await refusal(machine.execute('change', { device: 'd', target: file })),
    `DeviceEncrypted: 'd' (${file}) is encrypted`,
  );
  t.like(await inserted(machine, 'd'), { encryption_key_missing: true });
});
