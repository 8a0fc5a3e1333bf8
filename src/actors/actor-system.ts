import { ActorError } from './actor-error.ts';
import { ActorRecord } from './actor-record.ts';
import { type Clock, deadlineAfter, settledWithin, systemClock } from './clock.ts';
import type {
  ActorContract,
  ActorFailure,
  ActorFailureKind,
  ActorLocation,
  ActorRef,
  SpawnOptions,
  Subscription,
} from './contract.ts';
import type { UntypedLocation } from './define-actor.ts';
import { errorLine } from './error-codec.ts';
import { DEFAULT_LIMITS, type RuntimeLimits } from './limits.ts';
import { MainThread } from './main-thread.ts';
import { MAIN_THREAD, type ThreadHandle } from './thread-handle.ts';
import { ThreadPool } from './thread-pool.ts';
import { ThreadRuntime } from './thread-runtime.ts';

export interface ActorSystemOptions {
  /** Judges deadlines of asks made on this thread, of spawns and stops, and heartbeats. */
  readonly clock?: Clock;
  readonly limits?: Partial<RuntimeLimits>;
  /** Milliseconds that an actor may take to be created; 30,000 when absent. */
  readonly spawnDeadlineMs?: number;
  /** Milliseconds that an actor's `stop()`, and then its thread, may take to end; 5,000 when absent. */
  readonly stopDeadlineMs?: number;
  /**
   * Called with the name of a worker thread just before it is ended by force, because it hangs: the moment to take from
   * it what it must not be ended with.
   */
  readonly beforeForcedEnd?: (thread: string) => void;
}

const DEFAULT_HEARTBEAT_MS = 10_000;
const DEFAULT_SPAWN_DEADLINE_MS = 30_000;
const DEFAULT_STOP_DEADLINE_MS = 5_000;

/** The supervisor's tool: brings actors to life where their options say, watches over them, and ends them in order. */
export class ActorSystem implements AsyncDisposable {
  readonly #clock: Clock;
  readonly #spawnDeadlineMs: number;
  readonly #stopDeadlineMs: number;
  readonly #runtime: ThreadRuntime;
  readonly #main: MainThread;
  readonly #threads: ThreadPool;
  readonly #records = new Map<string, ActorRecord>();
  readonly #failureListeners = new Set<(failure: ActorFailure) => void>();
  readonly #stops = new Map<ActorRecord, Promise<void>>();
  /** Burials and retirements under way, which `stop()` awaits so that nothing runs on after it. */
  readonly #endings = new Set<Promise<void>>();
  #nextId = 0;
  #stopped: Promise<void> | undefined;

