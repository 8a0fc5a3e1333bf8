/** What leaves on the wire: greeting, replies, errors, events; one JSON value a line, ended by CR LF. */
import type { QmpErrorClass } from '../errors/troupe-error.ts';
import { serialize, serializePretty } from '../qapi/json-serializer.ts';
import type { QmpJson, QmpObject } from '../qapi/json-value.ts';
import type { QmpEvent } from './event-hub.ts';
import { QMP_VERSION } from './version.ts';

export interface ErrorReply {
  readonly class: QmpErrorClass;
  readonly desc: string;
}

const LINE_END = '\r\n';

/** Renders messages, one line each or indented (`pretty=on`). The text is pure ASCII. */
export class ReplyText {
  readonly #isPretty: boolean;

  constructor(isPretty: boolean) {
    this.#isPretty = isPretty;
  }

  greeting(): string {
    return this.#render({ QMP: { version: QMP_VERSION, capabilities: [] } });
  }

  success(value: QmpJson, id: QmpJson | undefined): string {
    return this.#render(id === undefined ? { return: value } : { return: value, id });
  }

  error(error: ErrorReply, id: QmpJson | undefined): string {
    const reply = { error: { class: error.class, desc: error.desc } };
    return this.#render(id === undefined ? reply : { ...reply, id });
  }

  event({ event, data, seconds, microseconds }: QmpEvent): string {
    const message = { event, timestamp: { seconds, microseconds } };
    return this.#render(data === undefined ? message : { ...message, data });
  }

  #render(message: QmpObject): string {
    return (this.#isPretty ? serializePretty(message) : serialize(message)) + LINE_END;
  }
}
