/** The same driver on a disk of the reference and on ours: what it is told and what it gets must be the same. */
import { createHash } from 'node:crypto';
import test from 'ava';
import { virtioBlkPci } from '../../../src/devices/virtio/virtio-blk-pci.ts';
import { hasQemu } from '../../machine/firmware/qemu-platform.ts';
import { DriverQueue } from './support/driver-queue.ts';
import {
  type DriverBoard,
  type DriverFunction,
  LegacyTransport,
  ModernTransport,
} from './support/driver-transport.ts';
import { valuesFor } from './support/property-values.ts';
import { QemuDisk } from './support/qemu-disk.ts';
import { functionOf, virtioBoard } from './support/virtio-machine.ts';

const SECTOR = 512;
const DISK_SECTORS = 128;
const DISK = Uint8Array.from(
  { length: DISK_SECTORS * SECTOR },
  (_, index) => (index * 13 + (index >> 9)) & 0xff,
);
const FIRST_FREE = 0x100000;
const VERSION_1 = 1n << 32n;
const EVENT_IDX = 1n << 29n;
/** Features of the rings and of the disk that both offer. */
const COMMON =
  (1n << 2n) |
  (1n << 6n) |
  (1n << 9n) |
  (1n << 10n) |
  (1n << 11n) |
  (1n << 13n) |
  (1n << 14n) |
  (1n << 28n) |
  EVENT_IDX;
const PATIENCE_TURNS = 2000;

interface Request {
  readonly name: string;
  readonly type: number;
  readonly sector: number;
  readonly data?: readonly Uint8Array[];
  readonly room?: readonly number[];
  readonly indirect?: boolean;
}

const bytes = (length: number, seed: number): Uint8Array =>
  Uint8Array.from({ length }, (_, index) => (index * seed) & 0xff);

/** Short enough to be compared by eye. */
function digest(contents: Uint8Array): string {
  return createHash('sha256').update(contents).digest('base64url').slice(0, 12);
}

function range(sector: number, sectors: number, flags = 0): Uint8Array {
  return new Uint8Array(Uint32Array.of(sector, 0, sectors, flags).buffer);
}

const REQUESTS: readonly Request[] = [
  { name: 'read', type: 0, sector: 3, room: [SECTOR, SECTOR * 2] },
  { name: 'read, indirect', type: 0, sector: 10, room: [100, SECTOR - 100], indirect: true },
  { name: 'write', type: 1, sector: 20, data: [bytes(SECTOR, 3), bytes(SECTOR * 3, 5)] },
  { name: 'read what was written', type: 0, sector: 20, room: [SECTOR * 4] },
  { name: 'write in odd pieces', type: 1, sector: 30, data: [bytes(1, 7), bytes(SECTOR - 1, 11)] },
  { name: 'read them', type: 0, sector: 30, room: [SECTOR] },
  { name: 'flush', type: 4, sector: 0 },
  { name: 'serial number', type: 8, sector: 0, room: [20] },
  { name: 'read beyond the end', type: 0, sector: DISK_SECTORS - 1, room: [SECTOR * 2] },
  { name: 'write beyond the end', type: 1, sector: DISK_SECTORS, data: [bytes(SECTOR, 1)] },
  { name: 'a length that is no sector', type: 0, sector: 0, room: [100] },
  { name: 'write zeroes', type: 13, sector: 0, data: [range(21, 2)] },
  { name: 'read the zeroes', type: 0, sector: 20, room: [SECTOR * 4] },
  { name: 'discard', type: 11, sector: 0, data: [range(40, 8)] },
  { name: 'discard beyond the end', type: 11, sector: 0, data: [range(DISK_SECTORS, 8)] },
  { name: 'discard with a reserved flag', type: 11, sector: 0, data: [range(40, 8, 2)] },
  { name: 'a type that is none', type: 99, sector: 0, room: [8] },
];

