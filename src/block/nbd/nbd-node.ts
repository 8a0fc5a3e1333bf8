/** The protocol `nbd`: an image on an NBD server. */

import { constants } from 'node:os';
import { openConnection } from '../../backends/chardev/socket-endpoint.ts';
import { byteLengthOf, viewsFrom, viewsUpTo } from '../../host/file-transfer.ts';
import { HostError } from '../../host/host-error.ts';
import { monotonicNs } from '../../memory/virtual-clock.ts';
import { BlockError, EACCES, EIO } from '../block-error.ts';
import type { BlockNode, BlockStatus, Views, WriteZeroesOptions } from '../block-node.ts';
import { DriveCounters } from '../drive-counters.ts';
import { RangeLock } from '../range-lock.ts';
import { ClientConnection } from './client-connection.ts';
import { enterExport } from './client-handshake.ts';
import type { NbdAddress } from './nbd-address.ts';
import { SocketStream, StreamEnded } from './socket-stream.ts';
import { COMMAND, COMMAND_FLAG, EXPORT_FLAG, STATE_ZERO } from './wire.ts';

/** How long a server may take to answer a connection and the handshake. */
const CONNECT_TIMEOUT_MS = 60_000;
/** Lengths on the wire have 32 bits; requests without data need not be short. */
const MOST_RANGE_BYTES = 1024 * 1024 * 1024;

async function connect({ socket: address, exportName }: NbdAddress): Promise<ClientConnection> {
  const signal = AbortSignal.timeout(CONNECT_TIMEOUT_MS);
  const { fd } = await openConnection(address, () => -1, signal);
  const stream = new SocketStream(fd);
  const abort = () => stream.destroy();
  signal.addEventListener('abort', abort);
  try {
    return new ClientConnection(stream, await enterExport(stream, exportName));
  } catch (error) {
    stream.destroy();
    throw error instanceof StreamEnded
      ? new BlockError('ERR_BLOCK_NBD', `NBD server: ${error.message}`, { errno: EIO, cause: error })
      : error;
  } finally {
    signal.removeEventListener('abort', abort);
  }
}

export class NbdNode implements BlockNode {
  readonly driver = 'nbd';
  readonly fileName: string;
  readonly readOnly: boolean;
  readonly encrypted = false;
  readonly backing = undefined;
  readonly file = undefined;
  readonly counters = new DriveCounters(monotonicNs);
  readonly #connection: ClientConnection;
  /** Keeps writes apart that need more of a block than they have. */
  readonly #blocks = new RangeLock();

  private constructor(connection: ClientConnection, fileName: string, readOnly: boolean) {
    this.#connection = connection;
    this.fileName = fileName;
    this.readOnly = readOnly;
  }

  /** Connects. Rejects with HostError or BlockError. @param fileName how the node is called */
  static async open(address: NbdAddress, fileName: string, readOnly: boolean): Promise<NbdNode> {
    const connection = await connect(address);
    if (!readOnly && (connection.remote.flags & EXPORT_FLAG.readOnly) !== 0) {
      await connection.close();
      throw new BlockError('ERR_BLOCK_NBD', 'request for write access denied: the export is read-only', {
        errno: EACCES,
      });
    }
    return new NbdNode(connection, fileName, readOnly);
  }

  get bytes(): number {
    return this.#connection.remote.bytes;
  }

  read(offset: number, views: Views): Promise<void> {
    const bytes = byteLengthOf(views);
    return this.counters.count('read', bytes, () => this.#readWithin(offset, views));
  }

  write(offset: number, views: Views): Promise<void> {
    const bytes = byteLengthOf(views);
    return this.counters.count('write', bytes, async () => {
      this.#checkEnd(offset + bytes);
      await this.#write(offset, views);
      this.counters.wroteUpTo(offset + bytes);
    });
  }

  flush(): Promise<void> {
    return this.counters.count('flush', 0, async () => {
      if (this.#can(EXPORT_FLAG.flush)) {
        await this.#connection.request({ type: COMMAND.flush, offset: 0, bytes: 0 });
      }
    });
  }

  async discard(offset: number, bytes: number): Promise<void> {
    if (!this.#can(EXPORT_FLAG.trim)) return;
    const { smallest } = this.#connection.remote.blockBytes;
    const start = Math.ceil(offset / smallest) * smallest;
    const end = Math.floor(Math.min(offset + bytes, this.bytes) / smallest) * smallest;
    await this.#overRange(start, end - start, (at, length) =>
      this.#connection.request({ type: COMMAND.trim, offset: at, bytes: length }),
    );
  }

  async writeZeroes(offset: number, bytes: number, { mayUnmap }: WriteZeroesOptions): Promise<void> {
    this.#checkEnd(offset + bytes);
    const { smallest } = this.#connection.remote.blockBytes;
    if (!this.#can(EXPORT_FLAG.writeZeroes) || offset % smallest !== 0 || bytes % smallest !== 0) {
      const zeroes = new Uint8Array(Math.min(bytes, 1 << 20));
      for (let done = 0; done < bytes; done += zeroes.length) {
        await this.write(offset + done, [zeroes.subarray(0, bytes - done)]);
      }
      return;
    }
    const flags = mayUnmap ? 0 : COMMAND_FLAG.noHole;
    await this.#overRange(offset, bytes, (at, length) =>
      this.#connection.request({ type: COMMAND.writeZeroes, flags, offset: at, bytes: length }),
    );
  }

