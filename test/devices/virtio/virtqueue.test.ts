/** Split rings: what a driver may do, in all its forms, and what happens to one that does what it may not (2.6). */
import test from 'ava';
import fc from 'fast-check';
import {
  DESC_INDIRECT,
  DESC_NEXT,
  DESC_WRITE,
  type DriverQueue,
  type OfferedChain,
} from './support/driver-queue.ts';
import { createEcho, type EchoModel } from './support/echo-device.ts';
import {
  EVENT_IDX,
  INDIRECT_DESC,
  NOTIFY_ON_EMPTY,
  STATUS_NEEDS_RESET,
  TRANSPORTS,
  VirtioMachine,
  virtioBoard,
} from './support/virtio-machine.ts';

const HELLO = new TextEncoder().encode('hello');

/** A running echo device with one queue; `refuse` are features that the driver does not take. */
function startEcho(kind: 'legacy' | 'modern', refuse = 0n) {
  const models: EchoModel[] = [];
  const board = virtioBoard();
  const device = createEcho(board, models);
  device.reset();
  const machine = new VirtioMachine(kind, board);
  machine.negotiate(refuse);
  const queue = machine.queue(0);
  machine.start();
  const [model] = models;
  if (model === undefined) throw new Error('The device has no model');
  const interrupts = (): number => {
    const { rises } = machine.pci.intx;
    machine.transport.interruptStatus();
    return rises;
  };
  return { machine, queue, model, device, interrupts };
}

/** Gives the device one buffer and takes it back. */
function exchange(queue: DriverQueue): void {
  queue.send([HELLO], [16]);
  queue.collect();
}

for (const kind of TRANSPORTS) {
  test(`${kind}: any chains, direct or not, in any batches, come back as they were sent`, (t) => {
    const chains = fc.array(
      fc.record({
        readable: fc.array(fc.uint8Array({ minLength: 1, maxLength: 40 }), { maxLength: 2 }),
        writable: fc.array(fc.integer({ min: 1, max: 40 }), { maxLength: 2 }),
        indirect: fc.boolean(),
      }),
      { minLength: 1, maxLength: 2 },
    );
    fc.assert(
      fc.property(fc.array(chains, { maxLength: 12 }), fc.boolean(), (batches, eventIndex) => {
        const { queue } = startEcho(kind, eventIndex ? 0n : EVENT_IDX);
        for (const batch of batches) {
          const sent = batch
            .filter(({ readable, writable }) => readable.length + writable.length > 0)
            .map(({ readable, writable, indirect }) => ({
              bytes: Buffer.concat(readable),
              chain: queue.prepare(readable, writable, indirect),
            }));
          queue.offer(...sent.map(({ chain }) => chain.head));
          queue.kick();
          const used = queue.collect();
          for (const [position, { bytes, chain }] of sent.entries()) {
            const room = queue.contents(chain).length;
            const expected = bytes.subarray(0, room);
            t.deepEqual(used[position], { head: chain.head, bytes: expected.length });
            t.deepEqual(
              Buffer.from(queue.contents(chain).subarray(0, expected.length)),
              Buffer.from(expected),
            );
          }
        }
      }),
      { numRuns: 60 },
    );
  });

  test(`${kind}: chains may be given back in any order`, (t) => {
    const { queue, model } = startEcho(kind);
    model.keeps = true;
    const sent = [queue.send([HELLO], [8]), queue.send([HELLO], [8]), queue.send([HELLO], [8])];
    model.kept.reverse();
    model.answerAll();
    t.deepEqual(
      queue.collect().map(({ head }) => head),
      sent.map(({ head }) => head).reverse(),
    );
  });

  test(`${kind}: the indices wrap at 65536`, (t) => {
    const { queue } = startEcho(kind);
    for (let round = 0; round < 65536 + 20; round++) {
      queue.offer(0);
      queue.rawDescriptor(0, 0x800, 4, DESC_WRITE, 0);
      if (round % 8 === 7) {
        queue.kick();
        if (queue.collect().length !== 8) {
          t.fail(`round ${round}`);
          return;
        }
      }
    }
    t.is(queue.offeredIndex, 20);
  });

  test(`${kind}: a driver that wants no interrupts gets none`, (t) => {
    const { queue, interrupts } = startEcho(kind, EVENT_IDX | NOTIFY_ON_EMPTY);
    exchange(queue);
    t.is(interrupts(), 1);
    queue.interruptsSuppressed = true;
    exchange(queue);
    t.is(interrupts(), 1);
    queue.interruptsSuppressed = false;
    exchange(queue);
    t.is(interrupts(), 2);
  });

  test(`${kind}: with EVENT_IDX the driver is interrupted when the used index passes its event`, (t) => {
    const { queue, interrupts } = startEcho(kind, NOTIFY_ON_EMPTY);
    exchange(queue);
    const before = interrupts();
    queue.usedEvent = 3;
    exchange(queue);
    exchange(queue);
    t.is(interrupts(), before, 'indices 1 and 2 were used');
    exchange(queue);
    t.is(interrupts(), before + 1, 'index 3 was used');
    exchange(queue);
    t.is(interrupts(), before + 1);
  });

  test(`${kind}: with EVENT_IDX a batch that passes the event interrupts once, across the wrap too`, (t) => {
    const { queue, model, interrupts } = startEcho(kind, NOTIFY_ON_EMPTY);
    model.keeps = true;
    const passes = (used: number, event: number): boolean => {
      queue.usedEvent = event;
      const before = interrupts();
      for (let each = 0; each < used; each++) queue.send([HELLO], [8]);
      for (const { chain } of model.kept.splice(0)) model.host.queue(0).give(chain, 0);
      model.host.queue(0).announce();
      queue.collect();
      return interrupts() > before;
    };
    passes(3, 0);
    t.true(passes(4, 5), 'used 3 to 6');
    t.false(passes(2, 9), 'used 7 and 8');
    t.true(passes(1, 9));
    for (let index = 10; index < 0xfffe; index += 2) passes(2, 0xfffe);
    t.false(passes(0, 0xffff));
    t.true(passes(4, 0xffff), 'used 0xfffe to 1');
    t.false(passes(2, 4), 'used 2 and 3');
  });

  test(`${kind}: the device says at which index it wants to be notified`, (t) => {
    const { queue } = startEcho(kind);
    for (let round = 1; round < 20; round++) {
      exchange(queue);
      t.is(queue.availableEvent, round);
    }
  });

  for (const [name, spoil] of Object.entries(HOSTILE())) {
    test(`${kind}: ${name} breaks the device and nothing else`, (t) => {
      const { machine, queue, model } = startEcho(kind);
      exchange(queue);
      spoil(queue);
      t.notThrows(() => queue.kick());
      t.deepEqual(queue.collect(), []);
      t.is(machine.transport.status & STATUS_NEEDS_RESET, kind === 'modern' ? STATUS_NEEDS_RESET : 0);

      machine.negotiate();
      const fresh = machine.queue(0);
      machine.start();
      model.keeps = false;
      fresh.send([HELLO], [8]);
      t.is(fresh.collect().length, 1, 'a reset mends it');
    });
  }
}

