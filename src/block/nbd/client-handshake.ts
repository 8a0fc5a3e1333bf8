/** The client's side of the handshake: fixed newstyle with all that we can use, down to what the oldest servers offer. */
import { BlockError, EACCES, EINVAL } from '../block-error.ts';
import type { SocketStream } from './socket-stream.ts';
import {
  BASE_ALLOCATION,
  EXPORT_PADDING_BYTES,
  FIXED_NEWSTYLE,
  INFO,
  isErrorReply,
  MessageReader,
  MessageWriter,
  MOST_PAYLOAD_BYTES,
  NBD_MAGIC,
  NO_ZEROES,
  OLD_STYLE_MAGIC,
  OPTION,
  OPTION_MAGIC,
  OPTION_REPLY_HEADER_BYTES,
  OPTION_REPLY_MAGIC,
  REPLY,
  ShortMessage,
} from './wire.ts';

export interface RemoteExport {
  readonly bytes: number;
  /** Transmission flags. */
  readonly flags: number;
  readonly structuredReplies: boolean;
  /** The number of `base:allocation`, if the server has it. */
  readonly allocationContext: number | undefined;
  /** Requests have to begin and end at multiples of `smallest`, and move `most` bytes at most. */
  readonly blockBytes: { readonly smallest: number; readonly most: number };
}

interface OptionReply {
  readonly type: number;
  readonly data: Buffer;
}

/** A server has no reason to say more in one answer. */
const MOST_REPLY_BYTES = 64 * 1024;
const MOST_REPLIES = 1000;
const OLD_STYLE_FLAG_BYTES = 4;

function protocolError(what: string): BlockError {
  return new BlockError('ERR_BLOCK_NBD', `NBD server: ${what}`, { errno: EINVAL });
}

/** Rejects with BlockError when the server has no such export or breaks the protocol, and with StreamEnded. */
export async function enterExport(stream: SocketStream, exportName: string): Promise<RemoteExport> {
  if ((await stream.take(8)).readBigUInt64BE() !== NBD_MAGIC) throw protocolError('this is no NBD server');
  const style = (await stream.take(8)).readBigUInt64BE();
  if (style === OLD_STYLE_MAGIC) return enterOldStyle(stream, exportName);
  if (style !== OPTION_MAGIC) throw protocolError('unknown style of handshake');
  const serverFlags = (await stream.take(2)).readUInt16BE();
  const flags = serverFlags & (FIXED_NEWSTYLE | NO_ZEROES);
  await stream.send(new MessageWriter().u32(flags).done());
  try {
    return await new Handshake(stream, exportName, flags).enter();
  } catch (error) {
    throw error instanceof ShortMessage ? protocolError(`short answer: ${error.message}`) : error;
  }
}

/** The server has one export only, and tells of it without being asked. */
async function enterOldStyle(stream: SocketStream, exportName: string): Promise<RemoteExport> {
  if (exportName !== '') throw protocolError('it is old-style, and has no exports with names');
  const bytes = (await stream.take(8)).readBigUInt64BE();
  const flags = (await stream.take(OLD_STYLE_FLAG_BYTES)).readUInt32BE() & 0xffff;
  await stream.skip(EXPORT_PADDING_BYTES);
  return plainExport(bytes, flags);
}

function plainExport(bytes: bigint, flags: number): RemoteExport {
  const blockBytes = { smallest: 1, most: MOST_PAYLOAD_BYTES };
  return {
    bytes: checkedSize(bytes),
    flags,
    structuredReplies: false,
    allocationContext: undefined,
    blockBytes,
  };
}

function checkedSize(bytes: bigint): number {
  if (bytes > BigInt(Number.MAX_SAFE_INTEGER)) throw protocolError(`an export of ${bytes} bytes`);
  return Number(bytes);
}

class Handshake {
  readonly #stream: SocketStream;
  readonly #name: string;
  readonly #flags: number;

  constructor(stream: SocketStream, name: string, flags: number) {
    this.#stream = stream;
    this.#name = name;
    this.#flags = flags;
  }

