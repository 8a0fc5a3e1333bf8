import test from 'ava';
import { assembleGuest, hasGuestTools, runInQemu, runOnCore } from './support/guest-image.ts';

const runTest = hasGuestTools() ? test : test.skip;

runTest('a walk through the modes reports what it reports under QEMU', async (t) => {
  const image = assembleGuest('modes');
  t.deepEqual((await runOnCore(image)).split('x'), runInQemu(image).split('x'));
});
