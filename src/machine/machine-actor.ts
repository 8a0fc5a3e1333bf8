/** The machine actor: owner of the run-state, of power and reset, and of the tree of objects. */
import type { ActorBehaviour, ActorContext } from '../actors/contract.ts';
import { defineActor } from '../actors/define-actor.ts';
import { CharacterBridge } from './characters/character-bridge.ts';
import type { MachineConfig } from './machine-config.ts';
import type { MachineActorConfig, MachineContract } from './machine-contract.ts';
import { MachinePower, type Scheduler } from './machine-power.ts';
import { createMachineTree } from './qom/machine-tree.ts';
import { QomQueries } from './qom/qom-queries.ts';
import { TypeRegistry } from './qom/type-registry.ts';
import { RunStateView } from './run-state-view.ts';
import { hostWallClock, type WallClock } from './wall-clock.ts';

/** What a machine takes from its host. */
export interface MachineHost {
  readonly clock: WallClock;
  /** Runs a pass of the main loop after what runs now has been answered. */
  readonly schedule: Scheduler;
}

const thisHost: MachineHost = { clock: hostWallClock, schedule: (pass) => setImmediate(pass) };

/** The part of the command line that the machine as a whole obeys. */
export type PowerConfig = Pick<
  MachineConfig,
  'startPaused' | 'noReboot' | 'noShutdown' | 'incoming' | 'chardevs' | 'monitors'
>;

/** The behaviour of a machine in prelaunch (inmigrate with -incoming) with nothing on its buses yet. */
export function createMachine(
  context: ActorContext<MachineContract>,
  { config, runState }: { readonly config: PowerConfig; readonly runState: SharedArrayBuffer },
  host: MachineHost,
): ActorBehaviour<MachineContract> {
  const power = new MachinePower({
    runState: new RunStateView(runState),
    startPaused: config.startPaused,
    noReboot: config.noReboot,
    noShutdown: config.noShutdown,
    incoming: config.incoming !== undefined,
    emit: (name, data) => context.emit('qmp', { name, data, ...host.clock() }),
    onRunState: (from, to) => context.emit('runState', { from, to }),
    onExit: (code) => context.emit('exit', { code }),
    onFailure: (error) => context.fail(error),
    schedule: host.schedule,
  });
  const characters = new CharacterBridge(config, (request) => context.emit('character', request));
  const qom = new QomQueries(new TypeRegistry(), createMachineTree());
  return {
    asks: {
      startUpDone: () => power.startUpDone(),
      stop: () => power.stop(),
      cont: () => power.cont(),
      systemReset: () => power.requestReset(),
      systemPowerdown: () => power.requestPowerdown(),
      systemWakeup: () => power.wakeup(),
      quit: () => power.requestQuit(),
      shutdownRequest: () => power.requestQuit(),
      qomList: ({ path }) => qom.list(path),
      qomGet: ({ path, property }) => qom.get(path, property),
      qomSet: ({ path, property, json }) => qom.set(path, property, json),
      qomListTypes: (filter) => qom.listTypes(filter),
      deviceListProperties: ({ typename }) => qom.deviceListProperties(typename),
      settled: () => characters.flush(),
      characterClaims: () => characters.claims(),
      describe: ({ topic, path }) => qom.describe(topic, path),
    },
    tells: {
      actorFailed: () => power.actorDied(),
      character: (notice) => characters.receive(notice),
    },
  };
}

export const machineActor = defineActor<MachineContract, MachineActorConfig>({
  module: import.meta.url,
  exportName: 'machineActor',
  create: (context, config) => createMachine(context, config, thisHost),
});
