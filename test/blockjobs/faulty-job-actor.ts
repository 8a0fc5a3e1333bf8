/** The actor of a block job that dies when it is asked to pause: how, says `TROUPE_TEST_FAULT`. */
import { defineActor } from '../../src/actors/define-actor.ts';
import { blockJobActor } from '../../src/blockjobs/block-job-actor.ts';
import type { BlockJobContract, JobConfig } from '../../src/blockjobs/job-contract.ts';

const STRIKES: Readonly<Record<string, () => void>> = {
  throw: () => {
    setImmediate(() => {
      throw new Error('injected throw');
    });
  },
  exit: () => process.exit(7),
  hang: () => {
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
  },
};

export const faultyJobActor = defineActor<BlockJobContract, JobConfig>({
  module: import.meta.url,
  exportName: 'faultyJobActor',
  async create(context, config) {
    const behaviour = await blockJobActor.create(context, config);
    const strike = STRIKES[process.env['TROUPE_TEST_FAULT'] ?? ''];
    return { ...behaviour, asks: { ...behaviour.asks, pause: () => strike?.() } };
  },
});
