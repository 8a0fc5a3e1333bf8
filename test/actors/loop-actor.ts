import { defineActor } from '../../src/actors/define-actor.ts';
import { beat, pumpMessages, wakeOnMessages } from '../../src/actors/this-thread.ts';

/** An actor that sleeps on a word of shared memory instead of in the event loop, as one that serves vCPUs does. */
export interface LoopContract {
  asks: {
    /** Answered with how often the loop has turned, or -1 outside of it. */
    turns(argument: null): number;
  };
  tells: { enter(words: Int32Array): void; leave(argument: null): void };
  events: { left: boolean };
}

export const loopActor = defineActor<LoopContract, null>({
  module: import.meta.url,
  exportName: 'loopActor',
  create(context) {
    let inside = false;
    let turns = 0;
    const run = (words: Int32Array) => {
      inside = true;
      wakeOnMessages(words, 0);
      while (inside && !context.signal.aborted) {
        const seen = Atomics.load(words, 0);
        turns++;
        beat();
        if (pumpMessages() === 0) {
          // Without a timeout, so that a wake-up that is lost fails the test instead of costing it a moment.
          Atomics.wait(words, 0, seen);
        }
      }
      inside = false;
      context.emit('left', context.signal.aborted);
    };
    return {
      asks: { turns: () => (inside ? turns : -1) },
      tells: {
        enter: (words) => {
          setImmediate(run, words);
        },
        leave() {
          inside = false;
        },
      },
    };
  },
});
