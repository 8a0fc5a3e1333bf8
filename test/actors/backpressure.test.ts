import test from 'ava';
import { ActorSystem } from '../../src/actors/actor-system.ts';
import { probe } from './probe-actor.ts';

const LIMITS = { asks: 4, tells: 4, eventsInFlight: 8, eventsQueued: 8, askDeadlineMs: 60_000 };
const BURST = 4;

test('a subscriber whose thread is stuck costs the emitter a bounded queue, then its subscription', async (t) => {
  await using system = new ActorSystem({ limits: LIMITS });
  const emitter = await system.spawn(probe, { name: 'emitter', config: {} });
  const stuck = await system.spawn(probe, { name: 'stuck', config: {}, dependsOn: ['emitter'] });
  const lively = await system.spawn(probe, { name: 'lively', config: {}, dependsOn: ['emitter'] });
  await stuck.ask('listen', 'emitter');
  await lively.ask('listen', 'emitter');
  // The emitter knows of the subscriptions once it has answered what was asked after them.
  await stuck.ask('relay', { to: 'emitter', value: null });
  await lively.ask('relay', { to: 'emitter', value: null });
  const gate = new Int32Array(new SharedArrayBuffer(4));
  const blocked = stuck.ask('block', gate);

  const bursts = 2 * (LIMITS.eventsInFlight + LIMITS.eventsQueued);
  for (let burst = 0; burst < bursts; burst++) {
    await emitter.ask('ticks', { before: BURST, after: 0 });
    // A full round trip through the lively listener, so that it keeps up and returns its credits.
    await lively.ask('relay', { to: 'emitter', value: null });
  }
  Atomics.store(gate, 0, 1);
  Atomics.notify(gate, 0);
  await blocked;
  await stuck.ask('relay', { to: 'emitter', value: null });

  const kept = await stuck.ask('heard', null);
  t.is(kept.at(-1), 'ERR_ACTOR_STREAM_OVERFLOW');
  t.is(kept.length, LIMITS.eventsInFlight + 1);
  t.is((await lively.ask('heard', null)).length, bursts * BURST);
});

test('an overflow that the subscriber does not handle is its failure', async (t) => {
  await using system = new ActorSystem({ limits: LIMITS });
  const failed = new Promise<string>((resolve) => {
    system.onFailure(({ actor, cause }) => resolve(`${actor}: ${cause}`));
  });
  const emitter = await system.spawn(probe, { name: 'emitter', config: {} });
  const careless = await system.spawn(probe, { name: 'careless', config: {}, dependsOn: ['emitter'] });
  await careless.ask('listenCarelessly', 'emitter');
  await careless.ask('relay', { to: 'emitter', value: null });
  await emitter.ask('ticks', { before: LIMITS.eventsInFlight + LIMITS.eventsQueued + 1, after: 0 });
  t.regex(await failed, /^careless: careless did not drain the events tick of actor emitter/);
  t.is(await emitter.ask('echo', 'alive'), 'alive');
});

test('tells to an actor whose thread is stuck are refused beyond the bound, and flow again after', async (t) => {
  await using system = new ActorSystem({ limits: LIMITS });
  const actor = await system.spawn(probe, { name: 'actor', config: {} });
  const gate = new Int32Array(new SharedArrayBuffer(4));
  const blocked = actor.ask('block', gate);
  for (let note = 0; note < LIMITS.tells; note++) {
    actor.tell('note', note);
  }
  t.throws(() => actor.tell('note', 'refused'), { code: 'ERR_ACTOR_MAILBOX_FULL' });
  Atomics.store(gate, 0, 1);
  Atomics.notify(gate, 0);
  await blocked;
  await actor.ask('echo', null);
  actor.tell('note', 'taken');
  t.deepEqual(await actor.ask('told', null), [0, 1, 2, 3, 'taken']);
});
