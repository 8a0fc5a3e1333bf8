/** All monitors of a process with what they share: character devices, descriptor sets, events, the command table. */
import { settledWithin } from '../actors/clock.ts';
import type { ActorRef } from '../actors/contract.ts';
import { errorLine } from '../actors/error-codec.ts';
import type { CharDevice } from '../backends/chardev/char-device.ts';
import { CharDeviceRegistry } from '../backends/chardev/char-device-registry.ts';
import type {
  CharacterClaim,
  CharacterNotice,
  CharacterRequest,
} from '../backends/chardev/character-messages.ts';
import type { ChardevConfig } from '../backends/chardev/chardev-config.ts';
import { describeChardev } from '../backends/chardev/describe-chardev.ts';
import { MuxDevice } from '../backends/chardev/mux-device.ts';
import { RemoteFrontEnds } from '../backends/chardev/remote-front-ends.ts';
import type { MonitorConfig } from '../machine/machine-config.ts';
import type { MachineContract, MachineEvent } from '../machine/machine-contract.ts';
import { RunStateView } from '../machine/run-state-view.ts';
import { isObject } from '../qapi/value-check.ts';
import type { CommandServices } from './command-definition.ts';
import { EventHub } from './event-hub.ts';
import { FdSets } from './fd-sets.ts';
import { HumanMonitor } from './hmp/human-monitor.ts';
import type { MonitorClock } from './monitor-clock.ts';
import type { MonitorActorConfig } from './monitor-contract.ts';
import { MonitorError } from './monitor-error.ts';
import type { CharDevices, MonitorServices } from './monitor-services.ts';
import { type CloseDescriptor, NamedDescriptors } from './named-descriptors.ts';
import { qmpCommands } from './qmp-commands.ts';
import { QmpSession } from './qmp-session.ts';
import { QMP_VERSION_TEXT } from './version.ts';

/** What the monitors take from their host. */
export interface MonitorHost {
  readonly clock: MonitorClock;
  /** One line on the process's error report. */
  readonly report: (message: string) => void;
  readonly closeDescriptor: CloseDescriptor;
  /** A duplicate that is ours to close. Throws when `fd` is not open. */
  readonly duplicateDescriptor: (fd: number) => number;
  /** Runs after what runs now has been answered. */
  readonly afterReply: (callback: () => void) => void;
}

interface Monitor {
  start(): void;
  close(): void;
}

export interface MonitorSystemOptions {
  readonly config: MonitorActorConfig;
  readonly machine: ActorRef<MachineContract>;
  readonly host: MonitorHost;
  /** A client has asked to quit and the machine cannot carry it out. */
  readonly onQuit: (cause: string) => void;
}

/** The machine depends on nobody when it gives what it holds, but on a busy host its thread may have to wait for its turn. */
const SETTLED_DEADLINE_MS = 5_000;

export class MonitorSystem {
  readonly #options: MonitorSystemOptions;
  readonly #registry: CharDeviceRegistry;
  readonly #failures = new Map<string, string>();
  readonly #monitors: Monitor[] = [];
  readonly #services: CommandServices;
  /** The devices of the guest on character devices of this thread. */
  readonly #guestEnds: RemoteFrontEnds;

