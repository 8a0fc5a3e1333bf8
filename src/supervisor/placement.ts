/**
 * Which actors a machine is made of, and which worker thread each lives on. This is data: another placement, or another
 * implementation of a contract, is another value of `MachineActors`.
 */
import { extname } from 'node:path';
import type { ActorContract, ActorLocation } from '../actors/contract.ts';
import type { StorageActorConfig, StorageContract } from '../block/storage-contract.ts';
import type { BlockJobContract, JobConfig } from '../blockjobs/job-contract.ts';
import type { MachineActorConfig, MachineContract } from '../machine/machine-contract.ts';
import type { MonitorActorConfig, MonitorContract } from '../monitor/monitor-contract.ts';
import type { VcpuActorConfig, VcpuContract } from '../vcpu/vcpu-contract.ts';

export interface PlacedActor<C extends ActorContract, Config> {
  readonly location: ActorLocation<C, Config>;
  /** Two actors with one thread name share a thread. */
  readonly thread: string;
  /** Milliseconds of silence after which its thread counts as hung; the runtime's default when absent. */
  readonly heartbeatMs?: number;
}

/** What a machine with a board has beside machine and monitor. */
export interface GuestActors {
  /** Each has a thread of its own, called as the actor is. */
  readonly vcpu: Omit<PlacedActor<VcpuContract, VcpuActorConfig>, 'thread'>;
  readonly storage: PlacedActor<StorageContract, StorageActorConfig>;
  /** Each has a thread of its own while it lives, called as the actor is. */
  readonly blockJob: Omit<PlacedActor<BlockJobContract, JobConfig>, 'thread'>;
}

export interface MachineActors {
  readonly machine: PlacedActor<MachineContract, MachineActorConfig>;
  readonly monitor: PlacedActor<MonitorContract, MonitorActorConfig>;
  /** `DEFAULT_GUEST_ACTORS` when absent. */
  readonly guest?: GuestActors;
}

/** The URL of a module of ours, as TypeScript in the sources and as JavaScript in the built package. */
function moduleUrl(path: string): string {
  return new URL(`${path}${extname(import.meta.url)}`, import.meta.url).href;
}

export const DEFAULT_GUEST_ACTORS: GuestActors = {
  vcpu: { location: { module: moduleUrl('../vcpu/vcpu-actor'), exportName: 'vcpuActor' } },
  storage: {
    location: { module: moduleUrl('../block/storage-actor'), exportName: 'storageActor' },
    thread: 'storage',
  },
  blockJob: {
    location: { module: moduleUrl('../blockjobs/block-job-actor'), exportName: 'blockJobActor' },
  },
};

export const DEFAULT_ACTORS: MachineActors = {
  machine: {
    location: { module: moduleUrl('../machine/machine-actor'), exportName: 'machineActor' },
    thread: 'machine',
  },
  monitor: {
    location: { module: moduleUrl('../monitor/monitor-actor'), exportName: 'monitorActor' },
    thread: 'monitor',
  },
};
