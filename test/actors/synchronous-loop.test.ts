import test from 'ava';
import { ActorSystem } from '../../src/actors/actor-system.ts';
import type { ActorRef } from '../../src/actors/contract.ts';
import { type LoopContract, loopActor } from './loop-actor.ts';
import { type ProbeContract, probe } from './probe-actor.ts';

function word(): Int32Array {
  return new Int32Array(new SharedArrayBuffer(4));
}

/** Resolves once the actor answers from within its loop. */
async function entered(actor: ActorRef<LoopContract>): Promise<void> {
  while ((await actor.ask('turns', null)) < 0) {}
}

test('an actor in a synchronous loop is woken by messages from every thread and answers them', async (t) => {
  await using system = new ActorSystem();
  const loop = await system.spawn(loopActor, { name: 'loop', config: null });
  loop.tell('enter', word());
  await entered(loop);
  // A link made while the thread is in its loop wakes it too.
  const asker = await system.spawn(probe, { name: 'asker', config: {}, dependsOn: ['loop'] });
  const relayed = await asker.ask('askTurns', 'loop');
  t.true(relayed > 0);
  const before = await loop.ask('turns', null);
  for (let count = 0; count < 100; count++) {
    await loop.ask('turns', null);
  }
  const after = await loop.ask('turns', null);
  // Each ask costs a turn to find it and may cost one to fall asleep again: it sleeps, it does not spin. It may cost
  // none too: a turn takes all that has come, and an ask that follows an answer quickly comes in the same turn.
  t.true(after - before <= 2 * 101, `${before} to ${after}`);
  const left = loop.stream('left');
  loop.tell('leave', null);
  t.deepEqual(await left.next(), { value: false, done: false });
  t.is(await loop.ask('turns', null), -1);
});

test('an actor in a synchronous loop is stopped in good order', async (t) => {
  const system = new ActorSystem();
  const failures: string[] = [];
  system.onFailure(({ cause }) => failures.push(cause));
  const loop = await system.spawn(loopActor, { name: 'loop', config: null });
  const left = loop.stream('left');
  loop.tell('enter', word());
  await entered(loop);
  await system.stop();
  t.deepEqual(failures, []);
  t.deepEqual(await left.next(), { value: true, done: false });
  t.deepEqual(await left.next(), { value: undefined, done: true });
});

test('waking is for the thread of the loop only: others answer as ever', async (t) => {
  await using system = new ActorSystem();
  const loop = await system.spawn(loopActor, { name: 'loop', config: null });
  const other: ActorRef<ProbeContract> = await system.spawn(probe, { name: 'other', config: {} });
  const words = word();
  loop.tell('enter', words);
  await entered(loop);
  const wakes = Atomics.load(words, 0);
  for (let count = 0; count < 100; count++) {
    t.is(await other.ask('echo', count), count);
  }
  // The supervisor learns of the word by a message of its own, which may come as late as this, and wakes once for it.
  t.true(Atomics.load(words, 0) - wakes <= 1);
});
