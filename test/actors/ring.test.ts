import test from 'ava';
import fc from 'fast-check';
import { createRing, RingConsumer, RingProducer } from '../../src/actors/ring.ts';
import { createRingChannel, RingReceiver, RingSender } from '../../src/actors/ring-channel.ts';

const CAPACITY = 256;
/** What msgpack and the frame add to a byte array of fewer than 256 bytes. */
const FRAME_OVERHEAD = 4 + 2;

/** Byte positions count modulo 2^32; these words (see ring.ts) put a new ring just before they wrap. */
function ringAt(position: number): SharedArrayBuffer {
  const memory = createRing(CAPACITY);
  const words = new Int32Array(memory);
  Atomics.store(words, 0, position);
  Atomics.store(words, 16, position);
  return memory;
}

const position = fc.oneof(fc.constantFrom(0, -1, -100, 0x7fff_ff80, -0x8000_0000), fc.integer());

test('a ring is a queue of bytes, wherever it wraps', (t) => {
  const step = fc.record({ write: fc.boolean(), size: fc.integer({ min: 0, max: CAPACITY }) });
  fc.assert(
    fc.property(position, fc.array(step, { minLength: 20, maxLength: 200 }), (start, steps) => {
      const memory = ringAt(start);
      const producer = new RingProducer(memory);
      const consumer = new RingConsumer(memory);
      const model: number[] = [];
      let next = 0;
      for (const { write, size } of steps) {
        if (write) {
          t.is(producer.hasRoom(size), model.length + size <= CAPACITY);
          if (model.length + size <= CAPACITY) {
            const bytes = Buffer.from(Array.from({ length: size }, () => next++ & 0xff));
            producer.stage(bytes, size);
            t.is(
              consumer.has(model.length + 1),
              false,
              'staged bytes are not seen before they are published',
            );
            producer.publish();
            model.push(...bytes);
          }
        } else {
          t.is(consumer.has(size), size <= model.length);
          const length = Math.min(size, model.length);
          const bytes = Buffer.alloc(length);
          consumer.has(length);
          consumer.take(bytes, length);
          consumer.release();
          t.deepEqual([...bytes], model.splice(0, length));
        }
      }
    }),
    { numRuns: 200 },
  );
});

test('a channel is a queue of messages of any size that it takes', (t) => {
  const limit = CAPACITY / 2 - FRAME_OVERHEAD;
  const action = fc.option(fc.uint8Array({ maxLength: limit }), { freq: 2 });
  fc.assert(
    fc.property(position, fc.array(action, { minLength: 20, maxLength: 200 }), (start, actions) => {
      const memory = ringAt(start);
      const sender = new RingSender<Uint8Array>(memory);
      const receiver = new RingReceiver<Uint8Array>(memory);
      const model: Uint8Array[] = [];
      let filled = 0;
      for (const sent of actions) {
        if (sent === null) {
          const expected = model.shift();
          filled -= expected === undefined ? 0 : expected.length + FRAME_OVERHEAD;
          const received = receiver.tryReceive();
          t.deepEqual(received && [...received], expected && [...expected]);
        } else {
          const fits = filled + sent.length + FRAME_OVERHEAD <= CAPACITY;
          t.is(sender.trySend(sent), fits);
          if (fits) {
            model.push(sent);
            filled += sent.length + FRAME_OVERHEAD;
          }
        }
      }
    }),
    { numRuns: 200 },
  );
});

test('a channel carries structured values', (t) => {
  const memory = createRingChannel(4096);
  const sender = new RingSender<unknown>(memory);
  const receiver = new RingReceiver<unknown>(memory);
  const values = [0, -1, 2 ** 40, 2n ** 63n, 'ünïcödé', null, [1, [2]], { a: { b: true } }, 1.5];
  for (const value of values) {
    sender.trySend(value);
    const received = receiver.tryReceive();
    t.deepEqual(JSON.stringify(received, plain), JSON.stringify(value, plain));
  }
});

function plain(_key: string, value: unknown): unknown {
  return typeof value === 'bigint' ? `${value}n` : value;
}