  async enter(): Promise<RemoteExport> {
    if ((this.#flags & FIXED_NEWSTYLE) === 0) return this.#exportName(false);
    const structuredReplies = (await this.#ask(OPTION.structuredReply)).at(-1)?.type === REPLY.ack;
    const allocationContext = structuredReplies ? await this.#allocationContext() : undefined;
    const request = new MessageWriter().string(this.#name).u16(1).u16(INFO.blockSize).done();
    const replies = await this.#ask(OPTION.go, request);
    const end = replies.at(-1);
    if (end?.type === REPLY.ack) {
      return { ...described(replies), structuredReplies, allocationContext };
    }
    if (end?.type === REPLY.unsupported) return this.#exportName(structuredReplies);
    const reason = end?.data.toString() || 'it refuses';
    throw new BlockError('ERR_BLOCK_NBD', `NBD server: export '${this.#name}': ${reason}`, {
      errno: end?.type === REPLY.policy ? EACCES : EINVAL,
    });
  }

  async #allocationContext(): Promise<number | undefined> {
    const query = new MessageWriter().string(this.#name).u32(1).string(BASE_ALLOCATION).done();
    const replies = await this.#ask(OPTION.setMetaContext, query);
    const found = replies.find(({ type }) => type === REPLY.metaContext);
    return found === undefined ? undefined : new MessageReader(found.data).u32();
  }

  async #exportName(structuredReplies: boolean): Promise<RemoteExport> {
    await this.#send(OPTION.exportName, Buffer.from(this.#name));
    const reply = new MessageReader(await this.#stream.take(10));
    const found = plainExport(reply.u64(), reply.u16());
    if ((this.#flags & NO_ZEROES) === 0) await this.#stream.skip(EXPORT_PADDING_BYTES);
    return { ...found, structuredReplies };
  }

  #send(option: number, data: Buffer): Promise<void> {
    const header = new MessageWriter().u64(OPTION_MAGIC).u32(option).u32(data.length);
    return this.#stream.send(header.bytes(data).done());
  }

  /** All replies to an option; the last of them acknowledges or refuses it. */
  async #ask(option: number, data: Buffer = Buffer.alloc(0)): Promise<readonly OptionReply[]> {
    await this.#send(option, data);
    const replies: OptionReply[] = [];
    while (replies.length < MOST_REPLIES) {
      const header = new MessageReader(await this.#stream.take(OPTION_REPLY_HEADER_BYTES));
      if (header.u64() !== OPTION_REPLY_MAGIC || header.u32() !== option) {
        throw protocolError(`no answer to option ${option}`);
      }
      const type = header.u32();
      const length = header.u32();
      if (length > MOST_REPLY_BYTES) throw protocolError(`an answer of ${length} bytes`);
      replies.push({ type, data: Buffer.from(await this.#stream.take(length)) });
      if (type === REPLY.ack || isErrorReply(type)) return replies;
    }
    throw protocolError(`more than ${MOST_REPLIES} answers to option ${option}`);
  }
}

function described(replies: readonly OptionReply[]): Pick<RemoteExport, 'bytes' | 'flags' | 'blockBytes'> {
  let basics: { bytes: number; flags: number } | undefined;
  let blockBytes = { smallest: 1, most: MOST_PAYLOAD_BYTES };
  for (const { type, data } of replies) {
    if (type !== REPLY.info) continue;
    const message = new MessageReader(data);
    const item = message.u16();
    if (item === INFO.export) basics = { bytes: checkedSize(message.u64()), flags: message.u16() };
    if (item === INFO.blockSize) {
      const smallest = message.u32();
      message.u32();
      const most = message.u32();
      if (smallest === 0 || smallest > 65536 || (smallest & (smallest - 1)) !== 0 || most < smallest) {
        throw protocolError(`blocks of ${smallest} to ${most} bytes`);
      }
      blockBytes = { smallest, most: Math.min(most - (most % smallest), MOST_PAYLOAD_BYTES) };
    }
  }
  if (basics === undefined) throw protocolError('it does not tell the size of the export');
  return { ...basics, blockBytes };
}
