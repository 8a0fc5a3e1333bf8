import test from 'ava';
import type { FastAnswer } from '../../src/memory/fast-answer.ts';
import { type IoEntry, IoTableReader, IoTableWriter } from '../../src/memory/io-table.ts';

const PORT = 0x1f0;
const BUFFER = 0x700000;
const POSITION = 0x710000;
const LIMIT = 0x710004;
const ENABLED = 0x710008;
const at0 = { now: () => 0, isDrained: () => true };

function table(...entries: IoEntry[]) {
  const memory = new WebAssembly.Memory({ initial: 128, maximum: 128, shared: true });
  const reader = new IoTableReader(memory);
  new IoTableWriter(memory).publish(entries);
  return { reader, words: new Int32Array(memory.buffer), bytes: new Uint8Array(memory.buffer) };
}

test('a vCPU takes the bytes of a stream in their order, as far as the limit', (t) => {
  const answer = { kind: 'stream', buffer: BUFFER, position: POSITION, limit: LIMIT } as const;
  const { reader, words, bytes } = table(
    { kind: 'fast', space: 'ports', address: PORT, size: 2, answer },
    { kind: 'fast', space: 'ports', address: PORT, size: 4, answer },
  );
  bytes.set([1, 2, 3, 4, 5, 6, 7, 8, 9, 10], BUFFER);
  t.is(reader.readPort(PORT, 2, at0), undefined);
  words[LIMIT >> 2] = 8;
  t.is(reader.readPort(PORT, 2, at0), 0x0201);
  t.is(reader.readPort(PORT, 2, at0), 0x0403);
  t.is(reader.readPort(PORT, 4, at0), 0x08070605);
  t.is(words[POSITION >> 2], 8);
  t.is(reader.readPort(PORT, 2, at0), undefined);
});

test('a word of a device is answered while it is enabled', (t) => {
  const { reader, words } = table({
    kind: 'fast',
    space: 'ports',
    address: PORT,
    size: 1,
    answer: { kind: 'word', word: BUFFER, enabled: ENABLED },
  });
  words[BUFFER >> 2] = 0x150;
  t.is(reader.readPort(PORT, 1, at0), undefined);
  words[ENABLED >> 2] = 1;
  t.is(reader.readPort(PORT, 1, at0), 0x50);
});

test('a read waits for posted writes unless its answer says that they do not matter', (t) => {
  const fast = (address: number, answer: FastAnswer): IoEntry => ({
    kind: 'fast',
    space: 'ports',
    address,
    size: 1,
    answer,
  });
  const { reader, words } = table(
    fast(PORT, { kind: 'word', word: BUFFER }),
    fast(PORT + 1, { kind: 'word', word: BUFFER, unordered: true }),
    fast(PORT + 2, { kind: 'counter', hz: 1e9, bits: 32 }),
    fast(PORT + 3, { kind: 'count-down', hz: 1e9, state: BUFFER }),
  );
  words.set([1, 0, 0, 9, 10, 0], BUFFER >> 2);
  const waiting = { now: () => 7, isDrained: () => false };
  t.is(reader.readPort(PORT, 1, waiting), undefined);
  t.is(reader.readPort(PORT + 1, 1, waiting), 1);
  t.is(reader.readPort(PORT + 2, 1, waiting), 7);
  t.is(reader.readPort(PORT + 3, 1, waiting), undefined);
  t.is(reader.readPort(PORT, 1, at0), 1);
});

test('only what reads the 8254 counts as a timer that others are calibrated by', (t) => {
  const { reader, words } = table(
    {
      kind: 'fast',
      space: 'ports',
      address: 0x42,
      size: 1,
      answer: { kind: 'count-down', hz: 1e9, state: BUFFER },
    },
    { kind: 'fast', space: 'ports', address: 0x43, size: 1, answer: { kind: 'counter', hz: 1e9, bits: 8 } },
  );
  words.set([1, 0, 0, 9, 10, 0], BUFFER >> 2);
  t.true(reader.isTimerPort(0x42));
  t.false(reader.isTimerPort(0x43));
  t.false(reader.isTimerPort(0x44));
  const asked: boolean[] = [];
  const reading = { now: (fine: boolean) => asked.push(fine), isDrained: () => true };
  reader.readPort(0x42, 1, reading);
  reader.readPort(0x43, 1, reading);
  t.deepEqual(asked, [true, false]);
});

test('a counter runs down by the clock, low byte first, while its version is not 0', (t) => {
  const { reader, words } = table({
    kind: 'fast',
    space: 'ports',
    address: 0x42,
    size: 1,
    answer: { kind: 'count-down', hz: 1e9, state: BUFFER },
  });
  const at = (ns: number) => reader.readPort(0x42, 1, { now: () => ns, isDrained: () => true });
  words.set([0, 1000, 0, 0x1234, 0x10000, 0], BUFFER >> 2);
  t.is(at(1000), undefined);
  words[BUFFER >> 2] = 7;
  t.is(at(1004), 0x30);
  t.is(at(1004), 0x12);
  t.is(at(1000 + 0x1235), 0xff);
  t.is(at(1000 + 0x1235), 0xff);
});

test('bits of time join a word: one that toggles and one that rises', (t) => {
  const { reader, words } = table({
    kind: 'fast',
    space: 'ports',
    address: 0x61,
    size: 1,
    answer: {
      kind: 'timed-bits',
      hz: 1e9,
      word: BUFFER,
      toggle: 0x10,
      toggleTicks: 15,
      rise: 0x20,
      riseState: POSITION,
    },
  });
  const at = (ns: number) => reader.readPort(0x61, 1, { now: () => ns, isDrained: () => true });
  words[BUFFER >> 2] = 0x01;
  words.set([0, 40, 0], POSITION >> 2);
  t.is(at(0), undefined);
  words[POSITION >> 2] = 1;
  t.deepEqual([0, 14, 15, 29, 30, 39, 40, 45].map(at), [0x01, 0x01, 0x11, 0x11, 0x01, 0x01, 0x21, 0x31]);
});
