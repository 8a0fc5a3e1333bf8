import test from 'ava';

import { ActorSystem } from '../../src/actors/actor-system.ts';
import { machineActor } from '../../src/machine/machine-actor.ts';
import type { MachineConfig } from '../../src/machine/machine-config.ts';
import { RunStateView } from '../../src/machine/run-state-view.ts';

// The machine reads no more of the command line than this.
const CONFIG = {
  startPaused: true,
  noReboot: false,
  noShutdown: false,
  incoming: undefined,
  chardevs: [],
  monitors: [],
} as Partial<MachineConfig> as MachineConfig;

async function spawn(system: ActorSystem) {
  const word = RunStateView.allocate();
  const machine = await system.spawn(machineActor, {
    name: 'machine',
    config: { config: CONFIG, runState: word },
  });
  const log: string[] = [];
  machine.subscribe('qmp', ({ name }) => log.push(name));
  machine.subscribe('exit', ({ code }) => log.push(`exit ${code}`));
  const ask = async (method: 'stop' | 'cont' | 'systemReset' | 'systemPowerdown' | 'quit') => {
    await machine.ask(method, undefined);
    log.push('R');
  };
  return { machine, log, ask, view: new RunStateView(word) };
}

test('on a thread of its own, events and replies arrive in the documented order', async (t) => {
  await using system = new ActorSystem();
  const { machine, log, ask, view } = await spawn(system);
  const ended = new Promise((resolve) => machine.subscribe('exit', resolve));
  await ask('cont');
  t.is(view.load(), 'running');
  await ask('stop');
  t.is(view.load(), 'paused');
  const reset = new Promise((resolve) =>
    machine.subscribe('qmp', ({ name }) => name === 'RESET' && resolve(0)),
  );
  await ask('systemReset');
  await reset;
  await ask('quit');
  await ended;
  t.deepEqual(log, ['RESUME', 'R', 'STOP', 'R', 'R', 'RESET', 'R', 'SHUTDOWN', 'exit 0']);
});

test('errors keep their class and words on the way between threads', async (t) => {
  await using system = new ActorSystem();
  const { machine } = await spawn(system);
  const error = await t.throwsAsync(machine.ask('qomGet', { path: '/nope', property: 'type' }), {
    code: 'ERR_QOM_OBJECT_NOT_FOUND',
  });
  t.like(error, { errorClass: 'DeviceNotFound', message: "Device '/nope' not found" });
});
