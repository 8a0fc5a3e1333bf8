/** References beyond those that an actor is created after: to ones that come later. */
import test from 'ava';
import { ActorSystem } from '../../src/actors/actor-system.ts';
import { probe } from './probe-actor.ts';

const placements = [
  { user: 'main', other: 'worker' },
  { user: 'worker', other: 'main' },
  { user: 'one', other: 'two' },
];

for (const { user, other } of placements) {
  test(`${user}: an actor is introduced to one on ${other} that came after it`, async (t) => {
    await using system = new ActorSystem();
    const client = await system.spawn(probe, { name: 'client', thread: user, config: {} });
    await system.spawn(probe, { name: 'late', thread: other, config: {} });
    await t.throwsAsync(client.ask('relay', { to: 'late', value: 1 }), { code: 'ERR_ACTOR_UNKNOWN' });
    system.introduce('client', 'late');
    await new Promise((resolve) => setTimeout(resolve, 0));
    t.is(await client.ask('relay', { to: 'late', value: 8 }), 8);
    await t.throwsAsync(system.stopActor('late'), { code: 'ERR_ACTOR_IN_USE' });
  });
}

test('an introduction needs both to be there', async (t) => {
  await using system = new ActorSystem();
  await system.spawn(probe, { name: 'client', config: {} });
  t.throws(() => system.introduce('client', 'nobody'), { code: 'ERR_ACTOR_UNKNOWN' });
  t.throws(() => system.introduce('nobody', 'client'), { code: 'ERR_ACTOR_UNKNOWN' });
});
