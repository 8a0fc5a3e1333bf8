import { MessageChannel } from 'node:worker_threads';
import type { Clock } from './clock.ts';
import type { ActorFailureKind } from './contract.ts';
import { HeartbeatMonitor } from './heartbeat-monitor.ts';
import type { RuntimeLimits } from './limits.ts';
import { beatPeriod } from './pulse.ts';
import type { ThreadHandle } from './thread-handle.ts';
import type { ActorFailed } from './thread-runtime.ts';
import { WorkerThread } from './worker-thread.ts';

export interface ThreadPoolOptions {
  readonly clock: Clock;
  readonly limits: RuntimeLimits;
  readonly main: ThreadHandle;
  readonly actorFailed: ActorFailed;
  /** See `ActorSystemOptions`. */
  readonly beforeForcedEnd: (thread: string) => void;
  /** A worker is lost with all that it hosts. */
  readonly threadLost: (thread: ThreadHandle, kind: ActorFailureKind, cause: string) => void;
}

/** The threads of one actor system by name, the links between them, and the watch over their heartbeats. */
export class ThreadPool {
  readonly #options: ThreadPoolOptions;
  readonly #threads = new Map<string, ThreadHandle>();
  readonly #heartbeats: HeartbeatMonitor;
  readonly #heartbeatMs = new Map<WorkerThread, number>();
  readonly #ready = new WeakSet<WorkerThread>();

  constructor(options: ThreadPoolOptions) {
    this.#options = options;
    this.#heartbeats = new HeartbeatMonitor(options.clock);
    this.#threads.set(options.main.name, options.main);
  }

  /** The thread of that name, started if need be, linked to the main thread, and watched from its readiness on. */
  acquire(name: string, heartbeatMs: number): ThreadHandle {
    const thread = this.#threads.get(name) ?? this.#start(name);
    if (thread instanceof WorkerThread && heartbeatMs < (this.#heartbeatMs.get(thread) ?? Infinity)) {
      this.#heartbeatMs.set(thread, heartbeatMs);
      thread.beatEvery(beatPeriod(heartbeatMs));
      if (this.#ready.has(thread)) {
        this.#watch(thread);
      }
    }
    return thread;
  }

  /** Gives two threads their channel, if they have none. */
  link(one: ThreadHandle, other: ThreadHandle): void {
    if (one === other || one.linked.has(other) || !one.alive || !other.alive) {
      return;
    }
    const { port1, port2 } = new MessageChannel();
    one.linked.add(other);
    other.linked.add(one);
    one.link(other.name, port1);
    other.link(one.name, port2);
  }

  /** Ends a thread that hosts nothing any more. */
  async retire(thread: ThreadHandle, deadlineMs: number): Promise<void> {
    if (thread !== this.#options.main && thread.alive) {
      this.#forget(thread);
      await thread.retire(deadlineMs);
      this.#unlinkAll(thread);
    }
  }

  /** Waits until a lost thread has really ended; if it cannot be ended, its peers stop waiting for it. */
  async buried(thread: ThreadHandle, deadlineMs: number): Promise<void> {
    const peers = [...thread.linked];
    if (!(await thread.ended(deadlineMs))) {
      for (const peer of peers) {
        if (this.#threads.get(thread.name) === undefined) {
          peer.unlink(thread.name);
        }
      }
    }
    this.#unlinkAll(thread);
  }

  #start(name: string): ThreadHandle {
    const thread: ThreadHandle = new WorkerThread({
      name,
      clock: this.#options.clock,
      limits: this.#options.limits,
      actorFailed: this.#options.actorFailed,
      beforeForcedEnd: this.#options.beforeForcedEnd,
      ready: (ready) => {
        this.#ready.add(ready);
        this.#watch(ready);
      },
      lost: (lost, kind, cause) => {
        this.#forget(lost);
        this.#options.threadLost(lost, kind, cause);
      },
    });
    this.#threads.set(name, thread);
    this.link(this.#options.main, thread);
    return thread;
  }

  #watch(thread: WorkerThread): void {
    const limitMs = this.#heartbeatMs.get(thread) ?? Infinity;
    this.#heartbeats.watch(thread.name, thread.pulse, limitMs, (silenceMs) => thread.hung(silenceMs));
  }

  #forget(thread: ThreadHandle): void {
    if (this.#threads.get(thread.name) === thread) {
      this.#threads.delete(thread.name);
    }
    if (thread instanceof WorkerThread) {
      this.#heartbeats.unwatch(thread.name, thread.pulse);
      this.#heartbeatMs.delete(thread);
    }
  }

  #unlinkAll(thread: ThreadHandle): void {
    for (const peer of thread.linked) {
      peer.linked.delete(thread);
    }
    thread.linked.clear();
  }
}
