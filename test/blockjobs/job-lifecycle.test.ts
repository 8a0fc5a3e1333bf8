import test from 'ava';
import fc from 'fast-check';
import { JobLifecycle } from '../../src/blockjobs/job-lifecycle.ts';

type Step =
  | 'pause'
  | 'resume'
  | 'cancel'
  | 'cancelByForce'
  | 'complete'
  | 'synced'
  | 'lost'
  | 'ended'
  | 'failed';

const STEPS: readonly Step[] = [
  'pause',
  'resume',
  'cancel',
  'cancelByForce',
  'complete',
  'synced',
  'lost',
  'ended',
  'failed',
];

/** The rules of behaviour.md §4.4 in plain words, to hold the chart against. */
interface Model {
  held: boolean;
  ready: boolean;
  wantsCompletion: boolean;
  ending: boolean;
  cancelledReady: boolean;
  over: 'completed' | 'cancelled' | undefined;
}

/** @returns whether the request is refused */
function take(model: Model, step: Step): boolean {
  const isOver = model.over !== undefined;
  switch (step) {
    case 'pause':
      model.held = true;
      return false;
    case 'resume':
      model.held = false;
      return false;
    case 'cancel':
    case 'cancelByForce':
      if (step === 'cancel' && model.held) return true;
      model.held = false;
      if (!isOver && !model.ending) {
        model.cancelledReady = model.ready;
        model.ending = true;
      }
      return false;
    case 'complete':
      if (model.held || model.ending || isOver || !model.ready) return true;
      model.wantsCompletion = true;
      return false;
    case 'synced':
      if (!isOver && !model.ending) model.ready = true;
      return false;
    case 'lost':
      if (!isOver && !model.ending) model.ready = false;
      return false;
    case 'failed':
      model.over ??= 'completed';
      return false;
    case 'ended': {
      // Nothing ends by itself while it only follows, or still has to get ready again.
      const mayEnd = model.ending || (model.ready ? model.wantsCompletion : !model.wantsCompletion);
      if (mayEnd) model.over ??= model.ending && !model.cancelledReady ? 'cancelled' : 'completed';
      return false;
    }
  }
}

function apply(lifecycle: JobLifecycle, step: Step): boolean {
  try {
    if (step === 'cancelByForce') lifecycle.cancel(true);
    else if (step === 'cancel') lifecycle.cancel(false);
    else lifecycle[step]();
    return false;
  } catch {
    return true;
  }
}

test('whatever is asked in whatever order, a job obeys the rules', (t) => {
  fc.assert(
    fc.property(fc.array(fc.constantFrom(...STEPS), { maxLength: 25 }), (steps) => {
      let turns = 0;
      const lifecycle = new JobLifecycle('d', () => {
        turns += 1;
      });
      const model: Model = {
        held: false,
        ready: false,
        wantsCompletion: false,
        ending: false,
        cancelledReady: false,
        over: undefined,
      };
      for (const step of steps) {
        const before = turns;
        const refused = apply(lifecycle, step);
        if (refused !== take(model, step)) return false;
        if (refused !== (turns === before)) return false;
        if (lifecycle.has('held') !== model.held || lifecycle.outcome !== model.over) return false;
        if (lifecycle.has('over') !== (model.over !== undefined)) return false;
        if (model.over !== undefined) continue;
        if (lifecycle.has('ending') !== model.ending) return false;
        if (model.ending) {
          if (lifecycle.concludes !== model.cancelledReady) return false;
          continue;
        }
        if (lifecycle.has('ready') !== (model.ready && !model.wantsCompletion)) return false;
        if (lifecycle.has('completing') !== (model.ready && model.wantsCompletion)) return false;
        if (lifecycle.has('working') !== !model.ready) return false;
      }
      return true;
    }),
    { numRuns: 2000 },
  );
  t.pass();
});

test('what is refused is refused in the reference’s words', (t) => {
  const lifecycle = new JobLifecycle('ide0-hd0', () => undefined);
  const cannot = "The active block job for device 'ide0-hd0' cannot be completed";
  t.throws(() => lifecycle.complete(), { message: cannot, code: 'ERR_JOB_NOT_COMPLETABLE' });
  lifecycle.synced();
  lifecycle.pause();
  t.throws(() => lifecycle.complete(), { message: cannot });
  t.throws(() => lifecycle.cancel(false), {
    message: "The block job for device 'ide0-hd0' is currently paused",
    code: 'ERR_JOB_PAUSED',
  });
  lifecycle.cancel(true);
  t.false(lifecycle.has('held'));
});
