import { ActorError } from './actor-error.ts';
import type { AskOptions, Subscription } from './contract.ts';
import type { Deadlines } from './deadlines.ts';
import { EventInlet, type ReferenceOwner, type SubscriptionNumbers } from './event-inlet.ts';
import { EventStream } from './event-stream.ts';
import type { RuntimeLimits } from './limits.ts';
import type { Link } from './link.ts';
import { abortedError, askText, PendingAsk } from './pending-ask.ts';
import type { Target } from './target.ts';
import { Op } from './wire.ts';

const DEFAULT_STREAM_LIMIT = 1024;

/** What a reference needs of the thread that it lives on. */
export interface ReferenceHost extends SubscriptionNumbers {
  readonly deadlines: Deadlines;
  readonly limits: RuntimeLimits;
}

/**
 * One actor's handle on another: every `ActorRef`, with its contract's types forgotten. Its bounds are its own: a greedy
 * owner exhausts only itself.
 */
export class ActorReference {
  /** By which the other side counts the tells that came through this reference. */
  readonly number: number;
  readonly #host: ReferenceHost;
  readonly #owner: ReferenceOwner;
  readonly #target: Target;
  readonly #inlets = new Set<EventInlet>();
  readonly #release = () => {
    this.#asks--;
  };
  #asks = 0;
  #tellCredits = 0;
  /** The link that `#tellCredits` were given for; another one starts with full credit. */
  #creditLink: Link | undefined;

  constructor(number: number, host: ReferenceHost, owner: ReferenceOwner, target: Target) {
    this.number = number;
    this.#host = host;
    this.#owner = owner;
    this.#target = target;
  }

  get name(): string {
    return this.#target.name;
  }

  ask(method: string, argument: unknown, options?: AskOptions): Promise<unknown> {
    return new Promise((resolve, reject) => {
      const target = this.#target;
      const { link } = target;
      if (link === undefined) {
        throw target.deadError();
      }
      const signal = options?.signal;
      if (signal?.aborted) {
        throw abortedError(askText(method, target), signal);
      }
      const { limits, deadlines } = this.#host;
      if (this.#asks >= limits.asks) {
        throw new ActorError(
          'ERR_ACTOR_MAILBOX_FULL',
          `${askText(method, target)} was refused: ${this.#asks} asks of this reference are unanswered`,
        );
      }
      const call = link.nextCall();
      link.post([Op.ask, target.id, call, method, argument]);
      const ask = new PendingAsk(target, method, this.#release, resolve, reject);
      this.#asks++;
      link.asks.set(call, ask);
      deadlines.start(ask, options?.deadlineMs ?? limits.askDeadlineMs);
      if (signal !== undefined) {
        ask.abortBy(signal);
      }
    });
  }

  tell(method: string, argument: unknown): void {
    const { link } = this.#target;
    if (link === undefined) {
      throw this.#target.deadError();
    }
    if (this.#creditLink !== link) {
      this.#creditLink = link;
      this.#tellCredits = this.#host.limits.tells;
    }
    if (this.#tellCredits === 0) {
      throw new ActorError(
        'ERR_ACTOR_MAILBOX_FULL',
        `${askText(method, this.#target)} was refused: ${this.#host.limits.tells} tells of this reference are unhandled`,
      );
    }
    link.post([Op.tell, this.#target.id, this.number, method, argument]);
    this.#tellCredits--;
  }

  /** The other side has handled `count` tells. */
  creditTells(link: Link, count: number): void {
    if (link === this.#creditLink) {
      this.#tellCredits += count;
    }
  }

  subscribe(
    event: string,
    listener: (payload: unknown) => void,
    ended?: (error?: Error) => void,
  ): Subscription {
    if (this.#target.over) {
      throw this.#target.deadError();
    }
    const inlet = new EventInlet(this.#target, event, listener, ended, this.#owner, this.#host, () =>
      this.#inlets.delete(inlet),
    );
    this.#inlets.add(inlet);
    return inlet;
  }

  stream(event: string, options?: { limit?: number }): EventStream<unknown> {
    return new EventStream<unknown>(
      (listener, ended) => this.subscribe(event, listener, ended),
      options?.limit ?? DEFAULT_STREAM_LIMIT,
      `The stream of ${event} of actor ${this.name}`,
    );
  }

  /** Resolves once every subscription made so far has reached its actor. */
  async subscribed(): Promise<void> {
    await Promise.all([...this.#inlets].map((inlet) => inlet.established));
  }

  /** Nothing more will be told through it; the other side need not count for it any longer. */
  forget(): void {
    this.#creditLink?.post([Op.forget, this.number]);
  }

  /** The owner is no more: its subscriptions end quietly. */
  close(): void {
    for (const inlet of [...this.#inlets]) {
      inlet.cancel();
    }
  }
}