/** A driver's whole session, as lines that can be compared. */
async function session(
  kind: 'legacy' | 'modern',
  board: DriverBoard,
  pci: DriverFunction,
  serve: () => void,
): Promise<string[]> {
  let free = FIRST_FREE;
  const take = (length: number, align = 16): number => {
    const address = Math.ceil(free / align) * align;
    free = address + length;
    return address;
  };
  const transport = kind === 'legacy' ? new LegacyTransport(board, pci) : new ModernTransport(board, pci);
  const log: string[] = [];
  const note = (what: string, value: unknown): void => {
    log.push(`${what}: ${typeof value === 'bigint' ? value.toString(16) : JSON.stringify(value)}`);
  };
  transport.status = 0;
  note('status after reset', transport.status);
  transport.status = 3;
  note('features', transport.offered() & (COMMON | VERSION_1));
  transport.accept(COMMON | (kind === 'modern' ? VERSION_1 : 0n));
  if (kind === 'modern') transport.status = 11;
  note('status with features', transport.status);
  for (const [field, offset, size] of [
    ['capacity', 0, 4],
    ['capacity, upper half', 4, 4],
    ['seg_max', 12, 4],
    ['blk_size', 20, 4],
    ['physical_block_exp', 24, 1],
    ['min_io_size', 26, 2],
    ['opt_io_size', 28, 4],
    ['writeback', 32, 1],
    ['max_discard_sectors', 36, 4],
    ['max_write_zeroes_sectors', 48, 4],
  ] as const) {
    note(field, transport.readConfig(offset, size));
  }
  const queue = new DriverQueue(board, transport, 0, take);
  note('queue size', queue.size);
  note('queue 1', transport.queueSize(1));
  transport.status = transport.status | 4;
  note('status when live', transport.status);
  for (const request of REQUESTS) note(request.name, await serveRequest(queue, request, serve));
  note('interrupt status', transport.interruptStatus());
  note('interrupt status, again', transport.interruptStatus());
  note('notify me at', queue.availableEvent);
  transport.status = 0;
  note('status after the last reset', transport.status);
  return log;
}

async function serveRequest(queue: DriverQueue, request: Request, serve: () => void) {
  const { type, sector, data = [], room = [], indirect = false } = request;
  const header = new Uint8Array(Uint32Array.of(type, 0, sector, 0).buffer);
  const chain = queue.send([header, ...data], [...room, 1], indirect);
  for (let turn = 0; turn < PATIENCE_TURNS; turn++) {
    serve();
    const [used] = queue.collect();
    if (used !== undefined) {
      const contents = Buffer.from(queue.contents(chain));
      const status = contents.at(-1);
      // What is in the buffers of a request that failed, and how much of it counts, is nobody's promise.
      return status === 0 ? { status, used: used.bytes, data: digest(contents.subarray(0, -1)) } : { status };
    }
    await new Promise((resolve) => setImmediate(resolve));
  }
  throw new Error(`${request.name}: no answer`);
}

async function onReference(kind: 'legacy' | 'modern', device: string): Promise<string[]> {
  await using disk = new QemuDisk(DISK, device);
  return await session(kind, disk.board, disk.function, () => undefined);
}

async function onOurs(kind: 'legacy' | 'modern', chosen: Record<string, unknown>): Promise<string[]> {
  const board = virtioBoard();
  board.drive('d').insert(DISK.slice());
  const values = valuesFor(virtioBlkPci, { drive: 'd', ...chosen });
  virtioBlkPci.create(board, values as Parameters<typeof virtioBlkPci.create>[1]).reset();
  return await session(kind, board, functionOf(board), () => board.drive('d').finish());
}

const optional = hasQemu() ? test : test.skip;

for (const kind of ['legacy', 'modern'] as const) {
  optional(`${kind}: a driver's session goes as on the reference`, async (t) => {
    const reference = await onReference(kind, ',serial=SERIAL-1,physical_block_size=4096,opt_io_size=65536');
    const ours = await onOurs(kind, { serial: 'SERIAL-1', physical_block_size: 4096, opt_io_size: 65536 });
    t.deepEqual(ours, reference);
  });
}