/** What a driver must not do; each offers one buffer that is wrong. */
function HOSTILE(): Record<string, (queue: DriverQueue) => void> {
  const first = (queue: DriverQueue, bytes: number, flags: number, next = 0, address = 0x800): void => {
    queue.rawDescriptor(0, address, bytes, flags, next);
    queue.offer(0);
  };
  return {
    'a chain that is a loop': (queue) => first(queue, 4, DESC_NEXT, 0),
    'a loop of two': (queue) => {
      queue.rawDescriptor(1, 0x900, 4, DESC_NEXT, 0);
      first(queue, 4, DESC_NEXT, 1);
    },
    'a link out of the table': (queue) => first(queue, 4, DESC_NEXT, 8),
    'a head out of the table': (queue) => queue.offer(8),
    'a buffer of no bytes': (queue) => first(queue, 0, 0),
    'a buffer where no PC has memory': (queue) => first(queue, 4, 0, 0, 2 ** 60),
    'a readable buffer behind a writable one': (queue) => {
      queue.rawDescriptor(1, 0x900, 4, 0, 0);
      first(queue, 4, DESC_WRITE | DESC_NEXT, 1);
    },
    'an indirect table that is not whole': (queue) => first(queue, 24, DESC_INDIRECT),
    'an indirect table of nothing': (queue) => first(queue, 0, DESC_INDIRECT),
    'an indirect descriptor with a next one': (queue) => first(queue, 16, DESC_INDIRECT | DESC_NEXT, 1),
    'an indirect table in an indirect table': (queue) => {
      queue.rawDescriptor(1, 0x800, 16, DESC_INDIRECT, 0);
      first(queue, 16, DESC_INDIRECT, 0, queue.rings.descriptors + 16);
    },
    'an indirect table that is a loop': (queue) => {
      queue.rawDescriptor(1, 0x800, 4, DESC_NEXT, 0);
      first(queue, 16, DESC_INDIRECT, 0, queue.rings.descriptors + 16);
    },
    'an indirect table outside of RAM': (queue) => first(queue, 16, DESC_INDIRECT, 0, 0xf0000000),
    'an index that is a ring ahead and more': (queue) => queue.rawAvailableIndex(queue.offeredIndex + 9),
    'an index that goes back': (queue) => queue.rawAvailableIndex(queue.offeredIndex - 1),
  };
}

