import { ActorError } from './actor-error.ts';
import type { EventInlet } from './event-inlet.ts';
import type { Link } from './link.ts';
import type { TargetInfo } from './wire.ts';

/**
 * An actor as seen from a thread that holds references to it. It is *up* while it has a link, *down* between a crash
 * and a restart, and *gone* when it will not come back.
 *
 * Its death is told twice: over the link, in order with what it had sent, and by the supervisor, which alone knows
 * whether it will come back. So "gone" takes effect only once the link has told of the death too.
 */
export class Target {
  readonly id: number;
  readonly name: string;
  readonly inlets = new Set<EventInlet>();
  thread: string;
  #incarnation: number;
  #link: Link | undefined;
  #gone = false;
  #cause: string | undefined;

  constructor(info: TargetInfo, link: Link | undefined) {
    this.id = info.id;
    this.name = info.name;
    this.thread = info.thread;
    this.#incarnation = info.incarnation;
    this.#link = info.up ? link : undefined;
    this.#cause = this.#link === undefined ? 'it is down' : undefined;
  }

  /** The way to the actor; undefined unless it is up. */
  get link(): Link | undefined {
    return this.#link;
  }

  /** Whether the actor is down and will stay so. */
  get over(): boolean {
    return this.#gone && this.#link === undefined;
  }

  deadError(): ActorError {
    return new ActorError(
      'ERR_ACTOR_DEAD',
      `Actor ${this.name} is not there: ${this.#cause ?? 'it was stopped'}`,
    );
  }

  /** A new life of the actor begins; what waited for the old one is told that it is over. */
  comeUp(incarnation: number, link: Link): void {
    if (this.#link !== undefined) {
      this.down(this.#incarnation, 'it was restarted');
    }
    this.#incarnation = incarnation;
    this.#link = link;
    this.#cause = undefined;
    for (const inlet of this.inlets) {
      inlet.attach(link);
    }
  }

  /** That life of the actor is over. `cause` is undefined when it was stopped in good order, for good. */
  down(incarnation: number, cause: string | undefined): void {
    const link = this.#link;
    if (incarnation !== this.#incarnation || link === undefined) {
      return;
    }
    this.#link = undefined;
    this.#cause = cause;
    this.#gone ||= cause === undefined;
    for (const inlet of this.inlets) {
      inlet.detach();
    }
    const error = this.deadError();
    for (const [call, ask] of link.asks) {
      if (ask.target === this) {
        link.asks.delete(call);
        ask.rejected(error);
      }
    }
    this.#endIfOver();
  }

  /** The channel to the actor's thread has closed. */
  linkClosed(link: Link): void {
    if (this.#link === link) {
      this.down(this.#incarnation, `its thread ${link.thread} has ended`);
    }
  }

  /** The supervisor will not bring it back. */
  gone(): void {
    this.#gone = true;
    this.#endIfOver();
  }

  #endIfOver(): void {
    if (!this.over) {
      return;
    }
    const error = this.#cause === undefined ? undefined : this.deadError();
    for (const inlet of [...this.inlets]) {
      inlet.end(error);
    }
  }
}
