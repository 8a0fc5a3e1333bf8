/** The machine's loop beside the event loop that it shares its thread with. */
import test from 'ava';
import { MachineLoop } from '../../../src/machine/board/machine-loop.ts';
import { TimerQueue } from '../../../src/machine/board/timer-queue.ts';
import { monotonicNs } from '../../../src/memory/virtual-clock.ts';

const PAGES = 16;
const TICK_NS = 100_000;

test('what was given to the event loop before a turn runs after one round of it', async (t) => {
  const ending = new AbortController();
  const timers = new TimerQueue(monotonicNs);
  // A device that ticks keeps the loop from its longest sleep, after which it would return by itself.
  const ticking = timers.timer(() => ticking.arm(timers.now() + TICK_NS));
  ticking.arm(timers.now());
  let rounds = 0;
  const loop = new MachineLoop({
    memory: new WebAssembly.Memory({ initial: PAGES, maximum: PAGES, shared: true }),
    signal: ending.signal,
    clocks: [{ timers, isRunning: () => true }],
    beforeTimers: () => {
      rounds += 1;
    },
    afterTimers: () => undefined,
    serve: () => 0,
    failed: (error) => t.fail(String(error)),
  });
  loop.start();
  const seen = await new Promise<number>((resolve) => {
    setImmediate(() => resolve(rounds));
    loop.returnSoon();
  });
  ending.abort();
  t.is(seen, 1);
});
