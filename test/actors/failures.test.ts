import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { ActorSystem, type ActorSystemOptions } from '../../src/actors/actor-system.ts';
import type { ActorFailure, ActorRef } from '../../src/actors/contract.ts';
import { ManualClock } from './manual-clock.ts';
import { misplaced, type ProbeContract, probe } from './probe-actor.ts';

const DEAD = { code: 'ERR_ACTOR_DEAD' };

class Stage implements AsyncDisposable {
  readonly clock = new ManualClock();
  readonly failures: ActorFailure[] = [];
  readonly system: ActorSystem;
  readonly directory = mkdtempSync(join(tmpdir(), 'troupe-actors-'));
  readonly journal = join(this.directory, 'journal');
  readonly #waiting: { count: number; resolve: () => void }[] = [];

  constructor(options: ActorSystemOptions = {}) {
    this.system = new ActorSystem({ clock: this.clock, ...options });
    this.system.onFailure((failure) => {
      this.failures.push(failure);
      for (const { count, resolve } of this.#waiting) {
        if (this.failures.length >= count) {
          resolve();
        }
      }
    });
  }

  failed(count: number): Promise<void> {
    return new Promise((resolve) => {
      this.#waiting.push({ count, resolve });
      if (this.failures.length >= count) {
        resolve();
      }
    });
  }

  lines(): string[] {
    return readFileSync(this.journal, 'utf8').trim().split('\n');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.system.stop();
    rmSync(this.directory, { recursive: true });
  }
}

function words(count: number): Int32Array {
  return new Int32Array(new SharedArrayBuffer(count * Int32Array.BYTES_PER_ELEMENT));
}

/** Asks until the actor, which is being restarted, answers. */
async function whenBack(actor: ActorRef<ProbeContract>): Promise<number> {
  for (;;) {
    try {
      return await actor.ask('lives', null);
    } catch {
      await new Promise((resolve) => setImmediate(resolve));
    }
  }
}

/** What the actor has heard, once it is that much: the supervisor's word that another is gone comes on a way of its own. */
async function heard(actor: ActorRef<ProbeContract>, count: number): Promise<unknown[]> {
  for (;;) {
    const all = await actor.ask('heard', null, { deadlineMs: Infinity });
    if (all.length >= count) {
      return all;
    }
  }
}

interface CrashCase {
  title: string;
  tell: 'crash' | 'crashAsync' | 'crashInTimer' | 'crashInMicrotask' | 'fail';
  placements: string[];
}

const CRASHES: CrashCase[] = [
  { title: 'a throw in a tell handler', tell: 'crash', placements: ['main', 'worker'] },
  { title: 'a rejection of a tell handler', tell: 'crashAsync', placements: ['main', 'worker'] },
  { title: 'context.fail', tell: 'fail', placements: ['main', 'worker'] },
  { title: 'a throw in a timer', tell: 'crashInTimer', placements: ['worker'] },
  { title: 'an unhandled rejection', tell: 'crashInMicrotask', placements: ['worker'] },
];

for (const { title, tell, placements } of CRASHES) {
  for (const thread of placements) {
    test(`${thread}: ${title} is reported and rejects what is pending`, async (t) => {
      await using stage = new Stage();
      const actor = await stage.system.spawn(probe, { name: 'probe', thread, config: {} });
      const pending = actor.ask('never', null);
      const stream = actor.stream('tick');
      actor.tell(tell, 'boom');
      await t.throwsAsync(pending, DEAD);
      await stage.failed(1);
      t.deepEqual(stage.failures, [{ actor: 'probe', thread, kind: 'error', cause: 'boom' }]);
      await t.throwsAsync(stream.next(), DEAD);
      await t.throwsAsync(actor.ask('echo', 1), DEAD);
    });
  }
}

test('an exception of an ask handler is no crash', async (t) => {
  await using stage = new Stage();
  const actor = await stage.system.spawn(probe, { name: 'probe', config: {} });
  await t.throwsAsync(actor.ask('throwPlain', 'no'));
  t.is(await actor.ask('echo', 'alive'), 'alive');
  t.deepEqual(stage.failures, []);
});

test('process.exit in a worker is reported with its code', async (t) => {
  await using stage = new Stage();
  const actor = await stage.system.spawn(probe, { name: 'probe', thread: 'shared', config: {} });
  const pending = actor.ask('never', null);
  actor.tell('exit', 7);
  await t.throwsAsync(pending, DEAD);
  await stage.failed(1);
  t.deepEqual(stage.failures, [
    { actor: 'probe', thread: 'shared', kind: 'exit', cause: 'thread shared exited with code 7' },
  ]);
});

