/** A disk that runs full under a running machine: BLOCK_IO_ERROR, io-error, io-status, and going on after cont. */
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, rmSync, watch, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import test, { type ExecutionContext } from 'ava';
import { launch, type Machine } from '../../src/client/troupe.ts';
import { scratch } from './process.ts';

const SECTOR_WORDS = 256;
const [DATA, SECTOR_COUNT, LBA_LOW, LBA_MIDDLE, LBA_HIGH, DEVICE, COMMAND] = [
  0x1f0, 0x1f2, 0x1f3, 0x1f4, 0x1f5, 0x1f6, 0x1f7,
];
const WRITE_SECTORS = 0x30;
const BUSY = 0x80;
const DATA_REQUEST = 0x08;
const ERROR = 0x01;

function isInstalled(program: string): boolean {
  try {
    execFileSync('sh', ['-c', `command -v ${program}`], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

const withNbdkit = isInstalled('nbdkit') ? test : test.skip;

interface FullDisk {
  readonly machine: Machine;
  /** Sends a qtest command; its answer without OK. */
  readonly qtest: (line: string) => Promise<string>;
  /** While this file exists, writes fail with ENOSPC. */
  readonly trigger: string;
  readonly socket: string;
}

async function fullDisk(t: ExecutionContext, driveOptions: string): Promise<FullDisk> {
  const folder = await scratch();
  t.teardown(() => folder[Symbol.asyncDispose]());
  const [socket, trigger, qtestPath] = ['nbd.sock', 'full', 'qtest.sock'].map((name) =>
    join(folder.path, name),
  ) as [string, string, string];
  writeFileSync(trigger, '');
  const fault = ['error-pwrite=ENOSPC', 'error-pwrite-rate=100%', `error-file=${trigger}`];
  const server = spawn('nbdkit', ['-f', '-U', socket, '--filter=error', 'memory', '1M', ...fault], {
    stdio: 'ignore',
  });
  t.teardown(() => server.kill('SIGKILL'));
  const watcher = watch(folder.path);
  while (!existsSync(socket)) await once(watcher, 'change');
  watcher.close();
  const machine = await launch([
    ...['-nodefaults', '-machine', 'accel=qtest', '-qtest', `unix:${qtestPath},server,nowait`],
    ...['-drive', `file=nbd:unix:${socket},format=raw,if=ide${driveOptions}`],
  ]);
  t.teardown(() => machine[Symbol.asyncDispose]());
  const connection = connect(qtestPath);
  t.teardown(() => connection.destroy());
  const answers = createInterface({ input: connection })[Symbol.asyncIterator]();
  const qtest = async (line: string): Promise<string> => {
    connection.write(`${line}\n`);
    return String((await answers.next()).value).replace(/^OK ?/, '');
  };
  return { machine, qtest, trigger, socket };
}

async function status({ qtest }: FullDisk): Promise<number> {
  return Number(await qtest(`inb 0x${COMMAND.toString(16)}`));
}

/** Writes the sector at `lba` with words of one value. */
async function writeSector(disk: FullDisk, lba: number, word: number): Promise<void> {
  const out = (port: number, value: number) => disk.qtest(`outb ${port} ${value}`);
  await out(DEVICE, 0xe0);
  await out(SECTOR_COUNT, 1);
  await out(LBA_LOW, lba);
  await out(LBA_MIDDLE, 0);
  await out(LBA_HIGH, 0);
  await out(COMMAND, WRITE_SECTORS);
  if (((await status(disk)) & DATA_REQUEST) === 0) throw new Error('the disk takes no data');
  for (let index = 0; index < SECTOR_WORDS; index++) await disk.qtest(`outw ${DATA} ${word}`);
}

const ioStatus = async (machine: Machine) => (await machine.execute('query-block'))[0]?.['io-status'];

withNbdkit('a full disk stops the machine, and the write is done after cont', async (t) => {
  const disk = await fullDisk(t, '');
  const { machine, trigger, socket } = disk;
  const failed = machine.qmp.waitForEvent('BLOCK_IO_ERROR');
  const stopped = machine.qmp.waitForEvent('STOP');
  await writeSector(disk, 5, 0x4141);
  t.deepEqual((await failed).data, { device: 'ide0-hd0', operation: 'write', action: 'stop' });
  await stopped;
  t.like(await machine.execute('query-status'), { running: false, status: 'io-error' });
  t.is(await ioStatus(machine), 'nospace');
  t.is((await status(disk)) & BUSY, BUSY);

  const again = machine.qmp.waitForEvent('STOP');
  await machine.execute('cont');
  await again;
  t.is(await ioStatus(machine), 'nospace');

  rmSync(trigger);
  await machine.execute('cont');
  while (((await status(disk)) & BUSY) !== 0);
  t.is((await status(disk)) & ERROR, 0);
  t.is(await ioStatus(machine), 'ok');
  t.like(await machine.execute('query-status'), { running: true });
  const seen = execFileSync(
    'qemu-io',
    ['-r', '-f', 'raw', '-c', 'read -P 0x41 2560 512', `nbd:unix:${socket}`],
    { encoding: 'utf8' },
  );
  t.notRegex(seen, /failed/);
});

withNbdkit('werror=report tells the guest, werror=ignore nobody', async (t) => {
  for (const [werror, action, expected] of [
    ['report', 'report', ERROR],
    ['ignore', 'ignore', 0],
  ] as const) {
    const disk = await fullDisk(t, `,werror=${werror}`);
    const failed = disk.machine.qmp.waitForEvent('BLOCK_IO_ERROR');
    await writeSector(disk, 1, 0x4242);
    t.deepEqual((await failed).data, { device: 'ide0-hd0', operation: 'write', action });
    while (((await status(disk)) & BUSY) !== 0);
    t.is((await status(disk)) & ERROR, expected);
    t.like(await disk.machine.execute('query-status'), { running: true });
    t.is(await ioStatus(disk.machine), undefined);
  }
});
