import { ActorError } from './actor-error.ts';
import type { ActorContract, ActorRef } from './contract.ts';
import type { UntypedBehaviour, UntypedContext, UntypedDefinition } from './define-actor.ts';
import { encodeError } from './error-codec.ts';
import type { ReferenceOwner } from './event-inlet.ts';
import type { EventOutlet } from './event-outlet.ts';
import type { Link } from './link.ts';
import type { ActorReference } from './reference.ts';
import type { Target } from './target.ts';
import { Op } from './wire.ts';

/** What an actor needs of the thread that it lives on. */
export interface ActorHost {
  reference(owner: ReferenceOwner, target: Target): ActorReference;
  releaseReference(reference: ActorReference): void;
  /** The actor has crashed; it is dead already. */
  actorFailed(actor: HostedActor, error: unknown): void;
}

type State = 'creating' | 'live' | 'stopping' | 'dead';
type AskHandler = (argument: unknown) => unknown;

/** One life of one actor on its own thread. */
export class HostedActor implements ReferenceOwner {
  readonly id: number;
  readonly name: string;
  readonly incarnation: number;
  readonly #host: ActorHost;
  readonly #dependencies: Map<string, Target>;
  readonly #references = new Map<string, ActorReference>();
  readonly #outlets = new Map<string, Set<EventOutlet>>();
  readonly #controller = new AbortController();
  #state: State = 'creating';
  #behaviour: UntypedBehaviour | undefined;
  #creation: Promise<UntypedBehaviour> | undefined;
  #failure: { error: unknown } | undefined;
  #stopped: Promise<void> | undefined;

  constructor(
    identity: { id: number; name: string; incarnation: number },
    dependencies: ReadonlyMap<string, Target>,
    host: ActorHost,
  ) {
    this.id = identity.id;
    this.name = identity.name;
    this.incarnation = identity.incarnation;
    this.#dependencies = new Map(dependencies);
    this.#host = host;
  }

  /** Whether messages reach it: from its creation to the end of its `stop()`. */
  get serving(): boolean {
    return this.#state === 'live' || this.#state === 'stopping';
  }

  /** Creates it. Rejects with what the definition threw, or with what it gave to `context.fail` meanwhile. */
  async create(load: () => UntypedDefinition | Promise<UntypedDefinition>, config: unknown): Promise<void> {
    try {
      this.#creation = this.#make(load, config);
      this.#behaviour = await this.#creation;
      await this.#subscriptionsMade();
      if (this.#failure !== undefined) {
        throw this.#failure.error;
      }
    } catch (error) {
      this.#state = 'dead';
      await this.stop().catch(() => undefined);
      throw error;
    }
    if (this.#state === 'creating') {
      this.#state = 'live';
    }
  }

  /** Crashes it. */
  fail(error: unknown): void {
    if (this.#state === 'creating') {
      this.#failure ??= { error };
      return;
    }
    if (!this.serving) {
      return;
    }
    this.#state = 'dead';
    this.#dropOutlets();
    this.#host.actorFailed(this, error);
    this.stop().catch(() => undefined);
  }

  /**
   * Aborts its signal, awaits its own `stop()` once, and lets go of its subscriptions. Safe to call again. Rejects with
   * what `stop()` threw.
   */
  stop(): Promise<void> {
    this.#stopped ??= this.#release();
    return this.#stopped;
  }

  /** It may hold references to one more actor. */
  refer(name: string, target: Target): void {
    this.#dependencies.set(name, target);
  }

  handleAsk(link: Link, call: number, method: string, argument: unknown): void {
    let result: unknown;
    try {
      result = this.#askHandler(method).call(this.#behaviour?.asks, argument);
    } catch (error) {
      rejectAsk(link, call, error);
      return;
    }
    if (result instanceof Promise) {
      result.then(
        (value) => answerAsk(link, call, value),
        (error: unknown) => rejectAsk(link, call, error),
      );
    } else {
      answerAsk(link, call, result);
    }
  }

