/**
 * The main thread of a running machine: spawns the actors where the placement says, passes signals on, reports every
 * crash, and decides the exit code. It knows the actors by their contracts alone.
 */
import { ActorSystem } from '../actors/actor-system.ts';
import type { ActorFailure, ActorRef } from '../actors/contract.ts';
import { errorLine } from '../actors/error-codec.ts';
import { DescriptorRecord } from '../host/descriptor-record.ts';
import { silenceDescriptors } from '../host/silence-descriptors.ts';
import { hasBoard } from '../machine/board/memory-demand.ts';
import type { MachineConfig } from '../machine/machine-config.ts';
import type { MachineContract } from '../machine/machine-contract.ts';
import { RunStateView } from '../machine/run-state-view.ts';
import { MACHINE_ACTOR, type MonitorContract, monitorActorConfig } from '../monitor/monitor-contract.ts';
import { type SpawnedGuest, spawnGuest } from './guest-actors.ts';
import { DEFAULT_ACTORS, DEFAULT_GUEST_ACTORS, type MachineActors } from './placement.ts';

/** The supervisor's name for the monitor actor; nobody depends on it. */
const MONITOR_ACTOR = 'monitor';
/** The signals that ask a machine to shut down (behaviour.md §1). */
const SHUTDOWN_SIGNALS = ['SIGTERM', 'SIGINT', 'SIGHUP'] as const;
/** A machine that does not answer a signal within this time is ended without being asked. */
const SIGNAL_DEADLINE_MS = 2_000;
/** Clients have this long to take the last reply and SHUTDOWN before their connections are closed. */
const FLUSH_DEADLINE_MS = 1_000;
/** How long an ending machine waits for monitors that are about to be up: those that wait for their client never are. */
const MONITOR_GRACE_MS = 200;
/** Monitors are the way in and out of a broken machine: they come back as often as this. */
const MONITOR_RESTARTS = 3;

export interface SuperviseOptions {
  readonly config: MachineConfig;
  /** What the machine is made of; `DEFAULT_ACTORS` when absent. */
  readonly actors?: MachineActors;
  /** The machine is built, its monitors listen, and it has entered its first state. */
  readonly onReady: () => void;
  /** One line for people. */
  readonly report: (line: string) => void;
}

/**
 * Builds the machine that `config` describes and runs it to its end.
 *
 * @returns the exit code of the process
 * Rejects with what a start-up step threw (an address in use, a file that cannot be opened); nothing is left running.
 */
export async function supervise(options: SuperviseOptions): Promise<number> {
  await using supervision = new Supervision(options);
  const started = supervision.start().then(() => options.onReady());
  // A signal can end the machine while it still waits for a client (`server` without `nowait`).
  await Promise.race([started, supervision.ended]);
  return await supervision.ended;
}

