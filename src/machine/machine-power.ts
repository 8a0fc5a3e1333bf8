/**
 * Power, reset and the run-state as the outside sees them: what monitors, signals and the guest can ask, and which
 * events follow in which order. The run-state chart says what is allowed, RunControl how the machine stops and
 * starts, PendingRequests when a request is served.
 */
import type { WatchdogAction } from './machine-config.ts';
import { PendingRequests, type RequestHandlers } from './pending-requests.ts';
import { type EmitQmpEvent, RunControl, type RunStateListener } from './run-control.ts';
import { RunStateError, RunStateMachine } from './run-state.ts';
import type { RunState, RunStateView } from './run-state-view.ts';
import { SerialTasks } from './serial-tasks.ts';

/** Why everything is reset: a guest that is woken from S3 finds its RAM as it left it. */
export type ResetCause = 'reset' | 'wakeup';

/** Something that goes back to its power-on state when the machine is reset. */
export interface Resettable {
  reset(cause: ResetCause): void | Promise<void>;
}

/** Calls `pass` soon, once what is running now, and the answer it leads to, is done. */
export type Scheduler = (pass: () => void) => void;

export interface MachinePowerOptions {
  readonly runState: RunStateView;
  /** -S */
  readonly startPaused: boolean;
  readonly noReboot: boolean;
  readonly noShutdown: boolean;
  /** Whether -incoming was given. */
  readonly incoming: boolean;
  readonly emit: EmitQmpEvent;
  readonly onRunState: (from: RunState, to: RunState) => void;
  /** The process is to end with this exit code. */
  readonly onExit: (code: number) => void;
  /** A request could not be served: the machine is in internal-error and unusable. */
  readonly onFailure: (error: unknown) => void;
  readonly schedule: Scheduler;
}

/** The power switch, the reset line and the run-state of one machine. Begins in prelaunch, or in inmigrate. */
export class MachinePower {
  /** What vCPUs, devices and monitors may raise at any time. */
  readonly requests: PendingRequests;
  readonly #lifecycle: RunStateMachine;
  readonly #control: RunControl;
  readonly #tasks = new SerialTasks();
  readonly #resettables: Resettable[] = [];
  readonly #contChecks: (() => void)[] = [];
  readonly #endings: (() => Promise<void>)[] = [];
  readonly #powerButtons: (() => void)[] = [];
  readonly #options: MachinePowerOptions;
  #autostart: boolean;
  #noShutdown: boolean;
  #startedUp = false;
  /** The guest asked to sleep, but was stopped before that was done: it sleeps once it runs again. */
  #sleepsWhenRunning = false;

  constructor(options: MachinePowerOptions) {
    this.#options = options;
    this.#autostart = !options.startPaused;
    this.#noShutdown = options.noShutdown;
    this.#lifecycle = new RunStateMachine({ view: options.runState, onTransition: options.onRunState });
    this.#control = new RunControl(this.#lifecycle, options.emit);
    this.requests = new PendingRequests(this.#handlers(), () =>
      options.schedule(() => {
        this.#tasks.run(() => this.requests.service()).catch((error) => this.#broken(error));
      }),
    );
    if (options.incoming) {
      this.#lifecycle.enter('inmigrate');
    }
  }

  addListener(listener: RunStateListener): void {
    this.#control.addListener(listener);
  }

  /** Reset goes through these in the order in which they were added. */
  addResettable(resettable: Resettable): void {
    this.#resettables.push(resettable);
  }

  /** Calls `check` before each `cont` is obeyed; it throws what is to be answered instead. */
  beforeCont(check: () => void): void {
    this.#contChecks.push(check);
  }

  /** Waits for `work` between SHUTDOWN and the process's end. It takes no longer than it must. */
  beforeExit(work: () => Promise<void>): void {
    this.#endings.push(work);
  }

  /** Calls `pressed` for every power-down request, after POWERDOWN. */
  onPowerButton(pressed: () => void): void {
    this.#powerButtons.push(pressed);
  }

