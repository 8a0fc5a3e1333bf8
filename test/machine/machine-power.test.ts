import test from 'ava';
import fc from 'fast-check';

import type { MachinePower } from '../../src/machine/machine-power.ts';
import type { RunState } from '../../src/machine/run-state-view.ts';
import { PowerBench, type PowerBenchOptions } from './power-bench.ts';

interface Row {
  readonly trigger: string;
  readonly options?: PowerBenchOptions;
  /** How the machine gets to where the trigger finds it; from running when absent. */
  readonly before?: (power: MachinePower, bench: PowerBench) => Promise<unknown>;
  readonly stopped?: boolean;
  readonly act: (power: MachinePower, bench: PowerBench) => unknown;
  /** Events, replies (R) and exits in order. */
  readonly log: readonly string[];
  readonly after: RunState;
}

const monitor = (request: (power: MachinePower) => unknown) => (power: MachinePower, bench: PowerBench) =>
  bench.ask(() => request(power));

const stopped = (state: RunState) => async (power: MachinePower, bench: PowerBench) => {
  power.requests.postVmStop(state);
  await bench.settle();
};

const asleep = async (power: MachinePower, bench: PowerBench) => {
  power.guestSuspend();
  await bench.settle();
};

const failing = async () => {
  throw new Error('no such snapshot');
};