class Supervision implements AsyncDisposable {
  /** Resolves with the exit code. */
  readonly ended: Promise<number>;
  readonly #end: (code: number) => void;
  readonly #options: SuperviseOptions;
  /** No deadline: a server that waits for its client keeps the monitor from being ready for as long as that takes. */
  readonly #system = new ActorSystem({
    spawnDeadlineMs: Number.POSITIVE_INFINITY,
    beforeForcedEnd: (thread) => this.#beforeForcedEnd(thread),
  });
  readonly #monitorDescriptors = DescriptorRecord.allocate();
  readonly #runStateWord = RunStateView.allocate();
  readonly #runState = new RunStateView(this.#runStateWord);
  readonly #onSignal = (signal: NodeJS.Signals) => void this.#shutDown(signal);
  #machine: ActorRef<MachineContract> | undefined;
  #monitor: ActorRef<MonitorContract> | undefined;
  #monitorUp: Promise<ActorRef<MonitorContract>> | undefined;
  /** The actors of block jobs, which the machine survives. */
  readonly #jobs = new Set<string>();
  #machineFailed = false;
  #starting = true;

  constructor(options: SuperviseOptions) {
    const { promise, resolve } = Promise.withResolvers<number>();
    this.#options = options;
    this.ended = promise;
    this.#end = resolve;
    this.#system.onFailure((failure) => this.#failed(failure));
    for (const signal of SHUTDOWN_SIGNALS) {
      process.on(signal, this.#onSignal);
    }
  }

  async start(): Promise<void> {
    const { config, actors = DEFAULT_ACTORS } = this.#options;
    const guest = hasBoard(config)
      ? spawnGuest(this.#system, config, actors.guest ?? DEFAULT_GUEST_ACTORS)
      : undefined;
    // All threads start at the same time; the monitor's messages to the machine wait until that is there.
    const { location: machineLocation, ...machinePlace } = actors.machine;
    const machine = this.#system.spawn(machineLocation, {
      ...machinePlace,
      name: MACHINE_ACTOR,
      ...(guest === undefined ? {} : { dependsOn: [guest.storage] }),
      config: {
        config,
        runState: this.#runStateWord,
        ...(guest === undefined ? {} : { shared: guest.shared }),
      },
    });
    const { location: monitorLocation, ...monitorPlace } = actors.monitor;
    const monitor = this.#system.spawn(monitorLocation, {
      ...monitorPlace,
      name: MONITOR_ACTOR,
      dependsOn: [MACHINE_ACTOR],
      restarts: MONITOR_RESTARTS,
      config: monitorActorConfig(config, {
        runState: this.#runStateWord,
        descriptors: this.#monitorDescriptors,
      }),
    });
    monitor.catch(() => undefined);
    this.#monitorUp = monitor;
    this.#machine = await machine;
    this.#machine.subscribe('exit', ({ code }) => this.#end(code));
    if (guest !== undefined) this.#serveJobs(guest, this.#machine);
    const connected = guest === undefined ? undefined : this.#connectVcpus(guest, this.#machine);
    connected?.catch(() => undefined);
    this.#monitor = await monitor;
    this.#monitor.subscribe('quit', () => this.#end(0));
    await connected;
    this.#starting = false;
  }

  /** Monitors greet while vCPUs still load; what needs these waits in the machine. */
  async #connectVcpus(
    { connectVcpus, addVcpu }: SpawnedGuest,
    machine: ActorRef<MachineContract>,
  ): Promise<void> {
    await connectVcpus();
    machine.subscribe('vcpuWanted', ({ index }) => {
      const added = (failure?: string) => machine.ask('vcpuAdded', { index, failure }).catch(() => undefined);
      addVcpu(index).then(
        () => added(),
        (error: unknown) => added(errorLine(error)),
      );
    });
    await machine.ask('vcpusReady', undefined, { deadlineMs: Number.POSITIVE_INFINITY });
  }

  /** Block jobs come and go with what clients ask for. */
  #serveJobs({ addJob }: SpawnedGuest, machine: ActorRef<MachineContract>): void {
    machine.subscribe('jobWanted', ({ name, config }) => {
      this.#jobs.add(name);
      const spawned = (failure?: string) =>
        machine.ask('jobSpawned', { name, failure }).catch(() => undefined);
      addJob(name, config).then(
        () => spawned(),
        (error: unknown) => spawned(errorLine(error)),
      );
    });
    machine.subscribe('jobOver', ({ name }) => {
      this.#jobs.delete(name);
      // An actor that has died is gone already.
      this.#system.dismiss(name).catch(() => undefined);
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const signal of SHUTDOWN_SIGNALS) {
      process.off(signal, this.#onSignal);
    }
    const monitor = this.#monitor ?? (await this.#monitorSoon());
    await monitor?.ask('flush', { deadlineMs: FLUSH_DEADLINE_MS }).catch(() => undefined);
    await this.#system.stop();
  }

  /** A client that was let in a moment ago may have ended the machine before its monitor was known here to be up. */
  async #monitorSoon(): Promise<ActorRef<MonitorContract> | undefined> {
    const tooLate = new Promise<undefined>((resolve) => {
      setTimeout(resolve, MONITOR_GRACE_MS, undefined).unref();
    });
    return await Promise.race([this.#monitorUp?.catch(() => undefined), tooLate]);
  }

  #beforeForcedEnd(thread: string): void {
    const { actors = DEFAULT_ACTORS } = this.#options;
    if (thread === actors.monitor.thread) {
      silenceDescriptors(this.#monitorDescriptors);
    }
  }

  /** Asks the machine first, so that monitors see SHUTDOWN; a machine that cannot answer is ended all the same. */
  async #shutDown(cause: NodeJS.Signals): Promise<void> {
    try {
      await this.#machine?.ask('shutdownRequest', { cause }, { deadlineMs: SIGNAL_DEADLINE_MS });
      if (this.#machine === undefined) {
        this.#end(0);
      }
    } catch {
      this.#end(0);
    }
  }

  /** A crash is a message: it is reported, the run-state becomes internal-error, and the monitors are told why. */
  #failed(failure: ActorFailure): void {
    const { actor, thread, kind, cause } = failure;
    if (this.#jobs.has(actor)) {
      this.#options.report(`actor '${actor}' (thread '${thread}') failed: ${kind}: ${cause}`);
      this.#tell(() => this.#machine?.tell('jobFailed', { actor, cause }));
      return;
    }
    if (this.#starting) {
      return;
    }
    this.#options.report(`actor '${actor}' (thread '${thread}') failed: ${kind}: ${cause}`);
    const wasRunning = this.#runState.load() === 'running';
    this.#machineFailed ||= actor === MACHINE_ACTOR;
    if (this.#machineFailed) {
      // The word's owner is dead, so it is the supervisor's now.
      this.#runState.store('internal-error');
    } else {
      this.#tell(() => this.#machine?.tell('actorFailed', { actor, cause }));
    }
    if (actor !== MONITOR_ACTOR) {
      const stopped = actor === MACHINE_ACTOR && wasRunning;
      this.#tell(() => this.#monitor?.tell('actorFailed', { actor, cause, stopped }));
    }
  }

  /** The receiver may be dead as well; then there is nobody to tell. */
  #tell(tell: () => void): void {
    try {
      tell();
    } catch (error) {
      this.#options.report(errorLine(error));
    }
  }
}
