/** The server's side after the handshake: a client's requests, many at a time, answered as they are done. */
import { EINVAL, errnoOf } from '../block-error.ts';
import type { Outcome } from '../storage-contract.ts';
import type { BufferPool } from './buffer-pool.ts';
import type { NbdExport } from './nbd-export.ts';
import type { Session } from './server-negotiation.ts';
import { type SocketStream, StreamEnded } from './socket-stream.ts';
import {
  CHUNK,
  COMMAND,
  COMMAND_FLAG,
  decodeRequest,
  encodeChunkHeader,
  encodeSimpleReply,
  MessageWriter,
  MOST_PAYLOAD_BYTES,
  NBD_ERROR,
  REQUEST_BYTES,
  type Request,
  STATE_HOLE,
  STATE_ZERO,
  wireError,
} from './wire.ts';

/** What one client may have under way before it has to wait: its requests, and the memory that they take. */
const MOST_REQUESTS = 64;
const MOST_BYTES = 2 * MOST_PAYLOAD_BYTES;
/** What is looked at for one answer about extents; a client asks again for the rest. */
const MOST_EXTENTS = 2048;
/** Zeros that are shorter are sent like any other data. */
const SHORTEST_HOLE_BYTES = 4096;

const KNOWN_FLAGS = new Map<number, number>([
  [COMMAND.read, COMMAND_FLAG.dontFragment | COMMAND_FLAG.fua],
  [COMMAND.write, COMMAND_FLAG.fua],
  [COMMAND.flush, COMMAND_FLAG.fua],
  [COMMAND.trim, COMMAND_FLAG.fua],
  [COMMAND.cache, COMMAND_FLAG.fua],
  [COMMAND.writeZeroes, COMMAND_FLAG.fua | COMMAND_FLAG.noHole],
  [COMMAND.blockStatus, COMMAND_FLAG.oneExtent | COMMAND_FLAG.fua],
]);

const WRITING: readonly number[] = [COMMAND.write, COMMAND.trim, COMMAND.writeZeroes];

/** Serves until the client leaves. Never rejects because of what the client does. @param pool memory for data */
export async function serveRequests(stream: SocketStream, session: Session, pool: BufferPool): Promise<void> {
  const transmission = new Transmission(stream, session, pool);
  try {
    await transmission.run();
  } catch (error) {
    if (!(error instanceof StreamEnded)) throw error;
  } finally {
    await transmission.settled();
  }
}

class Transmission {
  readonly #stream: SocketStream;
  readonly #session: Session;
  readonly #export: NbdExport;
  readonly #pool: BufferPool;
  readonly #underWay = new Set<Promise<void>>();
  #bytes = 0;
  #sending: Promise<void> = Promise.resolve();

  constructor(stream: SocketStream, session: Session, pool: BufferPool) {
    this.#stream = stream;
    this.#pool = pool;
    this.#session = session;
    this.#export = session.export;
  }

  async run(): Promise<void> {
    for (;;) {
      const request = decodeRequest(await this.#stream.take(REQUEST_BYTES));
      if (request === undefined || request.type === COMMAND.disconnect) return;
      const memory = request.type === COMMAND.read || request.type === COMMAND.write ? request.length : 0;
      if (memory > MOST_PAYLOAD_BYTES) {
        if (request.type === COMMAND.write) return;
        await this.#fail(request, NBD_ERROR.overflow);
        continue;
      }
      while (this.#underWay.size >= MOST_REQUESTS || (this.#bytes > 0 && this.#bytes + memory > MOST_BYTES)) {
        await Promise.race(this.#underWay);
      }
      const payload = request.type === COMMAND.write ? await this.#payload(request.length) : undefined;
      this.#begin(request, payload, memory);
    }
  }

  async settled(): Promise<void> {
    await Promise.all(this.#underWay);
  }

  async #payload(bytes: number): Promise<Buffer> {
    const payload = this.#pool.take(bytes);
    await this.#stream.fill([payload]);
    return payload;
  }

  #begin(request: Request, payload: Buffer | undefined, memory: number): void {
    this.#bytes += memory;
    const work = this.#serve(request, payload)
      .catch((error: unknown) => this.#fail(request, wireError(errnoOf(error))))
      .finally(() => {
        if (payload !== undefined) this.#pool.giveBack(payload);
        this.#bytes -= memory;
        this.#underWay.delete(work);
      });
    this.#underWay.add(work);
  }

  #serve(request: Request, payload: Uint8Array | undefined): Promise<void> {
    const wrong = this.#whatIsWrong(request);
    if (wrong !== 0) return this.#fail(request, wrong);
    switch (request.type) {
      case COMMAND.read:
        return this.#session.structuredReplies ? this.#readInChunks(request) : this.#read(request);
      case COMMAND.blockStatus:
        return this.#blockStatus(request);
      default:
        return this.#change(request, payload ?? new Uint8Array(0));
    }
  }

  /** An error of the protocol, or 0. */
  #whatIsWrong({ type, flags, offset, length }: Request): number {
    const known = KNOWN_FLAGS.get(type);
    if (known === undefined || (flags & ~known) !== 0) return NBD_ERROR.inval;
    if (WRITING.includes(type) && this.#export.readOnly) return NBD_ERROR.perm;
    if (type === COMMAND.flush) return 0;
    const end = offset + BigInt(length);
    if (end > BigInt(this.#export.bytes)) {
      return type === COMMAND.write || type === COMMAND.writeZeroes ? NBD_ERROR.nospc : NBD_ERROR.inval;
    }
    const needsContext = type === COMMAND.blockStatus;
    return needsContext && (this.#session.allocationContext === undefined || length === 0)
      ? NBD_ERROR.inval
      : 0;
  }

  async #change(request: Request, payload: Uint8Array): Promise<void> {
    let outcome = await this.#perform(request, payload);
    if (outcome === 0 && (request.flags & COMMAND_FLAG.fua) !== 0 && WRITING.includes(request.type)) {
      outcome = await this.#export.flush();
    }
    if (outcome !== 0) return this.#fail(request, wireError(outcome));
    if (this.#session.structuredReplies) {
      return this.#send(encodeChunkHeader(request.cookie, CHUNK.none, 0, true));
    }
    return this.#send(encodeSimpleReply(request.cookie, 0));
  }

  #perform({ type, flags, offset, length }: Request, payload: Uint8Array): Promise<Outcome> {
    const at = Number(offset);
    switch (type) {
      case COMMAND.write:
        return this.#export.write(at, payload);
      case COMMAND.writeZeroes:
        return this.#export.writeZeroes(at, length, (flags & COMMAND_FLAG.noHole) === 0);
      case COMMAND.trim:
        return this.#export.trim(at, length);
      case COMMAND.flush:
        return this.#export.flush();
      case COMMAND.cache:
        return Promise.resolve(0);
      default:
        return Promise.resolve(EINVAL);
    }
  }

  async #read({ cookie, offset, length }: Request): Promise<void> {
    const data = this.#pool.take(length);
    const outcome = await this.#export.read(Number(offset), data);
    if (outcome === 0) await this.#sendData(data, encodeSimpleReply(cookie, 0));
    else await this.#send(encodeSimpleReply(cookie, wireError(outcome)));
  }