/** behaviour.md §1, the trigger table. */
const ROWS: readonly Row[] = [
  { trigger: 'stop', act: monitor((p) => p.stop()), log: ['STOP', 'R'], after: 'paused' },
  {
    trigger: 'stop in prelaunch',
    stopped: true,
    act: monitor((p) => p.stop()),
    log: ['R'],
    after: 'prelaunch',
  },
  {
    trigger: 'cont in prelaunch',
    stopped: true,
    act: monitor((p) => p.cont()),
    log: ['RESUME', 'R'],
    after: 'running',
  },
  ...(['paused', 'io-error', 'watchdog', 'debug', 'save-vm', 'restore-vm'] as const).map((state) => ({
    trigger: `cont in ${state}`,
    before: stopped(state),
    act: monitor((p) => p.cont()),
    log: ['RESUME', 'R'],
    after: 'running' as const,
  })),
  {
    trigger: 'cont in postmigrate',
    before: (p) => p.finishMigration().then((ran) => p.migrationEnded('completed', ran)),
    act: monitor((p) => p.cont()),
    log: ['RESUME', 'R'],
    after: 'running',
  },
  { trigger: 'cont in running', act: monitor((p) => p.cont()), log: ['R'], after: 'running' },
  {
    trigger: 'cont in suspended',
    before: asleep,
    act: monitor((p) => p.cont()),
    log: ['R'],
    after: 'suspended',
  },
  {
    trigger: 'cont in inmigrate',
    options: { incoming: true, startPaused: true },
    stopped: true,
    act: monitor((p) => p.cont()),
    log: ['R'],
    after: 'inmigrate',
  },
  {
    trigger: 'stop in inmigrate',
    options: { incoming: true },
    stopped: true,
    act: monitor((p) => p.stop()),
    log: ['R'],
    after: 'inmigrate',
  },
  {
    trigger: 'system_reset',
    act: monitor((p) => p.requestReset()),
    log: ['R', 'RESET'],
    after: 'running',
  },
  ...(['paused', 'io-error', 'suspended'] as const).map((state) => ({
    trigger: `system_reset in ${state}`,
    before: state === 'suspended' ? asleep : stopped(state),
    act: monitor((p) => p.requestReset()),
    log: ['R', 'RESET'],
    after: state,
  })),
  ...(['internal-error', 'shutdown', 'guest-panicked'] as const).map((state) => ({
    trigger: `system_reset in ${state}`,
    before: stopped(state),
    act: monitor((p) => p.requestReset()),
    log: ['R', 'RESET'],
    after: 'paused' as const,
  })),
  {
    trigger: 'system_reset with -no-reboot',
    options: { noReboot: true },
    act: monitor((p) => p.requestReset()),
    log: ['R', 'SHUTDOWN', 'exit 0'],
    after: 'running',
  },
  {
    trigger: 'system_reset with -no-reboot and -no-shutdown',
    options: { noReboot: true, noShutdown: true },
    act: monitor((p) => p.requestReset()),
    log: ['R', 'SHUTDOWN', 'STOP'],
    after: 'shutdown',
  },
  {
    trigger: 'system_powerdown',
    act: monitor((p) => p.requestPowerdown()),
    log: ['R', 'POWERDOWN'],
    after: 'running',
  },
  {
    trigger: 'guest soft-off',
    act: (p) => p.guestSoftOff(),
    log: ['SHUTDOWN', 'exit 0'],
    after: 'running',
  },
  {
    trigger: 'guest soft-off with -no-shutdown',
    options: { noShutdown: true },
    act: (p) => p.guestSoftOff(),
    log: ['SHUTDOWN', 'STOP'],
    after: 'shutdown',
  },
  {
    trigger: 'quit',
    act: monitor((p) => p.requestQuit()),
    log: ['R', 'SHUTDOWN', 'exit 0'],
    after: 'running',
  },
  {
    trigger: 'quit, or a signal, with -no-shutdown',
    options: { noShutdown: true },
    act: monitor((p) => p.requestQuit()),
    log: ['R', 'SHUTDOWN', 'exit 0'],
    after: 'running',
  },
  { trigger: 'guest S3', act: (p) => p.guestSuspend(), log: ['SUSPEND'], after: 'suspended' },
  {
    trigger: 'system_wakeup',
    before: asleep,
    act: monitor((p) => p.wakeup()),
    log: ['R', 'WAKEUP'],
    after: 'running',
  },
  {
    trigger: 'system_wakeup of a guest that is awake',
    act: monitor((p) => p.wakeup()),
    log: ['R'],
    after: 'running',
  },
  {
    trigger: 'guest S4',
    act: (p) => p.guestSuspendToDisk(),
    log: ['SUSPEND_DISK', 'SHUTDOWN', 'exit 0'],
    after: 'running',
  },
  {
    trigger: 'guest S4 with -no-shutdown',
    options: { noShutdown: true },
    act: (p) => p.guestSuspendToDisk(),
    log: ['SUSPEND_DISK', 'SHUTDOWN', 'STOP'],
    after: 'shutdown',
  },
  {
    trigger: 'pvpanic',
    act: (p) => p.guestPanicked(),
    log: ['GUEST_PANICKED {"action":"pause"}', 'STOP'],
    after: 'guest-panicked',
  },
  ...(
    [
      ['reset', ['RESET'], 'running'],
      ['shutdown', ['POWERDOWN'], 'running'],
      ['poweroff', ['exit 0'], 'running'],
      ['pause', ['STOP'], 'watchdog'],
      ['debug', [], 'running'],
      ['none', [], 'running'],
    ] as const
  ).map(([action, log, after]) => ({
    trigger: `watchdog ${action}`,
    act: (p: MachinePower) => p.watchdogExpired(action),
    log: [`WATCHDOG {"action":"${action}"}`, ...log],
    after,
  })),
  {
    trigger: 'disk error, action stop',
    act: (p) => p.stopForIoError(),
    log: ['STOP'],
    after: 'io-error',
  },
  { trigger: 'gdb breakpoint', act: (p) => p.requestDebugStop(), log: ['STOP'], after: 'debug' },
  {
    trigger: 'savevm',
    act: (p, bench) => bench.ask(() => p.saving(() => bench.note(`saving in ${bench.state}`))),
    log: ['STOP', 'saving in save-vm', 'RESUME', 'R'],
    after: 'running',
  },
  {
    trigger: 'savevm of a paused machine',
    before: stopped('paused'),
    act: (p, bench) => bench.ask(() => p.saving(() => bench.note(`saving in ${bench.state}`))),
    log: ['saving in paused', 'R'],
    after: 'paused',
  },
  {
    trigger: 'savevm that fails',
    act: (p) => p.saving(failing).catch(() => undefined),
    log: ['STOP', 'RESUME'],
    after: 'running',
  },
  {
    trigger: 'loadvm',
    act: (p) => p.restoring(() => undefined),
    log: ['STOP', 'RESUME'],
    after: 'running',
  },
  {
    trigger: 'loadvm that fails',
    act: (p) => p.restoring(failing).catch(() => undefined),
    log: ['STOP'],
    after: 'restore-vm',
  },
  {
    trigger: 'migration end',
    act: async (p, bench) => {
      const ran = await p.finishMigration();
      bench.note(bench.state);
      await p.migrationEnded('completed', ran);
    },
    log: ['STOP', 'finish-migrate'],
    after: 'postmigrate',
  },
  {
    trigger: 'migration end of a paused machine',
    before: stopped('paused'),
    act: async (p) => p.migrationEnded('completed', await p.finishMigration()),
    log: [],
    after: 'postmigrate',
  },
  {
    trigger: 'migration that fails in its final phase',
    act: async (p) => p.migrationEnded('failed', await p.finishMigration()),
    log: ['STOP', 'RESUME'],
    after: 'running',
  },
  {
    trigger: 'incoming done',
    options: { incoming: true },
    stopped: true,
    act: (p) => p.incomingDone(),
    log: ['RESUME'],
    after: 'running',
  },
  {
    trigger: 'incoming done after -S',
    options: { incoming: true, startPaused: true },
    stopped: true,
    act: (p) => p.incomingDone(),
    log: [],
    after: 'paused',
  },
  {
    trigger: 'incoming done after stop',
    options: { incoming: true },
    stopped: true,
    before: (p) => p.stop(),
    act: (p) => p.incomingDone(),
    log: [],
    after: 'paused',
  },
  { trigger: 'guest triple fault', act: (p) => p.requestReset(), log: ['RESET'], after: 'running' },
  {
    trigger: 'accelerator internal error',
    act: (p) => p.stopForInternalError(),
    log: ['STOP'],
    after: 'internal-error',
  },
  {
    trigger: 'end of start-up',
    stopped: true,
    act: (p) => p.startUpDone(),
    log: ['RESUME'],
    after: 'running',
  },
  {
    trigger: 'end of start-up with -S',
    stopped: true,
    options: { startPaused: true },
    act: (p) => p.startUpDone(),
    log: [],
    after: 'prelaunch',
  },
  {
    trigger: 'end of start-up with -incoming',
    stopped: true,
    options: { incoming: true },
    act: (p) => p.startUpDone(),
    log: [],
    after: 'inmigrate',
  },
  {
    trigger: 'death of an actor',
    act: (p) => p.actorDied(),
    log: ['STOP'],
    after: 'internal-error',
  },
  {
    trigger: 'death of an actor of a paused machine',
    before: stopped('paused'),
    act: (p) => p.actorDied(),
    log: [],
    after: 'internal-error',
  },
];

