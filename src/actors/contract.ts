/**
 * The vocabulary of the actor runtime: what an actor promises (its contract), how others hold it (a reference), and
 * what the runtime hands it (its context). Types only; the runtime implements them, actors and callers import them.
 *
 * Ordering: everything that one actor sends to another travels through one port and arrives in the order of sending.
 * So an event emitted before an ask is answered reaches the asker, if it subscribed, before the answer does, and an
 * event emitted after it reaches it after. Between what different actors send to a third there is no order; but what an
 * actor subscribes to while it is created is in force once its `spawn` has resolved.
 */

/** What an actor can be asked, told and listened to. Arguments, results and payloads are structured-cloneable. */
export interface ActorContract {
  asks: object;
  tells: object;
  events: object;
}

type Handler<F> = F extends (argument: infer A) => infer R ? { argument: A; result: Awaited<R> } : never;

export type AskName<C extends ActorContract> = keyof C['asks'] & string;
export type AskArgument<C extends ActorContract, M extends AskName<C>> = Handler<C['asks'][M]>['argument'];
export type AskResult<C extends ActorContract, M extends AskName<C>> = Handler<C['asks'][M]>['result'];
export type TellName<C extends ActorContract> = keyof C['tells'] & string;
export type TellArgument<C extends ActorContract, M extends TellName<C>> = Handler<C['tells'][M]>['argument'];
export type EventName<C extends ActorContract> = keyof C['events'] & string;
export type EventPayload<C extends ActorContract, E extends EventName<C>> = C['events'][E];

export interface AskOptions {
  /** Milliseconds until the ask rejects with `ERR_ACTOR_TIMEOUT`; the runtime's default when absent. */
  deadlineMs?: number;
  /** Aborting rejects the ask with `ERR_ACTOR_ABORTED`; the handler still runs to its end. */
  signal?: AbortSignal;
}

export interface Subscription extends Disposable {
  cancel(): void;
}

/** A typed handle on an actor, wherever it lives. */
export interface ActorRef<C extends ActorContract> {
  readonly name: string;

  /**
   * Sends a request and resolves with its answer. Rejects with the error that the handler threw (same `code` and
   * `errorClass`), `ERR_ACTOR_TIMEOUT`, `ERR_ACTOR_ABORTED`, `ERR_ACTOR_DEAD` or `ERR_ACTOR_MAILBOX_FULL`.
   */
  ask<M extends AskName<C>>(
    method: M,
    argument: AskArgument<C, M>,
    options?: AskOptions,
  ): Promise<AskResult<C, M>>;

  /** Sends without waiting. Throws `ERR_ACTOR_MAILBOX_FULL` or `ERR_ACTOR_DEAD`. */
  tell<M extends TellName<C>>(method: M, argument: TellArgument<C, M>): void;

  /**
   * Calls `listener` for every event emitted from now on, in order, before any later answer is delivered. It goes on
   * after the actor has crashed and been restarted. `ended` is called once when the subscription ends otherwise than
   * by `cancel`: without an error when the actor was stopped, with `ERR_ACTOR_DEAD` when it is down for good, with
   * `ERR_ACTOR_STREAM_OVERFLOW` when this thread did not drain its events. Without `ended`, an overflow counts as a
   * failure of the subscriber.
   */
  subscribe<E extends EventName<C>>(
    event: E,
    listener: (payload: EventPayload<C, E>) => void,
    ended?: (error?: Error) => void,
  ): Subscription;

  /**
   * The same as an async iterator over a bounded buffer of `limit` events (1024 when absent); when it overflows the
   * iterator throws `ERR_ACTOR_STREAM_OVERFLOW` after what it had kept. Ends when the actor stops.
   */
  stream<E extends EventName<C>>(
    event: E,
    options?: { limit?: number },
  ): AsyncIterableIterator<EventPayload<C, E>> & AsyncDisposable;
}

/** What the runtime hands to an actor when it is created. */
export interface ActorContext<C extends ActorContract> {
  readonly name: string;
  /** Aborted when the actor is being stopped. */
  readonly signal: AbortSignal;
  /** Sends an event to every subscriber. */
  emit<E extends EventName<C>>(event: E, payload: EventPayload<C, E>): void;
  /** A reference to an actor that this one was declared to depend on. Throws `ERR_ACTOR_UNKNOWN` otherwise. */
  ref<D extends ActorContract>(name: string): ActorRef<D>;
  /** Reports a failure that leaves the actor unusable; the supervisor treats it as a crash. */
  fail(error: unknown): void;
}

/** What an actor is made of, once created. */
export interface ActorBehaviour<C extends ActorContract> {
  asks: {
    [M in AskName<C>]: (argument: AskArgument<C, M>) => AskResult<C, M> | Promise<AskResult<C, M>>;
  };
  tells: { [M in TellName<C>]: (argument: TellArgument<C, M>) => void };
  /** Releases what the actor holds; called once, awaited by the orderly stop. */
  stop?(): void | Promise<void>;
}

/**
 * Where a thread finds the definition of an actor: the URL of a module and the name of what it exports. Spawning by
 * location alone spares the spawning thread from loading what only the actor's own thread runs.
 */
export interface ActorLocation<C extends ActorContract, Config> {
  readonly module: string;
  readonly exportName: string;
  /** Never present: it ties the types of contract and configuration to the location. */
  readonly types?: (contract: C, config: Config) => void;
}

/**
 * An actor as others can spawn it; `module` and `exportName` locate this same definition (`import.meta.url` and the
 * name of the exported constant). `Config` is structured-cloneable.
 */
export interface ActorDefinition<C extends ActorContract, Config> extends ActorLocation<C, Config> {
  readonly create: (
    context: ActorContext<C>,
    config: Config,
  ) => ActorBehaviour<C> | Promise<ActorBehaviour<C>>;
}

/** Why an actor is no longer there. */
export type ActorFailureKind = 'error' | 'exit' | 'hang';

export interface ActorFailure {
  readonly actor: string;
  readonly thread: string;
  readonly kind: ActorFailureKind;
  /** One line for people: the error's message, the exit code, the length of the silence. */
  readonly cause: string;
}

/** How the supervisor runs an actor. Placement is data: two actors with one `thread` name share a worker. */
export interface SpawnOptions<Config> {
  readonly name: string;
  readonly config: Config;
  /** The worker that the actor lives on; a worker of its own (called as the actor is) when absent. */
  readonly thread?: string;
  /** Names of actors that this one holds references to; they are stopped after it. */
  readonly dependsOn?: readonly string[];
  /** How many times the actor is created anew after a crash before it stays down; 0 when absent. */
  readonly restarts?: number;
  /** Milliseconds without a heartbeat after which its thread counts as hung; 10,000 when absent. */
  readonly heartbeatMs?: number;
}
