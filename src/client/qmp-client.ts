/** A typed QMP session: commands with deadlines, pipelined; events kept from the beginning. */
import type { Duplex } from 'node:stream';

import { type Clock, settledWithin, systemClock } from '../actors/clock.ts';
import type { QmpJson, QmpObject } from '../qapi/json-value.ts';
import type { QmpCommandName } from '../qapi/qmp-types.generated.ts';
import { QmpCommandError, QmpConnectionClosedError, QmpProtocolError } from './client-error.ts';
import { onGivingUp, type WaitOptions } from './deadline.ts';
import { EventInbox } from './event-inbox.ts';
import { EventQueue } from './event-queue.ts';
import {
  type CommandResult,
  type EventData,
  type EventName,
  type ExecuteParameters,
  type OtherCommandName,
  type QmpEvent,
  type QmpGreeting,
  type QmpReply,
  readEvent,
  readGreeting,
  readReply,
} from './qmp-protocol.ts';
import { QmpStream } from './qmp-stream.ts';

/** Milliseconds that a command may take when nothing else is said. */
const DEFAULT_DEADLINE_MS = 60_000;
/** Milliseconds for greeting and negotiation. */
const DEFAULT_OPEN_DEADLINE_MS = 30_000;
/** Milliseconds that the other side has to close its end of the connection. */
const CLOSE_DEADLINE_MS = 1_000;
/** Events that an iterator keeps unread. */
const DEFAULT_EVENT_LIMIT = 1024;

export interface QmpClientOptions {
  /** For every command that does not bring its own; 60,000 when absent. */
  readonly deadlineMs?: number;
  /** For the connection itself, greeting and negotiation included; 30,000 when absent. */
  readonly openDeadlineMs?: number;
  /** Aborting ends the opening of the connection, not the connection. */
  readonly signal?: AbortSignal;
  readonly clock?: Clock;
}

export interface WaitForEventOptions<E extends string> extends WaitOptions {
  /** Only an event for which this holds ends the waiting. */
  readonly where?: (data: EventData<E>) => boolean;
  /** Only an event that arrives after the call counts. */
  readonly fresh?: boolean;
}

interface Pending {
  readonly command: string;
  settle(reply: QmpReply): void;
  closed(error: unknown): void;
}

/** One QMP session. Made by `connect`, or by `QmpClient.open` on a stream of one's own. */
export class QmpClient implements AsyncDisposable {
  readonly #stream: QmpStream;
  readonly #clock: Clock;
  readonly #deadlineMs: number;
  readonly #pending = new Map<number, Pending>();
  readonly #inbox = new EventInbox();
  readonly #listeners = new Set<(event: QmpEvent) => void>();
  readonly #waiters = new Set<(error: unknown) => void>();
  readonly #closed = Promise.withResolvers<void>();
  readonly #greeted = Promise.withResolvers<void>();
  #greeting: QmpGreeting | undefined;
  #lastId = 0;
  #failure: { readonly cause: unknown } | undefined;

