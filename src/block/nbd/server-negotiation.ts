/** The server's side of the fixed-newstyle handshake: options are haggled over until the client enters an export. */
import type { NbdExport } from './nbd-export.ts';
import type { SocketStream } from './socket-stream.ts';
import {
  BASE_ALLOCATION,
  EXPORT_FLAG,
  EXPORT_PADDING_BYTES,
  FIXED_NEWSTYLE,
  INFO,
  MessageReader,
  MessageWriter,
  MOST_PAYLOAD_BYTES,
  MOST_STRING_BYTES,
  NBD_MAGIC,
  NO_ZEROES,
  OPTION,
  OPTION_HEADER_BYTES,
  OPTION_MAGIC,
  OPTION_REPLY_MAGIC,
  REPLY,
  ShortMessage,
} from './wire.ts';

/** Exports by name, as they are at the moment. */
export interface ExportList {
  find(name: string): NbdExport | undefined;
  names(): readonly string[];
}

/** What a client has settled for. */
export interface Session {
  readonly export: NbdExport;
  readonly structuredReplies: boolean;
  /** The client asks for `base:allocation` by this number. */
  readonly allocationContext: number | undefined;
}

/** The client does not keep to the protocol, or wants to leave: the connection is closed. */
export class HandshakeOver extends Error {}

/** Longer data of an option is thrown away; the longest sensible one has a handful of strings. */
const MOST_OPTION_BYTES = 64 * 1024;
/** A client that needs more than these is not negotiating. */
const MOST_OPTIONS = 1000;
const ALLOCATION_CONTEXT = 1;

/** Rejects with HandshakeOver, or StreamEnded. @returns what was agreed on */
export async function negotiate(stream: SocketStream, exports: ExportList): Promise<Session> {
  await stream.send(
    new MessageWriter()
      .u64(NBD_MAGIC)
      .u64(OPTION_MAGIC)
      .u16(FIXED_NEWSTYLE | NO_ZEROES)
      .done(),
  );
  const clientFlags = (await stream.take(4)).readUInt32BE();
  if ((clientFlags & ~(FIXED_NEWSTYLE | NO_ZEROES)) !== 0) {
    throw new HandshakeOver(`client flags 0x${clientFlags.toString(16)} are not known`);
  }
  return new Negotiation(stream, exports, clientFlags).run();
}

class Negotiation {
  readonly #stream: SocketStream;
  readonly #exports: ExportList;
  readonly #clientFlags: number;
  #structuredReplies = false;
  /** The export that contexts were chosen for, if any were. */
  #contextsOf: string | undefined;

  constructor(stream: SocketStream, exports: ExportList, clientFlags: number) {
    this.#stream = stream;
    this.#exports = exports;
    this.#clientFlags = clientFlags;
  }

