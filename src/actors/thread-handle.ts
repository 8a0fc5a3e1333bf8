import type { MessagePort } from 'node:worker_threads';
import type { UntypedLocation } from './define-actor.ts';
import type { CreateRequest, TargetInfo } from './wire.ts';

/** The name of the thread that the supervisor itself runs on. */
export const MAIN_THREAD = 'main';

/** A thread that hosts actors, as the supervisor drives it: the main thread or a worker. */
export interface ThreadHandle {
  readonly name: string;
  /** Threads that this one has a link to. */
  readonly linked: Set<ThreadHandle>;
  /** False once the thread has crashed, hung or been retired. */
  readonly alive: boolean;

  link(thread: string, port: MessagePort): void;
  unlink(thread: string): void;
  /** Begins to load an actor's module, so that `create` finds it there. What goes wrong is for `create` to report. */
  preload(location: UntypedLocation): void;
  /** Rejects with what the creation threw, or `ERR_ACTOR_DEAD` when the thread dies meanwhile. */
  create(request: CreateRequest, location: UntypedLocation): Promise<void>;
  /** Rejects with what the actor's `stop()` threw; resolves when the thread dies meanwhile. */
  stop(id: number): Promise<void>;
  /** An actor of this thread may hold references to `target` from now on. */
  refer(id: number, target: TargetInfo): void;
  actorUp(target: TargetInfo): void;
  actorGone(id: number): void;

  /** Ends the thread in good order, by force after `deadlineMs`. It must host nothing any more. */
  retire(deadlineMs: number): Promise<void>;
  /** Resolves with true once nothing runs on the thread any more, with false if that takes more than `deadlineMs`. */
  ended(deadlineMs: number): Promise<boolean>;
}
