import test from 'ava';
import fc from 'fast-check';
import { receivedDescriptors } from '../../src/host/control-data.ts';

function controlMessage(level: number, type: number, descriptors: readonly number[]): Uint8Array {
  const length = 16 + 4 * descriptors.length;
  const bytes = new Uint8Array(Math.ceil(length / 8) * 8);
  const view = new DataView(bytes.buffer);
  view.setBigUint64(0, BigInt(length), true);
  view.setInt32(8, level, true);
  view.setInt32(12, type, true);
  descriptors.forEach((fd, i) => {
    view.setInt32(16 + 4 * i, fd, true);
  });
  return bytes;
}

test('descriptors of all SCM_RIGHTS messages are found, other messages are passed over', (t) => {
  const control = Buffer.concat([
    controlMessage(1, 1, [7]),
    controlMessage(1, 2, [1, 2, 3]),
    controlMessage(1, 1, [8, 9, 10]),
  ]);
  t.deepEqual(receivedDescriptors(control), [7, 8, 9, 10]);
});

test('a message cut short still gives the descriptors that are there', (t) => {
  const control = controlMessage(1, 1, [7, 8, 9]).subarray(0, 16 + 8);
  t.deepEqual(receivedDescriptors(control), [7, 8]);
});

test('any bytes at all are read without failing or looping', (t) => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
      t.true(receivedDescriptors(bytes).length <= bytes.length / 4);
    }),
  );
});