  /** Known zeros are sent as holes, unless the client wants all of it in one piece. */
  async #readInChunks(request: Request): Promise<void> {
    const { cookie, flags, length } = request;
    const start = Number(request.offset);
    if (length === 0) return this.#send(encodeChunkHeader(cookie, CHUNK.none, 0, true));
    const mayFragment = (flags & COMMAND_FLAG.dontFragment) === 0 && length >= SHORTEST_HOLE_BYTES;
    for (let done = 0; done < length; ) {
      const offset = start + done;
      const { bytes, zero } = mayFragment
        ? await this.#export.status(offset, length - done)
        : { bytes: length, zero: false };
      const isLast = done + bytes >= length;
      if (zero) {
        const hole = new MessageWriter().u64(offset).u32(bytes).done();
        await this.#send(encodeChunkHeader(cookie, CHUNK.hole, hole.length, isLast), hole);
      } else {
        const data = this.#pool.take(bytes);
        const outcome = await this.#export.read(offset, data);
        if (outcome !== 0) return this.#fail(request, wireError(outcome));
        const place = new MessageWriter().u64(offset).done();
        await this.#sendData(data, encodeChunkHeader(cookie, CHUNK.data, 8 + bytes, isLast), place);
      }
      done += bytes;
    }
  }

  async #blockStatus({ cookie, flags, offset, length }: Request): Promise<void> {
    const extents: { bytes: number; state: number }[] = [];
    const most = (flags & COMMAND_FLAG.oneExtent) === 0 ? MOST_EXTENTS : 1;
    for (let done = 0, looks = 0; done < length && looks < MOST_EXTENTS; looks++) {
      const { bytes, zero } = await this.#export.status(Number(offset) + done, length - done);
      const state = zero ? STATE_HOLE | STATE_ZERO : 0;
      const last = extents.at(-1);
      if (last?.state === state) last.bytes += bytes;
      else if (extents.length < most) extents.push({ bytes, state });
      else break;
      done += bytes;
    }
    const message = new MessageWriter().u32(this.#session.allocationContext ?? 0);
    for (const { bytes, state } of extents) message.u32(bytes).u32(state);
    const data = message.done();
    await this.#send(encodeChunkHeader(cookie, CHUNK.blockStatus, data.length, true), data);
  }

  #fail({ cookie }: Request, error: number): Promise<void> {
    if (!this.#session.structuredReplies) return this.#send(encodeSimpleReply(cookie, error));
    const data = new MessageWriter().u32(error).u16(0).done();
    return this.#send(encodeChunkHeader(cookie, CHUNK.error, data.length, true), data);
  }

  /** Messages go out whole, one after the other; a client that does not read holds up its own requests only. */
  #send(...parts: readonly Uint8Array[]): Promise<void> {
    this.#sending = this.#sending.then(() => this.#stream.send(...parts));
    return this.#sending;
  }

  /** The same with data from the pool at its end. */
  #sendData(data: Buffer, ...parts: readonly Uint8Array[]): Promise<void> {
    const release = () => this.#pool.giveBack(data);
    this.#sending = this.#sending.then(() => this.#stream.sendAndTell([...parts, data], release));
    return this.#sending;
  }
}