for (const row of ROWS) {
  test(row.trigger, async (t) => {
    const bench = row.stopped ? new PowerBench(row.options) : await PowerBench.running(row.options);
    await row.before?.(bench.power, bench);
    bench.log.length = 0;
    await row.act(bench.power, bench);
    await bench.settle();
    await bench.idle();
    t.deepEqual(bench.log, row.log);
    t.is(bench.state, row.after);
    t.deepEqual(bench.failures, []);
  });
}

for (const state of ['internal-error', 'shutdown', 'guest-panicked'] as const) {
  test(`cont in ${state} needs a reset first`, async (t) => {
    const bench = await PowerBench.running();
    await stopped(state)(bench.power, bench);
    await t.throwsAsync(bench.power.cont(), {
      code: 'ERR_RUN_STATE_NEEDS_RESET',
      message: 'Resetting the Virtual Machine is required',
    });
    t.is(bench.state, state);
    await bench.ask(() => bench.power.requestReset());
    await bench.power.cont();
    t.is(bench.state, 'running');
  });
}

test('a woken guest runs before the reply, and is reset silently before WAKEUP', async (t) => {
  const bench = await PowerBench.running();
  bench.power.addResettable({ reset: () => bench.note('reset') });
  await asleep(bench.power, bench);
  bench.log.length = 0;
  await bench.power.wakeup();
  t.is(bench.state, 'running');
  await bench.settle();
  t.deepEqual(bench.log, ['reset', 'WAKEUP']);
});

