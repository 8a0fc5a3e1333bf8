import test from 'ava';

import type { ActorContext } from '../../src/actors/contract.ts';
import { createMachine, type PowerConfig } from '../../src/machine/machine-actor.ts';
import type { MachineContract, MachineEvent } from '../../src/machine/machine-contract.ts';
import { RunStateView } from '../../src/machine/run-state-view.ts';

const TIME = { seconds: 1_369_353_600, microseconds: 250 };

const CONFIG: PowerConfig = {
  startPaused: true,
  noReboot: false,
  noShutdown: false,
  singleStep: false,
  incoming: undefined,
  chardevs: [],
  monitors: [],
};

function create(changes: Partial<PowerConfig> = {}) {
  const log: unknown[] = [];
  const events: MachineEvent[] = [];
  const passes: (() => void)[] = [];
  const context: ActorContext<MachineContract> = {
    name: 'machine',
    signal: new AbortController().signal,
    emit: (event, payload) => {
      if (event === 'qmp') {
        events.push(payload as MachineEvent);
      }
      log.push(event === 'qmp' ? (payload as MachineEvent).name : { [event]: payload });
    },
    ref: (name) => {
      throw new Error(`the machine asked for ${name}`);
    },
    fail: (error) => log.push(error),
  };
  const runState = RunStateView.allocate();
  const { asks, tells } = createMachine(
    context,
    { config: { ...CONFIG, ...changes }, runState },
    { clock: () => TIME, schedule: (pass) => passes.push(pass) },
  );
  const pass = async () => {
    passes.shift()?.();
    await new Promise((resolve) => setImmediate(resolve));
  };
  return { asks, tells, log, events, pass, view: new RunStateView(runState) };
}

test('events carry the time and the data of the schema', async (t) => {
  const { asks, events } = create();
  await asks.cont(undefined);
  t.deepEqual(events, [{ name: 'RESUME', data: undefined, ...TIME }]);
});

test('a changed state is announced before its event', async (t) => {
  const { asks, log, view } = create();
  await asks.cont(undefined);
  await asks.stop(undefined);
  t.deepEqual(log, [
    { runState: { from: 'prelaunch', to: 'running' } },
    'RESUME',
    { runState: { from: 'running', to: 'paused' } },
    'STOP',
  ]);
  t.is(view.load(), 'paused');
});

test('a reset, a power-down and the end are answered before anything happens', async (t) => {
  const { asks, log, pass } = create();
  for (const [request, expected] of [
    ['systemReset', 'RESET'],
    ['systemPowerdown', 'POWERDOWN'],
  ] as const) {
    t.is(asks[request](undefined), undefined);
    t.is(log.length, 0);
    await pass();
    t.deepEqual(log.splice(0), [expected]);
  }
  t.is(asks.quit(undefined), undefined);
  t.is(log.length, 0);
  await pass();
  t.deepEqual(log, ['SHUTDOWN', { exit: { code: 0 } }]);
});

test('the machine runs at the end of start-up unless it was told to wait', async (t) => {
  for (const [changes, state] of [
    [{ startPaused: false }, 'running'],
    [{ startPaused: true }, 'prelaunch'],
    [{ startPaused: false, incoming: 'tcp::4444' }, 'inmigrate'],
  ] as const) {
    const { asks, view } = create(changes);
    await asks.startUpDone(undefined);
    t.is(view.load(), state);
  }
});

test('a signal ends the machine even with -no-shutdown', async (t) => {
  const { asks, log, pass } = create({ noShutdown: true });
  asks.shutdownRequest({ cause: 'SIGTERM' });
  await pass();
  t.deepEqual(log, ['SHUTDOWN', { exit: { code: 0 } }]);
});

test('the death of an actor leaves a machine that answers from internal-error', async (t) => {
  const { asks, tells, view } = create();
  await asks.cont(undefined);
  tells.actorFailed({ actor: 'storage', cause: 'disk on fire' });
  t.is(view.load(), 'internal-error');
  await t.throwsAsync(async () => asks.cont(undefined), { code: 'ERR_RUN_STATE_NEEDS_RESET' });
  t.is(await asks.qomGet({ path: '/machine', property: 'type' }), '"container"');
});

test('the object model is reached through the actor', async (t) => {
  const { asks } = create();
  t.deepEqual(await asks.qomList({ path: '/' }), [
    { name: 'machine', type: 'child<container>' },
    { name: 'type', type: 'string' },
  ]);
  t.deepEqual(await asks.qomListTypes({ implements: 'bus' }), ['System']);
  t.throws(() => asks.qomSet({ path: '/machine', property: 'type', json: '"x"' }), {
    message: 'Insufficient permission to perform this operation',
  });
  t.throws(() => asks.deviceListProperties({ typename: 'container' }), { code: 'ERR_QOM_NOT_A_DEVICE' });
  t.regex(await asks.describe({ topic: 'qtree' }), /^bus: main-system-bus/);
});