  async run(): Promise<Session> {
    for (let count = 0; count < MOST_OPTIONS; count++) {
      const header = new MessageReader(await this.#stream.take(OPTION_HEADER_BYTES));
      if (header.u64() !== OPTION_MAGIC) throw new HandshakeOver('an option begins with its magic number');
      const option = header.u32();
      const length = header.u32();
      const session = await this.#option(option, length);
      if (session !== undefined) return session;
    }
    throw new HandshakeOver(`more than ${MOST_OPTIONS} options`);
  }

  async #option(option: number, length: number): Promise<Session | undefined> {
    if ((this.#clientFlags & FIXED_NEWSTYLE) === 0 && option !== OPTION.exportName) {
      throw new HandshakeOver('a client without fixed newstyle may only name an export');
    }
    if (length > MOST_OPTION_BYTES) {
      if (option === OPTION.exportName) throw new HandshakeOver(`a name of ${length} bytes`);
      await this.#stream.skip(length);
      await this.#reply(option, REPLY.tooBig, text(`at most ${MOST_OPTION_BYTES} bytes are accepted`));
      return undefined;
    }
    const data = Buffer.from(await this.#stream.take(length));
    try {
      return await this.#handle(option, data);
    } catch (error) {
      if (!(error instanceof ShortMessage)) throw error;
      await this.#reply(option, REPLY.invalid, text(`the option is too short: ${error.message}`));
      return undefined;
    }
  }

  async #handle(option: number, data: Buffer): Promise<Session | undefined> {
    switch (option) {
      case OPTION.exportName:
        return this.#exportName(data);
      case OPTION.abort:
        await this.#reply(option, REPLY.ack);
        throw new HandshakeOver('the client has left');
      case OPTION.list:
        return this.#list(data);
      case OPTION.info:
      case OPTION.go:
        return this.#info(option, new MessageReader(data));
      case OPTION.structuredReply:
        return this.#chooseStructuredReplies(data);
      case OPTION.listMetaContext:
      case OPTION.setMetaContext:
        return this.#metaContexts(option, new MessageReader(data));
      default:
        await this.#reply(option, REPLY.unsupported, text(`option ${option} is not known`));
        return undefined;
    }
  }

  /** The one way in of the first newstyle clients: there is no way to say no but to close. */
  async #exportName(data: Buffer): Promise<Session> {
    const found = this.#exports.find(data.toString());
    if (found === undefined) throw new HandshakeOver(`there is no export '${data.toString()}'`);
    const reply = new MessageWriter().u64(found.bytes).u16(this.#flags(found));
    if ((this.#clientFlags & NO_ZEROES) === 0) reply.bytes(new Uint8Array(EXPORT_PADDING_BYTES));
    await this.#stream.send(reply.done());
    return this.#session(found);
  }

  async #list(data: Buffer): Promise<undefined> {
    if (data.length > 0) {
      await this.#reply(OPTION.list, REPLY.invalid, text('LIST has no data'));
      return;
    }
    for (const name of this.#exports.names()) {
      await this.#reply(OPTION.list, REPLY.server, new MessageWriter().string(name).done());
    }
    await this.#reply(OPTION.list, REPLY.ack);
  }

  async #info(option: number, message: MessageReader): Promise<Session | undefined> {
    const name = message.string();
    const wanted = Array.from({ length: message.u16() }, () => message.u16());
    if (message.left > 0) throw new ShortMessage(`${message.left} bytes too many`);
    const found = this.#exports.find(name);
    if (found === undefined || Buffer.byteLength(name) > MOST_STRING_BYTES) {
      await this.#reply(
        option,
        REPLY.unknown,
        text(`there is no export '${name.slice(0, MOST_STRING_BYTES)}'`),
      );
      return undefined;
    }
    for (const item of new Set(wanted)) {
      const data = this.#infoItem(item, found);
      if (data !== undefined) await this.#reply(option, REPLY.info, data);
    }
    const { bytes } = found;
    const basics = new MessageWriter().u16(INFO.export).u64(bytes).u16(this.#flags(found));
    await this.#reply(option, REPLY.info, basics.done());
    await this.#reply(option, REPLY.ack);
    return option === OPTION.go ? this.#session(found) : undefined;
  }

  #infoItem(item: number, { name, blockBytes }: NbdExport): Buffer | undefined {
    switch (item) {
      case INFO.name:
        return new MessageWriter().u16(item).text(name).done();
      case INFO.blockSize: {
        const { smallest, preferred } = blockBytes;
        return new MessageWriter().u16(item).u32(smallest).u32(preferred).u32(MOST_PAYLOAD_BYTES).done();
      }
      default:
        return undefined;
    }
  }

  async #chooseStructuredReplies(data: Buffer): Promise<undefined> {
    if (data.length > 0) {
      await this.#reply(OPTION.structuredReply, REPLY.invalid, text('STRUCTURED_REPLY has no data'));
      return;
    }
    this.#structuredReplies = true;
    await this.#reply(OPTION.structuredReply, REPLY.ack);
  }

  async #metaContexts(option: number, message: MessageReader): Promise<undefined> {
    const name = message.string();
    const queries = Array.from({ length: Math.min(message.u32(), message.left) }, () => message.string());
    if (!this.#structuredReplies) {
      await this.#reply(option, REPLY.invalid, text('contexts need structured replies'));
      return;
    }
    if (this.#exports.find(name) === undefined) {
      await this.#reply(
        option,
        REPLY.unknown,
        text(`there is no export '${name.slice(0, MOST_STRING_BYTES)}'`),
      );
      return;
    }
    const lists = option === OPTION.listMetaContext;
    const isWanted =
      queries.includes(BASE_ALLOCATION) || (lists && (queries.length === 0 || queries.includes('base:')));
    if (!lists) this.#contextsOf = isWanted ? name : undefined;
    if (isWanted) {
      const id = lists ? 0 : ALLOCATION_CONTEXT;
      await this.#reply(option, REPLY.metaContext, new MessageWriter().u32(id).text(BASE_ALLOCATION).done());
    }
    await this.#reply(option, REPLY.ack);
  }

  #flags(found: NbdExport): number {
    return found.flags | (this.#structuredReplies ? EXPORT_FLAG.dontFragment : 0);
  }

  #session(found: NbdExport): Session {
    return {
      export: found,
      structuredReplies: this.#structuredReplies,
      allocationContext: this.#contextsOf === found.name ? ALLOCATION_CONTEXT : undefined,
    };
  }

  #reply(option: number, type: number, data: Uint8Array = new Uint8Array(0)): Promise<void> {
    const header = new MessageWriter().u64(OPTION_REPLY_MAGIC).u32(option).u32(type).u32(data.length);
    return this.#stream.send(header.bytes(data).done());
  }
}

function text(message: string): Buffer {
  return Buffer.from(message);
}