for (const tell of ['exit', 'hang'] as const) {
  test(`asks and subscriptions between two workers end when one of them is lost: ${tell}`, async (t) => {
    await using stage = new Stage();
    const { system } = stage;
    const server = await system.spawn(probe, { name: 'server', config: {} });
    const client = await system.spawn(probe, { name: 'client', config: {}, dependsOn: ['server'] });
    await client.ask('listen', 'server');
    const inFlight = client.ask('relayNever', 'server', { deadlineMs: Infinity });
    await client.ask('relay', { to: 'server', value: 1 });
    if (tell === 'exit') {
      server.tell('exit', 1);
    } else {
      const state = words(2);
      server.tell('hang', state);
      await Atomics.waitAsync(state, 1, 0).value;
      for (let second = 0; second <= 11; second++) {
        await client.ask('beat', null, { deadlineMs: Infinity });
        stage.clock.advance(1000);
      }
    }
    t.is(await inFlight, 'ERR_ACTOR_DEAD');
    await stage.failed(1);
    t.deepEqual(
      stage.failures.map(({ actor, kind }) => `${actor} ${kind}`),
      [`server ${tell}`],
    );
    t.deepEqual(await heard(client, 1), ['ERR_ACTOR_DEAD']);
  });
}

test('a hang is reported once its heartbeat has been missing long enough, and is ended', async (t) => {
  await using stage = new Stage();
  const actor = await stage.system.spawn(probe, { name: 'probe', config: {}, heartbeatMs: 8000 });
  const state = words(2);
  const pending = actor.ask('never', null, { deadlineMs: Infinity });
  actor.tell('hang', state);
  await Atomics.waitAsync(state, 1, 0).value;
  // The thread may have beaten once since the last look, which then counts for nothing.
  stage.clock.advance(7000);
  t.deepEqual(stage.failures, []);
  stage.clock.advance(2000);
  t.deepEqual(stage.failures, [
    { actor: 'probe', thread: 'probe', kind: 'hang', cause: 'thread probe gave no heartbeat for 8000 ms' },
  ]);
  await t.throwsAsync(pending, DEAD);
});

test('a silence counts for less where many threads share a processor', async (t) => {
  await using stage = new Stage();
  const actor = await stage.system.spawn(probe, { name: 'probe', config: {}, heartbeatMs: 8000 });
  const state = words(2);
  const pending = actor.ask('never', null, { deadlineMs: Infinity });
  actor.tell('hang', state);
  await Atomics.waitAsync(state, 1, 0).value;
  stage.clock.threadsPerProcessor = 4;
  stage.clock.advance(31_000);
  t.deepEqual(stage.failures, []);
  stage.clock.advance(2000);
  t.deepEqual(
    stage.failures.map(({ kind }) => kind),
    ['hang'],
  );
  await t.throwsAsync(pending, DEAD);
});

test('a thread that beats by itself is not hung, however long its handlers block', async (t) => {
  await using stage = new Stage();
  const actor = await stage.system.spawn(probe, { name: 'probe', config: {}, heartbeatMs: 8000 });
  for (let second = 0; second < 60; second++) {
    await actor.ask('beat', null, { deadlineMs: Infinity });
    stage.clock.advance(1000);
  }
  t.deepEqual(stage.failures, []);
});

test('a supervisor that was asleep itself does not take the workers for hung', async (t) => {
  await using stage = new Stage();
  const sleeper = { now: 0, fire: (): void => undefined };
  const system = new ActorSystem({
    clock: {
      now: () => sleeper.now,
      after: (ms, callback) => {
        if (ms === 1000) {
          sleeper.fire = callback;
        }
        return { [Symbol.dispose]: () => undefined };
      },
    },
  });
  system.onFailure((failure) => stage.failures.push(failure));
  await system.spawn(probe, { name: 'probe', config: {} });
  sleeper.now = 3_600_000;
  sleeper.fire();
  t.deepEqual(stage.failures, []);
  await system.stop();
});

test('a failed creation rejects the spawn with its error, and is reported', async (t) => {
  for (const thread of ['main', 'worker']) {
    await using stage = new Stage();
    const config = { failCreation: 'no such disk' };
    await t.throwsAsync(stage.system.spawn(probe, { name: 'probe', thread, config, restarts: 3 }), {
      code: 'ERR_PROBE_CREATION',
      message: 'no such disk',
    });
    t.deepEqual(stage.failures, [{ actor: 'probe', thread, kind: 'error', cause: 'no such disk' }]);
    t.throws(() => stage.system.ref('probe'), { code: 'ERR_ACTOR_UNKNOWN' });
  }
});

