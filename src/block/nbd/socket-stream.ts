/** A socket as a stream of bytes that are asked for by their number. What comes is held back while nobody asks. */
import type { Socket } from 'node:net';

/** The peer has gone, or was let go. */
export class StreamEnded extends Error {}

/** What may lie here unread before the peer is made to wait. */
const MOST_UNREAD_BYTES = 1024 * 1024;

export class SocketStream {
  readonly #socket: Socket;
  readonly #chunks: Buffer[] = [];
  #unread = 0;
  #ended: Error | undefined;
  #arrived: (() => void) | undefined;

  /** Takes the socket over. */
  constructor(socket: Socket) {
    this.#socket = socket;
    socket.on('data', (chunk: Buffer) => {
      this.#chunks.push(chunk);
      this.#unread += chunk.length;
      if (this.#unread > MOST_UNREAD_BYTES) socket.pause();
      this.#arrived?.();
    });
    socket.on('error', (cause) => this.#end(new StreamEnded(cause.message, { cause })));
    socket.on('end', () => this.#end(new StreamEnded('the connection was closed')));
    socket.on('close', () => this.#end(new StreamEnded('the connection was closed')));
  }

  get isEnded(): boolean {
    return this.#ended !== undefined;
  }

  /** The next `bytes`. Rejects with StreamEnded. One caller at a time. */
  async take(bytes: number): Promise<Buffer> {
    const [first] = this.#chunks;
    if (first !== undefined && first.length >= bytes) {
      this.#consume(bytes);
      return first.subarray(0, bytes);
    }
    const target = Buffer.allocUnsafe(bytes);
    await this.fill([target]);
    return target;
  }

  /** Fills the views with what comes next. Rejects with StreamEnded. */
  async fill(views: readonly Uint8Array[]): Promise<void> {
    for (const view of views) {
      for (let done = 0; done < view.byteLength; ) {
        const chunk = await this.#next();
        const count = Math.min(chunk.length, view.byteLength - done);
        view.set(chunk.subarray(0, count), done);
        this.#consume(count);
        done += count;
      }
    }
  }

  /** Throws bytes away. Rejects with StreamEnded. */
  async skip(bytes: number): Promise<void> {
    for (let left = bytes; left > 0; ) {
      const count = Math.min((await this.#next()).length, left);
      this.#consume(count);
      left -= count;
    }
  }

  /** Sends, and resolves when there is room for more. What is sent to a peer that has gone vanishes. */
  send(...parts: readonly Uint8Array[]): Promise<void> {
    return this.sendAndTell(parts, () => undefined);
  }

  /** The same. @param released called when the memory of the parts is not needed any more */
  async sendAndTell(parts: readonly Uint8Array[], released: () => void): Promise<void> {
    if (this.#socket.destroyed) {
      released();
      return;
    }
    this.#socket.cork();
    let hasRoom = true;
    for (const [index, part] of parts.entries()) {
      hasRoom = index === parts.length - 1 ? this.#socket.write(part, released) : this.#socket.write(part);
    }
    this.#socket.uncork();
    if (!hasRoom && this.#socket.writableNeedDrain) await this.#drained();
  }

  /** Closes when what was sent is on its way. */
  finish(): void {
    this.#socket.end();
    this.#socket.resume();
  }

  destroy(): void {
    this.#socket.destroy();
  }

  #drained(): Promise<void> {
    return new Promise((resolve) => {
      const done = () => {
        this.#socket.off('drain', done);
        this.#socket.off('close', done);
        resolve();
      };
      this.#socket.on('drain', done);
      this.#socket.on('close', done);
      if (this.#socket.destroyed) done();
    });
  }

  async #next(): Promise<Buffer> {
    for (;;) {
      const [chunk] = this.#chunks;
      if (chunk !== undefined) return chunk;
      if (this.#ended !== undefined) throw this.#ended;
      await new Promise<void>((resolve) => {
        this.#arrived = resolve;
      });
      this.#arrived = undefined;
    }
  }

  #consume(bytes: number): void {
    const [chunk] = this.#chunks;
    if (chunk === undefined) return;
    if (bytes === chunk.length) this.#chunks.shift();
    else this.#chunks[0] = chunk.subarray(bytes);
    this.#unread -= bytes;
    if (this.#unread <= MOST_UNREAD_BYTES && this.#socket.isPaused()) this.#socket.resume();
  }

  #end(reason: Error): void {
    this.#ended ??= reason;
    this.#arrived?.();
  }
}
