import type { SpawnOptions } from './contract.ts';
import type { UntypedLocation } from './define-actor.ts';
import type { ActorReference } from './reference.ts';
import type { ThreadHandle } from './thread-handle.ts';
import type { TargetInfo } from './wire.ts';

/**
 * Where an actor stands, as the supervisor sees it: being created (at first or anew), reachable, crashed, being stopped,
 * or gone for good.
 */
export type RecordState = 'starting' | 'up' | 'down' | 'stopping' | 'gone';

/** What the supervisor knows of one actor across all its lives. */
export class ActorRecord {
  readonly id: number;
  readonly name: string;
  readonly thread: string;
  readonly location: UntypedLocation;
  readonly options: SpawnOptions<unknown>;
  /** Whom it holds references to; those `awaited` are to be up before it is created. */
  readonly dependencies: ActorRecord[];
  readonly awaited: readonly ActorRecord[];
  state: RecordState = 'starting';
  /** Which life this is; the first is 1. */
  incarnation = 0;
  restartsLeft: number;
  /** Settles when the first life is up, or could not be created. */
  firstStart: Promise<void> = Promise.resolve();
  /** The thread of this life. */
  host: ThreadHandle | undefined;
  /** Whether that thread has been told to stop this life. */
  stopAsked = false;
  /** The supervisor's own reference, once the actor has been up. */
  reference: ActorReference | undefined;

  constructor(
    id: number,
    location: UntypedLocation,
    options: SpawnOptions<unknown>,
    awaited: readonly ActorRecord[],
  ) {
    this.id = id;
    this.name = options.name;
    this.thread = options.thread ?? options.name;
    this.location = location;
    this.options = options;
    this.awaited = awaited;
    this.dependencies = [...awaited];
    this.restartsLeft = options.restarts ?? 0;
  }

  get info(): TargetInfo {
    return {
      id: this.id,
      name: this.name,
      thread: this.thread,
      incarnation: this.incarnation,
      up: this.state === 'up' || this.state === 'stopping',
    };
  }
}
