/** A control monitor: speaks QMP on one character device, with one client after the other. */
import type { CharDevice, CharEvent, CharFrontEnd } from '../backends/chardev/char-device.ts';
import { SYNTAX_ERROR } from '../qapi/json-parser.ts';
import { JsonReader } from '../qapi/json-reader.ts';
import type { QmpJson } from '../qapi/json-value.ts';
import { type QmpRequest, readRequest } from '../qapi/request.ts';
import type { CommandEntry, CommandServices } from './command-definition.ts';
import { describeError } from './command-error.ts';
import { type CommandTable, commandNotFound } from './command-table.ts';
import type { QmpEvent } from './event-hub.ts';
import type { MonitorCaller } from './monitor-services.ts';
import type { NamedDescriptors } from './named-descriptors.ts';
import { QmpOutput } from './qmp-output.ts';
import { ReplyText } from './reply-text.ts';

/** Bytes taken from the connection at a time; also what one client can keep the others waiting with. */
const READ_BYTES = 64 * 1024;
const NEGOTIATION_COMMAND = 'qmp_capabilities';

export interface QmpSessionOptions {
  readonly device: CharDevice;
  readonly services: CommandServices;
  readonly commands: CommandTable;
  readonly pretty: boolean;
  /** Descriptors named by `getfd` here; they outlive a connection, and are closed by `close`. */
  readonly namedDescriptors: NamedDescriptors;
}

/** `negotiation`: connected, and only `qmp_capabilities` runs. `command`: everything else does, and events flow. */
type Mode = 'closed' | 'negotiation' | 'command';

export class QmpSession implements CharFrontEnd {
  readonly #device: CharDevice;
  readonly #services: CommandServices;
  readonly #commands: CommandTable;
  readonly #text: ReplyText;
  readonly #output: QmpOutput;
  readonly #caller: MonitorCaller;
  readonly #reader = new JsonReader();
  #mode: Mode = 'closed';
  #events: Disposable | undefined;
  /** Counts connections: an answer that was asked for by an earlier client is not for the present one. */
  #connection = 0;
  /** A command waits for its owner's answer: the next one is not looked at. */
  #isWaiting = false;
  /** The client does not read its replies: nothing more is answered until it has. */
  #isCongested = false;
  /** The client was given up once, but its device cannot disconnect it. */
  #hasLostEvents = false;
  /** Requests are being worked off: what is written is handed on at the end. */
  #isWorking = false;

