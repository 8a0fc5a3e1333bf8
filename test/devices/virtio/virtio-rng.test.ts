/** The entropy device (VIRTIO 1.1, 5.4). */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import {
  type EntropySource,
  entropyFile,
  systemEntropy,
} from '../../../src/backends/entropy/entropy-source.ts';
import { virtioRngPci } from '../../../src/devices/virtio/virtio-rng-pci.ts';
import { testDeviceContract } from '../support/device-contract.ts';
import type { FakeBoard } from '../support/fake-board.ts';
import { removable } from './support/echo-device.ts';
import { valuesFor } from './support/property-values.ts';
import { TRANSPORTS, VirtioMachine, virtioBoard } from './support/virtio-machine.ts';

const NS_PER_MS = 1e6;

/** Counts up; gives at most `available` bytes. */
class CountingSource implements EntropySource {
  available = Number.POSITIVE_INFINITY;
  closed = false;
  #next = 1;

  fill(target: Uint8Array): number {
    const bytes = Math.min(target.length, this.available);
    for (let index = 0; index < bytes; index++) target[index] = this.#next++;
    this.available -= bytes;
    return bytes;
  }

  close(): void {
    this.closed = true;
  }
}

function createRng(board: FakeBoard, source: EntropySource, chosen: Record<string, unknown> = {}) {
  const values = valuesFor(virtioRngPci, chosen) as Parameters<typeof virtioRngPci.create>[1];
  return removable(board, virtioRngPci.create({ ...board, entropy: () => source }, values));
}

function startRng(kind: 'legacy' | 'modern', chosen: Record<string, unknown> = {}) {
  const board = virtioBoard();
  const source = new CountingSource();
  const device = createRng(board, source, chosen);
  device.reset();
  const machine = new VirtioMachine(kind, board);
  machine.negotiate();
  const queue = machine.queue(0);
  machine.start();
  return { board, source, device, machine, queue };
}

for (const kind of TRANSPORTS) {
  test(`${kind}: buffers are filled from the source`, (t) => {
    const { queue } = startRng(kind);
    const chain = queue.send([], [3, 2]);
    t.deepEqual(queue.collect(), [{ head: chain.head, bytes: 5 }]);
    t.deepEqual([...queue.contents(chain)], [1, 2, 3, 4, 5]);
  });
}

test('a source that has nothing is asked again, and one that has little gives that', (t) => {
  const { queue, source, board } = startRng('modern');
  source.available = 0;
  const chain = queue.send([], [16]);
  t.deepEqual(queue.collect(), []);
  source.available = 4;
  board.advance(10 * NS_PER_MS);
  t.deepEqual(queue.collect(), [{ head: chain.head, bytes: 4 }]);
});

test('max-bytes and period bound what the guest gets', (t) => {
  const { queue, board } = startRng('modern', { 'max-bytes': 10n, period: 100 });
  const used = (): number => queue.collect().reduce((sum, { bytes }) => sum + bytes, 0);
  for (let each = 0; each < 4; each++) queue.send([], [6]);
  t.is(used(), 10, '6 and 4');
  board.advance(99 * NS_PER_MS);
  t.is(used(), 0);
  board.advance(NS_PER_MS);
  t.is(used(), 10);
});

test('a reset gives no new quota', (t) => {
  const { queue, machine } = startRng('modern', { 'max-bytes': 10n, period: 100 });
  queue.send([], [10]);
  machine.negotiate();
  const again = machine.queue(0);
  machine.start();
  again.send([], [10]);
  t.deepEqual(again.collect(), []);
});

test('a huge buffer is filled in part', (t) => {
  const { queue, machine } = startRng('modern');
  queue.rawDescriptor(0, machine.take(65536), 0xffffffff, 2, 0);
  queue.offer(0);
  queue.kick();
  t.deepEqual(queue.collect(), [{ head: 0, bytes: 65536 }]);
});

test('a chain that waits for the source is served after a restore', (t) => {
  const { queue, source, device, board } = startRng('modern');
  source.available = 0;
  queue.send([], [16]);
  const other = virtioBoard();
  const restored = createRng(other, new CountingSource());
  restored.restore(structuredClone(device.save()));
  other.guest.bytes.set(board.guest.bytes);
  other.advance(0);
  t.is(other.guest.readU16(queue.rings.used + 2), 1);
});

test('the source is closed with the device', (t) => {
  const { device, source } = startRng('modern');
  device.unrealize?.();
  t.true(source.closed);
});

test('the host gives bytes that differ, a file those that it has', (t) => {
  const buffers = [new Uint8Array(32), new Uint8Array(32)] as const;
  const system = systemEntropy();
  t.deepEqual(
    buffers.map((buffer) => system.fill(buffer)),
    [32, 32],
  );
  t.notDeepEqual(buffers[0], buffers[1]);
  const directory = mkdtempSync(join(tmpdir(), 'troupe-entropy-'));
  try {
    const path = join(directory, 'bytes');
    writeFileSync(path, Uint8Array.of(1, 2, 3));
    const file = entropyFile(path);
    t.is(file.fill(buffers[0]), 3);
    t.is(file.fill(buffers[0]), 0);
    file.close();
    t.throws(() => entropyFile(join(directory, 'absent')), { code: 'ERR_ENTROPY_SOURCE' });
  } finally {
    rmSync(directory, { recursive: true });
  }
});

testDeviceContract(test, {
  name: 'virtio-rng-pci',
  board: virtioBoard,
  create: (board) => createRng(board, new CountingSource(), { 'max-bytes': 10n }),
  exercise: (board) => {
    const machine = new VirtioMachine('modern', board);
    machine.negotiate();
    const queue = machine.queue(0);
    machine.start();
    queue.send([], [4]);
  },
});
