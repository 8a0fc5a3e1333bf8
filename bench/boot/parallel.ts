/**
 * Two vCPUs at work in parallel: how much faster two jobs are done at once than one after the other, inside a Linux guest,
 * beside QEMU's TCG in the same run. Only an otherwise idle machine with two processors shows it.
 */
import { benchGuest, JOBS, JOBS_DONE } from './guest.ts';
import { awaitOutput, boot, end, peers } from './peers.ts';

const guest = await benchGuest(JOBS);
for (const peer of peers()) {
  const child = boot(peer, guest, 2);
  const { groups } = await awaitOutput(child, JOBS_DONE);
  await end(child);
  const [one, two] = [Number(groups?.['one']), Number(groups?.['two'])];
  console.log(
    `${peer.name.padEnd(8)} one job ${one.toFixed(2)} s, two at once ${two.toFixed(2)} s: ${((2 * one) / two).toFixed(2)} times as much done`,
  );
}