  constructor(options: MonitorSystemOptions) {
    const { config, host } = options;
    const runState = new RunStateView(config.runState);
    const fdSets = new FdSets({
      close: host.closeDescriptor,
      isRunning: () => runState.load() === 'running',
    });
    for (const { fd, set, opaque } of config.inheritedDescriptors) {
      fdSets.add(inheritedDescriptor(host, fd, set), set, opaque);
    }
    this.#options = options;
    this.#registry = new CharDeviceRegistry({
      clock: host.clock,
      fdSets,
      escapeCharacter: config.escapeCharacter,
      quit: () => this.#quitFromTerminal(),
      commit: () => host.report('commit: no drive has a snapshot'),
      announce: host.report,
    });
    this.#guestEnds = new RemoteFrontEnds({
      find: (label) => this.#registry.get(label),
      send: (notice) => this.#tellMachine(notice),
      report: host.report,
    });
    this.#services = {
      identity: config.identity,
      machine: options.machine,
      runState,
      chardevs: charDevices(this.#registry, (notice) => this.#tellMachine(notice)),
      fdSets,
      events: new EventHub(host.clock),
      commands: qmpCommands.entries,
      executeQmp: this.#executeQmp.bind(this) as MonitorServices['executeQmp'],
      report: host.report,
      failureOf: (actor) => this.#failures.get(actor),
      quitWithoutMachine: () => this.#quitWithoutMachine(),
    };
  }

  /**
   * Creates the character devices, in the order given, and puts the monitors on theirs. A server that waits for its
   * client keeps this waiting. Rejects with the error of the device; what was created before stays until `stop`.
   */
  async start(): Promise<void> {
    const { chardevs, monitors } = this.#options.config;
    for (const { id, config, mux } of chardevs) {
      await this.#registry.create(id, config, { mux, origin: 'command-line' }).catch((error: unknown) => {
        throw new MonitorError('ERR_MONITOR_CHARDEV', chardevFailure(id, config, error));
      });
    }
    const multiplexers = this.#registry.list().filter((device) => device instanceof MuxDevice);
    for (const multiplexer of multiplexers) {
      multiplexer.gather();
    }
    this.#guestEnds.claim(await this.#claims());
    await this.#endStartUp();
    for (const config of monitors) {
      const monitor = this.#createMonitor(config);
      this.#monitors.push(monitor);
      monitor.start();
    }
    // After the monitors: on a multiplexer the guest's serial port is the one that has the focus at first, and the
    // monitor greets when it gets it.
    this.#guestEnds.attach();
    for (const multiplexer of multiplexers) {
      multiplexer.settle();
    }
  }

  /** A device of the guest has something for its character device. */
  receive(request: CharacterRequest): void {
    this.#guestEnds.receive(request);
  }

  /**
   * All devices are there, so the machine may run, and only a machine that runs (unless -S) is shown to clients: a
   * `stop` must not overtake the start. A monitor that comes back to a machine that is dead has nothing to start.
   */
  async #endStartUp(): Promise<void> {
    try {
      await this.#options.machine.ask('startUpDone', undefined);
    } catch (error) {
      this.#options.host.report(`the machine could not be started: ${errorLine(error)}`);
    }
  }

  /** A monitor that comes back to a machine that is dead serves no device of it. */
  async #claims(): Promise<readonly CharacterClaim[]> {
    return await this.#options.machine.ask('characterClaims', undefined).catch(() => []);
  }

  /** A machine that is dead takes nothing; its death is reported elsewhere. */
  #tellMachine(notice: CharacterNotice): void {
    try {
      this.#options.machine.tell('character', notice);
    } catch (error) {
      if (!this.#failures.has(this.#options.machine.name)) {
        this.#options.host.report(`character devices: ${errorLine(error)}`);
      }
    }
  }

  publish({ name, data, seconds, microseconds }: MachineEvent): void {
    this.#services.events.publish({
      event: name,
      data: isObject(data) ? data : undefined,
      seconds,
      microseconds,
    });
  }

  actorFailed(actor: string, cause: string, stopped: boolean): void {
    this.#failures.set(actor, cause);
    if (stopped) {
      this.#services.events.raise('STOP');
    }
  }

  /**
   * Whether all that the machine has announced, and all that was written, has reached the host within `deadlineMs`
   * milliseconds after the machine has given what it still held.
   */
  async flush(deadlineMs: number): Promise<boolean> {
    await this.#options.machine
      .ask('settled', undefined, { deadlineMs: SETTLED_DEADLINE_MS })
      .catch(() => undefined);
    const drained = this.#registry
      .list()
      .map((device) => new Promise<void>((resolve) => device.whenDrained(resolve)));
    return settledWithin(this.#options.host.clock, Promise.all(drained), deadlineMs);
  }

  async stop(): Promise<void> {
    this.#services.events.close();
    for (const monitor of this.#monitors.splice(0)) {
      monitor.close();
    }
    await this.#registry.closeAll();
  }

  #createMonitor(config: MonitorConfig): Monitor {
    const device = this.#monitorDevice(config.chardev);
    const namedDescriptors = new NamedDescriptors(this.#options.host.closeDescriptor);
    if (config.mode === 'readline') {
      return new HumanMonitor({
        device,
        services: this.#services,
        namedDescriptors,
        version: QMP_VERSION_TEXT,
      });
    }
    return new QmpSession({
      device,
      services: this.#services,
      commands: qmpCommands,
      pretty: config.pretty,
      namedDescriptors,
    });
  }

  #monitorDevice(label: string): CharDevice {
    const device = this.#registry.get(label);
    if (device === undefined) {
      throw new MonitorError('ERR_MONITOR_CHARDEV', `chardev "${label}" not found`);
    }
    return device;
  }

  async #executeQmp(...[name, args, caller]: Parameters<MonitorServices['executeQmp']>): Promise<unknown> {
    return await qmpCommands.find(name).run(args, { services: this.#services, caller });
  }

  #quitFromTerminal(): void {
    this.#services.executeQmp('quit', {}).catch((error: unknown) => {
      this.#options.host.report(`quit: ${error instanceof Error ? error.message : String(error)}`);
    });
  }

  #quitWithoutMachine(): void {
    const cause = this.#failures.get(this.#options.machine.name) ?? 'it does not answer';
    this.#options.host.afterReply(() => {
      this.#services.events.raise('SHUTDOWN');
      this.#options.onQuit(cause);
    });
  }
}

/** Says which option of the command line names a descriptor that nobody has passed. */
function inheritedDescriptor(host: MonitorHost, fd: number, set: number): number {
  try {
    return host.duplicateDescriptor(fd);
  } catch (error) {
    const message = `-add-fd fd=${fd},set=${set}: expected an inherited descriptor, but ${fd} is not open`;
    throw new MonitorError('ERR_MONITOR_FD_UNKNOWN', message, { cause: error });
  }
}

/** Says which device of the command line it is that could not be created. */
function chardevFailure(id: string, config: ChardevConfig, error: unknown): string {
  const reason = error instanceof Error ? reasonOf(error) : String(error);
  return `character device '${id}' (${describeChardev(config)}): ${reason}`;
}

/** The schema's texts are short (`Failed to create chardev`); what lies behind them is told here. */
function reasonOf({ message, cause }: Error): string {
  return cause instanceof Error && !message.includes(cause.message)
    ? `${message}: ${cause.message}`
    : message;
}

/** Devices that monitors add and remove; the machine learns of each, so that a device of the guest may use it. */
function charDevices(registry: CharDeviceRegistry, tell: (notice: CharacterNotice) => void): CharDevices {
  const announce = (): void => {
    for (const { label, freeFrontEnds } of registry.list()) {
      tell({ kind: 'available', label, frontEnds: freeFrontEnds });
    }
  };
  return {
    add: async (label, config, { caller, ...options }) => {
      const device = await registry.create(label, config, {
        ...options,
        ...(caller && { takeNamedDescriptor: (name: string) => caller.namedDescriptors.take(name) }),
      });
      announce();
      return device;
    },
    find: (label) => registry.get(label),
    list: () => registry.list(),
    remove: async (label) => {
      await registry.remove(label);
      tell({ kind: 'available', label, frontEnds: 0 });
      announce();
    },
  };
}