  /** Runs the handler of a tell; what it throws (or its promise rejects with) is a crash. `handled` is called once. */
  handleTell(method: string, argument: unknown, handled: () => void): void {
    let result: unknown;
    try {
      const handler = handlerOf(this.#behaviour?.tells, method);
      if (handler === undefined) {
        process.emitWarning(`actor ${this.name} was told ${method}, which it does not know`);
      }
      result = handler?.call(this.#behaviour?.tells, argument);
    } catch (error) {
      this.fail(error);
    }
    if (result instanceof Promise) {
      result.catch((error: unknown) => this.fail(error)).then(handled);
    } else {
      handled();
    }
  }

  addOutlet(outlet: EventOutlet): void {
    const outlets = this.#outlets.get(outlet.event);
    if (outlets === undefined) {
      this.#outlets.set(outlet.event, new Set([outlet]));
    } else {
      outlets.add(outlet);
    }
  }

  removeOutlet(outlet: EventOutlet): void {
    this.#outlets.get(outlet.event)?.delete(outlet);
    outlet.link.outlets.delete(outlet.subscription);
  }

  async #make(
    load: () => UntypedDefinition | Promise<UntypedDefinition>,
    config: unknown,
  ): Promise<UntypedBehaviour> {
    const definition = await load();
    return definition.create(this.#context(), config);
  }

  /**
   * What an actor subscribes to while it is created is in force when others learn that it exists. Without this, what they
   * then ask of the emitter could overtake the subscription, since it comes over another link.
   */
  async #subscriptionsMade(): Promise<void> {
    await Promise.all([...this.#references.values()].map((reference) => reference.subscribed()));
  }

  async #release(): Promise<void> {
    if (this.#state === 'live') {
      this.#state = 'stopping';
    }
    this.#controller.abort();
    try {
      const behaviour = this.#behaviour ?? (await this.#creation?.catch(() => undefined));
      await behaviour?.stop?.();
    } finally {
      this.#state = 'dead';
      this.#dropOutlets();
      for (const reference of this.#references.values()) {
        reference.close();
        this.#host.releaseReference(reference);
      }
    }
  }

  #askHandler(method: string): AskHandler {
    const handler = handlerOf(this.#behaviour?.asks, method);
    if (handler === undefined) {
      throw new ActorError(
        'ERR_ACTOR_UNKNOWN',
        `Actor ${this.name} was asked ${method}, which it does not know`,
      );
    }
    return handler;
  }

  #context(): UntypedContext {
    return {
      name: this.name,
      signal: this.#controller.signal,
      emit: (event, payload) => this.#emit(event, payload),
      ref: <D extends ActorContract>(name: string) => this.#ref(name) as unknown as ActorRef<D>,
      fail: (error) => this.fail(error),
    };
  }

  #emit(event: string, payload: unknown): void {
    for (const outlet of this.#outlets.get(event) ?? []) {
      if (!outlet.send(payload)) {
        this.removeOutlet(outlet);
      }
    }
  }

  #ref(name: string): ActorReference {
    const target = this.#dependencies.get(name);
    if (target === undefined) {
      const known = [...this.#dependencies.keys()].join(', ') || 'none';
      throw new ActorError(
        'ERR_ACTOR_UNKNOWN',
        `Actor ${this.name} was not declared to depend on ${name} (declared: ${known})`,
      );
    }
    let reference = this.#references.get(name);
    if (reference === undefined) {
      reference = this.#host.reference(this, target);
      this.#references.set(name, reference);
    }
    return reference;
  }

  #dropOutlets(): void {
    for (const outlets of this.#outlets.values()) {
      for (const outlet of outlets) {
        outlet.link.outlets.delete(outlet.subscription);
      }
    }
    this.#outlets.clear();
  }
}

/** A method of the actor's own, never one that every object inherits. */
function handlerOf(handlers: Record<string, unknown> | undefined, method: string): AskHandler | undefined {
  const handler = handlers?.[method];
  if (typeof handler !== 'function' || Object.hasOwn(Object.prototype, method)) {
    return undefined;
  }
  return handler as AskHandler;
}

function answerAsk(link: Link, call: number, value: unknown): void {
  try {
    link.post([Op.answer, call, value]);
  } catch (error) {
    rejectAsk(link, call, error);
  }
}

function rejectAsk(link: Link, call: number, error: unknown): void {
  link.post([Op.reject, call, encodeError(error)]);
}
