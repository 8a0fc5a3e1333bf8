/** The actors of a machine with a board, beside machine and monitor: vCPUs and storage, and the memory that they share. */
import { readFile } from 'node:fs/promises';
import type { ActorSystem } from '../actors/actor-system.ts';
import type { JobConfig } from '../blockjobs/job-contract.ts';
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
  /** Spawns the vCPUs, and lets the machine, which is up, refer to them. Rejects with what the creation of one threw. */
  readonly connectVcpus: () => Promise<void>;
  /** Spawns one more, for a machine that runs, which may hold a reference to it then. */
  readonly addVcpu: (index: number) => Promise<void>;
  /** Spawns the actor of a block job, and lets the machine refer to it. */
  readonly addJob: (name: string, config: JobConfig) => Promise<void>;
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
 * Allocates the machine's memory and begins to spawn its storage, which the machine waits for. The vCPUs are spawned when the
 * machine is up: monitors wait for the machine and greet before there are any.
 */
export function spawnGuest(system: ActorSystem, config: MachineConfig, actors: GuestActors): SpawnedGuest {
  const shared = shareMemory(config);
  const { location: storageLocation, ...storagePlace } = actors.storage;
  const storage = system.spawn(storageLocation, {
    ...storagePlace,
    name: STORAGE_ACTOR,
    config: { memory: shared.memory },
  });
  storage.catch(() => undefined);
  let compiled: Promise<WebAssembly.Module> | undefined;
  const { location: vcpuLocation, ...vcpuPlace } = actors.vcpu;
  const spawnVcpu = async (index: number): Promise<void> => {
    compiled ??= compileCore();
    const module = await compiled;
    await system.spawn(vcpuLocation, {
      ...vcpuPlace,
      name: vcpuActorName(index),
      config: { ...shared, module, index },
    });
  };
  const introduce = (index: number) => system.introduce(MACHINE_ACTOR, vcpuActorName(index));
  return {
    shared,
    storage: STORAGE_ACTOR,
    connectVcpus: async () => {
      const indices = Array.from({ length: runningCpus(config) }, (_, index) => index);
      await Promise.all(indices.map(spawnVcpu));
      indices.forEach(introduce);
    },
    addVcpu: async (index) => {
      await spawnVcpu(index);
      introduce(index);
    },
    addJob: async (name, config) => {
      const { location, ...place } = actors.blockJob;
      await system.spawn(location, { ...place, name, config, dependsOn: [STORAGE_ACTOR] });
      system.introduce(MACHINE_ACTOR, name);
    },
  };
}
