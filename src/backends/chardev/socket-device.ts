/**
 * `socket`: one stream connection at a time, over TCP, telnet or a unix socket, as server or as client.
 *
 * While a client is served the listener is not polled, so the next one waits in the kernel's queue until the first
 * has gone (protocol.md §1).
 */
import { channel } from 'node:diagnostics_channel';
import { settledWithin } from '../../actors/clock.ts';
import { threadDescriptors } from '../../host/descriptor-ledger.ts';
import { DescriptorReceiver } from '../../host/descriptor-receiver.ts';
import { FdStream } from '../../host/fd-stream.ts';
import { FdWatcher } from '../../host/fd-watcher.ts';
import { acceptClient, setNoDelay } from '../../host/socket.ts';
import { CharDeviceBase } from './char-device-base.ts';
import type { ChardevConfig } from './chardev-config.ts';
import type { ChardevCreation } from './chardev-environment.ts';
import { ChardevError } from './chardev-error.ts';
import { FLUSH_DEADLINE_MS } from './fd-char-device.ts';
import { openConnection, openListener, type SocketEndpoint } from './socket-endpoint.ts';
import { TelnetCodec } from './telnet-codec.ts';

export type SocketConfig = Extract<ChardevConfig, { kind: 'socket' }>;

/** Publishes `{ label, reason }` whenever a connection ends. */
const disconnections = channel('troupe:chardev:disconnected');

/** Why accepting may fail for a while: no descriptors or memory left. The listener rests that long. */
const ACCEPT_REST_MS = 1000;

interface Connection {
  readonly stream: FdStream;
  readonly receiver: DescriptorReceiver | undefined;
  readonly telnet: TelnetCodec | undefined;
}

export class SocketDevice extends CharDeviceBase {
  readonly #creation: ChardevCreation;
  readonly #config: SocketConfig;
  readonly #abort = new AbortController();
  #listener: { readonly endpoint: SocketEndpoint; readonly watcher: FdWatcher } | undefined;
  #connection: Connection | undefined;
  #name = '';
  #isUnix: boolean;
  #timer: Disposable | undefined;
  readonly #firstPeer: PromiseWithResolvers<void> = Promise.withResolvers();

  private constructor(creation: ChardevCreation, config: SocketConfig) {
    super(creation.label, creation.filename);
    this.#creation = creation;
    this.#config = config;
    this.#isUnix = config.address.type === 'unix';
    this.#firstPeer.promise.catch(() => {});
  }

