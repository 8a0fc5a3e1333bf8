import test from 'ava';
import { type IoEntry, IoTableReader, IoTableWriter } from '../../src/memory/io-table.ts';

const PORT = 0x1f0;
const BUFFER = 0x700000;
const POSITION = 0x710000;
const LIMIT = 0x710004;
const ENABLED = 0x710008;
const now = () => 0;

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
  t.is(reader.readPort(PORT, 2, now), undefined);
  words[LIMIT >> 2] = 8;
  t.is(reader.readPort(PORT, 2, now), 0x0201);
  t.is(reader.readPort(PORT, 2, now), 0x0403);
  t.is(reader.readPort(PORT, 4, now), 0x08070605);
  t.is(words[POSITION >> 2], 8);
  t.is(reader.readPort(PORT, 2, now), undefined);
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
  t.is(reader.readPort(PORT, 1, now), undefined);
  words[ENABLED >> 2] = 1;
  t.is(reader.readPort(PORT, 1, now), 0x50);
});
