import test from 'ava';
import fc from 'fast-check';
import { MemoryDevice } from '../../../src/backends/chardev/memory-device.ts';
import { NullDevice } from '../../../src/backends/chardev/null-device.ts';
import { RingBuffer } from '../../../src/backends/chardev/ring-buffer.ts';
import {
  decodeBase64,
  readRingbuf,
  ringbufOf,
  writeRingbuf,
} from '../../../src/backends/chardev/ringbuf-commands.ts';

test('keeps the newest bytes, gives the oldest first', (t) => {
  const operation = fc.oneof(
    fc.record({ write: fc.uint8Array({ maxLength: 40 }) }),
    fc.record({ read: fc.integer({ min: 1, max: 40 }) }),
  );
  fc.assert(
    fc.property(fc.constantFrom(1, 2, 8, 32), fc.array(operation), (capacity, operations) => {
      const buffer = new RingBuffer(capacity);
      let model: number[] = [];
      for (const operation of operations) {
        if ('write' in operation) {
          buffer.write(operation.write);
          model = [...model, ...operation.write].slice(-capacity);
        } else {
          t.deepEqual([...buffer.peek(operation.read)], model.slice(0, operation.read));
          buffer.consume(operation.read);
          model = model.slice(operation.read);
        }
        t.is(buffer.length, model.length);
      }
    }),
  );
});

test('a capacity costs memory only as bytes come, and the last allocation is the capacity itself', (t) => {
  const buffer = new RingBuffer(2 ** 40);
  t.is(buffer.capacity, 2 ** 40);
  const bytes = Uint8Array.from({ length: 100_000 }, (_, i) => i);
  buffer.write(bytes.subarray(0, 3000));
  buffer.consume(2000);
  buffer.write(bytes.subarray(3000, 9000));
  buffer.write(bytes.subarray(9000));
  t.deepEqual(buffer.peek(2 ** 40), bytes.subarray(2000));
  const small = new RingBuffer(8192);
  small.write(bytes.subarray(0, 5000));
  small.write(bytes.subarray(5000, 10_000));
  t.deepEqual(small.peek(9000), bytes.subarray(10_000 - 8192, 10_000));
});

test('base64 comes back as it went in', (t) => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 100 }), (bytes) => {
      t.deepEqual([...decodeBase64(Buffer.from(bytes).toString('base64'))], [...bytes]);
    }),
  );
});

test('invalid base64 is tolerated: strangers are skipped, an incomplete group is dropped', (t) => {
  const text = (encoded: string) => Buffer.from(decodeBase64(encoded)).toString();
  t.is(text('YW Jj\n!ZGVm'), 'abcdef');
  t.is(text('YWJjZGV'), 'abc');
  t.is(text('YQ==YmM='), 'abc');
  t.is(text('***'), '');
});

test('the documented session', (t) => {
  const buffer = new RingBuffer(65536);
  writeRingbuf(buffer, 'abcdefgh', 'utf8');
  t.is(readRingbuf(buffer, 1000, 'utf8'), 'abcdefgh');
  t.is(readRingbuf(buffer, 1000, 'utf8'), '');
});

test('size counts bytes of data, whatever the format', (t) => {
  const buffer = new RingBuffer(64);
  writeRingbuf(buffer, 'abcdef', 'utf8');
  t.is(readRingbuf(buffer, 3, 'base64'), 'YWJj');
  t.is(readRingbuf(buffer, 2n ** 62n, 'base64'), 'ZGVm');
});

test('bytes that are no UTF-8 are replaced, a NUL is a character like any other', (t) => {
  const buffer = new RingBuffer(64);
  buffer.write(Uint8Array.of(0x61, 0xff, 0x62, 0, 0x63, 0xe2, 0x82));
  t.is(readRingbuf(buffer, 64, 'utf8'), 'a\ufffdb\0c\ufffd');
  t.is(buffer.length, 0);
});

test('a character that the size limit would cut stays for the next read', (t) => {
  const buffer = new RingBuffer(64);
  writeRingbuf(buffer, 'a€b😀', 'utf8');
  t.is(readRingbuf(buffer, 3, 'utf8'), 'a');
  t.is(readRingbuf(buffer, 4, 'utf8'), '€b');
  t.is(readRingbuf(buffer, 4, 'utf8'), '😀');
});

test('a limit shorter than the first character still makes progress', (t) => {
  const buffer = new RingBuffer(64);
  writeRingbuf(buffer, '😀x', 'utf8');
  t.is(readRingbuf(buffer, 1, 'utf8'), '\ufffd');
  t.is(buffer.length, 4);
});

test('reading in any portions gives the same text as reading at once', (t) => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), fc.integer({ min: 4, max: 12 }), (text, portion) => {
      const buffer = new RingBuffer(4096);
      writeRingbuf(buffer, text, 'utf8');
      let read = '';
      while (buffer.length > 0) {
        read += readRingbuf(buffer, portion, 'utf8');
      }
      t.is(read, text);
    }),
  );
});

test("errors are the commands' own", (t) => {
  const memory = new MemoryDevice('foo', '', 8);
  t.throws(() => ringbufOf(undefined, 'foo'), { message: "Device 'foo' not found" });
  t.throws(() => ringbufOf(new NullDevice('n', ''), 'n'), { message: 'n is not a ringbuf device' });
  t.throws(() => readRingbuf(ringbufOf(memory, 'foo'), 0, 'utf8'), {
    message: 'size must be greater than zero',
  });
  for (const size of [0, 3, -8, 65537, 2.5]) {
    t.throws(() => new MemoryDevice('foo', '', size), {
      message: 'size of memory chardev must be power of two',
    });
  }
  for (const size of [2 ** 31, 2 ** 40, 2 ** 63]) {
    t.throws(() => new MemoryDevice('foo', '', size), {
      message: `size of memory chardev must be at most 1073741824 bytes, not ${size}`,
    });
  }
});