  /** The end of start-up: RESUME and running, unless -S or -incoming was given. Only the first call has an effect. */
  startUpDone(): Promise<void> {
    return this.#tasks.run(async () => {
      const isFirst = !this.#startedUp;
      this.#startedUp = true;
      if (isFirst && this.#autostart && !this.#lifecycle.has('incoming')) {
        await this.#start();
      }
    });
  }

  /** Monitor `stop`: STOP and paused from running; before an incoming migration, paused once that is done. */
  stop(): Promise<void> {
    return this.#tasks.run(async () => {
      if (this.#lifecycle.has('incoming')) {
        this.#autostart = false;
      }
      await this.#control.stop('paused');
    });
  }

  /**
   * Monitor `cont`: RESUME and running. Nothing for a guest that sleeps; before an incoming migration, running once
   * that is done.
   * @throws RunStateError `ERR_RUN_STATE_NEEDS_RESET` from internal-error, shutdown and guest-panicked; and what `beforeCont`
   * says
   */
  cont(): Promise<void> {
    return this.#tasks.run(async () => {
      if (this.#lifecycle.has('needs-reset')) {
        throw new RunStateError('ERR_RUN_STATE_NEEDS_RESET', 'Resetting the Virtual Machine is required');
      }
      if (this.#lifecycle.has('asleep')) return;
      for (const check of this.#contChecks) check();
      if (this.#lifecycle.has('incoming')) {
        this.#autostart = true;
      } else {
        await this.#start();
      }
    });
  }

  /** A reset by anyone (monitor, guest, triple fault, watchdog): RESET follows, or with -no-reboot SHUTDOWN. */
  requestReset(): void {
    this.requests.post(this.#options.noReboot ? 'shutdown' : 'reset');
  }

  /** The power button: POWERDOWN follows, and the guest decides. */
  requestPowerdown(): void {
    this.requests.post('powerdown');
  }

  /** A wake event: a guest in S3 is running at once; its reset and WAKEUP follow. Else nothing. */
  wakeup(woken: () => void = () => undefined): Promise<void> {
    return this.#tasks.run(() => {
      if (this.#lifecycle.has('asleep')) {
        woken();
        this.#lifecycle.enter('running');
        this.requests.post('wakeup');
      }
    });
  }

  /**
   * The same from a device, in the middle of a turn of the machine's loop: when that has ended.
   * @param woken called before the reset if there was a sleeping guest to wake
   */
  requestWakeup(woken: () => void): void {
    this.#options.schedule(() => {
      this.wakeup(woken).catch(this.#options.onFailure);
    });
  }

  /** Monitor `quit` and signals: SHUTDOWN and exit follow, whatever -no-shutdown says. */
  requestQuit(): void {
    this.#noShutdown = false;
    this.requests.post('shutdown');
  }

  /** The guest switched itself off (ACPI soft-off): SHUTDOWN and exit follow, or with -no-shutdown STOP. */
  guestSoftOff(): void {
    this.requests.post('shutdown');
  }

  /** The guest entered S3: SUSPEND follows. */
  guestSuspend(): void {
    this.requests.post('suspend');
  }

  /** The guest entered S4: SUSPEND_DISK, then as soft-off. */
  guestSuspendToDisk(): void {
    this.#options.emit('SUSPEND_DISK');
    this.requests.post('shutdown');
  }

  /** The guest said that it panicked. */
  guestPanicked(): void {
    this.#options.emit('GUEST_PANICKED', { action: 'pause' });
    this.requests.postVmStop('guest-panicked');
  }

  /** The watchdog expired; `action` is -watchdog-action. */
  watchdogExpired(action: WatchdogAction): void {
    this.#options.emit('WATCHDOG', { action });
    this.#watchdogActions[action]();
  }

  /** A disk error whose policy is to stop; called after BLOCK_IO_ERROR was emitted. */
  stopForIoError(): void {
    this.requests.postVmStop('io-error');
  }

  /** The accelerator cannot go on. */
  stopForInternalError(): void {
    this.requests.postVmStop('internal-error');
  }

  /** A breakpoint of an attached debugger. */
  requestDebugStop(): void {
    this.requests.post('debugStop');
  }

  /** savevm, dumps: STOP, `work`, RESUME, if the machine ran; `work` alone if it did not. */
  saving<T>(work: () => T | Promise<T>): Promise<T> {
    return this.#tasks.run(() => this.#control.whileStopped('save-vm', work, 'resume'));
  }

  /** loadvm: the same, but a machine whose `work` rejects stays in restore-vm. */
  restoring<T>(work: () => T | Promise<T>): Promise<T> {
    return this.#tasks.run(() => this.#control.whileStopped('restore-vm', work, 'stay'));
  }

  /**
   * The final phase of an outgoing migration: STOP if it ran; a sleeping guest is woken first.
   * @returns whether it ran, for `migrationEnded`
   */
  finishMigration(): Promise<boolean> {
    return this.#tasks.run(async () => {
      if (this.#lifecycle.has('asleep')) {
        this.#lifecycle.enter('running');
        this.requests.post('wakeup');
      }
      const ran = this.#lifecycle.has('executing');
      await this.#control.force('finish-migrate');
      return ran;
    });
  }

  /** An outgoing migration has ended: postmigrate, or after a failure running again if it ran before. */
  migrationEnded(outcome: 'completed' | 'failed', ranBefore: boolean): Promise<void> {
    return this.#tasks.run(async () => {
      if (outcome === 'completed') {
        this.#lifecycle.enter('postmigrate');
      } else if (ranBefore) {
        await this.#start();
      }
    });
  }

  /** An incoming migration is loaded: RESUME and running, or paused after -S or `stop`. */
  incomingDone(): Promise<void> {
    return this.#tasks.run(async () => {
      if (this.#autostart) {
        await this.#start();
      } else {
        this.#lifecycle.enter('paused');
      }
    });
  }

  /** An actor of the machine is gone: internal-error from any state, at once, and STOP if it ran. */
  actorDied(): void {
    const ran = this.#lifecycle.has('executing');
    this.#lifecycle.actorDied();
    if (ran) {
      this.#tasks.run(() => this.#control.stopSurvivors()).catch(this.#options.onFailure);
    }
  }

  readonly #watchdogActions: Record<WatchdogAction, () => void> = {
    reset: () => this.requestReset(),
    shutdown: () => this.requestPowerdown(),
    poweroff: () => this.#exit(),
    pause: () => this.requests.postVmStop('watchdog'),
    debug: () => undefined,
    none: () => undefined,
  };

  #handlers(): RequestHandlers {
    return {
      debugStop: () => this.#control.stop('debug'),
      suspend: () => this.#suspend(),
      shutdown: () => this.#shutdown(),
      reset: () => this.#reset(),
      wakeup: () => this.#wake(),
      powerdown: () => this.#powerdown(),
      vmStop: (state) => this.#control.stop(state),
    };
  }

  async #start(): Promise<void> {
    await this.#control.start();
    if (this.#sleepsWhenRunning) {
      this.#sleepsWhenRunning = false;
      this.requests.post('suspend');
    }
  }

  async #suspend(): Promise<void> {
    if (!this.#lifecycle.can('suspended')) {
      this.#sleepsWhenRunning = true;
      return;
    }
    await this.#control.pauseCpus();
    this.#lifecycle.enter('suspended');
    this.#options.emit('SUSPEND');
  }

  async #shutdown(): Promise<void> {
    this.#options.emit('SHUTDOWN');
    if (this.#noShutdown) {
      await this.#control.stop('shutdown');
    } else {
      await this.#control.pauseCpus();
      for (const end of this.#endings) await end();
      this.#exit();
    }
  }

  async #powerdown(): Promise<void> {
    this.#options.emit('POWERDOWN');
    for (const pressed of this.#powerButtons) pressed();
  }

  async #reset(): Promise<void> {
    await this.#control.pauseCpus();
    await this.#resetEverything('reset');
    if (this.#lifecycle.has('needs-reset')) {
      this.#lifecycle.enter('paused');
    }
    this.#options.emit('RESET');
    await this.#control.resumeCpus();
  }

  async #wake(): Promise<void> {
    await this.#control.pauseCpus();
    await this.#resetEverything('wakeup');
    this.#options.emit('WAKEUP');
    await this.#control.resumeCpus();
  }

  async #resetEverything(cause: ResetCause): Promise<void> {
    this.#sleepsWhenRunning = false;
    for (const resettable of this.#resettables) {
      await resettable.reset(cause);
    }
  }

  #exit(): void {
    this.requests.close();
    this.#options.onExit(0);
  }

  #broken(error: unknown): void {
    this.actorDied();
    this.#options.onFailure(error);
  }
}
