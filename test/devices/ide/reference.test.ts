/** The same accesses on the reference's controller: what a driver sees must be the same. */
import { createHash } from 'node:crypto';
import test from 'ava';
import { imageFile, pattern } from '../../block/support/images.ts';
import { hasReference } from '../support/qtest-oracle.ts';
import { createIde, ideBoard } from './support/ide-board.ts';
import { IdeHost, type IdeMachinePorts } from './support/ide-host.ts';
import { boardPorts, ReferenceMachine } from './support/machines.ts';

const DISK = pattern(8 * 1024 * 1024);
const DISC = pattern(300 * 2048, 5);

type Scenario = (hosts: {
  readonly disk: IdeHost;
  readonly cd: IdeHost;
  readonly ports: IdeMachinePorts;
}) => Promise<unknown[]>;

/** Long data by its hash, so that a difference can be read. */
function shortened(value: unknown): unknown {
  if (value instanceof Uint8Array && value.length > 64) {
    return `${value.length} bytes ${createHash('md5').update(value).digest('hex')}`;
  }
  return Array.isArray(value) ? value.map(shortened) : value;
}

const compare = hasReference ? test : test.skip;

function scenario(title: string, run: Scenario): void {
  compare(`as the reference: ${title}`, async (t) => {
    const board = ideBoard();
    const ide = createIde(board, [
      { kind: 'hd', contents: DISK.slice() },
      { kind: 'hd', contents: DISK.slice() },
      { kind: 'cd', contents: DISC },
    ]);
    ide.reset();
    await using reference = new ReferenceMachine([
      '-drive',
      `file=${imageFile(t, DISK)},format=raw,if=ide,index=0`,
      '-drive',
      `file=${imageFile(t, DISK)},format=raw,if=ide,index=1`,
      '-drive',
      `file=${imageFile(t, DISC)},format=raw,if=ide,index=2,media=cdrom`,
    ]);
    const on = (ports: IdeMachinePorts) =>
      run({ ports, disk: new IdeHost(ports), cd: new IdeHost(ports, 0x170, 0x376) });
    const ours = shortened(await on(boardPorts(board, ide.drives)));
    t.deepEqual(ours, shortened(await on(reference)));
  });
}

scenario('after a reset', async ({ disk, cd }) => {
  const seen: unknown[] = [];
  for (const host of [disk, cd]) {
    await host.softReset();
    seen.push(await host.registers());
  }
  await cd.select(1);
  seen.push(await cd.registers().then(({ status }) => status));
  return seen;
});

scenario('IDENTIFY DEVICE, but for what names the maker', async ({ disk }) => {
  await disk.command(0xec, { device: 0 });
  const status = await disk.ready();
  const page = await disk.readBlock();
  const word = (index: number) => new DataView(page.buffer).getUint16(index * 2, true);
  const same = [
    0, 1, 3, 4, 5, 6, 47, 49, 53, 54, 55, 56, 57, 58, 59, 60, 61, 63, 64, 65, 66, 67, 68, 83, 88, 93,
  ];
  return [
    status,
    same.map((index) => [index, word(index)]),
    [100, 101, 102, 103].map(word),
    await disk.ready(),
  ];
});

scenario('PIO reads and writes', async ({ disk }) => {
  const seen: unknown[] = [];
  await disk.command(0x20, { lba: 100, count: 2 });
  for (let block = 0; block < 2; block++) {
    seen.push(await disk.ready(), await disk.acknowledge(), await disk.readBlock());
  }
  seen.push(await disk.ready());
  await disk.command(0x30, { lba: 100, count: 1 });
  seen.push(await disk.ready());
  await disk.writeBlock(pattern(512, 9));
  seen.push(await disk.ready());
  await disk.acknowledge();
  await disk.command(0x24, { lba: 99, count: 3, extended: true });
  for (let block = 0; block < 3; block++) {
    await disk.ready();
    seen.push(await disk.readBlock());
  }
  return seen;
});

scenario('READ MULTIPLE', async ({ disk }) => {
  const seen: unknown[] = [];
  await disk.command(0xc6, { count: 8 });
  seen.push(await disk.ready());
  await disk.command(0xc4, { lba: 3, count: 11 });
  seen.push(await disk.ready(), await disk.readBlock(8 * 256));
  seen.push(await disk.ready(), await disk.readBlock(3 * 256), await disk.ready());
  return seen;
});

scenario('commands without data', async ({ disk }) => {
  const seen: unknown[] = [];
  for (const code of [0x10, 0x70, 0x91, 0xe0, 0xe1, 0xe5, 0xe7, 0xea, 0xef, 0xff, 0xa1]) {
    await disk.command(code, { count: code === 0x91 ? 63 : 1, device: 0x4f, features: 0xaa });
    const { status, error } = await disk.registers();
    seen.push([code, status, error]);
  }
  return seen;
});

scenario('READ NATIVE MAX and SMART status', async ({ disk }) => {
  await disk.command(0xf8);
  const short = await disk.registers();
  await disk.command(0x27, { extended: true });
  const long = await disk.registers();
  const previous = await disk.previous();
  await disk.command(0xb0, { features: 0xda, lba: 0xc24f00 });
  const { status, mid, high } = await disk.registers();
  return [short, [long.low, long.mid, long.high], previous, [status, mid, high]];
});

/** The bits that the standard defines of a packet device's answer. */
const ended = ({ status, error, count }: { status: number; error: number; count: number }) => [
  status,
  error,
  count,
];

scenario('packet commands that read', async ({ cd }) => {
  const seen: unknown[] = [];
  await cd.packet([0x00]);
  await cd.packet([0x03, 0, 0, 0, 18]);
  const packets: readonly (readonly number[])[] = [
    [0x00],
    [0x25],
    [0x28, 0, 0, 0, 0, 5, 0, 0, 3],
    [0xa8, 0, 0, 0, 0, 5, 0, 0, 0, 1],
    [0xbe, 0, 0, 0, 0, 5, 0, 0, 1, 0x10],
    [0x43, 0, 0, 0, 0, 0, 0, 0, 100],
    [0x43, 2, 0, 0, 0, 0, 1, 0, 100],
    [0x43, 2, 0, 0, 0, 0, 0, 0, 100, 0x80],
    [0x43, 0, 0, 0, 0, 0, 0xaa, 0, 100],
    [0x2b, 0, 0, 0, 0, 5],
    [0xbd, 0, 0, 0, 0, 0, 0, 0, 0, 8],
  ];
  for (const packet of packets) {
    const { data, end } = await cd.packet(packet);
    seen.push([packet[0], data, ended(end)]);
  }
  return seen;
});

scenario('packet commands that fail', async ({ cd }) => {
  const seen: unknown[] = [];
  await cd.packet([0x00]);
  for (const packet of [[0xfe], [0x28, 0, 0, 0, 0x10, 0, 0, 0, 1], [0x43, 0, 0, 0, 0, 0, 0, 0, 100, 0xc0]]) {
    const { end } = await cd.packet(packet);
    const { data } = await cd.packet([0x03, 0, 0, 0, 18]);
    seen.push([ended(end), (data[2] ?? 0) & 15, data[12]]);
  }
  return seen;
});

scenario('chunks of a byte count', async ({ cd }) => {
  await cd.packet([0x00]);
  const seen: unknown[] = [];
  for (const limit of [2048, 4096, 1000]) {
    const { data, chunks } = await cd.packet([0x28, 0, 0, 0, 0, 5, 0, 0, 2], { limit });
    seen.push([limit, data, limit < 2048 ? [] : chunks]);
  }
  return seen;
});