  constructor(options: QmpSessionOptions) {
    this.#device = options.device;
    this.#services = options.services;
    this.#commands = options.commands;
    this.#text = new ReplyText(options.pretty);
    this.#output = new QmpOutput(options.device);
    this.#caller = {
      namedDescriptors: options.namedDescriptors,
      takeDescriptor: () => options.device.takeDescriptor(),
    };
  }

  /** Takes the device. Throws `ERR_CHARDEV_BUSY`. */
  start(): void {
    this.#events = this.#services.events.subscribe((event) => this.#deliver(event));
    this.#device.attach(this);
  }

  /** Gives the device back and closes the named descriptors. */
  close(): void {
    this.#closed();
    this.#events?.[Symbol.dispose]();
    this.#device.detach(this);
    this.#caller.namedDescriptors.closeAll();
  }

  receive(bytes: Uint8Array): void {
    this.#reader.push(bytes);
    this.#work();
    if (this.#reader.hasMore) {
      this.#reader.keepRest();
    }
  }

  canReceive(): number {
    return this.#isWaiting || this.#isCongested || this.#reader.hasMore ? 0 : READ_BYTES;
  }

  event(event: CharEvent): void {
    if (event === 'opened') {
      this.#closed();
      this.#mode = 'negotiation';
      this.#services.fdSets.monitorConnected();
      this.#output.add(this.#text.greeting());
      this.#output.flush();
    } else if (event === 'closed') {
      this.#closed();
    }
  }

  #closed(): void {
    if (this.#mode === 'closed') {
      return;
    }
    this.#mode = 'closed';
    this.#connection += 1;
    this.#isWaiting = false;
    this.#isCongested = false;
    this.#hasLostEvents = false;
    this.#reader.reset();
    this.#output.discard();
    this.#services.fdSets.monitorDisconnected();
  }

  /** Works requests off until one must wait, the client must read, or there are none left. */
  #work(): void {
    this.#isWorking = true;
    while (!this.#isWaiting && !this.#isCongested) {
      const message = this.#reader.next();
      if (message === undefined) {
        break;
      }
      this.#handle(message);
      this.#watchCongestion();
    }
    this.#isWorking = false;
    this.#output.flush();
  }

  /** Goes on after a pause, and reads on when all that had been read is worked off. */
  #continue(): void {
    this.#work();
    if (this.canReceive() > 0) {
      this.#device.resume();
    }
  }

  #watchCongestion(): void {
    if (!this.#output.isCongested) {
      return;
    }
    this.#output.flush();
    if (!this.#output.isCongested) {
      return; // the host took it at once
    }
    this.#isCongested = true;
    const connection = this.#connection;
    this.#device.whenDrained(() => {
      if (connection === this.#connection && this.#isCongested) {
        this.#isCongested = false;
        this.#continue();
      }
    });
  }

  #handle(message: QmpJson | typeof SYNTAX_ERROR): void {
    if (message === SYNTAX_ERROR) {
      this.#output.add(this.#text.error({ class: 'GenericError', desc: 'Invalid JSON syntax' }, undefined));
      return;
    }
    let request: QmpRequest;
    try {
      request = readRequest(message);
    } catch (error) {
      this.#fail(error, undefined, 'request');
      return;
    }
    try {
      this.#execute(request);
    } catch (error) {
      this.#fail(error, request.id, request.command);
    }
  }

  #execute(request: QmpRequest): void {
    const entry = this.#find(request.command);
    entry.check.check(request.args);
    const result = entry.run(request.args, { services: this.#services, caller: this.#caller });
    if (result instanceof Promise) {
      this.#await(result, request);
    } else {
      this.#succeed(result, request);
    }
  }

  /** The command, if it may run in the present mode. */
  #find(name: string): CommandEntry {
    if ((name === NEGOTIATION_COMMAND) !== (this.#mode === 'negotiation')) {
      throw commandNotFound(name);
    }
    return this.#commands.find(name);
  }

  #await(result: Promise<QmpJson>, request: QmpRequest): void {
    const connection = this.#connection;
    this.#isWaiting = true;
    const settle = (answer: () => void): void => {
      if (connection === this.#connection) {
        this.#isWaiting = false;
        answer();
        this.#watchCongestion();
        this.#continue();
      }
    };
    result.then(
      (value) => settle(() => this.#tryToSucceed(value, request)),
      (error: unknown) => {
        const reply = describeError(error, request.command, this.#services);
        settle(() => this.#output.add(this.#text.error(reply, request.id)));
      },
    );
  }

  /** A result that is no JSON is a mistake of ours, and an answer all the same. */
  #tryToSucceed(value: QmpJson, request: QmpRequest): void {
    try {
      this.#succeed(value, request);
    } catch (error) {
      this.#fail(error, request.id, request.command);
    }
  }

  #succeed(value: QmpJson, request: QmpRequest): void {
    if (request.command === NEGOTIATION_COMMAND) {
      this.#mode = 'command';
    }
    this.#output.add(this.#text.success(value, request.id));
  }

  #fail(error: unknown, id: QmpJson | undefined, command: string): void {
    this.#output.add(this.#text.error(describeError(error, command, this.#services), id));
  }

  #deliver(event: QmpEvent): void {
    if (this.#mode !== 'command') {
      return;
    }
    if (this.#output.addEvent(this.#text.event(event))) {
      this.#hasLostEvents = false;
      if (!this.#isWorking) {
        this.#output.flush();
      }
    } else if (!this.#hasLostEvents) {
      this.#hasLostEvents = true;
      this.#giveUpClient();
    }
  }

  #giveUpClient(): void {
    const { label, pendingBytes } = this.#device;
    this.#services.report(
      `monitor ${label}: disconnected, ${pendingBytes} bytes wait for a client that does not read`,
    );
    this.#device.disconnect('it does not read its events');
  }
}
