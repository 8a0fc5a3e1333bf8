/** The block device (VIRTIO 1.1, 5.2), by both transports. */
import test from 'ava';
import fc from 'fast-check';
import { virtioBlkPci } from '../../../src/devices/virtio/virtio-blk-pci.ts';
import { testDeviceContract } from '../support/device-contract.ts';
import type { FakeBoard } from '../support/fake-board.ts';
import type { DriverQueue, OfferedChain } from './support/driver-queue.ts';
import { removable } from './support/echo-device.ts';
import { valuesFor } from './support/property-values.ts';
import {
  EVENT_IDX,
  STATUS_NEEDS_RESET,
  TRANSPORTS,
  VirtioMachine,
  virtioBoard,
} from './support/virtio-machine.ts';

const SECTOR = 512;
const DISK_SECTORS = 64;
const IN = 0;
const OUT = 1;
const FLUSH = 4;
const GET_ID = 8;
const DISCARD = 11;
const WRITE_ZEROES = 13;
const OK = 0;
const IOERR = 1;
const UNSUPP = 2;
const F_RO = 5n;
const F_FLUSH = 9n;
const F_CONFIG_WCE = 11n;
const ENOSPC = 28;
const EOPNOTSUPP = 95;

function blkBoard(): FakeBoard {
  const board = virtioBoard();
  const disk = Uint8Array.from(
    { length: DISK_SECTORS * SECTOR },
    (_, index) => (index * 7 + (index >> 9)) & 0xff,
  );
  board.drive('d').insert(disk);
  return board;
}

function createBlk(board: FakeBoard, chosen: Record<string, unknown> = {}) {
  const values = valuesFor<typeof virtioBlkPci.properties>(virtioBlkPci, { drive: 'd', ...chosen });
  return removable(board, virtioBlkPci.create(board, values as Parameters<typeof virtioBlkPci.create>[1]));
}

function startBlk(
  kind: 'legacy' | 'modern',
  options: { board?: FakeBoard; refuse?: bigint; values?: Record<string, unknown>; queues?: number } = {},
) {
  const board = options.board ?? blkBoard();
  const device = createBlk(board, options.values);
  device.reset();
  const machine = new VirtioMachine(kind, board);
  machine.negotiate(options.refuse);
  const queues = Array.from({ length: options.queues ?? 1 }, (_, index) => machine.queue(index, 32));
  machine.start();
  const [queue] = queues;
  if (queue === undefined) throw new Error('There is no queue');
  return { board, device, machine, queue, queues, drive: board.drive('d') };
}

function header(type: number, sector: number | bigint = 0): Uint8Array {
  const view = new DataView(new ArrayBuffer(16));
  view.setUint32(0, type, true);
  view.setBigUint64(8, BigInt(sector), true);
  return new Uint8Array(view.buffer);
}

function range(sector: number, sectors: number, flags = 0): Uint8Array {
  const view = new DataView(new ArrayBuffer(16));
  view.setBigUint64(0, BigInt(sector), true);
  view.setUint32(8, sectors, true);
  view.setUint32(12, flags, true);
  return new Uint8Array(view.buffer);
}

/** Sends a request, lets the drive do its part, and gives the status, the length used and the answer. */
function request(
  { queue, drive }: { queue: DriverQueue; drive: ReturnType<FakeBoard['drive']> },
  readable: readonly Uint8Array[],
  writable: readonly number[] = [1],
  indirect = false,
) {
  const chain = queue.send(readable, writable, indirect);
  drive.finish();
  return outcome(queue, chain);
}

function outcome(queue: DriverQueue, chain: OfferedChain) {
  const [used] = queue.collect();
  const contents = queue.contents(chain);
  return { status: contents.at(-1), used: used?.bytes, data: contents.slice(0, -1) };
}

