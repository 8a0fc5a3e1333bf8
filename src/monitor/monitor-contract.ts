/** What the monitor actor promises to the supervisor. Clients speak to it through character devices. */
import type {
  InheritedDescriptor,
  MachineConfig,
  MonitorConfig,
  NamedChardev,
} from '../machine/machine-config.ts';
import type { MachineIdentity } from './monitor-services.ts';

export interface MonitorAsks {
  /**
   * Waits until every character device has handed on what was written to it, at most `deadlineMs` milliseconds.
   * Asked before the process ends, so that clients see the last reply and SHUTDOWN.
   * @returns whether everything was handed on
   */
  flush(argument: { readonly deadlineMs: number }): boolean;
}

export interface MonitorTells {
  /**
   * An actor has died: commands that need it answer with its name and cause from now on.
   * `stopped`: the machine actor itself is dead and cannot say that the machine no longer runs: STOP is raised for it.
   */
  actorFailed(argument: { readonly actor: string; readonly cause: string; readonly stopped: boolean }): void;
}

export interface MonitorEvents {
  /** A client has asked to quit and the machine actor cannot carry it out: the process is to end with exit code 0. */
  quit: { readonly cause: string };
}

export interface MonitorContract {
  asks: MonitorAsks;
  tells: MonitorTells;
  events: MonitorEvents;
}

/** The name under which the monitor actor depends on the machine actor. */
export const MACHINE_ACTOR = 'machine';

export interface MonitorActorConfig {
  readonly identity: MachineIdentity;
  readonly chardevs: readonly NamedChardev[];
  readonly monitors: readonly MonitorConfig[];
  readonly inheritedDescriptors: readonly InheritedDescriptor[];
  /** The byte that introduces escapes on a multiplexed character device. */
  readonly escapeCharacter: number;
  /** `RunStateView.allocate()` */
  readonly runState: SharedArrayBuffer;
  /** `DescriptorRecord.allocate()`: what one life of this actor leaves open, the next one closes. */
  readonly descriptors: SharedArrayBuffer;
}

/** The part of the command line's result that the monitor actor needs. */
export type MonitorFacts = Pick<
  MachineConfig,
  'name' | 'uuid' | 'machine' | 'chardevs' | 'monitors' | 'inheritedDescriptors' | 'escapeCharacter'
>;

/** Takes what concerns the monitor from a `MachineConfig`. */
export function monitorActorConfig(
  facts: MonitorFacts,
  shared: Pick<MonitorActorConfig, 'runState' | 'descriptors'>,
): MonitorActorConfig {
  const { name, uuid, machine, chardevs, monitors, inheritedDescriptors, escapeCharacter } = facts;
  return {
    identity: { name, uuid, machineType: machine },
    chardevs,
    monitors,
    inheritedDescriptors,
    escapeCharacter,
    ...shared,
  };
}