  constructor(options: ActorSystemOptions = {}) {
    this.#clock = options.clock ?? systemClock;
    this.#spawnDeadlineMs = options.spawnDeadlineMs ?? DEFAULT_SPAWN_DEADLINE_MS;
    this.#stopDeadlineMs = options.stopDeadlineMs ?? DEFAULT_STOP_DEADLINE_MS;
    const limits = { ...DEFAULT_LIMITS, ...options.limits };
    const actorFailed = (id: number, incarnation: number, cause: string) =>
      this.#actorFailed(id, incarnation, cause);
    this.#runtime = new ThreadRuntime({ name: MAIN_THREAD, clock: this.#clock, limits, actorFailed });
    this.#main = new MainThread(this.#runtime);
    this.#threads = new ThreadPool({
      clock: this.#clock,
      limits,
      main: this.#main,
      actorFailed,
      beforeForcedEnd: options.beforeForcedEnd ?? (() => undefined),
      threadLost: (thread, kind, cause) => this.#threadLost(thread, kind, cause),
    });
  }

  /**
   * Creates an actor, after those that it depends on (which may still be starting), and resolves with a reference once it
   * is ready. Rejects with what its creation threw,
   * `ERR_ACTOR_EXISTS`, `ERR_ACTOR_UNKNOWN` (a dependency that is not there, a definition that its module does not
   * export), `ERR_ACTOR_NOT_CLONEABLE`, `ERR_ACTOR_TIMEOUT`, or `ERR_ACTOR_DEAD` when its thread dies meanwhile. A
   * creation that fails is reported as a failure too, and is not tried again.
   */
  async spawn<C extends ActorContract, Config>(
    location: ActorLocation<C, Config>,
    options: SpawnOptions<Config>,
  ): Promise<ActorRef<C>> {
    const record = this.#admit(location as unknown as UntypedLocation, options);
    record.firstStart = this.#startFirst(record);
    await record.firstStart;
    return this.#reference(record) as unknown as ActorRef<C>;
  }

  /** The supervisor's reference to an actor that has been spawned. Throws `ERR_ACTOR_UNKNOWN`. */
  ref<C extends ActorContract>(name: string): ActorRef<C> {
    return this.#reference(this.#known(name)) as unknown as ActorRef<C>;
  }

  /**
   * From now on `name` may hold references to `other` too, and is stopped before it. Both are up.
   * Throws `ERR_ACTOR_UNKNOWN`.
   */
  introduce(name: string, other: string): void {
    const record = this.#known(name);
    const target = this.#known(other);
    record.dependencies.push(target);
    const { host } = record;
    if (host?.alive !== true || target.host === undefined) return;
    this.#threads.link(host, target.host);
    host.refer(record.id, target.info);
  }

  /** Calls `listener` for every actor that fails, each time it does, whether or not it is restarted. */
  onFailure(listener: (failure: ActorFailure) => void): Subscription {
    const entry = (failure: ActorFailure) => listener(failure);
    this.#failureListeners.add(entry);
    const cancel = () => {
      this.#failureListeners.delete(entry);
    };
    return { cancel, [Symbol.dispose]: cancel };
  }

  /**
   * Stops one actor that others were introduced to; from then on their references say that it is gone.
   * Throws `ERR_ACTOR_UNKNOWN`, or `ERR_ACTOR_IN_USE` while one lives that was created after it.
   */
  async dismiss(name: string): Promise<void> {
    const record = this.#known(name);
    const users = this.#dependents(record);
    const needing = users.filter((user) => user.awaited.includes(record)).map((user) => user.name);
    if (needing.length > 0) {
      const message = `Actor ${name} cannot be dismissed: ${needing.join(', ')} need it`;
      throw new ActorError('ERR_ACTOR_IN_USE', message);
    }
    if (record.state === 'up' || record.state === 'starting') {
      record.state = 'stopping';
      await this.#stopInTime(record);
    }
    this.#bury(record);
    for (const { dependencies } of users) dependencies.splice(dependencies.indexOf(record), 1);
  }

  /** Stops one actor. Throws `ERR_ACTOR_UNKNOWN`, or `ERR_ACTOR_IN_USE` while others depend on it. */
  async stopActor(name: string): Promise<void> {
    const record = this.#known(name);
    const users = this.#dependents(record).map((dependent) => dependent.name);
    if (users.length > 0) {
      throw new ActorError(
        'ERR_ACTOR_IN_USE',
        `Actor ${name} cannot be stopped: ${users.join(', ')} need it`,
      );
    }
    await this.#stopRecord(record);
  }

  /**
   * Stops every actor, each before those that it depends on, and ends all threads. Never rejects: an actor that throws
   * in its `stop()` or misses the deadline is reported as a failure.
   */
  stop(): Promise<void> {
    this.#stopped ??= this.#stopAll();
    return this.#stopped;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  #admit(location: UntypedLocation, options: SpawnOptions<unknown>): ActorRecord {
    if (this.#stopped !== undefined) {
      throw new ActorError(
        'ERR_ACTOR_DEAD',
        `Actor ${options.name} cannot be spawned: the system is stopping`,
      );
    }
    if (this.#records.has(options.name)) {
      throw new ActorError('ERR_ACTOR_EXISTS', `An actor called ${options.name} exists already`);
    }
    const awaited = (options.dependsOn ?? []).map((name) => this.#known(name));
    const record = new ActorRecord(++this.#nextId, location, options, awaited);
    this.#records.set(record.name, record);
    return record;
  }

  #known(name: string): ActorRecord {
    const record = this.#records.get(name);
    if (record === undefined) {
      throw new ActorError('ERR_ACTOR_UNKNOWN', `There is no actor called ${name}`);
    }
    return record;
  }

  #reference(record: ActorRecord) {
    record.reference ??= this.#runtime.reference(
      { name: 'the supervisor', fail: throwLater },
      this.#runtime.target(record.info),
    );
    return record.reference;
  }

  #dependents(record: ActorRecord): ActorRecord[] {
    return [...this.#records.values()].filter((other) => other.dependencies.includes(record));
  }

  /** A first life that does not come to be is not tried again. */
  async #startFirst(record: ActorRecord): Promise<void> {
    try {
      await this.#start(record);
    } catch (error) {
      this.#startFailed(record, error);
      this.#bury(record);
      throw error;
    }
  }

  /** Begins a life of the actor. Rejects if it does not come to be; then `#startFailed` is due. */
  async #start(record: ActorRecord): Promise<void> {
    const host = this.#threads.acquire(record.thread, record.options.heartbeatMs ?? DEFAULT_HEARTBEAT_MS);
    record.host = host;
    record.stopAsked = false;
    record.state = 'starting';
    record.incarnation++;
    for (const other of [...record.dependencies, ...this.#dependents(record)]) {
      if (other.host !== undefined) {
        this.#threads.link(host, other.host);
      }
    }
    await this.#inTime(this.#create(record, host), record);
    if (record.state !== 'starting') {
      throw new ActorError('ERR_ACTOR_DEAD', `Actor ${record.name} was stopped while it was being created`);
    }
    record.state = 'up';
    this.#announce(record, (thread) => thread.actorUp(record.info));
  }

  /** Threads and modules load side by side; the actors themselves are created in the order of their dependencies. */
  async #create(record: ActorRecord, host: ThreadHandle): Promise<void> {
    const { id, name, incarnation, options, location } = record;
    host.preload(location);
    await Promise.allSettled(record.awaited.map((dependency) => dependency.firstStart));
    const missing = record.awaited.find((dependency) => dependency.state === 'gone');
    if (missing !== undefined && incarnation === 1) {
      throw new ActorError('ERR_ACTOR_DEAD', `Actor ${name} needs ${missing.name}, which is not there`);
    }
    const dependencies = record.dependencies.map((dependency) => dependency.info);
    await host.create({ id, name, incarnation, config: options.config, dependencies }, location);
  }

  #inTime(created: Promise<void>, record: ActorRecord): Promise<void> {
    return new Promise((resolve, reject) => {
      const deadlineMs = this.#spawnDeadlineMs;
      const timer = deadlineAfter(this.#clock, deadlineMs, () =>
        reject(
          new ActorError('ERR_ACTOR_TIMEOUT', `Actor ${record.name} was not created within ${deadlineMs} ms`),
        ),
      );
      created.then(resolve, reject).finally(() => timer?.[Symbol.dispose]());
    });
  }

  /** Reports a creation that failed, unless the loss of its thread has been reported already. */
  #startFailed(record: ActorRecord, error: unknown): void {
    if (record.state === 'starting') {
      record.state = 'down';
      this.#report(record, 'error', errorLine(error));
    }
  }

  #actorFailed(id: number, incarnation: number, cause: string): void {
    for (const record of this.#records.values()) {
      if (record.id === id && record.incarnation === incarnation) {
        this.#crashed(record, 'error', cause);
      }
    }
  }

  #threadLost(thread: ThreadHandle, kind: ActorFailureKind, cause: string): void {
    const victims = [...this.#records.values()].filter((record) => record.host === thread);
    for (const record of victims) {
      this.#crashed(record, kind, cause);
    }
    this.#track(this.#threads.buried(thread, this.#stopDeadlineMs));
  }

  #crashed(record: ActorRecord, kind: ActorFailureKind, cause: string): void {
    const before = record.state;
    if (before === 'down' || before === 'gone') {
      return;
    }
    if (before !== 'stopping') {
      record.state = 'down';
    }
    this.#report(record, kind, cause);
    if (before === 'up') {
      this.#track(this.#recover(record));
    }
  }

  /** Creates a crashed actor anew as often as it may; buries it when it may not. */
  async #recover(record: ActorRecord): Promise<void> {
    while (record.restartsLeft > 0 && this.#mayRestart(record)) {
      record.restartsLeft--;
      await this.#clearAway(record);
      if (!this.#mayRestart(record)) {
        break;
      }
      try {
        await this.#start(record);
        return;
      } catch (error) {
        this.#startFailed(record, error);
      }
    }
    this.#bury(record);
  }

  #mayRestart(record: ActorRecord): boolean {
    return this.#stopped === undefined && record.state === 'down';
  }

  /** The actor will not come back: says so to whoever holds references, and removes what is left of it. */
  #bury(record: ActorRecord): void {
    if (record.state === 'gone') {
      return;
    }
    record.state = 'gone';
    this.#records.delete(record.name);
    this.#announce(record, (thread) => thread.actorGone(record.id));
    if (record.reference !== undefined) {
      this.#runtime.releaseReference(record.reference);
    }
    this.#track(this.#clearAway(record));
  }

  /** Lets a dead actor release what it holds, and ends its thread if nothing else lives there. */
  async #clearAway(record: ActorRecord): Promise<void> {
    const { host } = record;
    if (host === undefined) {
      return;
    }
    if (!host.alive) {
      await this.#threads.buried(host, this.#stopDeadlineMs);
      return;
    }
    if (!record.stopAsked) {
      record.stopAsked = true;
      await settledWithin(this.#clock, host.stop(record.id), this.#stopDeadlineMs);
    }
    const inUse = [...this.#records.values()].some((other) => other !== record && other.host === host);
    if (!inUse) {
      await this.#threads.retire(host, this.#stopDeadlineMs);
    }
  }

  #stopRecord(record: ActorRecord): Promise<void> {
    let stop = this.#stops.get(record);
    if (stop === undefined) {
      stop = this.#stopNow(record).finally(() => this.#stops.delete(record));
      this.#stops.set(record, stop);
    }
    return stop;
  }

  async #stopNow(record: ActorRecord): Promise<void> {
    await Promise.all(this.#dependents(record).map((dependent) => this.#stopRecord(dependent)));
    if (record.state === 'up' || record.state === 'starting') {
      record.state = 'stopping';
      await this.#stopInTime(record);
    }
    this.#bury(record);
    await Promise.all(this.#endings);
  }

  async #stopInTime(record: ActorRecord): Promise<void> {
    const { host } = record;
    if (host === undefined) {
      return;
    }
    record.stopAsked = true;
    const deadlineMs = this.#stopDeadlineMs;
    const stopped = host.stop(record.id).catch((error: unknown) => {
      this.#report(record, 'error', `its stop failed: ${errorLine(error)}`);
    });
    if (!(await settledWithin(this.#clock, stopped, deadlineMs))) {
      this.#report(record, 'hang', `it did not stop within ${deadlineMs} ms`);
    }
  }

  async #stopAll(): Promise<void> {
    await Promise.all([...this.#records.values()].map((record) => this.#stopRecord(record)));
    while (this.#endings.size > 0) {
      await Promise.all(this.#endings);
    }
    this.#runtime.close();
  }

  /** Tells the threads that may hold references to the actor. */
  #announce(record: ActorRecord, tell: (thread: ThreadHandle) => void): void {
    const threads = new Set<ThreadHandle>([this.#main]);
    for (const dependent of this.#dependents(record)) {
      if (dependent.host?.alive) {
        threads.add(dependent.host);
      }
    }
    for (const thread of threads) {
      tell(thread);
    }
  }

  #report(record: ActorRecord, kind: ActorFailureKind, cause: string): void {
    const failure: ActorFailure = { actor: record.name, thread: record.thread, kind, cause };
    for (const listener of [...this.#failureListeners]) {
      try {
        listener(failure);
      } catch (error) {
        throwLater(error);
      }
    }
  }

  #track(ending: Promise<void>): void {
    const tracked: Promise<void> = ending
      .catch((error: unknown) => throwLater(error))
      .finally(() => this.#endings.delete(tracked));
    this.#endings.add(tracked);
  }
}

/** A fault in the supervisor's own code surfaces as an uncaught exception, not in the thread that delivered a message. */
function throwLater(error: unknown): void {
  setImmediate(() => {
    throw error;
  });
}