  /**
   * Listens, or connects. With `server` and `wait` it resolves when the first client has come. A client with
   * `reconnect` resolves even if there is nobody to connect to yet. Rejects with `ERR_CHARDEV_SOCKET`.
   */
  static async open(creation: ChardevCreation, config: SocketConfig): Promise<SocketDevice> {
    const device = new SocketDevice(creation, config);
    const giveUp = () => void device.close();
    creation.signal.addEventListener('abort', giveUp, { once: true });
    try {
      await (config.server ? device.#listen() : device.#connect());
      return device;
    } catch (error) {
      await device.close();
      throw error;
    } finally {
      creation.signal.removeEventListener('abort', giveUp);
    }
  }

  /** `unix:PATH`, `tcp:HOST:PORT` or `telnet:HOST:PORT`, then `,server` on a server. */
  override get filename(): string {
    const { telnet, server } = this.#config;
    const scheme = this.#isUnix ? 'unix' : telnet ? 'telnet' : 'tcp';
    return `${scheme}:${this.#name}${server ? ',server' : ''}`;
  }

  override get connected(): boolean {
    return this.#connection !== undefined;
  }

  override get pendingBytes(): number {
    return this.#connection?.stream.pendingBytes ?? 0;
  }

  override resume(): void {
    this.#connection?.stream.resume();
  }

  write(bytes: Uint8Array): void {
    const connection = this.#connection;
    if (connection !== undefined) {
      connection.stream.write(connection.telnet === undefined ? bytes : connection.telnet.encode(bytes));
    }
  }

  override whenDrained(callback: () => void): void {
    if (this.#connection === undefined) {
      callback();
    } else {
      this.#connection.stream.whenDrained(callback);
    }
  }

  override disconnect(reason: string): void {
    const connection = this.#connection;
    if (connection === undefined) {
      return;
    }
    this.#connection = undefined;
    connection.receiver?.close();
    connection.stream.close();
    disconnections.publish({ label: this.label, reason });
    this.emit('closed');
    this.#awaitNextPeer();
  }

  override takeDescriptor(): number | undefined {
    return this.#connection?.receiver?.take();
  }

  override async close(): Promise<void> {
    this.#abort.abort(new ChardevError('ERR_CHARDEV_CLOSED', `Chardev '${this.label}' was closed`));
    this.#firstPeer.reject(this.#abort.signal.reason);
    this.#timer?.[Symbol.dispose]();
    const listener = this.#listener;
    this.#listener = undefined;
    listener?.watcher.close();
    const connection = this.#connection;
    if (connection !== undefined) {
      const drained = new Promise<void>((resolve) => connection.stream.whenDrained(resolve));
      await settledWithin(this.#creation.environment.clock, drained, FLUSH_DEADLINE_MS);
      this.disconnect('the character device was closed');
    }
    if (listener !== undefined) {
      listener.endpoint.cleanUp();
      threadDescriptors().close(listener.endpoint.fd);
    }
  }

  async #listen(): Promise<void> {
    const endpoint = await openListener(this.#config.address, this.#creation.takeDescriptor);
    if (this.#abort.signal.aborted) {
      endpoint.cleanUp();
      threadDescriptors().close(endpoint.fd);
      throw this.#abort.signal.reason;
    }
    this.#name = endpoint.name;
    this.#isUnix = endpoint.isUnix;
    const watcher = new FdWatcher(endpoint.fd, { readable: () => this.#accept(), writable() {} });
    this.#listener = { endpoint, watcher };
    watcher.watch({ readable: true, writable: false });
    if (this.#config.wait) {
      this.#creation.environment.announce(`Waiting for connection on: ${this.filename}`);
      await this.#firstPeer.promise;
    }
  }

  #accept(): void {
    const listener = this.#listener;
    if (listener === undefined || this.#connection !== undefined) {
      return;
    }
    let fd: number | undefined;
    try {
      fd = acceptClient(listener.endpoint.fd);
    } catch {
      listener.watcher.watch({ readable: false, writable: false });
      this.#after(ACCEPT_REST_MS, () => this.#awaitNextPeer());
      return;
    }
    if (fd !== undefined) {
      listener.watcher.watch({ readable: false, writable: false });
      this.#serve(fd, listener.endpoint.isUnix, true);
    }
  }

  async #connect(): Promise<void> {
    const { address, reconnect } = this.#config;
    try {
      const endpoint = await openConnection(address, this.#creation.takeDescriptor, this.#abort.signal);
      if (this.#abort.signal.aborted) {
        threadDescriptors().close(endpoint.fd);
        throw this.#abort.signal.reason;
      }
      this.#name = endpoint.name;
      this.#isUnix = endpoint.isUnix;
      this.#serve(endpoint.fd, endpoint.isUnix, false);
    } catch (error) {
      if (reconnect === 0 || address.type === 'fd' || this.#abort.signal.aborted) {
        throw error;
      }
      this.#name ||= address.type === 'unix' ? address.path : `${address.host}:${address.port}`;
      this.#awaitNextPeer();
    }
  }

  /** After a connection has ended: polls the listener again, or tries to connect again later. */
  #awaitNextPeer(): void {
    const { address, reconnect, server } = this.#config;
    if (this.#abort.signal.aborted) {
      return;
    }
    if (server) {
      this.#listener?.watcher.watch({ readable: true, writable: false });
    } else if (reconnect > 0 && address.type !== 'fd') {
      // A failure has scheduled the next attempt; there is nothing left to tell.
      this.#after(reconnect * 1000, () => void this.#connect().catch(() => {}));
    }
  }

  #after(ms: number, callback: () => void): void {
    this.#timer?.[Symbol.dispose]();
    this.#timer = this.#creation.environment.clock.after(ms, callback, { background: true });
  }

  #serve(fd: number, isUnix: boolean, accepted: boolean): void {
    if (this.#config.nodelay && !isUnix) {
      setNoDelay(fd);
    }
    const receiver = isUnix ? new DescriptorReceiver() : undefined;
    const telnet = this.#config.telnet ? new TelnetCodec() : undefined;
    const stream = new FdStream({
      readFd: fd,
      writeFd: fd,
      ...(receiver === undefined ? {} : { readCall: receiver.read }),
      owner: {
        canReceive: () => this.wanted,
        receive: (bytes) => this.#receive(bytes),
        ended: (error) => this.disconnect(error?.reason ?? 'the peer has closed the connection'),
      },
    });
    this.#connection = { stream, receiver, telnet };
    if (accepted && telnet !== undefined) {
      stream.write(telnet.offers);
    }
    this.#firstPeer.resolve();
    this.emit('opened');
    stream.resume();
  }

  #receive(bytes: Uint8Array): void {
    const connection = this.#connection;
    if (connection?.telnet === undefined) {
      this.deliver(bytes);
      return;
    }
    const { data, reply, breaks } = connection.telnet.decode(bytes);
    if (reply.length > 0) {
      connection.stream.write(reply);
    }
    for (let i = 0; i < breaks; i++) {
      this.emit('break');
    }
    if (data.length > 0) {
      this.deliver(data);
    }
  }
}
