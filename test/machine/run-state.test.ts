import test from 'ava';
import fc from 'fast-check';

import { RunStateMachine } from '../../src/machine/run-state.ts';
import { RUN_STATES, type RunState, RunStateView } from '../../src/machine/run-state-view.ts';

/** behaviour.md §1, "Allowed transitions, complete", copied row by row. */
const TABLE: Readonly<Record<RunState, string>> = {
  prelaunch: 'running, finish-migrate, inmigrate',
  inmigrate: 'running, paused',
  running:
    'debug, internal-error, io-error, paused, finish-migrate, restore-vm, save-vm, shutdown, watchdog, guest-panicked, suspended',
  paused: 'running, finish-migrate',
  debug: 'running, suspended',
  'io-error': 'running, finish-migrate',
  watchdog: 'running, finish-migrate',
  'internal-error': 'paused, finish-migrate',
  shutdown: 'paused, finish-migrate',
  'guest-panicked': 'paused, finish-migrate',
  suspended: 'running, finish-migrate',
  'save-vm': 'running',
  'restore-vm': 'running',
  'finish-migrate': 'running, postmigrate',
  postmigrate: 'running, finish-migrate',
};

const allowed = (from: RunState, to: RunState) => TABLE[from].split(', ').includes(to);

function create() {
  const view = new RunStateView(RunStateView.allocate());
  const seen: string[] = [];
  const machine = new RunStateMachine({
    view,
    // The word holds the new state before anyone hears of it.
    onTransition: (from, to) => seen.push(`${from}>${to}:${view.load()}`),
  });
  return { machine, view, seen };
}

/** Shortest way from prelaunch to every state, by the table alone. */
function routes(): ReadonlyMap<RunState, readonly RunState[]> {
  const found = new Map<RunState, readonly RunState[]>([['prelaunch', []]]);
  for (const [from, route] of found) {
    for (const to of RUN_STATES) {
      if (allowed(from, to) && !found.has(to)) {
        found.set(to, [...route, to]);
      }
    }
  }
  return found;
}

test('the table reaches all 15 states', (t) => {
  t.is(routes().size, 15);
});

for (const [from, route] of routes()) {
  test(`from ${from} exactly the states of the table can be entered`, (t) => {
    for (const to of RUN_STATES) {
      const { machine, view } = create();
      for (const step of route) {
        machine.enter(step);
      }
      t.is(machine.can(to), allowed(from, to), to);
      if (allowed(from, to)) {
        machine.enter(to);
      } else {
        t.throws(() => machine.enter(to), {
          code: 'ERR_RUN_STATE_TRANSITION',
          message: `Run-state cannot change from '${from}' to '${to}'`,
        });
      }
      t.is(machine.current, allowed(from, to) ? to : from);
      t.is(view.load(), machine.current);
    }
  });

  test(`the death of an actor leads from ${from} to internal-error`, (t) => {
    const { machine, view, seen } = create();
    for (const step of route) {
      machine.enter(step);
    }
    seen.length = 0;
    machine.actorDied();
    t.is(machine.current, 'internal-error');
    t.is(view.load(), 'internal-error');
    t.deepEqual(seen, from === 'internal-error' ? [] : [`${from}>internal-error:internal-error`]);
  });
}

test('no walk of requests leaves the table', (t) => {
  fc.assert(
    fc.property(fc.array(fc.constantFrom(...RUN_STATES), { maxLength: 60 }), (targets) => {
      const { machine, view, seen } = create();
      let expected: RunState = 'prelaunch';
      const expectedSeen: string[] = [];
      for (const to of targets) {
        if (allowed(expected, to)) {
          machine.enter(to);
          expectedSeen.push(`${expected}>${to}:${to}`);
          expected = to;
        } else {
          t.throws(() => machine.enter(to), { code: 'ERR_RUN_STATE_TRANSITION' });
        }
        t.is(machine.current, expected);
        t.is(view.load(), expected);
      }
      t.deepEqual(seen, expectedSeen);
    }),
    { numRuns: 200 },
  );
});
