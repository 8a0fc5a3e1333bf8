/**
 * What command handlers, human-monitor commands and sessions may use. One object is built by the monitor actor and
 * shared by all its monitors; what belongs to one monitor (its named descriptors, its connection) comes as `MonitorCaller`.
 */
import type { ActorRef } from '../actors/contract.ts';
import type { CharDevice } from '../backends/chardev/char-device.ts';
import type { ChardevConfig } from '../backends/chardev/chardev-config.ts';
import type { MachineContract } from '../machine/machine-contract.ts';
import type { RunStateView } from '../machine/run-state-view.ts';
import type { QmpCommandName, QmpCommands } from '../qapi/qmp-types.generated.ts';
import type { EventHub } from './event-hub.ts';
import type { FdSets } from './fd-sets.ts';
import type { NamedDescriptors } from './named-descriptors.ts';

/** What is known of the machine before it runs, and never changes. */
export interface MachineIdentity {
  /** -name; absent when not given. */
  readonly name: string | undefined;
  /** 8-4-4-4-12 lower-case hex; all zeros when not given. */
  readonly uuid: string;
  /** Full name of the machine type, aliases resolved. */
  readonly machineType: string;
}

/** How a monitor asks for a character device. */
export interface ChardevRequest {
  /** The monitor whose named descriptors `fd` addresses refer to; absent for one without connection. */
  readonly caller: MonitorCaller | undefined;
  /** In whose syntax it is asked for, which decides the `filename` of devices without an address. */
  readonly origin: 'command-line' | 'monitor';
  /** A multiplexer goes before the device and takes its label. */
  readonly mux?: boolean;
}

/** The character devices of this process, by label. */
export interface CharDevices {
  /** Creates a device and lists it. Rejects when the label is taken, or with what the device says. */
  add(label: string, config: ChardevConfig, request: ChardevRequest): Promise<CharDevice>;
  find(label: string): CharDevice | undefined;
  /** Newest first. */
  list(): readonly CharDevice[];
  /** Throws when the label is unknown or the device has a front end. */
  remove(label: string): Promise<void>;
}

/** The monitor on whose behalf a command runs. */
export interface MonitorCaller {
  /** Descriptors named by `getfd` on this monitor. */
  readonly namedDescriptors: NamedDescriptors;
  /** The descriptor that last came over this monitor's connection and was not yet taken; the taker owns it. */
  takeDescriptor(): number | undefined;
}

/** A command as the monitors know it. */
export interface CommandDescription {
  readonly name: QmpCommandName;
}

export interface MonitorServices {
  readonly identity: MachineIdentity;
  readonly machine: ActorRef<MachineContract>;
  readonly runState: RunStateView;
  readonly chardevs: CharDevices;
  readonly fdSets: FdSets;
  readonly events: EventHub;
  /** Commands that work, in the order of the reference's table (query-commands gives the reverse). */
  readonly commands: readonly CommandDescription[];

  /**
   * Runs a QMP command's own handler, without the checks of the wire: the types are the check.
   *
   * @param caller absent for a caller without connection and named descriptors (`human-monitor-command`)
   * Rejects with the error that a QMP client would be answered with.
   */
  executeQmp<N extends QmpCommandName>(
    name: N,
    args: QmpCommands[N]['arguments'],
    caller?: MonitorCaller,
  ): Promise<QmpCommands[N]['returns']>;

  /** Reports what went wrong inside the monitor itself, for people: one line on the process's error report. */
  report(message: string): void;
}
