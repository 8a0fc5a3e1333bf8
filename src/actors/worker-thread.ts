import { type MessagePort, Worker } from 'node:worker_threads';
import { ActorError, notCloneable } from './actor-error.ts';
import { type Clock, settledWithin } from './clock.ts';
import type { ActorFailureKind } from './contract.ts';
import type { ControlReport, ControlRequest, WorkerSeed } from './control.ts';
import type { UntypedLocation } from './define-actor.ts';
import { decodeError, errorLine } from './error-codec.ts';
import type { RuntimeLimits } from './limits.ts';
import { Pulse } from './pulse.ts';
import type { ThreadHandle } from './thread-handle.ts';
import type { ActorFailed } from './thread-runtime.ts';
import { WakeWord } from './wake-word.ts';
import type { CreateRequest, TargetInfo } from './wire.ts';

/** The bootstrap lies beside this file, as TypeScript in the sources and as JavaScript in the built package. */
const WORKER_MAIN = new URL(
  `./worker-main${import.meta.url.endsWith('.ts') ? '.ts' : '.js'}`,
  import.meta.url,
);

export interface WorkerThreadOptions {
  readonly name: string;
  readonly clock: Clock;
  readonly limits: RuntimeLimits;
  readonly actorFailed: ActorFailed;
  /** See `ActorSystemOptions`. */
  readonly beforeForcedEnd: (thread: string) => void;
  /** The worker runs its event loop from now on. */
  readonly ready: (thread: WorkerThread) => void;
  /** Called once when the thread is lost, whatever it hosts; not when it is retired. */
  readonly lost: (thread: WorkerThread, kind: ActorFailureKind, cause: string) => void;
}

interface Waiter {
  done(error?: Error): void;
}

/** A worker thread as the supervisor drives it. */
export class WorkerThread implements ThreadHandle {
  readonly name: string;
  readonly linked = new Set<ThreadHandle>();
  readonly pulse = new Pulse();
  readonly #options: WorkerThreadOptions;
  readonly #worker: Worker;
  readonly #exited: Promise<void>;
  readonly #creating = new Map<number, Waiter>();
  readonly #stopping = new Map<number, Waiter>();
  #alive = true;
  #wakeWord: WakeWord | undefined;

  constructor(options: WorkerThreadOptions) {
    this.name = options.name;
    this.#options = options;
    const workerData: WorkerSeed = { name: options.name, limits: options.limits, pulse: this.pulse.buffer };
    this.#worker = new Worker(WORKER_MAIN, { name: options.name, workerData });
    this.#worker.on('message', (message: ControlReport) => this.#hear(message));
    this.#worker.on('error', (error) => this.#lose('error', errorLine(error)));
    this.#exited = new Promise((resolve) => {
      this.#worker.once('exit', (code) => {
        this.#lose('exit', `thread ${this.name} exited with code ${code}`);
        resolve();
      });
    });
  }

  get alive(): boolean {
    return this.#alive;
  }

  link(thread: string, port: MessagePort): void {
    this.#order({ op: 'link', thread, port }, [port]);
  }

  unlink(thread: string): void {
    this.#order({ op: 'unlink', thread });
  }

  preload({ module }: UntypedLocation): void {
    this.#order({ op: 'preload', module });
  }

  async create(request: CreateRequest, location: UntypedLocation): Promise<void> {
    const { module, exportName } = location;
    await this.#ordered(this.#creating, request.id, { op: 'create', request, module, exportName });
  }

  async stop(id: number): Promise<void> {
    await this.#ordered(this.#stopping, id, { op: 'stop', id });
  }

  refer(id: number, target: TargetInfo): void {
    this.#order({ op: 'refer', id, target });
  }

  actorUp(target: TargetInfo): void {
    this.#order({ op: 'up', target });
  }

  actorGone(id: number): void {
    this.#order({ op: 'gone', id });
  }

  /** Asks for a beat at least that often. */
  beatEvery(ms: number): void {
    this.#order({ op: 'beatEvery', ms });
  }

  async retire(deadlineMs: number): Promise<void> {
    this.#order({ op: 'exit' });
    this.#forsake('was retired');
    await this.ended(deadlineMs);
  }

  /** It has been silent for that long. */
  hung(silenceMs: number): void {
    this.#lose('hang', `thread ${this.name} gave no heartbeat for ${Math.round(silenceMs)} ms`);
    this.#endByForce();
  }

  #endByForce(): void {
    this.#options.beforeForcedEnd(this.name);
    void this.#worker.terminate();
  }

  /** Waits for the thread to end by itself, then ends it by force. */
  async ended(deadlineMs: number): Promise<boolean> {
    if (await settledWithin(this.#options.clock, this.#exited, deadlineMs)) {
      return true;
    }
    this.#endByForce();
    return settledWithin(this.#options.clock, this.#exited, deadlineMs);
  }

  #order(order: ControlRequest, transfer: readonly MessagePort[] = []): void {
    try {
      this.#worker.postMessage(order, transfer);
    } catch (error) {
      throw notCloneable(`An order to thread ${this.name}`, error);
    }
    this.#wakeWord?.wake();
  }

  #ordered(waiters: Map<number, Waiter>, id: number, order: ControlRequest): Promise<void> {
    return new Promise((resolve, reject) => {
      if (!this.#alive) {
        reject(new ActorError('ERR_ACTOR_DEAD', `Thread ${this.name} has ended`));
        return;
      }
      this.#order(order);
      waiters.set(id, { done: (error) => (error === undefined ? resolve() : reject(error)) });
    });
  }

  #hear(message: ControlReport): void {
    switch (message.op) {
      case 'ready':
        if (this.#alive) {
          this.#options.ready(this);
        }
        break;
      case 'created':
      case 'stopped': {
        const waiters = message.op === 'created' ? this.#creating : this.#stopping;
        const waiter = waiters.get(message.id);
        waiters.delete(message.id);
        waiter?.done(message.error === undefined ? undefined : decodeError(message.error));
        break;
      }
      case 'failed':
        this.#options.actorFailed(message.id, message.incarnation, message.cause);
        break;
      case 'crashed':
        this.#lose('error', message.cause);
        break;
      case 'wake':
        this.#wakeWord = new WakeWord(message.words, message.index);
        this.#wakeWord.wake();
        break;
    }
  }

  #lose(kind: ActorFailureKind, cause: string): void {
    if (this.#alive) {
      this.#alive = false;
      this.#options.lost(this, kind, cause);
      this.#forsake(cause);
    }
  }

  /** Nobody waits for this thread any more. What was being stopped is stopped. */
  #forsake(cause: string): void {
    this.#alive = false;
    for (const waiter of this.#creating.values()) {
      waiter.done(new ActorError('ERR_ACTOR_DEAD', `Thread ${this.name} has ended: ${cause}`));
    }
    for (const waiter of this.#stopping.values()) {
      waiter.done();
    }
    this.#creating.clear();
    this.#stopping.clear();
  }
}