test('parts are told of stop and start in the documented order', async (t) => {
  const bench = await PowerBench.running();
  bench.addListeners('storage', 'device', 'vcpu', 'clock');
  await bench.power.stop();
  await bench.power.cont();
  t.deepEqual(bench.log, [
    'clock stopped (running)',
    'vcpu stopped (running)',
    'device stopped (paused)',
    'storage stopped (paused)',
    'STOP',
    'clock started (running)',
    'storage started (running)',
    'device started (running)',
    'vcpu started (running)',
    'RESUME',
  ]);
});

test('a reset halts the vCPUs, goes through its list in order, and lets a running guest go on', async (t) => {
  const bench = await PowerBench.running();
  bench.addListeners('vcpu');
  bench.power.addResettable({ reset: () => bench.note('first') });
  bench.power.addResettable({ reset: async () => bench.note('second') });
  await bench.ask(() => bench.power.requestReset());
  const halted = 'vcpu stopped (running)';
  t.deepEqual(bench.log, ['R', halted, 'first', 'second', 'RESET', 'vcpu started (running)']);
  await bench.power.stop();
  bench.log.length = 0;
  await bench.ask(() => bench.power.requestReset());
  t.deepEqual(bench.log, ['R', 'vcpu stopped (paused)', 'first', 'second', 'RESET']);
});

test('requests of one pass are served in the documented order, whatever the order of asking', async (t) => {
  const bench = await PowerBench.running({ noShutdown: true });
  const { requests } = bench.power;
  requests.postVmStop('io-error');
  for (const kind of ['powerdown', 'wakeup', 'reset', 'suspend', 'debugStop'] as const) {
    requests.post(kind);
  }
  await bench.settle();
  t.deepEqual(bench.log, ['STOP', 'SUSPEND', 'RESET', 'WAKEUP', 'POWERDOWN']);
  t.is(bench.state, 'suspended');
});

test('nothing happens after the end', async (t) => {
  const bench = await PowerBench.running();
  const { requests } = bench.power;
  requests.post('powerdown');
  requests.post('reset');
  requests.post('shutdown');
  await bench.settle();
  requests.post('reset');
  await bench.settle();
  t.deepEqual(bench.log, ['SHUTDOWN', 'exit 0']);
});

test('a guest that is stopped while it falls asleep sleeps once it runs again', async (t) => {
  const bench = await PowerBench.running();
  bench.power.guestSuspend();
  await bench.power.stop();
  await bench.settle();
  t.is(bench.state, 'paused');
  await bench.power.cont();
  await bench.settle();
  t.deepEqual(bench.log, ['STOP', 'RESUME', 'SUSPEND']);
});

test('a stop that drains holds back the requests after it', async (t) => {
  const bench = await PowerBench.running();
  const drained = Promise.withResolvers<void>();
  bench.power.addListener({ role: 'storage', started: () => undefined, stopped: () => drained.promise });
  const stop = bench.power.stop();
  const cont = bench.power.cont();
  await bench.idle();
  t.deepEqual(bench.log, []);
  drained.resolve();
  await Promise.all([stop, cont]);
  t.deepEqual(bench.log, ['STOP', 'RESUME']);
});