test('a creation that does not end is given up at the deadline', async (t) => {
  await using stage = new Stage({ spawnDeadlineMs: 500, stopDeadlineMs: 10 });
  const spawn = stage.system.spawn(probe, { name: 'probe', config: { hangCreation: true } });
  stage.clock.advance(500);
  const error = await t.throwsAsync(spawn, { code: 'ERR_ACTOR_TIMEOUT' });
  t.is(stage.failures[0]?.cause, error?.message);
  stage.clock.advance(10);
});

test('a definition that its module does not export is refused', async (t) => {
  await using stage = new Stage();
  await t.throwsAsync(stage.system.spawn(misplaced, { name: 'probe', config: {} }), {
    code: 'ERR_ACTOR_UNKNOWN',
    message: /exports no actor called nowhere/,
  });
});

test('what an actor subscribes to in its creation is in force when it has been spawned', async (t) => {
  await using stage = new Stage();
  const { system } = stage;
  const emitter = await system.spawn(probe, { name: 'emitter', config: {} });
  for (const name of ['a', 'b', 'c']) {
    const config = { listenTo: 'emitter' };
    const listener = await system.spawn(probe, { name, thread: 'listeners', config, dependsOn: ['emitter'] });
    await emitter.ask('ticks', { before: 2, after: 0 });
    await listener.ask('relay', { to: 'emitter', value: null });
    t.deepEqual(await listener.ask('heard', null), [0, 1]);
  }
});

test('a dependency must exist, and only declared ones can be reached', async (t) => {
  await using stage = new Stage();
  const options = { name: 'a', config: {}, dependsOn: ['b'] };
  await t.throwsAsync(stage.system.spawn(probe, options), { code: 'ERR_ACTOR_UNKNOWN' });
  await stage.system.spawn(probe, { name: 'b', config: {} });
  const lonely = await stage.system.spawn(probe, { name: 'lonely', config: {} });
  await t.throwsAsync(lonely.ask('undeclared', 'b'), {
    code: 'ERR_ACTOR_UNKNOWN',
    message: /declared: none/,
  });
});

test('all actors of a crashed worker fail, the others live', async (t) => {
  await using stage = new Stage();
  const { system } = stage;
  const one = await system.spawn(probe, { name: 'one', thread: 'shared', config: {} });
  const two = await system.spawn(probe, { name: 'two', thread: 'shared', config: {} });
  const other = await system.spawn(probe, { name: 'other', config: {} });
  const pending = [one.ask('never', null), two.ask('never', null)];
  one.tell('crashInTimer', 'boom');
  for (const ask of pending) {
    await t.throwsAsync(ask, DEAD);
  }
  await stage.failed(2);
  t.deepEqual(
    stage.failures.map(({ actor, cause }) => [actor, cause]),
    [
      ['one', 'boom'],
      ['two', 'boom'],
    ],
  );
  t.is(await other.ask('echo', 'alive'), 'alive');
});

test('a crash that is one actor’s own spares the others on its thread', async (t) => {
  await using stage = new Stage();
  const { system, journal } = stage;
  const one = await system.spawn(probe, { name: 'one', thread: 'shared', config: { journal } });
  const two = await system.spawn(probe, { name: 'two', thread: 'shared', config: {} });
  one.tell('crash', 'boom');
  await stage.failed(1);
  t.is(await two.ask('echo', 'alive'), 'alive');
  t.deepEqual(
    stage.failures.map(({ actor }) => actor),
    ['one'],
  );
  t.deepEqual(stage.lines(), ['stop one true']);
});

for (const [how, neighbour] of [
  ['on a new worker', false],
  ['beside its neighbour', true],
] as const) {
  test(`a restarted actor is reached through the references and subscriptions that others hold: ${how}`, async (t) => {
    await using stage = new Stage();
    const { system } = stage;
    const lives = words(1);
    const server = await system.spawn(probe, { name: 'server', thread: 's', config: { lives }, restarts: 1 });
    if (neighbour) {
      await system.spawn(probe, { name: 'neighbour', thread: 's', config: {} });
    }
    const client = await system.spawn(probe, { name: 'client', config: {}, dependsOn: ['server'] });
    await client.ask('listen', 'server');
    const inFlight = client.ask('relayNever', 'server');
    t.is(await client.ask('relay', { to: 'server', value: 1 }), 1);
    server.tell('crash', 'first');
    t.is(await inFlight, 'ERR_ACTOR_DEAD');

    t.is(await whenBack(server), 2);
    t.is(await client.ask('relay', { to: 'server', value: 2 }), 2);
    await server.ask('ticks', { before: 2, after: 0 });
    await client.ask('relay', { to: 'server', value: 3 });
    t.deepEqual(await client.ask('heard', null), [0, 1]);

    server.tell('crash', 'second');
    await stage.failed(2);
    await t.throwsAsync(client.ask('relay', { to: 'server', value: 4 }), DEAD);
    t.deepEqual(await heard(client, 3), [0, 1, 'ERR_ACTOR_DEAD']);
    t.deepEqual(
      stage.failures.map(({ cause }) => cause),
      ['first', 'second'],
    );
  });
}

