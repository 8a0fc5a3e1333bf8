import type { MessagePort } from 'node:worker_threads';
import { notCloneable } from './actor-error.ts';
import type { UntypedDefinition, UntypedLocation } from './define-actor.ts';
import { loadDefinition } from './load-definition.ts';
import { MAIN_THREAD, type ThreadHandle } from './thread-handle.ts';
import type { ThreadRuntime } from './thread-runtime.ts';
import type { CreateRequest, TargetInfo } from './wire.ts';

/** The supervisor's own thread. It has no heartbeat: who would judge it hangs with it. */
export class MainThread implements ThreadHandle {
  readonly name = MAIN_THREAD;
  readonly linked = new Set<ThreadHandle>();
  readonly alive = true;
  readonly #runtime: ThreadRuntime;

  constructor(runtime: ThreadRuntime) {
    this.#runtime = runtime;
  }

  link(thread: string, port: MessagePort): void {
    this.#runtime.link(thread, port);
  }

  unlink(thread: string): void {
    this.#runtime.unlink(thread);
  }

  preload(): void {}

  async create(request: CreateRequest, location: UntypedLocation): Promise<void> {
    const load = () => (isDefinition(location) ? location : loadDefinition(location));
    await this.#runtime.create({ ...request, config: copyOf(request.config) }, load);
  }

  stop(id: number): Promise<void> {
    return this.#runtime.stop(id);
  }

  refer(id: number, target: TargetInfo): void {
    this.#runtime.refer(id, target);
  }

  actorUp(target: TargetInfo): void {
    this.#runtime.actorUp(target);
  }

  actorGone(id: number): void {
    this.#runtime.actorGone(id);
  }

  async retire(): Promise<void> {}

  async ended(): Promise<boolean> {
    return true;
  }
}

function isDefinition(location: UntypedLocation): location is UntypedDefinition {
  return 'create' in location;
}

/** An actor here must not share its configuration with its creator any more than one in a worker does. */
function copyOf(config: unknown): unknown {
  try {
    return structuredClone(config);
  } catch (error) {
    throw notCloneable('A configuration', error);
  }
}
