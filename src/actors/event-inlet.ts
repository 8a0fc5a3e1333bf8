import { ActorError } from './actor-error.ts';
import type { Subscription } from './contract.ts';
import { DrainCounter } from './event-outlet.ts';
import type { Link } from './link.ts';
import type { Target } from './target.ts';
import { Op } from './wire.ts';

/** Whoever holds references: an actor, or the supervisor itself. */
export interface ReferenceOwner {
  readonly name: string;
  /** A listener of this owner threw, or its events were lost. */
  fail(error: unknown): void;
}

/** What a subscription needs of the thread that it lives on. */
export interface SubscriptionNumbers {
  nextSubscription(): number;
  readonly limits: { readonly eventsInFlight: number };
}

/** The subscriber's end of one subscription. It has another number in each life of the actor it listens to. */
export class EventInlet implements Subscription {
  readonly #target: Target;
  readonly #event: string;
  readonly #listener: (payload: unknown) => void;
  readonly #ended: ((error?: Error) => void) | undefined;
  readonly #owner: ReferenceOwner;
  readonly #numbers: SubscriptionNumbers;
  readonly #left: () => void;
  readonly #established = Promise.withResolvers<void>();
  #drained: DrainCounter;
  #link: Link | undefined;
  #subscription = 0;
  #over = false;

  /** @param left called once when the subscription is over, whatever ended it */
  constructor(
    target: Target,
    event: string,
    listener: (payload: unknown) => void,
    ended: ((error?: Error) => void) | undefined,
    owner: ReferenceOwner,
    numbers: SubscriptionNumbers,
    left: () => void,
  ) {
    this.#target = target;
    this.#event = event;
    this.#listener = listener;
    this.#ended = ended;
    this.#owner = owner;
    this.#numbers = numbers;
    this.#left = left;
    this.#drained = new DrainCounter(numbers.limits.eventsInFlight);
    target.inlets.add(this);
    if (target.link === undefined) {
      this.#established.resolve();
    } else {
      this.attach(target.link);
    }
  }

  /** Resolves once the actor knows of the subscription, or is not there to know. */
  get established(): Promise<void> {
    return this.#established.promise;
  }

  /** The actor knows of it. */
  subscribed(): void {
    this.#established.resolve();
  }

  /** Subscribes at the actor, which is up. */
  attach(link: Link): void {
    this.#link = link;
    this.#subscription = this.#numbers.nextSubscription();
    this.#drained = new DrainCounter(this.#numbers.limits.eventsInFlight);
    link.inlets.set(this.#subscription, this);
    link.post([Op.subscribe, this.#target.id, this.#subscription, this.#event]);
  }

  /** The actor is down; nothing more comes from that life of it. */
  detach(): void {
    this.#established.resolve();
    this.#link?.inlets.delete(this.#subscription);
    this.#link = undefined;
  }

  deliver(payload: unknown): void {
    const link = this.#link;
    try {
      this.#listener(payload);
    } catch (error) {
      this.#owner.fail(error);
    }
    const credits = this.#drained.count();
    if (credits > 0) {
      link?.post([Op.eventCredit, this.#subscription, credits]);
    }
  }

  /** The emitter has given up on this subscriber. */
  overflowed(): void {
    const error = new ActorError(
      'ERR_ACTOR_STREAM_OVERFLOW',
      `${this.#owner.name} did not drain the events ${this.#event} of actor ${this.#target.name} and has lost some`,
    );
    if (this.#ended === undefined) {
      this.cancel();
      this.#owner.fail(error);
    } else {
      this.end(error);
    }
  }

  end(error: Error | undefined): void {
    if (this.#over) {
      return;
    }
    this.#leave();
    try {
      this.#ended?.(error);
    } catch (thrown) {
      this.#owner.fail(thrown);
    }
  }

  cancel(): void {
    if (this.#over) {
      return;
    }
    this.#link?.post([Op.cancel, this.#subscription]);
    this.#leave();
  }

  [Symbol.dispose](): void {
    this.cancel();
  }

  #leave(): void {
    this.#over = true;
    this.detach();
    this.#target.inlets.delete(this);
    this.#left();
  }
}