test('an indirect descriptor without the feature breaks the device', (t) => {
  const { machine, queue } = startEcho('modern', INDIRECT_DESC);
  queue.send([HELLO], [8], true);
  t.is(machine.transport.status & STATUS_NEEDS_RESET, STATUS_NEEDS_RESET);
});

test('a descriptor that the device has already, offered again, breaks the device', (t) => {
  const { machine, queue, model } = startEcho('modern');
  model.keeps = true;
  const { head } = queue.send([HELLO], [8]);
  queue.offer(head);
  queue.kick();
  t.is(machine.transport.status & STATUS_NEEDS_RESET, STATUS_NEEDS_RESET);
});

test('direct descriptors may lead to an indirect table (2.6.5.3.2), whose WRITE flag says nothing', (t) => {
  const { machine, queue } = startEcho('modern');
  const table = machine.take(16);
  const answer = machine.take(16);
  const entry = new DataView(new ArrayBuffer(16));
  entry.setBigUint64(0, BigInt(answer), true);
  entry.setUint32(8, 16, true);
  entry.setUint16(12, DESC_WRITE, true);
  machine.board.guest.write(table, new Uint8Array(entry.buffer));
  const text = machine.take(HELLO.length);
  machine.board.guest.write(text, HELLO);
  queue.rawDescriptor(0, text, HELLO.length, DESC_NEXT, 1);
  queue.rawDescriptor(1, table, 16, DESC_INDIRECT | DESC_WRITE, 0);
  queue.offer(0);
  queue.kick();
  t.deepEqual(queue.collect(), [{ head: 0, bytes: HELLO.length }]);
  t.deepEqual(machine.board.guest.read(answer, HELLO.length), HELLO);
});

test('a legacy driver that wants it is interrupted whenever the ring runs empty (NOTIFY_ON_EMPTY)', (t) => {
  const { queue, model, interrupts } = startEcho('legacy', EVENT_IDX);
  queue.interruptsSuppressed = true;
  model.keeps = true;
  queue.send([HELLO], [8]);
  queue.send([HELLO], [8]);
  const [one, two] = model.kept.splice(0);
  if (one === undefined || two === undefined) throw new Error('The device has not kept the chains');
  model.answer(0, one.chain);
  t.is(interrupts(), 0);
  model.answer(0, two.chain);
  t.is(interrupts(), 1);
});

test('a driver that keeps adding is served a ring at a time, and never forgotten', (t) => {
  const { machine, queue, model } = startEcho('modern');
  let served = 0;
  const chain = (): OfferedChain => queue.prepare([HELLO], [8]);
  const answer = model.answer.bind(model);
  model.answer = (index, taken) => {
    answer(index, taken);
    queue.collect();
    served += 1;
    if (served < 20) queue.offer(chain().head);
  };
  queue.offer(chain().head);
  queue.kick();
  t.is(served, queue.size);
  machine.board.advance(0);
  t.is(served, 20);
});

test('rings full of anything never throw, never hang', (t) => {
  const edge = fc.constantFrom(0, 1, 16, 0x800, 0xfffff, 0xffffffff, 2 ** 40, 2 ** 52, 2 ** 63);
  const descriptor = fc.record({
    address: fc.oneof(edge, fc.integer({ min: 0, max: 0x400000 })),
    bytes: fc.oneof(fc.constantFrom(0, 16, 32, 0xffffffff), fc.integer({ min: 0, max: 200 })),
    flags: fc.integer({ min: 0, max: 15 }),
    next: fc.integer({ min: 0, max: 9 }),
  });
  fc.assert(
    fc.property(
      fc.array(descriptor, { minLength: 8, maxLength: 8 }),
      fc.array(fc.integer({ min: 0, max: 9 }), { maxLength: 8 }),
      fc.integer({ min: 0, max: 10 }),
      (table, heads, ahead) => {
        const { machine, queue } = startEcho('modern');
        for (const [index, { address, bytes, flags, next }] of table.entries()) {
          queue.rawDescriptor(index, address, bytes, flags, next);
        }
        queue.offer(...heads);
        queue.rawAvailableIndex(queue.offeredIndex + ahead);
        queue.kick();
        machine.board.advance(1);
        t.true(queue.collect().length <= 8 + 10);
      },
    ),
    { numRuns: 300 },
  );
});
