/** What the machine actor promises: every request that touches the machine as a whole, and what it announces. */
import type {
  CharacterClaim,
  CharacterNotice,
  CharacterRequest,
} from '../backends/chardev/character-messages.ts';
import type { JobConfig } from '../blockjobs/job-contract.ts';
import type { QmpJson } from '../qapi/json-value.ts';
import type { SharedMachineMemory } from './board/memory-demand.ts';
import type { DriveAsks } from './drives/drive-asks.ts';
import type { GuestAsks } from './guest/guest-asks.ts';
import type { JobRequests } from './jobs/job-asks.ts';
import type { MachineConfig } from './machine-config.ts';
import type { RunState } from './run-state-view.ts';

export interface MachineEvent {
  /** One of schema.json's events. */
  readonly name: string;
  readonly data: QmpJson | undefined;
  /** Host wall clock at creation. */
  readonly seconds: number;
  readonly microseconds: number;
}

export interface QomPropertyInfo {
  readonly name: string;
  readonly type: string;
}

/** What `describe` can write about. */
export type MachineTopic = 'qom-tree' | 'qtree' | 'pic' | 'mtree' | 'roms';

export interface MachineAsks extends GuestAsks, DriveAsks, JobRequests {
  /** From the supervisor: all vCPUs are there. Answers when they are reset; what needs them waits until then. */
  vcpusReady(argument: undefined): void;
  /** From the supervisor: the vCPU that `vcpuWanted` asked for is there; or why it is not. */
  vcpuAdded(argument: { readonly index: number; readonly failure: string | undefined }): void;
  /**
   * The end of start-up: the machine runs from here (RESUME), unless -S or -incoming was given. Only the first has an
   * effect, so that a monitor that is created anew may ask again.
   */
  startUpDone(argument: undefined): void;
  stop(argument: undefined): void;
  cont(argument: undefined): void;
  /** Answers at once; the reset, and RESET, follow. */
  systemReset(argument: undefined): void;
  systemPowerdown(argument: undefined): void;
  systemWakeup(argument: undefined): void;
  /** Answers at once; SHUTDOWN and the `exit` event follow. */
  quit(argument: undefined): void;
  /** A signal asks for the end: SHUTDOWN and `exit` follow, even with -no-shutdown, as in the reference. */
  shutdownRequest(argument: { readonly cause: string }): void;
  qomList(argument: { readonly path: string }): readonly QomPropertyInfo[];
  /** The value as JSON text: text keeps 64-bit integers and floats apart on the way between threads. */
  qomGet(argument: { readonly path: string; readonly property: string }): string;
  qomSet(argument: { readonly path: string; readonly property: string; readonly json: string }): void;
  qomListTypes(argument: { readonly implements?: string; readonly abstract?: boolean }): readonly string[];
  deviceListProperties(argument: { readonly typename: string }): readonly QomPropertyInfo[];
  /** A barrier: when it answers, everything announced before it has reached the asker. */
  settled(argument: undefined): void;
  /** The ends of character devices that the guest's devices hold; asked by a monitor actor that begins its life. */
  characterClaims(argument: undefined): readonly CharacterClaim[];
  /** Lines of HMP `info qom-tree`, `info qtree`… that only the owner can write. */
  describe(argument: { readonly topic: MachineTopic; readonly path?: string }): string;
}

export interface MachineTells {
  /** An actor of the machine has died: the run-state becomes internal-error. */
  actorFailed(argument: { readonly actor: string; readonly cause: string }): void;
  /** The actor of a block job has died: the job ends, and the machine goes on. */
  jobFailed(argument: { readonly actor: string; readonly cause: string }): void;
  /** From the character devices, which live with the monitors. */
  character(argument: CharacterNotice): void;
}

export interface MachineEvents {
  /** A QMP event, in the order in which clients must see it. */
  qmp: MachineEvent;
  runState: { readonly from: RunState; readonly to: RunState };
  /** To the character devices, in order; before `settled` is answered, all that the guest has written. */
  character: CharacterRequest;
  /** A vCPU is plugged in: the supervisor is to spawn its actor and to answer by `vcpuAdded`. */
  vcpuWanted: { readonly index: number };
  /** A block job begins: the supervisor is to spawn its actor and to answer by `jobSpawned`. */
  jobWanted: { readonly name: string; readonly config: JobConfig };
  /** A block job has ended: its actor is to go. */
  jobOver: { readonly name: string };
  /** The process is to end with this exit code. */
  exit: { readonly code: number };
}

export interface MachineContract {
  asks: MachineAsks;
  tells: MachineTells;
  events: MachineEvents;
}

export interface MachineActorConfig {
  readonly config: MachineConfig;
  /** `RunStateView.allocate()` */
  readonly runState: SharedArrayBuffer;
  /** What the machine shares with its vCPUs, which are actors `cpu0`, `cpu1`…; undefined for a machine without a board. */
  readonly shared?: SharedMachineMemory;
}
