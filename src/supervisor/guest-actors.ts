/** The actors of a machine with a board, beside machine and monitor: vCPUs and storage, and the memory that they share. */
import { readFile } from 'node:fs/promises';
import type { ActorSystem } from '../actors/actor-system.ts';
import { runningCpus, type SharedMachineMemory, shareMemory } from '../machine/board/memory-demand.ts';
import { STORAGE_ACTOR, vcpuActorName } from '../machine/guest-actor-names.ts';
import type { MachineConfig } from '../machine/machine-config.ts';
import { MACHINE_ACTOR } from '../monitor/monitor-contract.ts';
import { CORE_URL } from '../vcpu/core-location.ts';
import type { GuestActors } from './placement.ts';
import { SupervisorError } from './supervisor-error.ts';

export interface SpawnedGuest {
  readonly shared: SharedMachineMemory;
  /** Name of the actor that has to be there before the machine, which opens its drives. */
  readonly storage: string;
  /** Names of the vCPUs. */
  readonly vcpus: readonly string[];
  /** Resolves when all vCPUs are there; rejects with what the creation of one threw. */
  readonly vcpusUp: Promise<void>;
  /** Spawns one more, for a machine that runs, which may hold a reference to it then. */
  readonly addVcpu: (index: number) => Promise<void>;
}

/** Compiles the CPU core off the main thread. Rejects with SupervisorError when it has not been built. */
async function compileCore(): Promise<WebAssembly.Module> {
  let bytes: Uint8Array<ArrayBuffer>;
  try {
    bytes = await readFile(CORE_URL);
  } catch (cause) {
    throw new SupervisorError('ERR_SUPERVISOR_CORE', `The CPU core ${CORE_URL.pathname} cannot be read`, {
      cause,
    });
  }
  return await WebAssembly.compile(bytes);
}

/**
 * Allocates the machine's memory and begins to spawn its vCPUs and its storage. They come up while the machine and the
 * monitors load.
 */
export async function spawnGuest(
  system: ActorSystem,
  config: MachineConfig,
  actors: GuestActors,
): Promise<SpawnedGuest> {
  const compiled = compileCore();
  const shared = shareMemory(config);
  const { location: storageLocation, ...storagePlace } = actors.storage;
  const storage = system.spawn(storageLocation, {
    ...storagePlace,
    name: STORAGE_ACTOR,
    config: { memory: shared.memory },
  });
  storage.catch(() => undefined);
  const module = await compiled;
  const { location: vcpuLocation, ...vcpuPlace } = actors.vcpu;
  const spawnVcpu = (index: number) =>
    system.spawn(vcpuLocation, {
      ...vcpuPlace,
      name: vcpuActorName(index),
      config: { ...shared, module, index, translate: !config.singleStep },
    });
  const vcpus = Array.from({ length: runningCpus(config) }, (_, index) => vcpuActorName(index));
  const spawned = vcpus.map((_, index) => spawnVcpu(index));
  const addVcpu = async (index: number): Promise<void> => {
    await spawnVcpu(index);
    system.introduce(MACHINE_ACTOR, vcpuActorName(index));
  };
  const vcpusUp = Promise.all(spawned).then(() => undefined);
  vcpusUp.catch(() => undefined);
  return { shared, storage: STORAGE_ACTOR, vcpus, vcpusUp, addVcpu };
}
