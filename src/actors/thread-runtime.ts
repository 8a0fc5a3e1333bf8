import type { MessagePort } from 'node:worker_threads';
import { ActorError } from './actor-error.ts';
import type { Clock } from './clock.ts';
import { Deadlines } from './deadlines.ts';
import type { UntypedDefinition } from './define-actor.ts';
import { decodeError, encodeError, errorLine } from './error-codec.ts';
import type { ReferenceOwner } from './event-inlet.ts';
import { EventOutlet } from './event-outlet.ts';
import { type ActorHost, HostedActor } from './hosted-actor.ts';
import { creditBatch, type RuntimeLimits } from './limits.ts';
import { Link, loopTransport, portTransport } from './link.ts';
import { ActorReference, type ReferenceHost } from './reference.ts';
import { Target } from './target.ts';
import { WakeWord } from './wake-word.ts';
import { type CreateRequest, Op, type TargetInfo, type WireMessage } from './wire.ts';

/** Told of a crash of an actor that leaves its thread alive. */
export type ActorFailed = (actor: number, incarnation: number, cause: string) => void;

export interface ThreadRuntimeOptions {
  readonly name: string;
  readonly clock: Clock;
  readonly limits: RuntimeLimits;
  readonly actorFailed: ActorFailed;
}

/**
 * What runs actors on one thread: the actors that live here, the links to other threads, and what this thread knows of
 * the actors elsewhere that its own hold references to. The same on the main thread and in workers.
 */
export class ThreadRuntime implements ActorHost, ReferenceHost {
  readonly name: string;
  readonly deadlines: Deadlines;
  readonly limits: RuntimeLimits;
  readonly #actorFailed: ActorFailed;
  readonly #actors = new Map<number, HostedActor>();
  readonly #links = new Map<string, Link>();
  readonly #targets = new Map<number, Target>();
  readonly #references = new Map<number, ActorReference>();
  readonly #tellBatch: number;
  #nextReference = 0;
  #nextSubscription = 0;
  #wakeWord: { words: Int32Array; index: number } | undefined;

