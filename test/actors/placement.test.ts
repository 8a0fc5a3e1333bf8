/** One test set for both placements: an actor cannot tell, and its callers cannot either, where it lives. */
import test from 'ava';
import { ActorError } from '../../src/actors/actor-error.ts';
import { ActorSystem } from '../../src/actors/actor-system.ts';
import type { ActorRef } from '../../src/actors/contract.ts';
import { remoteStackOf } from '../../src/actors/error-codec.ts';
import type { RuntimeLimits } from '../../src/actors/limits.ts';
import { ManualClock } from './manual-clock.ts';
import { type ProbeContract, probe } from './probe-actor.ts';

const LIMITS: RuntimeLimits = {
  asks: 8,
  tells: 8,
  eventsInFlight: 16,
  eventsQueued: 16,
  askDeadlineMs: 1000,
};

interface Stage {
  system: ActorSystem;
  clock: ManualClock;
  actor: ActorRef<ProbeContract>;
}

/** Waits until what was sent before this has been handled, and what it led to has come back. */
async function settle(actor: ActorRef<ProbeContract>): Promise<void> {
  await actor.ask('echo', null);
}

for (const thread of ['main', 'worker']) {
  const scene = (title: string, act: (stage: Stage, t: import('ava').ExecutionContext) => Promise<void>) =>
    test(`${thread}: ${title}`, async (t) => {
      const clock = new ManualClock();
      await using system = new ActorSystem({ clock, limits: LIMITS });
      const actor = await system.spawn(probe, { name: 'probe', thread, config: {} });
      await act({ system, clock, actor }, t);
    });

  scene('answers asks, synchronous and asynchronous', async ({ actor }, t) => {
    t.is(await actor.ask('echo', 'hello'), 'hello');
    t.is(await actor.ask('add', { a: 2, b: 40 }), 42);
    t.is(actor.name, 'probe');
  });

  scene('copies what is sent', async ({ actor }, t) => {
    const sent = { list: [1, 2n, new Date(0)], map: new Map([['k', new Uint8Array([1, 2])]]) };
    const received = actor.ask('echo', sent);
    sent.list.push(3);
    t.deepEqual(await received, {
      list: [1, 2n, new Date(0)],
      map: new Map([['k', new Uint8Array([1, 2])]]),
    });
  });

  scene('answers later, not within the call', async ({ actor }, t) => {
    const order: string[] = [];
    const answer = actor.ask('echo', null).then(() => order.push('answered'));
    order.push('asked');
    await Promise.resolve();
    order.push('turned');
    await answer;
    t.deepEqual(order, ['asked', 'turned', 'answered']);
  });

  scene('keeps the order of tells, asks, events and answers', async ({ actor }, t) => {
    const seen: (number | string)[] = [];
    using _ = actor.subscribe('tick', (tick) => seen.push(tick));
    for (let note = 0; note < 5; note++) {
      actor.tell('note', note);
    }
    const told = actor.ask('told', null);
    const asks = [
      actor.ask('ticks', { before: 2, after: 0 }).then(() => seen.push('first')),
      actor.ask('ticks', { before: 1, after: 1 }).then(() => seen.push('second')),
    ];
    await Promise.all(asks);
    await settle(actor);
    t.deepEqual(await told, [0, 1, 2, 3, 4]);
    t.deepEqual(seen, [0, 1, 'first', 0, 'second', 1]);
  });

  scene('gives a handler error back with its code, class, message, cause and stack', async ({ actor }, t) => {
    const error = await t.throwsAsync(actor.ask('throwTyped', null), { code: 'ERR_PROBE' });
    t.like(error, { name: 'ProbeError', message: 'Drive ide0 is gone', errorClass: 'DeviceNotFound' });
    t.like(error?.cause, { message: 'no medium: tray open' });
    t.regex(remoteStackOf(error as Error) ?? '', /probe-actor/);
    t.false(Object.keys(error as Error).includes('remoteStack'));
  });

  scene('gives other thrown things the code of a handler error', async ({ actor }, t) => {
    const expected = { code: 'ERR_ACTOR_HANDLER', message: 'out of reach' };
    await t.throwsAsync(actor.ask('throwPlain', 'out of reach'), expected);
    await t.throwsAsync(actor.ask('throwString', 'out of reach'), expected);
    await t.throwsAsync(actor.ask('rejectLater', 'out of reach'), expected);
    t.is(await actor.ask('echo', 'alive'), 'alive');
  });

  scene('refuses what cannot be cloned, either way', async ({ actor }, t) => {
    const expected = { instanceOf: ActorError, code: 'ERR_ACTOR_NOT_CLONEABLE' };
    await t.throwsAsync(
      actor.ask('echo', () => 1),
      expected,
    );
    await t.throwsAsync(actor.ask('uncloneable', null), expected);
    t.throws(() => actor.tell('note', Symbol('s')), expected);
    t.is(await actor.ask('echo', 'alive'), 'alive');
  });

  scene('refuses methods that the actor does not have, inherited ones too', async ({ actor }, t) => {
    const untyped = actor as unknown as ActorRef<{
      asks: { [name: string]: (value: null) => null };
      tells: object;
      events: object;
    }>;
    for (const method of ['missing', 'toString', 'constructor', '__proto__']) {
      await t.throwsAsync(untyped.ask(method, null), { code: 'ERR_ACTOR_UNKNOWN' }, method);
    }
  });

  scene('rejects an ask at its deadline and not before', async ({ actor, clock }, t) => {
    const outcomes: string[] = [];
    const late = actor.ask('never', null, { deadlineMs: 50 }).catch((error) => outcomes.push(error.code));
    const later = actor.ask('never', null).catch((error) => outcomes.push(`default ${error.code}`));
    clock.advance(49);
    await settle(actor);
    t.deepEqual(outcomes, []);
    clock.advance(1);
    await late;
    t.deepEqual(outcomes, ['ERR_ACTOR_TIMEOUT']);
    clock.advance(950);
    await later;
    t.deepEqual(outcomes, ['ERR_ACTOR_TIMEOUT', 'default ERR_ACTOR_TIMEOUT']);
  });

  scene('starts no timer for a deadline beyond what timers can hold', async ({ actor, clock }, t) => {
    const before = clock.pending;
    const held = actor.ask('held', null, { deadlineMs: Infinity });
    t.is(clock.pending, before);
    actor.tell('release', null);
    t.is(await held, 'released');
  });

  scene(
    'has one timer for all asks of one deadline, and none once they have been answered',
    async (stage, t) => {
      const { actor, clock } = stage;
      const before = clock.pending;
      await Promise.all([1, 2, 3].map((value) => actor.ask('echo', value)));
      t.is(clock.pending, before + 1);
      await actor.ask('beat', null);
      clock.advance(LIMITS.askDeadlineMs);
      t.is(clock.pending, before);
    },
  );

  scene('keeps the deadlines of different lengths apart', async ({ actor, clock }, t) => {
    const outcomes: string[] = [];
    const ask = (name: string, deadlineMs: number) =>
      actor.ask('never', null, { deadlineMs }).catch(() => outcomes.push(name));
    const asks = [ask('b', 20), ask('c', 30)];
    clock.advance(5);
    asks.push(ask('a', 10), ask('d', 30));
    clock.advance(29);
    await Promise.all(asks.slice(0, 3));
    t.deepEqual(outcomes, ['a', 'b', 'c']);
    clock.advance(1);
    await asks[3];
    t.deepEqual(outcomes, ['a', 'b', 'c', 'd']);
  });

  scene('aborts an ask with its signal', async ({ actor }, t) => {
    const controller = new AbortController();
    const ask = actor.ask('never', null, { signal: controller.signal });
    await settle(actor);
    controller.abort(new Error('enough'));
    const error = await t.throwsAsync(ask, { code: 'ERR_ACTOR_ABORTED' });
    t.like(error?.cause, { message: 'enough' });
    await t.throwsAsync(actor.ask('echo', 1, { signal: controller.signal }), { code: 'ERR_ACTOR_ABORTED' });
  });

  scene('bounds unanswered asks, also those given up', async ({ actor, clock }, t) => {
    const asks = Array.from({ length: LIMITS.asks }, () => actor.ask('held', null, { deadlineMs: 10 }));
    const outcomes = Promise.allSettled(asks);
    await t.throwsAsync(actor.ask('echo', 1), { code: 'ERR_ACTOR_MAILBOX_FULL' });
    clock.advance(10);
    t.true((await outcomes).every((outcome) => outcome.status === 'rejected'));
    await t.throwsAsync(actor.ask('echo', 1), { code: 'ERR_ACTOR_MAILBOX_FULL' });
    actor.tell('release', null);
    await t.notThrowsAsync(firstAccepted(() => actor.ask('echo', 1)));
  });

  scene('bounds unhandled tells and takes more once they are handled', async ({ actor }, t) => {
    for (let note = 0; note < LIMITS.tells; note++) {
      actor.tell('noteLater', note);
    }
    t.throws(() => actor.tell('note', 'one too many'), { code: 'ERR_ACTOR_MAILBOX_FULL' });
    await settle(actor);
    t.throws(() => actor.tell('note', 'still'), { code: 'ERR_ACTOR_MAILBOX_FULL' });
  });

  scene('takes any number of tells that are handled in time', async ({ actor }, t) => {
    for (let note = 0; note < 10 * LIMITS.tells; note++) {
      actor.tell('note', note);
      if (note % 4 === 3) {
        await settle(actor);
      }
    }
    t.is((await actor.ask('told', null)).length, 10 * LIMITS.tells);
  });

  scene('delivers a burst within the bounds in order', async ({ actor }, t) => {
    const burst = LIMITS.eventsInFlight + LIMITS.eventsQueued;
    const seen: number[] = [];
    using _ = actor.subscribe('tick', (tick) => seen.push(tick));
    await actor.ask('ticks', { before: burst, after: 0 });
    while (seen.length < burst) {
      await settle(actor);
    }
    t.deepEqual(seen, [...Array(burst).keys()]);
  });

  scene('ends a subscription that is not drained, and only that one', async ({ actor }, t) => {
    const burst = LIMITS.eventsInFlight + LIMITS.eventsQueued + 1;
    const ended = new Promise<Error | undefined>((resolve) =>
      actor.subscribe('tick', () => undefined, resolve),
    );
    const said: unknown[] = [];
    using _ = actor.subscribe('said', (value) => said.push(value));
    await actor.ask('ticks', { before: burst, after: 0 });
    t.like(await ended, { code: 'ERR_ACTOR_STREAM_OVERFLOW' });
    actor.tell('note', 'still here');
    await settle(actor);
    t.deepEqual(said, ['still here']);
  });

  scene('stops delivering after cancel', async ({ actor }, t) => {
    const seen: number[] = [];
    const subscription = actor.subscribe('tick', (tick) => {
      seen.push(tick);
      subscription.cancel();
    });
    await actor.ask('ticks', { before: 3, after: 0 });
    await actor.ask('ticks', { before: 3, after: 0 });
    t.deepEqual(seen, [0]);
  });

  scene('streams events, and ends the stream when the actor stops', async ({ actor, system }, t) => {
    const stream = actor.stream('tick');
    await actor.ask('ticks', { before: 3, after: 0 });
    await system.stopActor('probe');
    const seen: number[] = [];
    for await (const tick of stream) {
      seen.push(tick);
    }
    t.deepEqual(seen, [0, 1, 2]);
  });

  scene('overflows a stream after what it had kept', async ({ actor }, t) => {
    const stream = actor.stream('tick', { limit: 2 });
    await actor.ask('ticks', { before: 3, after: 0 });
    t.deepEqual(await stream.next(), { value: 0, done: false });
    t.deepEqual(await stream.next(), { value: 1, done: false });
    await t.throwsAsync(stream.next(), { code: 'ERR_ACTOR_STREAM_OVERFLOW' });
    t.deepEqual(await stream.next(), { value: undefined, done: true });
  });

  scene('lets go of a stream that is disposed of', async ({ actor }, t) => {
    const stream = actor.stream('tick');
    const waiting = stream.next();
    await stream[Symbol.asyncDispose]();
    t.deepEqual(await waiting, { value: undefined, done: true });
    await actor.ask('ticks', { before: 3, after: 0 });
    t.deepEqual(await stream.next(), { value: undefined, done: true });
  });

  scene(
    'rejects what is in flight when the actor is stopped, and what comes later',
    async ({ actor, system }, t) => {
      const ask = actor.ask('never', null);
      await system.stopActor('probe');
      await t.throwsAsync(ask, { code: 'ERR_ACTOR_DEAD' });
      await t.throwsAsync(actor.ask('echo', 1), { code: 'ERR_ACTOR_DEAD' });
      t.throws(() => actor.tell('note', 1), { code: 'ERR_ACTOR_DEAD' });
      t.throws(() => actor.subscribe('tick', () => undefined), { code: 'ERR_ACTOR_DEAD' });
      t.throws(() => system.ref('probe'), { code: 'ERR_ACTOR_UNKNOWN' });
    },
  );

  scene('frees the name of a stopped actor', async ({ actor, system }, t) => {
    await t.throwsAsync(system.spawn(probe, { name: 'probe', config: {} }), { code: 'ERR_ACTOR_EXISTS' });
    await system.stopActor('probe');
    const next = await system.spawn(probe, { name: 'probe', thread, config: {} });
    t.is(await next.ask('echo', 'new'), 'new');
    await t.throwsAsync(actor.ask('echo', 'old'), { code: 'ERR_ACTOR_DEAD' });
  });
}

/** An answer to an abandoned ask is on its way; its place is free once it has arrived. */
async function firstAccepted(ask: () => Promise<unknown>): Promise<unknown> {
  for (;;) {
    try {
      return await ask();
    } catch (error) {
      if (!(error instanceof ActorError) || error.code !== 'ERR_ACTOR_MAILBOX_FULL') {
        throw error;
      }
      await new Promise((resolve) => setImmediate(resolve));
    }
  }
}
