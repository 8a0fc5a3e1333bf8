/** A socket as a stream of bytes that are asked for by their number. What comes is held back while nobody asks. */
import { Socket } from 'node:net';
import { threadDescriptors } from '../../host/descriptor-ledger.ts';

/** The peer has gone, or was let go. */
export class StreamEnded extends Error {}

/** What may lie here unread before the peer is made to wait. */
const MOST_UNREAD_BYTES = 1024 * 1024;
/** Read from the kernel at a time. */
const READ_BYTES = 256 * 1024;

/** Where the caller wants the next bytes. */
interface Wanted {
  readonly view: Uint8Array;
  done: number;
}

export class SocketStream {
  readonly #socket: Socket;
  readonly #chunks: Buffer[] = [];
  #unread = 0;
  #mayRead = true;
  #wanted: Wanted | undefined;
  #ended: Error | undefined;
  #arrived: (() => void) | undefined;

  /** @param fd a connected socket, owned by this thread; the stream takes it over */
  constructor(fd: number) {
    const socket = new Socket({
      fd: threadDescriptors().release(fd),
      readable: true,
      writable: true,
      onread: {
        buffer: Buffer.allocUnsafeSlow(READ_BYTES),
        callback: (count, buffer) => this.#receive(buffer.subarray(0, count)),
      },
    });
    this.#socket = socket;
    socket.setNoDelay(true);
    socket.on('error', (cause) => this.#end(new StreamEnded(cause.message, { cause })));
    socket.on('end', () => this.#end(new StreamEnded('the connection was closed')));
    socket.on('close', () => this.#end(new StreamEnded('the connection was closed')));
    socket.resume();
  }

  /** Lets go of a peer that says nothing for so long; 0 for never. */
  limitSilence(ms: number): void {
    this.#socket.setTimeout(ms, () => this.#socket.destroy());
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
    for (const view of views) await this.#fillOne(view);
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

  /** What comes while somebody waits for it goes straight to its place. */
  async #fillOne(view: Uint8Array): Promise<void> {
    let done = 0;
    while (done < view.byteLength) {
      const [chunk] = this.#chunks;
      if (chunk === undefined) break;
      const count = Math.min(chunk.length, view.byteLength - done);
      view.set(chunk.subarray(0, count), done);
      this.#consume(count);
      done += count;
    }
    const wanted: Wanted = { view, done };
    this.#wanted = wanted;
    try {
      while (wanted.done < view.byteLength) await this.#more();
    } finally {
      this.#wanted = undefined;
    }
  }

  async #next(): Promise<Buffer> {
    for (;;) {
      const [chunk] = this.#chunks;
      if (chunk !== undefined) return chunk;
      await this.#more();
    }
  }

  /** Resolves when something has come. Rejects when nothing will. */
  async #more(): Promise<void> {
    if (this.#ended !== undefined) throw this.#ended;
    await new Promise<void>((resolve) => {
      this.#arrived = resolve;
    });
    this.#arrived = undefined;
  }

  /** The bytes are overwritten when this has returned. @returns whether there may be more */
  #receive(bytes: Uint8Array): boolean {
    let rest = bytes;
    const wanted = this.#wanted;
    if (wanted !== undefined) {
      const count = Math.min(rest.length, wanted.view.byteLength - wanted.done);
      wanted.view.set(rest.subarray(0, count), wanted.done);
      wanted.done += count;
      rest = rest.subarray(count);
    }
    if (rest.length > 0) {
      this.#chunks.push(Buffer.from(rest));
      this.#unread += rest.length;
    }
    if (wanted === undefined || wanted.done === wanted.view.byteLength) this.#arrived?.();
    this.#mayRead = this.#unread <= MOST_UNREAD_BYTES;
    return this.#mayRead;
  }

  #consume(bytes: number): void {
    const [chunk] = this.#chunks;
    if (chunk === undefined) return;
    if (bytes === chunk.length) this.#chunks.shift();
    else this.#chunks[0] = chunk.subarray(bytes);
    this.#unread -= bytes;
    if (this.#unread <= MOST_UNREAD_BYTES && !this.#mayRead) {
      this.#mayRead = true;
      this.#socket.resume();
    }
  }

  #end(reason: Error): void {
    this.#ended ??= reason;
    this.#arrived?.();
  }
}
