import test from 'ava';
import { assembleGuest, hasGuestTools, runInQemu, runOnCore } from './support/guest-image.ts';

const runTest = hasGuestTools() ? test : test.skip;

runTest('a walk through the modes reports what it reports under QEMU', async (t) => {
  const image = assembleGuest('modes');
  t.deepEqual((await runOnCore(image)).split('x'), runInQemu(image).split('x'));
});

runTest('instructions of 16- and 32-bit code give what they give under QEMU', async (t) => {
  const image = assembleGuest('legacy');
  const expected = runInQemu(image);
  t.true(expected.length > 200);
  t.deepEqual((await runOnCore(image)).split('\n'), expected.split('\n'));
});