test('an actor that dies while the machine stops leaves internal-error and one STOP', async (t) => {
  const bench = await PowerBench.running();
  const parked = Promise.withResolvers<void>();
  bench.power.addListener({ role: 'vcpu', started: () => undefined, stopped: () => parked.promise });
  const stop = bench.power.stop();
  await bench.idle();
  bench.power.actorDied();
  parked.resolve();
  await stop;
  await bench.idle();
  t.is(bench.state, 'internal-error');
  t.deepEqual(bench.log, ['STOP']);
});

test('a part that cannot be reset leaves internal-error and is reported', async (t) => {
  const bench = await PowerBench.running();
  const broken = new Error('stuck');
  bench.power.addResettable({
    reset: () => {
      throw broken;
    },
  });
  bench.power.requestReset();
  await bench.settle();
  await bench.idle();
  t.deepEqual(bench.failures, [broken]);
  t.is(bench.state, 'internal-error');
});

/** behaviour.md §1 again, as pairs: what any sequence of triggers may do to the state. */
const TRANSITIONS = new Set(
  `prelaunch running,finish-migrate,inmigrate
inmigrate running,paused
running debug,internal-error,io-error,paused,finish-migrate,restore-vm,save-vm,shutdown,watchdog,guest-panicked,suspended
paused running,finish-migrate
debug running,suspended
io-error running,finish-migrate
watchdog running,finish-migrate
internal-error paused,finish-migrate
shutdown paused,finish-migrate
guest-panicked paused,finish-migrate
suspended running,finish-migrate
save-vm running
restore-vm running
finish-migrate running,postmigrate
postmigrate running,finish-migrate`
    .split('\n')
    .flatMap((line) => {
      const [from, targets = ''] = line.split(' ');
      return targets.split(',').map((to) => `${from}>${to}`);
    }),
);

const TRIGGERS: Readonly<Record<string, (power: MachinePower) => unknown>> = {
  stop: (p) => p.stop(),
  cont: (p) => p.cont(),
  reset: (p) => p.requestReset(),
  powerdown: (p) => p.requestPowerdown(),
  wakeup: (p) => p.wakeup(),
  softOff: (p) => p.guestSoftOff(),
  suspend: (p) => p.guestSuspend(),
  suspendToDisk: (p) => p.guestSuspendToDisk(),
  panic: (p) => p.guestPanicked(),
  watchdogPause: (p) => p.watchdogExpired('pause'),
  watchdogReset: (p) => p.watchdogExpired('reset'),
  ioError: (p) => p.stopForIoError(),
  internalError: (p) => p.stopForInternalError(),
  breakpoint: (p) => p.requestDebugStop(),
  save: (p) => p.saving(() => undefined),
  restore: (p) => p.restoring(() => undefined),
  restoreFails: (p) => p.restoring(failing),
};

test('no walk of triggers leaves the table, and refusals are typed', async (t) => {
  const refusals: unknown[] = [];
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.tuple(fc.constantFrom(...Object.keys(TRIGGERS)), fc.boolean()), { maxLength: 40 }),
      async (steps) => {
        const bench = await PowerBench.running({ noShutdown: true });
        for (const [name, settle] of steps) {
          const done = (async () => TRIGGERS[name]?.(bench.power))();
          done.catch((error: unknown) => refusals.push(error));
          if (settle) {
            await bench.settle();
          }
        }
        await bench.settle();
        await bench.idle();
        t.deepEqual(bench.failures, []);
        for (const [from, to] of bench.transitions) {
          t.true(TRANSITIONS.has(`${from}>${to}`), `${from}>${to}`);
        }
        t.is(bench.transitions.at(-1)?.[1] ?? 'running', bench.state);
      },
    ),
    { numRuns: 150 },
  );
  const codes = new Set(refusals.map((error) => (error as { code?: string }).code ?? String(error)));
  t.deepEqual([...codes].sort(), ['ERR_RUN_STATE_NEEDS_RESET', 'Error: no such snapshot']);
});