  constructor(options: ThreadRuntimeOptions) {
    this.name = options.name;
    this.deadlines = new Deadlines(options.clock);
    this.limits = options.limits;
    this.#actorFailed = options.actorFailed;
    this.#tellBatch = creditBatch(options.limits.tells);
    const loop: Link = new Link(
      this.name,
      loopTransport((message) => this.#receive(loop, message)),
    );
    this.#links.set(this.name, loop);
  }

  /** Talks to another thread through that port from now on; an older link to a thread of that name is dropped. */
  link(thread: string, port: MessagePort): void {
    this.unlink(thread);
    const link: Link = new Link(
      thread,
      portTransport(
        port,
        (message) => this.#receive(link, message),
        () => this.#closed(link),
      ),
    );
    this.#links.set(thread, link);
    this.#announceWakeWord(link);
  }

  /** The other thread is gone. */
  unlink(thread: string): void {
    const link = this.#links.get(thread);
    if (link !== undefined) {
      this.#closed(link);
    }
  }

  /** Creates an actor here. Rejects with what its creation threw. */
  async create(
    request: CreateRequest,
    load: () => UntypedDefinition | Promise<UntypedDefinition>,
  ): Promise<void> {
    const dependencies = new Map(request.dependencies.map((info) => [info.name, this.target(info)]));
    const actor = new HostedActor(request, dependencies, this);
    this.#actors.set(request.id, actor);
    try {
      await actor.create(load, request.config);
    } catch (error) {
      this.#actors.delete(request.id);
      throw error;
    }
  }

  /** Stops an actor of this thread, crashed or not. Rejects with what its `stop()` threw; it is gone all the same. */
  async stop(id: number): Promise<void> {
    const actor = this.#actors.get(id);
    if (actor === undefined) {
      return;
    }
    const wasServing = actor.serving;
    try {
      await actor.stop();
    } finally {
      if (this.#actors.get(id) === actor) {
        this.#actors.delete(id);
      }
      if (wasServing) {
        this.#announceDown(actor, undefined);
      }
    }
  }

  /** What this thread knows of that actor, learning it if it is new. */
  target(info: TargetInfo): Target {
    let target = this.#targets.get(info.id);
    if (target === undefined) {
      target = new Target(info, this.#links.get(info.thread));
      this.#targets.set(info.id, target);
    }
    return target;
  }

  /** An actor of this thread may hold references to that one from now on. */
  refer(id: number, info: TargetInfo): void {
    this.#actors.get(id)?.refer(info.name, this.target(info));
  }

  /** A new life of that actor has begun. */
  actorUp(info: TargetInfo): void {
    const link = this.#links.get(info.thread);
    const target = this.#targets.get(info.id);
    if (target !== undefined && link !== undefined) {
      target.comeUp(info.incarnation, link);
    }
  }

  /** That actor will not come back. */
  actorGone(id: number): void {
    const target = this.#targets.get(id);
    target?.gone();
    this.#forgetIfOver(target);
  }

  reference(owner: ReferenceOwner, target: Target): ActorReference {
    const reference = new ActorReference(++this.#nextReference, this, owner, target);
    this.#references.set(reference.number, reference);
    return reference;
  }

  releaseReference(reference: ActorReference): void {
    this.#references.delete(reference.number);
    reference.forget();
  }

  nextSubscription(): number {
    return ++this.#nextSubscription;
  }

  actorFailed(actor: HostedActor, error: unknown): void {
    const cause = errorLine(error);
    this.#announceDown(actor, cause);
    this.#actorFailed(actor.id, actor.incarnation, cause);
  }

  /** Handles synchronously every message that has arrived; returns how many there were. */
  drain(): number {
    let count = 0;
    for (const link of [...this.#links.values()]) {
      count += link.drain((message) => this.#receive(link, message));
    }
    return count;
  }

  /** Asks every other thread to bump and notify that shared word after each message to this one. */
  wakeThrough(words: Int32Array, index: number): void {
    this.#wakeWord = { words, index };
    for (const link of this.#links.values()) {
      this.#announceWakeWord(link);
    }
  }

  /** Closes every link. */
  close(): void {
    for (const link of [...this.#links.values()]) {
      this.#closed(link);
    }
  }

  #announceWakeWord(link: Link): void {
    if (this.#wakeWord !== undefined && link.thread !== this.name) {
      link.post([Op.wake, this.#wakeWord.index, this.#wakeWord.words]);
    }
  }

  #announceDown(actor: HostedActor, cause: string | undefined): void {
    for (const link of this.#links.values()) {
      link.post([Op.down, actor.id, actor.incarnation, cause]);
    }
  }

  #closed(link: Link): void {
    if (!link.open) {
      return;
    }
    link.close();
    if (this.#links.get(link.thread) === link) {
      this.#links.delete(link.thread);
    }
    for (const outlet of [...link.outlets.values()]) {
      outlet.emitter.removeOutlet(outlet);
    }
    for (const target of this.#targets.values()) {
      target.linkClosed(link);
      this.#forgetIfOver(target);
    }
  }

  #forgetIfOver(target: Target | undefined): void {
    if (target?.over) {
      this.#targets.delete(target.id);
    }
  }

  #receive(link: Link, message: WireMessage): void {
    switch (message[0]) {
      case Op.ask:
        this.#receiveAsk(link, message[1], message[2], message[3], message[4]);
        break;
      case Op.answer: {
        const ask = link.asks.get(message[1]);
        link.asks.delete(message[1]);
        ask?.answered(message[2]);
        break;
      }
      case Op.reject: {
        const ask = link.asks.get(message[1]);
        link.asks.delete(message[1]);
        ask?.rejected(decodeError(message[2]));
        break;
      }
      case Op.tell:
        this.#receiveTell(link, message[1], message[2], message[3], message[4]);
        break;
      case Op.tellCredit:
        this.#references.get(message[1])?.creditTells(link, message[2]);
        break;
      case Op.subscribe:
        this.#receiveSubscribe(link, message[1], message[2], message[3]);
        break;
      case Op.subscribed:
        link.inlets.get(message[1])?.subscribed();
        break;
      case Op.cancel:
        this.#receiveCancel(link, message[1]);
        break;
      case Op.event:
        link.inlets.get(message[1])?.deliver(message[2]);
        break;
      case Op.eventCredit:
        link.outlets.get(message[1])?.credit(message[2]);
        break;
      case Op.overflow:
        link.inlets.get(message[1])?.overflowed();
        break;
      case Op.down: {
        const target = this.#targets.get(message[1]);
        target?.down(message[2], message[3]);
        this.#forgetIfOver(target);
        break;
      }
      case Op.forget:
        link.tellsHandled.delete(message[1]);
        break;
      case Op.wake:
        link.wakeThrough(new WakeWord(message[2], message[1]));
        break;
    }
  }

  #receiveAsk(link: Link, id: number, call: number, method: string, argument: unknown): void {
    const actor = this.#actors.get(id);
    if (actor?.serving) {
      actor.handleAsk(link, call, method, argument);
      return;
    }
    const error = new ActorError(
      'ERR_ACTOR_DEAD',
      `Actor ${actor?.name ?? id} on thread ${this.name} is not there`,
    );
    link.post([Op.reject, call, encodeError(error)]);
  }

  #receiveTell(link: Link, id: number, reference: number, method: string, argument: unknown): void {
    const handled = () => this.#tellHandled(link, reference);
    const actor = this.#actors.get(id);
    if (actor?.serving) {
      actor.handleTell(method, argument, handled);
    } else {
      handled();
    }
  }

  #tellHandled(link: Link, reference: number): void {
    const count = (link.tellsHandled.get(reference) ?? 0) + 1;
    if (count < this.#tellBatch) {
      link.tellsHandled.set(reference, count);
    } else {
      link.tellsHandled.delete(reference);
      link.post([Op.tellCredit, reference, count]);
    }
  }

  #receiveSubscribe(link: Link, id: number, subscription: number, event: string): void {
    const actor = this.#actors.get(id);
    if (actor?.serving) {
      const { eventsInFlight: inFlight, eventsQueued: queued } = this.limits;
      const outlet = new EventOutlet(subscription, event, link, actor, { inFlight, queued });
      link.outlets.set(subscription, outlet);
      actor.addOutlet(outlet);
      link.post([Op.subscribed, subscription]);
    }
  }

  #receiveCancel(link: Link, subscription: number): void {
    const outlet = link.outlets.get(subscription);
    outlet?.emitter.removeOutlet(outlet);
  }
}
