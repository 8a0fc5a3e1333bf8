/** The machine actor: owner of the run-state, of power and reset, and of the tree of objects. */
import type { ActorBehaviour, ActorContext } from '../actors/contract.ts';
import { defineActor } from '../actors/define-actor.ts';
import type { SharedMachineMemory } from './board/memory-demand.ts';
import { CharacterBridge } from './characters/character-bridge.ts';
import type { driveCommands } from './drives/drive-commands.ts';
import { bareDrives, bareMachine } from './guest/bare-machine.ts';
import { type GuestView, guestCommands } from './guest/guest-commands.ts';
import { type JobCommands, NO_JOBS } from './jobs/job-commands.ts';
import type { MachineConfig } from './machine-config.ts';
import type { MachineActorConfig, MachineContract, MachineTopic } from './machine-contract.ts';
import { MachinePower, type Scheduler } from './machine-power.ts';
import type { MachineTree } from './qom/machine-tree.ts';
import { createMachineTree } from './qom/machine-tree.ts';
import { isTreeTopic, QomQueries } from './qom/qom-queries.ts';
import { TypeRegistry } from './qom/type-registry.ts';
import type { EmitQmpEvent } from './run-control.ts';
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
  'startPaused' | 'noReboot' | 'noShutdown' | 'singleStep' | 'incoming' | 'chardevs' | 'monitors'
>;

type Asks = MachineContract['asks'];

/** What every machine has, board or not. */
interface MachineParts {
  readonly power: MachinePower;
  readonly runState: RunStateView;
  readonly characters: CharacterBridge;
  readonly types: TypeRegistry;
  readonly tree: MachineTree;
  readonly emit: EmitQmpEvent;
  /** Called when the machine ends, before `exit` is announced. */
  readonly ending: (() => void)[];
}

/** What the board answers; a machine without one answers it too. */
interface GuestParts {
  readonly view: GuestView;
  readonly drives: ReturnType<typeof driveCommands>;
  readonly jobs: JobCommands;
  readonly jobFailed: (actor: string, cause: string) => void;
  /** Text about the board: `info pic`, `info mtree`, `info roms`. */
  readonly describe: (topic: MachineTopic) => string;
  readonly vcpusReady: () => Promise<void>;
  readonly vcpuAdded: (index: number, failure: string | undefined) => void;
}

const NO_GUEST: GuestParts = {
  view: bareMachine,
  drives: bareDrives,
  jobs: NO_JOBS,
  jobFailed: () => undefined,
  describe: () => '',
  vcpusReady: async () => undefined,
  vcpuAdded: () => undefined,
};

function makeParts(
  context: ActorContext<MachineContract>,
  { config, runState }: { readonly config: PowerConfig; readonly runState: SharedArrayBuffer },
  host: MachineHost,
): MachineParts {
  const emit: EmitQmpEvent = (name, data) => context.emit('qmp', { name, data, ...host.clock() });
  const ending: (() => void)[] = [];
  const view = new RunStateView(runState);
  view.singleStep = config.singleStep;
  const power = new MachinePower({
    runState: view,
    startPaused: config.startPaused,
    noReboot: config.noReboot,
    noShutdown: config.noShutdown,
    incoming: config.incoming !== undefined,
    emit,
    onRunState: (from, to) => context.emit('runState', { from, to }),
    onExit: (code) => {
      for (const end of ending) end();
      context.emit('exit', { code });
    },
    onFailure: (error) => context.fail(error),
    schedule: host.schedule,
  });
  const characters = new CharacterBridge(config, (request) => context.emit('character', request));
  return {
    power,
    runState: view,
    characters,
    types: new TypeRegistry(),
    tree: createMachineTree(),
    emit,
    ending,
  };
}

function behaviourOf(parts: MachineParts, guest: GuestParts): ActorBehaviour<MachineContract> {
  const { power, characters, types, tree } = parts;
  const qom = new QomQueries(types, tree);
  const asks: { [Name in keyof Asks]: ActorBehaviour<MachineContract>['asks'][Name] } = {
    vcpusReady: () => guest.vcpusReady(),
    vcpuAdded: ({ index, failure }) => guest.vcpuAdded(index, failure),
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
    describe: ({ topic, path }) => (isTreeTopic(topic) ? qom.describe(topic, path) : guest.describe(topic)),
    ...guestCommands(guest.view, parts.runState),
    ...guest.drives,
    ...guest.jobs,
  };
  return {
    asks,
    tells: {
      actorFailed: () => power.actorDied(),
      jobFailed: ({ actor, cause }) => guest.jobFailed(actor, cause),
      character: (notice) => characters.receive(notice),
    },
  };
}

/** The behaviour of a machine in prelaunch (inmigrate with -incoming) that has no board. */
export function createMachine(
  context: ActorContext<MachineContract>,
  config: { readonly config: PowerConfig; readonly runState: SharedArrayBuffer },
  host: MachineHost,
): ActorBehaviour<MachineContract> {
  return behaviourOf(makeParts(context, config, host), NO_GUEST);
}

/** The same with a board, which is loaded only now: a machine without one does not pay for it. */
async function createGuestMachine(
  context: ActorContext<MachineContract>,
  { config, runState, shared }: MachineActorConfig & { readonly shared: SharedMachineMemory },
): Promise<ActorBehaviour<MachineContract>> {
  let returnSoon = (): void => undefined;
  const schedule: Scheduler = (pass) => {
    setImmediate(pass);
    returnSoon();
  };
  const parts = makeParts(context, { config, runState }, { ...thisHost, schedule });
  const { GuestMachine } = await import('./board/guest-machine.ts');
  const machine = await GuestMachine.build({
    ...parts,
    context,
    config,
    shared,
    character: (label) => parts.characters.character(label),
  });
  returnSoon = () => machine.returnSoon();

  machine.start();
  return behaviourOf(parts, machine);
}

export const machineActor = defineActor<MachineContract, MachineActorConfig>({
  module: import.meta.url,
  exportName: 'machineActor',
  create: (context, config) => {
    const { shared } = config;
    return shared === undefined
      ? createMachine(context, config, thisHost)
      : createGuestMachine(context, { ...config, shared });
  },
});
