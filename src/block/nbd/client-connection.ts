/** A client's connection after the handshake: requests go out as they come, and answers are matched to them. */
import { constants } from 'node:os';
import { viewsFrom, viewsUpTo } from '../../host/file-transfer.ts';
import { HostError } from '../../host/host-error.ts';
import { BlockError } from '../block-error.ts';
import type { Views } from '../block-node.ts';
import { zeroViews } from '../zeroes.ts';
import type { RemoteExport } from './client-handshake.ts';
import type { SocketStream } from './socket-stream.ts';
import {
  CHUNK,
  CHUNK_DONE,
  CHUNK_MAGIC,
  COMMAND,
  encodeRequest,
  hostError,
  MessageReader,
  SIMPLE_REPLY_MAGIC,
} from './wire.ts';

const { EIO } = constants.errno;
/** Other chunks than data are short. */
const MOST_CHUNK_BYTES = 1024 * 1024;

export interface Extent {
  readonly bytes: number;
  readonly state: number;
}

export interface Command {
  readonly type: number;
  readonly flags?: number;
  readonly offset: number;
  readonly bytes: number;
  /** To be sent. */
  readonly payload?: Views;
  /** To be filled. */
  readonly target?: Views;
}

interface Pending {
  readonly command: Command;
  readonly answered: PromiseWithResolvers<readonly Extent[]>;
  extents: readonly Extent[];
  /** The first error of several chunks. */
  error: number;
}

export class ClientConnection {
  readonly remote: RemoteExport;
  readonly #stream: SocketStream;
  readonly #pending = new Map<bigint, Pending>();
  #lastCookie = 0n;
  #sending: Promise<void> = Promise.resolve();
  #broken: Error | undefined;

  constructor(stream: SocketStream, remote: RemoteExport) {
    this.#stream = stream;
    this.remote = remote;
    this.#receive().catch((error: unknown) => this.#break(error));
  }

  /** Rejects with HostError: what the server says, or EIO when the connection is broken. @returns extents of a block status */
  request(command: Command): Promise<readonly Extent[]> {
    if (this.#broken !== undefined) return Promise.reject(this.#broken);
    this.#lastCookie += 1n;
    const cookie = this.#lastCookie;
    const pending: Pending = { command, answered: Promise.withResolvers(), extents: [], error: 0 };
    this.#pending.set(cookie, pending);
    const { type, flags = 0, offset, bytes, payload = [] } = command;
    const header = encodeRequest({ flags, type, cookie, offset: BigInt(offset), length: bytes });
    this.#sending = this.#sending.then(() => this.#stream.send(header, ...payload.map(asBuffer)));
    return pending.answered.promise;
  }

  async close(): Promise<void> {
    this.#break(new HostError(EIO, 'the connection to the NBD server was closed'));
    const goodbye = { flags: 0, type: COMMAND.disconnect, cookie: 0n, offset: 0n, length: 0 };
    await this.#sending;
    await this.#stream.send(encodeRequest(goodbye));
    this.#stream.finish();
  }

  /** Ends by an error: when the connection ends. */
  async #receive(): Promise<never> {
    for (;;) {
      const magic = (await this.#stream.take(4)).readUInt32BE();
      if (magic === SIMPLE_REPLY_MAGIC) await this.#simpleReply();
      else if (magic === CHUNK_MAGIC && this.remote.structuredReplies) await this.#chunk();
      else throw new BlockError('ERR_BLOCK_NBD', `an answer that begins with 0x${magic.toString(16)}`);
    }
  }

  async #simpleReply(): Promise<void> {
    const header = new MessageReader(await this.#stream.take(12));
    const error = header.u32();
    const cookie = header.u64();
    const pending = this.#find(cookie);
    if (error !== 0) pending.error = error;
    else if (pending.command.target !== undefined) await this.#fill(pending.command.target);
    this.#done(cookie, pending);
  }

  async #chunk(): Promise<void> {
    const header = new MessageReader(await this.#stream.take(16));
    const flags = header.u16();
    const type = header.u16();
    const cookie = header.u64();
    const length = header.u32();
    const pending = this.#find(cookie);
    if (type === CHUNK.data) await this.#data(pending.command, length);
    else {
      if (length > MOST_CHUNK_BYTES) throw new BlockError('ERR_BLOCK_NBD', `a chunk of ${length} bytes`);
      this.#shortChunk(pending, type, new MessageReader(Buffer.from(await this.#stream.take(length))));
    }
    if ((flags & CHUNK_DONE) !== 0) this.#done(cookie, pending);
  }

  async #data(command: Command, length: number): Promise<void> {
    const offset = Number((await this.#stream.take(8)).readBigUInt64BE());
    await this.#fill(part(command, offset, length - 8));
  }

  #shortChunk(pending: Pending, type: number, message: MessageReader): void {
    switch (type) {
      case CHUNK.none:
        return;
      case CHUNK.hole: {
        const offset = Number(message.u64());
        zeroViews(part(pending.command, offset, message.u32()));
        return;
      }
      case CHUNK.blockStatus: {
        const extents: Extent[] = [];
        if (message.u32() !== this.remote.allocationContext) return;
        while (message.left >= 8) extents.push({ bytes: message.u32(), state: message.u32() });
        pending.extents = extents;
        return;
      }
      default:
        if (type < CHUNK.error) throw new BlockError('ERR_BLOCK_NBD', `a chunk of type ${type}`);
        pending.error ||= message.u32() || EIO;
    }
  }

  async #fill(views: Views): Promise<void> {
    await this.#stream.fill(views);
  }

  #find(cookie: bigint): Pending {
    const pending = this.#pending.get(cookie);
    if (pending === undefined) throw new BlockError('ERR_BLOCK_NBD', 'an answer to nothing that was asked');
    return pending;
  }

  #done(cookie: bigint, { answered, error, extents, command }: Pending): void {
    this.#pending.delete(cookie);
    if (error === 0) answered.resolve(extents);
    else answered.reject(new HostError(hostError(error), `NBD request ${command.type} at ${command.offset}`));
  }

  #break(cause: unknown): void {
    const what = cause instanceof Error ? cause.message : String(cause);
    this.#broken ??= new HostError(EIO, `NBD: ${what}`);
    for (const { answered } of this.#pending.values()) answered.reject(this.#broken);
    this.#pending.clear();
    if (!(cause instanceof HostError)) this.#stream.destroy();
  }
}

function asBuffer(view: Uint8Array): Uint8Array {
  // A socket does not send from shared memory.
  return view.buffer instanceof SharedArrayBuffer ? Uint8Array.from(view) : view;
}

/** The part of what a read fills that lies at `offset` of the disk. Throws BlockError when it does not. */
function part({ offset: start, bytes, target }: Command, offset: number, length: number): Views {
  if (target === undefined || length < 0 || offset < start || offset + length > start + bytes) {
    throw new BlockError('ERR_BLOCK_NBD', `data of ${length} bytes for ${offset} that were not asked for`);
  }
  return viewsUpTo(viewsFrom(target, offset - start), length);
}