  async resize(bytes: number): Promise<void> {
    if (bytes === this.bytes) return;
    throw new BlockError('ERR_BLOCK_UNSUPPORTED', `'${this.fileName}' has the size that its server gives it`);
  }

  async status(offset: number, bytes: number): Promise<BlockStatus> {
    const unknown: BlockStatus = { bytes, allocated: true, zero: false, hostOffset: offset };
    const { allocationContext, blockBytes } = this.#connection.remote;
    if (allocationContext === undefined || offset >= this.bytes) return unknown;
    const { smallest } = blockBytes;
    const start = Math.floor(offset / smallest) * smallest;
    const length = Math.min(bytes + offset - start, this.bytes - start, MOST_RANGE_BYTES);
    const wanted = Math.min(Math.ceil(length / smallest) * smallest, this.bytes - start);
    const flags = COMMAND_FLAG.oneExtent;
    const [extent] = await this.#connection.request({
      type: COMMAND.blockStatus,
      flags,
      offset: start,
      bytes: wanted,
    });
    if (extent === undefined || extent.bytes <= offset - start)
      return { ...unknown, bytes: Math.min(bytes, 512) };
    const alike = Math.min(bytes, extent.bytes - (offset - start));
    const zero = (extent.state & STATE_ZERO) !== 0;
    return { ...unknown, bytes: alike, zero };
  }

  async close(): Promise<void> {
    try {
      if (!this.readOnly) await this.flush();
    } finally {
      await this.#connection.close();
    }
  }

  #can(flag: number): boolean {
    return (this.#connection.remote.flags & flag) !== 0;
  }

  #checkEnd(end: number): void {
    if (end > this.bytes) {
      throw new HostError(constants.errno.ENOSPC, `write up to byte ${end} of ${this.fileName}`);
    }
  }

  /** What lies behind the end reads as zeros. */
  async #readWithin(offset: number, views: Views): Promise<void> {
    const there = Math.max(0, Math.min(byteLengthOf(views), this.bytes - offset));
    for (const view of viewsFrom(views, there)) view.fill(0);
    if (there > 0) await this.#read(offset, viewsUpTo(views, there));
  }

  async #read(offset: number, views: Views): Promise<void> {
    const bytes = byteLengthOf(views);
    const around = this.#blocksAround(offset, bytes);
    if (around !== undefined) {
      const whole = new Uint8Array(around.bytes);
      await this.#readWithin(around.start, [whole]);
      let from = offset - around.start;
      for (const view of views) {
        view.set(whole.subarray(from, from + view.byteLength));
        from += view.byteLength;
      }
      return;
    }
    await this.#inPieces(bytes, (at, length) => {
      const target = viewsUpTo(viewsFrom(views, at), length);
      return this.#connection.request({ type: COMMAND.read, offset: offset + at, bytes: length, target });
    });
  }

  #write(offset: number, views: Views): Promise<void> {
    const bytes = byteLengthOf(views);
    const around = this.#blocksAround(offset, bytes);
    if (around === undefined)
      return this.#blocks.share(offset, bytes, () => this.#writeBlocks(offset, views));
    return this.#blocks.exclude(around.start, around.bytes, async () => {
      const whole = new Uint8Array(around.bytes);
      await this.#readWithin(around.start, [whole]);
      let to = offset - around.start;
      for (const view of views) {
        whole.set(view, to);
        to += view.byteLength;
      }
      await this.#writeBlocks(around.start, [whole]);
    });
  }

  #writeBlocks(offset: number, views: Views): Promise<void> {
    return this.#inPieces(byteLengthOf(views), (at, length) => {
      const payload = viewsUpTo(viewsFrom(views, at), length);
      return this.#connection.request({ type: COMMAND.write, offset: offset + at, bytes: length, payload });
    });
  }

  /** The whole blocks that a request touches, if it has parts of some only. */
  #blocksAround(offset: number, bytes: number): { start: number; bytes: number } | undefined {
    const { smallest } = this.#connection.remote.blockBytes;
    if (offset % smallest === 0 && bytes % smallest === 0) return undefined;
    const start = Math.floor(offset / smallest) * smallest;
    const end = Math.min(Math.ceil((offset + bytes) / smallest) * smallest, this.bytes);
    return end === offset + bytes && start === offset ? undefined : { start, bytes: end - start };
  }

  async #inPieces(bytes: number, send: (at: number, length: number) => Promise<unknown>): Promise<void> {
    const { most } = this.#connection.remote.blockBytes;
    const pieces: Promise<unknown>[] = [];
    for (let at = 0; at < bytes; at += most) pieces.push(send(at, Math.min(most, bytes - at)));
    const failed = (await Promise.allSettled(pieces)).find((piece) => piece.status === 'rejected');
    if (failed !== undefined) throw failed.reason;
  }

  async #overRange(
    offset: number,
    bytes: number,
    send: (at: number, length: number) => Promise<unknown>,
  ): Promise<void> {
    for (let done = 0; done < bytes; done += MOST_RANGE_BYTES) {
      await send(offset + done, Math.min(MOST_RANGE_BYTES, bytes - done));
    }
  }
}