for (const kind of TRANSPORTS) {
  test(`${kind}: the configuration space tells of the disk (5.2.4)`, (t) => {
    const { machine } = startBlk(kind, {
      values: {
        physical_block_size: 4096,
        min_io_size: 4096,
        opt_io_size: 65536,
        cyls: 100,
        heads: 4,
        secs: 17,
      },
    });
    const read = (offset: number, size: number): number => machine.transport.readConfig(offset, size);
    t.is(read(0, 4), DISK_SECTORS);
    t.is(read(4, 4), 0);
    t.is(read(12, 4), 254, 'seg_max: the queue less header and status');
    t.deepEqual([read(16, 2), read(18, 1), read(19, 1)], [100, 4, 17]);
    t.is(read(20, 4), 512);
    t.deepEqual([read(24, 1), read(25, 1), read(26, 2), read(28, 4)], [3, 0, 8, 128]);
    t.is(read(32, 1), 1, 'writeback');
    t.is(read(34, 2), 1, 'num_queues');
  });

  test(`${kind}: what is written is read again, through any buffers`, (t) => {
    fc.assert(
      fc.property(
        fc.record({
          sector: fc.nat({ max: DISK_SECTORS - 4 }),
          cuts: fc.array(fc.integer({ min: 1, max: 4 * SECTOR - 1 }), { maxLength: 4 }),
          data: fc.uint8Array({ minLength: 4 * SECTOR, maxLength: 4 * SECTOR }),
          indirect: fc.boolean(),
          layout: fc.constantFrom('separate', 'joined'),
        }),
        ({ sector, cuts, data, indirect, layout }) => {
          const blk = startBlk(kind);
          const edges = [0, ...new Set(cuts.sort((a, b) => a - b)), data.length];
          const lengths = edges.slice(1).map((edge, index) => edge - (edges[index] ?? 0));
          const parts = edges.slice(1).map((edge, index) => data.subarray(edges[index], edge));
          const [first = new Uint8Array(0), ...others] = parts;
          const out = header(OUT, sector);
          // ANY_LAYOUT: header, data and status may share buffers.
          const readable = layout === 'joined' ? [Buffer.concat([out, first]), ...others] : [out, ...parts];
          t.is(request(blk, readable, [1], indirect).status, OK);
          const lastLength = lengths.at(-1) ?? 0;
          const writable = layout === 'joined' ? [...lengths.slice(0, -1), lastLength + 1] : [...lengths, 1];
          const read = request(blk, [header(IN, sector)], writable, indirect);
          t.is(read.status, OK);
          t.is(read.used, data.length + 1);
          t.deepEqual(Buffer.from(read.data), Buffer.from(data));
        },
      ),
      { numRuns: 25 },
    );
  });

  test(`${kind}: transfers go to the drive as one request, straight from the buffers`, (t) => {
    const blk = startBlk(kind);
    const chain = blk.queue.send([header(IN, 2)], [SECTOR, 3 * SECTOR, 1]);
    t.deepEqual(blk.drive.requests, [{ operation: 'read', offset: 2 * SECTOR, bytes: 4 * SECTOR }]);
    t.deepEqual(blk.queue.collect(), []);
    blk.drive.finish();
    t.deepEqual(outcome(blk.queue, chain).data, blk.drive.contents?.slice(2 * SECTOR, 6 * SECTOR));
  });

  test(`${kind}: requests are at the drive together and end in the drive's order`, (t) => {
    const { queue, drive } = startBlk(kind, { refuse: EVENT_IDX });
    const chains = [0, 1, 2].map((sector) => queue.prepare([header(IN, sector)], [SECTOR, 1]));
    queue.offer(...chains.map(({ head }) => head));
    queue.kick();
    t.is(drive.waiting, 3);
    drive.finishOne();
    t.is(queue.collect().length, 1);
    drive.finish();
    t.is(queue.collect().length, 2);
  });

  test(`${kind}: flush is the drive's`, (t) => {
    const blk = startBlk(kind);
    t.is(request(blk, [header(FLUSH)]).status, OK);
    t.deepEqual(
      blk.drive.requests.map(({ operation }) => operation),
      ['flush'],
    );
  });

  test(`${kind}: GET_ID gives 20 bytes of the serial number`, (t) => {
    const id = request(
      startBlk(kind, { values: { serial: 'DISK-0123456789abcdefgh' } }),
      [header(GET_ID)],
      [20, 1],
    );
    t.is(Buffer.from(id.data).toString('latin1'), 'DISK-0123456789abcde');
    t.is(id.used, 21);
    const board = blkBoard();
    board.drive('d').serial = 'of the drive';
    const other = request(startBlk(kind, { board }), [header(GET_ID)], [20, 1]);
    t.is(Buffer.from(other.data).toString('latin1'), 'of the drive'.padEnd(20, '\0'));
  });

  test(`${kind}: what is not on the medium, or not whole blocks, is an error`, (t) => {
    const blk = startBlk(kind);
    const data = new Uint8Array(SECTOR);
    for (const [type, sector, length] of [
      [IN, DISK_SECTORS, SECTOR],
      [IN, DISK_SECTORS - 1, 2 * SECTOR],
      [IN, 2n ** 63n, SECTOR],
      [IN, 2n ** 55n - 1n, SECTOR],
      [IN, 0, 100],
    ] as const) {
      t.is(request(blk, [header(type, sector)], [length, 1]).status, IOERR, `${sector} + ${length}`);
    }
    t.is(request(blk, [header(OUT, DISK_SECTORS), data]).status, IOERR);
    t.is(request(blk, [header(OUT, 0), data.subarray(1)]).status, IOERR);
    t.deepEqual(blk.drive.requests, []);
  });

  test(`${kind}: requests of logical blocks of 4096 begin and end at them`, (t) => {
    const blk = startBlk(kind, { values: { logical_block_size: 4096, physical_block_size: 4096 } });
    t.is(request(blk, [header(IN, 8)], [4096, 1]).status, OK);
    t.is(request(blk, [header(IN, 1)], [4096, 1]).status, IOERR);
    t.is(request(blk, [header(IN, 0)], [512, 1]).status, IOERR);
  });

  test(`${kind}: buffers outside of RAM are an error`, (t) => {
    const { queue, drive, machine } = startBlk(kind);
    const status = machine.take(1);
    const head = machine.take(16);
    machine.board.guest.write(head, header(IN, 0));
    queue.rawDescriptor(0, head, 16, 1, 1);
    queue.rawDescriptor(1, 0xfee00000, SECTOR, 3, 2);
    queue.rawDescriptor(2, status, 1, 2, 0);
    machine.board.guest.writeU8(status, 0xee);
    queue.offer(0);
    queue.kick();
    drive.finish();
    t.is(machine.board.guest.readU8(status), IOERR);
  });

  test(`${kind}: a failing drive is reported, and what it cannot do is unsupported`, (t) => {
    const blk = startBlk(kind);
    blk.drive.nextOutcome = ENOSPC;
    t.is(request(blk, [header(OUT, 0), new Uint8Array(SECTOR)]).status, IOERR);
    blk.drive.nextOutcome = EOPNOTSUPP;
    t.is(request(blk, [header(DISCARD), range(0, 8)]).status, UNSUPP);
    blk.drive.nextOutcome = 5;
    t.deepEqual(request(blk, [header(IN, 0)], [SECTOR, 1]), {
      status: IOERR,
      used: 1,
      data: new Uint8Array(SECTOR),
    });
  });

  test(`${kind}: discard and write zeroes take lists of ranges (5.2.6.2)`, (t) => {
    const blk = startBlk(kind);
    t.is(request(blk, [header(DISCARD), range(1, 2), range(8, 1)]).status, OK);
    t.is(request(blk, [header(WRITE_ZEROES), range(4, 1, 1)]).status, OK);
    t.deepEqual(blk.drive.requests, [
      { operation: 'discard', offset: SECTOR, bytes: 2 * SECTOR },
      { operation: 'discard', offset: 8 * SECTOR, bytes: SECTOR },
      { operation: 'writeZeroes', offset: 4 * SECTOR, bytes: SECTOR },
    ]);
    t.is(request(blk, [header(DISCARD), range(1, 1, 1)]).status, UNSUPP, 'unmap belongs to write zeroes');
    t.is(request(blk, [header(WRITE_ZEROES), range(1, 1, 2)]).status, UNSUPP, 'a reserved flag');
    t.is(request(blk, [header(DISCARD), range(DISK_SECTORS, 1)]).status, IOERR);
    t.is(request(blk, [header(DISCARD), range(0, 0xffffffff)]).status, IOERR);
    t.is(request(blk, [header(DISCARD), range(0, 1).subarray(1)]).status, IOERR);
    t.is(request(blk, [header(DISCARD)]).status, IOERR);
  });

  test(`${kind}: unknown requests are unsupported, and the barrier bit of old drivers is not looked at`, (t) => {
    const blk = startBlk(kind);
    t.is(request(blk, [header(2), new Uint8Array(16)], [96, 16, 1]).status, UNSUPP);
    t.is(request(blk, [header(0x7fffffff)]).status, UNSUPP);
    t.is(request(blk, [header(0x80000000 + OUT, 0), new Uint8Array(SECTOR)]).status, OK);
  });

  test(`${kind}: a request without header or status breaks the device`, (t) => {
    for (const [readable, writable] of [
      [[header(IN).subarray(1)], [SECTOR, 1]],
      [[header(IN)], []],
    ] as const) {
      const { queue, machine } = startBlk(kind);
      queue.send(readable, writable);
      t.deepEqual(queue.collect(), []);
      t.is(machine.transport.status & STATUS_NEEDS_RESET, kind === 'modern' ? STATUS_NEEDS_RESET : 0);
    }
  });

  test(`${kind}: a read-only medium is announced and not written`, (t) => {
    const board = blkBoard();
    board.drive('d').readOnly = true;
    const blk = startBlk(kind, { board });
    t.is((blk.machine.transport.offered() >> F_RO) & 1n, 1n);
    t.is(request(blk, [header(OUT, 0), new Uint8Array(SECTOR)]).status, IOERR);
    t.is(request(blk, [header(DISCARD), range(0, 1)]).status, IOERR);
    t.is(request(blk, [header(IN, 0)], [SECTOR, 1]).status, OK);
  });

  test(`${kind}: without a write cache a write ends with its flush`, (t) => {
    const blk = startBlk(kind, { refuse: (1n << F_FLUSH) | (1n << F_CONFIG_WCE) });
    const chain = blk.queue.send([header(OUT, 0), new Uint8Array(SECTOR)], [1]);
    blk.drive.finishOne();
    t.deepEqual(blk.queue.collect(), [], 'not before it is on disk');
    blk.drive.finish();
    t.is(outcome(blk.queue, chain).status, OK);
    t.deepEqual(
      blk.drive.requests.map(({ operation }) => operation),
      ['write', 'flush'],
    );
  });

  test(`${kind}: the driver turns the write cache off and on (CONFIG_WCE)`, (t) => {
    const { machine, drive, queue } = startBlk(kind);
    machine.transport.writeConfig(32, 1, 0);
    t.is(machine.transport.readConfig(32, 1), 0);
    drive.finish();
    request({ queue, drive }, [header(OUT, 0), new Uint8Array(SECTOR)]);
    machine.transport.writeConfig(32, 1, 1);
    request({ queue, drive }, [header(OUT, 0), new Uint8Array(SECTOR)]);
    t.deepEqual(
      drive.requests.map(({ operation }) => operation),
      ['flush', 'write', 'flush', 'write'],
    );
  });

  test(`${kind}: a new size of the medium is a configuration change`, (t) => {
    const { machine, drive } = startBlk(kind);
    drive.insert(new Uint8Array(2 * DISK_SECTORS * SECTOR));
    t.is(machine.transport.interruptStatus(), 2);
    t.is(machine.transport.readConfig(0, 4), 2 * DISK_SECTORS);
    drive.remove();
    t.is(machine.transport.readConfig(0, 4), 0);
  });

  test(`${kind}: a drive without a medium fails requests`, (t) => {
    const blk = startBlk(kind);
    blk.drive.remove();
    t.is(request(blk, [header(IN, 0)], [SECTOR, 1]).status, IOERR);
  });

  test(`${kind}: a reset waits for what is at the drive, and drops its answers`, (t) => {
    const { machine, queue, drive } = startBlk(kind);
    queue.send([header(IN, 0)], [SECTOR, 1]);
    machine.transport.status = 0;
    t.not(machine.transport.status, 0);
    drive.finish();
    t.is(machine.transport.status, 0);
    t.deepEqual(queue.collect(), []);
  });

  test(`${kind}: several queues work side by side`, (t) => {
    const { queues, drive, machine } = startBlk(kind, { values: { 'num-queues': 3 }, queues: 3 });
    t.is(machine.transport.readConfig(34, 2), 3);
    for (const queue of queues) t.is(request({ queue, drive }, [header(IN, 1)], [SECTOR, 1]).status, OK);
  });
}

