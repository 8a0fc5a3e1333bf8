import test from 'ava';
import { ActorSystem } from '../../src/actors/actor-system.ts';
import { probe } from './probe-actor.ts';

test('an actor that others were introduced to is dismissed, and they live on', async (t) => {
  await using system = new ActorSystem();
  const client = await system.spawn(probe, { name: 'client', config: {} });
  for (let round = 0; round < 3; round++) {
    const helper = `helper${round}`;
    await system.spawn(probe, { name: helper, config: {} });
    system.introduce('client', helper);
    await new Promise((resolve) => setTimeout(resolve, 0));
    t.is(await client.ask('relay', { to: helper, value: round }), round);
    await system.dismiss(helper);
    await t.throwsAsync(client.ask('relay', { to: helper, value: round }), { code: 'ERR_ACTOR_DEAD' });
  }
  t.is(await client.ask('echo', 1), 1);
});

test('an actor that another waited for is not dismissed', async (t) => {
  await using system = new ActorSystem();
  await system.spawn(probe, { name: 'below', config: {} });
  await system.spawn(probe, { name: 'above', dependsOn: ['below'], config: {} });
  await t.throwsAsync(system.dismiss('below'), { code: 'ERR_ACTOR_IN_USE' });
  await t.throwsAsync(system.dismiss('nobody'), { code: 'ERR_ACTOR_UNKNOWN' });
});
