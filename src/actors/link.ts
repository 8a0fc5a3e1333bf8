import { type MessagePort, receiveMessageOnPort } from 'node:worker_threads';
import { notCloneable } from './actor-error.ts';
import type { EventInlet } from './event-inlet.ts';
import type { EventOutlet } from './event-outlet.ts';
import { Fifo } from './fifo.ts';
import type { PendingAsk } from './pending-ask.ts';
import type { WakeWord } from './wake-word.ts';
import { Op, type WireMessage } from './wire.ts';

/** How a link moves messages; both kinds copy what they are given, so that no actor sees another's objects. */
export interface Transport {
  /** Throws a `DataCloneError` for what cannot be copied. */
  post(message: WireMessage): void;
  /** Delivers synchronously what has arrived; returns how many messages that was. */
  drain(deliver: (message: WireMessage) => void): number;
  close(): void;
}

/**
 * This thread's end of the one channel between it and another thread (or itself), with everything that lives and dies
 * with the channel. All traffic between the two threads goes through it in order of sending.
 */
export class Link {
  /** The thread at the other end. */
  readonly thread: string;
  /** Asks sent over this link that wait for their answer, by call number. */
  readonly asks = new Map<number, PendingAsk>();
  /** Subscriptions that this side holds on actors of the other, by subscription number. */
  readonly inlets = new Map<number, EventInlet>();
  /** Subscriptions that the other side holds on actors of this one, by its subscription number. */
  readonly outlets = new Map<number, EventOutlet>();
  /** Tells of the other side that have been handled but not yet acknowledged, by its reference number. */
  readonly tellsHandled = new Map<number, number>();

  readonly #transport: Transport;
  #nextCall = 0;
  #open = true;
  #wakeWord: WakeWord | undefined;

  constructor(thread: string, transport: Transport) {
    this.thread = thread;
    this.#transport = transport;
  }

  get open(): boolean {
    return this.#open;
  }

  nextCall(): number {
    this.#nextCall = (this.#nextCall + 1) >>> 0;
    return this.#nextCall;
  }

  /** Sends. On a closed link the message is lost, as it would be on its way. Throws `ERR_ACTOR_NOT_CLONEABLE`. */
  post(message: WireMessage): void {
    if (!this.#open) {
      return;
    }
    try {
      this.#transport.post(message);
    } catch (error) {
      throw notCloneable(`A message to thread ${this.thread}`, error);
    }
    this.#wakeWord?.wake();
  }

  /** The thread at the other end sleeps on that word rather than in its event loop. */
  wakeThrough(word: WakeWord): void {
    this.#wakeWord = word;
    word.wake();
  }

  drain(deliver: (message: WireMessage) => void): number {
    return this.#transport.drain(deliver);
  }

  close(): void {
    this.#open = false;
    this.#transport.close();
  }
}

/** A link to another thread. `closed` is called once when the other end is gone, after everything it had sent. */
export function portTransport(
  port: MessagePort,
  deliver: (message: WireMessage) => void,
  closed: () => void,
): Transport {
  port.on('message', deliver);
  port.once('close', closed);
  return {
    post: (message) => port.postMessage(message),
    drain(deliverNow) {
      let count = 0;
      for (let next = receiveMessageOnPort(port); next !== undefined; next = receiveMessageOnPort(port)) {
        deliverNow(next.message);
        count++;
      }
      return count;
    },
    close: () => port.close(),
  };
}

/**
 * A link of a thread to itself, for actors that share it. Each message is delivered in a turn of its own, so that what
 * follows from one (the continuation of an answered ask) runs before the next is delivered, as it does with a port.
 */
export function loopTransport(deliver: (message: WireMessage) => void): Transport {
  const queue = new Fifo<WireMessage>();
  const deliverOldest = () => {
    const message = queue.shift();
    if (message !== undefined) {
      deliver(message);
    }
  };
  return {
    post(message) {
      queue.push(copied(message));
      setImmediate(deliverOldest);
    },
    drain(deliverNow) {
      const count = queue.length;
      for (let left = count; left > 0; left--) {
        const message = queue.shift();
        if (message !== undefined) {
          deliverNow(message);
        }
      }
      return count;
    },
    close: () => queue.clear(),
  };
}

function copied(message: WireMessage): WireMessage {
  switch (message[0]) {
    case Op.ask:
    case Op.tell:
      return needsCopy(message[4])
        ? [message[0], message[1], message[2], message[3], structuredClone(message[4])]
        : message;
    case Op.answer:
    case Op.event:
      return needsCopy(message[2]) ? [message[0], message[1], structuredClone(message[2])] : message;
    default:
      return message;
  }
}

/** Whether a value must be cloned (or refused) to become the receiver's own. */
export function needsCopy(value: unknown): boolean {
  switch (typeof value) {
    case 'object':
      return value !== null;
    case 'function':
    case 'symbol':
      return true;
    default:
      return false;
  }
}