test('requests at the drive when the state is saved are made again by the restored device', (t) => {
  const { board, device, queue } = startBlk('modern');
  const chain = queue.send([header(OUT, 3), new Uint8Array(SECTOR).fill(0x5a)], [1]);
  const other = blkBoard();
  const restored = createBlk(other);
  restored.reset();
  other.guest.bytes.set(board.guest.bytes);
  restored.restore(structuredClone(device.save()));
  other.advance(0);
  other.drive('d').finish();
  t.true(
    other
      .drive('d')
      .contents?.subarray(3 * SECTOR, 4 * SECTOR)
      .every((byte) => byte === 0x5a),
  );
  t.is(other.guest.readU8(chain.writable[0]?.address ?? 0), OK);
  t.is(other.guest.readU16(queue.rings.used + 2), 1);
});

test('values that make no disk are refused with their names', (t) => {
  for (const [values, message] of [
    [{ drive: '' }, /drive is not set/],
    [{ 'queue-size': 100 }, /queue-size 100/],
    [{ 'num-queues': 0 }, /num-queues 0/],
    [{ logical_block_size: 4096 }, /physical_block_size 512 below logical_block_size 4096/],
    [{ cyls: 10 }, /geometry 10\/0\/0/],
  ] as const) {
    t.throws(() => createBlk(blkBoard(), values), { message });
  }
});

test('a drive without a medium makes no disk', (t) => {
  t.throws(() => createBlk(virtioBoard()), { message: 'Device needs media, but drive is empty' });
});

testDeviceContract(test, {
  name: 'virtio-blk-pci',
  board: blkBoard,
  create: (board) => createBlk(board),
  exercise: (board) => {
    const machine = new VirtioMachine('modern', board);
    machine.negotiate();
    const queue = machine.queue(0);
    machine.start();
    request({ queue, drive: board.drive('d') }, [header(IN, 0)], [SECTOR, 1]);
    machine.transport.writeConfig(32, 1, 0);
  },
});
