/** A byte stream as a sequence of QMP messages. */
import type { Duplex } from 'node:stream';

import { SYNTAX_ERROR } from '../qapi/json-parser.ts';
import { JsonReader } from '../qapi/json-reader.ts';
import { serialize } from '../qapi/json-serializer.ts';
import type { QmpJson, QmpObject } from '../qapi/json-value.ts';
import { isObject } from '../qapi/value-check.ts';
import { QmpProtocolError } from './client-error.ts';

export interface QmpStreamHandlers {
  message(message: QmpObject): void;
  /** Called once. `error` is why, when the connection did not simply end. */
  closed(error: unknown): void;
}

/** Sends and receives whole messages. */
export class QmpStream {
  readonly #stream: Duplex;
  /** Newer machines than ours send null. */
  readonly #reader = new JsonReader({ acceptsNull: true });
  readonly #handlers: QmpStreamHandlers;

  constructor(stream: Duplex, handlers: QmpStreamHandlers) {
    this.#stream = stream;
    this.#handlers = handlers;
    let failure: unknown;
    stream.on('error', (error: unknown) => {
      failure ??= error;
    });
    stream.once('end', () => stream.destroy());
    stream.once('close', () => handlers.closed(failure));
    stream.on('data', (bytes: Uint8Array) => this.#receive(bytes));
  }

  /** Writing to a stream that is closed already does nothing; `closed` has been called then. */
  send(message: QmpObject): void {
    if (this.#stream.writable) {
      this.#stream.write(`${serialize(message)}\n`);
    }
  }

  /** Sends what is buffered, then ends the connection. */
  end(): void {
    this.#stream.end();
  }

  /** Ends the connection at once, because of `error` if there is one. */
  destroy(error?: Error): void {
    this.#stream.destroy(error);
  }

  #receive(bytes: Uint8Array): void {
    this.#reader.push(bytes);
    while (this.#reader.hasMore && !this.#stream.destroyed) {
      const value = this.#reader.next();
      if (value !== undefined) {
        this.#deliver(value);
      }
    }
  }

  #deliver(value: QmpJson | typeof SYNTAX_ERROR): void {
    if (value === SYNTAX_ERROR) {
      this.#stream.destroy(new QmpProtocolError('The other side sent something that is not JSON'));
    } else if (isObject(value)) {
      this.#handlers.message(value);
    } else {
      this.#stream.destroy(
        new QmpProtocolError(
          `The other side sent ${value === null ? 'null' : serialize(value)} where QMP has an object`,
        ),
      );
    }
  }
}