  private constructor(stream: Duplex, options: QmpClientOptions) {
    this.#clock = options.clock ?? systemClock;
    this.#deadlineMs = options.deadlineMs ?? DEFAULT_DEADLINE_MS;
    this.#greeted.promise.catch(() => undefined);
    this.#stream = new QmpStream(stream, {
      message: (message) => this.#receive(message),
      closed: (error) => this.#disconnected(error),
    });
  }

  /**
   * Waits for the greeting and negotiates. The client owns the stream from here on, also when this rejects.
   * @throws QmpDeadlineError, QmpConnectionClosedError, QmpProtocolError, or the signal's reason
   */
  static async open(stream: Duplex, options: QmpClientOptions = {}): Promise<QmpClient> {
    const client = new QmpClient(stream, options);
    const deadlineMs = options.openDeadlineMs ?? DEFAULT_OPEN_DEADLINE_MS;
    const wait = { deadlineMs, ...(options.signal === undefined ? {} : { signal: options.signal }) };
    try {
      using _ = onGivingUp(client.#clock, 'the QMP greeting', wait, client.#greeted.reject);
      await client.#greeted.promise;
      await client.execute('qmp_capabilities', {}, wait);
      return client;
    } catch (error) {
      client.#stream.destroy();
      throw error;
    }
  }

  /** What the machine said when the session began. */
  get greeting(): QmpGreeting {
    if (this.#greeting === undefined) {
      throw new QmpProtocolError('The session has not begun');
    }
    return this.#greeting;
  }

  /** Resolves when the connection is gone, whoever ended it. */
  get closed(): Promise<void> {
    return this.#closed.promise;
  }

  /**
   * Sends a command and resolves with what it returns. Any number may be under way; they are answered in order.
   * @throws QmpCommandError, QmpDeadlineError, QmpConnectionClosedError, or the signal's reason
   */
  execute<C extends QmpCommandName>(
    command: C,
    ...parameters: ExecuteParameters<C>
  ): Promise<CommandResult<C>>;
  execute<C extends string>(
    command: OtherCommandName<C>,
    argument?: QmpObject,
    options?: WaitOptions,
  ): Promise<QmpJson>;
  execute(command: string, argument?: object, options: WaitOptions = {}): Promise<unknown> {
    const awaited = `the reply to '${command}'`;
    if (this.#failure !== undefined) {
      return Promise.reject(new QmpConnectionClosedError(awaited, this.#failure.cause));
    }
    this.#lastId += 1;
    const id = this.#lastId;
    const { promise, resolve, reject } = Promise.withResolvers<QmpJson>();
    const wait = onGivingUp(this.#clock, awaited, { deadlineMs: this.#deadlineMs, ...options }, (error) => {
      this.#pending.delete(id);
      reject(error);
    });
    if (options.signal?.aborted === true) {
      return promise;
    }
    this.#pending.set(id, {
      command,
      settle: ({ result }) => {
        wait[Symbol.dispose]();
        if ('value' in result) {
          resolve(result.value);
        } else {
          reject(new QmpCommandError(command, result.errorClass, result.desc));
        }
      },
      closed: (cause) => {
        wait[Symbol.dispose]();
        reject(new QmpConnectionClosedError(awaited, cause));
      },
    });
    this.#stream.send({
      execute: command,
      ...(argument === undefined ? {} : { arguments: argument as QmpObject }),
      id,
    });
    return promise;
  }

  /**
   * Resolves with the oldest event of that name since the session began that was not waited for yet, or with the next
   * one: it does not matter whether the wait or what causes the event comes first.
   * @throws QmpDeadlineError, QmpConnectionClosedError, or the signal's reason
   */
  waitForEvent<const E extends EventName>(
    name: E,
    options: WaitForEventOptions<E> = {},
  ): Promise<QmpEvent<E>> {
    const { promise, resolve, reject } = Promise.withResolvers<QmpEvent<E>>();
    // Whoever waits may have failed before it came to await this: that must not end the process.
    promise.catch(() => undefined);
    const awaited = `the event ${name}`;
    const { where = () => true, fresh = false, ...wait } = options;
    const filter = { name, where };
    const kept = fresh ? undefined : this.#inbox.take(filter);
    if (kept !== undefined) {
      resolve(kept);
      return promise;
    }
    if (this.#failure !== undefined) {
      reject(new QmpConnectionClosedError(awaited, this.#failure.cause));
      return promise;
    }
    // Not there yet when the signal was aborted before the call.
    let timer: Disposable | undefined;
    const stop = () => {
      timer?.[Symbol.dispose]();
      place[Symbol.dispose]();
      this.#waiters.delete(closed);
    };
    const settle = (outcome: () => void) => {
      stop();
      outcome();
    };
    const giveUp = (error: unknown) => settle(() => reject(error));
    const closed = (cause: unknown) => giveUp(new QmpConnectionClosedError(awaited, cause));
    const place = this.#inbox.wait(filter, (event) => settle(() => resolve(event)), giveUp);
    this.#waiters.add(closed);
    timer = onGivingUp(this.#clock, awaited, { deadlineMs: this.#deadlineMs, ...wait }, giveUp);
    return promise;
  }

  /**
   * Every event of that name (of any name when it is absent) from the moment of the call. Ends with the connection.
   * @param options.limit unread events that are kept, 1024 when absent; one more and reading ends with
   * QmpEventOverflowError
   */
  events<const E extends EventName = string>(
    name?: E,
    options: { readonly limit?: number } = {},
  ): EventQueue<QmpEvent<E>> {
    const queue = new EventQueue<QmpEvent<E>>(options.limit ?? DEFAULT_EVENT_LIMIT, () => {
      this.#listeners.delete(listener);
      this.#waiters.delete(closed);
    });
    const listener = (event: QmpEvent) => {
      if (isNamed(event, name)) {
        queue.push(event);
      }
    };
    const closed = () => queue.end();
    if (this.#failure === undefined) {
      this.#listeners.add(listener);
      this.#waiters.add(closed);
    } else {
      queue.end();
    }
    return queue;
  }

  /** Ends the session; the machine goes on. What was still awaited rejects with QmpConnectionClosedError. */
  async close(): Promise<void> {
    this.#stream.end();
    await settledWithin(this.#clock, this.closed, CLOSE_DEADLINE_MS);
    this.#stream.destroy();
    await this.closed;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  #receive(message: QmpObject): void {
    try {
      if (message['event'] !== undefined) {
        this.#publish(readEvent(message));
      } else if (this.#greeting === undefined && message['QMP'] !== undefined) {
        this.#greeting = readGreeting(message);
        this.#greeted.resolve();
      } else {
        this.#settle(readReply(message));
      }
    } catch (error) {
      this.#stream.destroy(error instanceof Error ? error : new QmpProtocolError(String(error)));
    }
  }

  #publish(event: QmpEvent): void {
    this.#inbox.deliver(event);
    for (const listener of [...this.#listeners]) {
      listener(event);
    }
  }

  /** A reply without id answers the oldest command: replies come in order. One to a command given up is dropped. */
  #settle(reply: QmpReply): void {
    const id = reply.id === undefined ? this.#pending.keys().next().value : Number(reply.id);
    const pending = id === undefined ? undefined : this.#pending.get(id);
    if (id !== undefined && pending !== undefined) {
      this.#pending.delete(id);
      pending.settle(reply);
    }
  }

  #disconnected(cause: unknown): void {
    this.#failure = { cause };
    this.#greeted.reject(
      cause instanceof QmpProtocolError ? cause : new QmpConnectionClosedError('the QMP greeting', cause),
    );
    for (const pending of this.#pending.values()) {
      pending.closed(cause);
    }
    this.#pending.clear();
    for (const closed of [...this.#waiters]) {
      closed(cause);
    }
    this.#closed.resolve();
  }
}

function isNamed<E extends string>(event: QmpEvent, name: E | undefined): event is QmpEvent<E> {
  return name === undefined || event.event === name;
}