test('what was received is the receiver’s own', (t) => {
  const memory = createRingChannel(64);
  const sender = new RingSender<Uint8Array>(memory);
  const receiver = new RingReceiver<Uint8Array>(memory);
  sender.trySend(new Uint8Array([1, 2, 3]));
  const first = receiver.tryReceive();
  for (let count = 0; count < 10; count++) {
    sender.trySend(new Uint8Array([9, 9, 9]));
    receiver.tryReceive();
  }
  t.deepEqual([...(first ?? [])], [1, 2, 3]);
});

test('a message above half the ring is refused, one of half is not', (t) => {
  const sender = new RingSender<Uint8Array>(createRingChannel(CAPACITY));
  const limit = CAPACITY / 2 - FRAME_OVERHEAD;
  t.throws(() => sender.trySend(new Uint8Array(limit + 1)), { code: 'ERR_ACTOR_MESSAGE_TOO_LARGE' });
  t.throws(() => sender.send(new Uint8Array(limit + 1), 0), { code: 'ERR_ACTOR_MESSAGE_TOO_LARGE' });
  t.true(sender.trySend(new Uint8Array(limit)));
});

test('a blocking send into a full ring ends at its deadline', (t) => {
  const times = [0, 0, 100];
  const memory = createRingChannel(64);
  const sender = new RingSender<number>(memory, { now: () => times.shift() ?? 100 });
  while (sender.trySend(1)) {}
  t.throws(() => sender.send(1, 1), { code: 'ERR_ACTOR_TIMEOUT' });
});

test('a receiver that closed makes the sender fail; a sender that closed lets the receiver finish', (t) => {
  const memory = createRingChannel(64);
  const sender = new RingSender<string>(memory);
  const receiver = new RingReceiver<string>(memory);
  sender.trySend('last');
  sender.close();
  t.false(receiver.ended);
  t.is(receiver.receive(1000), 'last');
  t.true(receiver.ended);
  t.is(receiver.receive(Infinity), undefined);
  receiver.close();
  t.throws(() => sender.trySend('more'), { code: 'ERR_ACTOR_RING_CLOSED' });
});

test('a listener on the same thread gets all messages in order and then the end', async (t) => {
  const memory = createRingChannel(64);
  const sender = new RingSender<number>(memory);
  const receiver = new RingReceiver<number>(memory);
  const received: number[] = [];
  const ended = new Promise<void>((resolve) => {
    receiver.listen((message) => received.push(message), { keepAlive: true, ended: resolve });
  });
  for (let message = 0; message < 1000; message++) {
    while (!sender.trySend(message)) {
      await new Promise((resolve) => setImmediate(resolve));
    }
  }
  sender.close();
  await ended;
  t.deepEqual(received, [...Array(1000).keys()]);
});

test('a listener that is disposed of gets nothing more and leaves the rest in the ring', async (t) => {
  const memory = createRingChannel(64);
  const sender = new RingSender<number>(memory);
  const receiver = new RingReceiver<number>(memory);
  const first = await new Promise<number>((resolve) => {
    const listening = receiver.listen((message) => {
      listening[Symbol.dispose]();
      resolve(message);
    });
    sender.trySend(1);
    sender.trySend(2);
  });
  await new Promise((resolve) => setImmediate(resolve));
  t.is(first, 1);
  t.is(receiver.tryReceive(), 2);
});

test('memory and sizes that are no ring are refused', (t) => {
  for (const capacity of [0, 32, 100, 2 ** 31, Number.NaN]) {
    t.throws(() => createRing(capacity), { instanceOf: RangeError });
  }
  const stray = new SharedArrayBuffer(1000);
  t.throws(() => new RingReceiver(stray), { code: 'ERR_ACTOR_RING_CORRUPT' });
  t.throws(() => new RingSender(stray), { code: 'ERR_ACTOR_RING_CORRUPT' });
});

test('a frame that claims more than the ring holds is refused', (t) => {
  const memory = createRing(64);
  const producer = new RingProducer(memory);
  producer.stage(Buffer.from([0xff, 0xff, 0xff, 0x7f]), 4);
  producer.publish();
  t.throws(() => new RingReceiver(memory).tryReceive(), { code: 'ERR_ACTOR_RING_CORRUPT' });
});