test('a restart whose creation fails is reported and counts', async (t) => {
  await using stage = new Stage();
  const config = { lives: words(1), failCreation: 'still broken', failCreationFrom: 2 };
  const actor = await stage.system.spawn(probe, { name: 'probe', config, restarts: 2 });
  actor.tell('exit', 1);
  await stage.failed(3);
  t.deepEqual(
    stage.failures.map(({ kind, cause }) => `${kind}: ${cause}`),
    ['exit: thread probe exited with code 1', 'error: still broken', 'error: still broken'],
  );
  await t.throwsAsync(actor.ask('echo', 1), DEAD);
});

test('actors are stopped before those they depend on, each with its signal aborted', async (t) => {
  await using stage = new Stage();
  const { system, journal } = stage;
  const config = { journal };
  await system.spawn(probe, { name: 'disk', config });
  await system.spawn(probe, { name: 'machine', thread: 'm', config, dependsOn: ['disk'] });
  await system.spawn(probe, { name: 'monitor', thread: 'm', config, dependsOn: ['machine', 'disk'] });
  await system.spawn(probe, { name: 'console', thread: 'main', config, dependsOn: ['monitor'] });
  await t.throwsAsync(system.stopActor('disk'), { code: 'ERR_ACTOR_IN_USE', message: /machine, monitor/ });
  await system.stop();
  t.deepEqual(stage.lines(), [
    'stop console true',
    'stop monitor true',
    'stop machine true',
    'stop disk true',
  ]);
  await t.throwsAsync(system.spawn(probe, { name: 'late', config }), DEAD);
  t.deepEqual(stage.failures, []);
});

test('a stop that throws or does not end is reported, and stops the rest all the same', async (t) => {
  await using stage = new Stage({ stopDeadlineMs: 300 });
  const { system, journal } = stage;
  await system.spawn(probe, { name: 'base', config: { journal } });
  await system.spawn(probe, { name: 'thrower', config: { stopThrows: 'busy' }, dependsOn: ['base'] });
  await system.spawn(probe, { name: 'stuck', config: { stopNever: true }, dependsOn: ['base'] });
  const stopped = system.stop();
  await stage.failed(1);
  await new Promise((resolve) => setImmediate(resolve));
  stage.clock.advance(300);
  await stopped;
  t.deepEqual(
    stage.failures.map(({ actor, kind, cause }) => `${actor} ${kind}: ${cause}`),
    ['thrower error: its stop failed: busy', 'stuck hang: it did not stop within 300 ms'],
  );
  t.deepEqual(stage.lines(), ['stop base true']);
});

test('a stop during a creation that hangs ends', async (t) => {
  await using stage = new Stage({ stopDeadlineMs: 300 });
  const spawn = stage.system.spawn(probe, { name: 'probe', config: { hangCreation: true } });
  await advanceUntil(stage.clock, 300, stage.system.stop());
  await t.throwsAsync(spawn, DEAD);
});

async function exitCallback(
  t: ExecutionContext,
  end: (actor: ActorRef<ProbeContract>, stage: Stage) => unknown,
) {
  await using stage = new Stage();
  const actor = await stage.system.spawn(probe, { name: 'probe', config: {} });
  await actor.ask('onExit', stage.journal);
  await end(actor, stage);
  await stage.system.stop();
  t.deepEqual(stage.lines(), ['exit probe']);
}

test('thread-exit callbacks run on an orderly stop', exitCallback, () => undefined);
test('thread-exit callbacks run on an uncaught exception', exitCallback, (actor, stage) => {
  actor.tell('crashInTimer', 'boom');
  return stage.failed(1);
});
test('thread-exit callbacks run on process.exit', exitCallback, (actor, stage) => {
  actor.tell('exit', 3);
  return stage.failed(1);
});
test('thread-exit callbacks run when the only actor of a thread crashes', exitCallback, (actor, stage) => {
  actor.tell('crash', 'boom');
  return stage.failed(1);
});

/** Moves the clock on, turn by turn, until `work` has ended. */
async function advanceUntil(clock: ManualClock, ms: number, work: Promise<unknown>): Promise<void> {
  let ended = false;
  void work.finally(() => {
    ended = true;
  });
  for (let turn = 0; !ended; turn++) {
    await new Promise((resolve) => setImmediate(resolve));
    if (turn % 1000 === 999) {
      clock.advance(ms);
    }
  }
}
