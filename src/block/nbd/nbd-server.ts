/** The NBD server of a machine: one listener, drives as exports under their names, any number of clients. */
import type { SocketAddress } from '../../backends/chardev/chardev-config.ts';
import { openListener, type SocketEndpoint } from '../../backends/chardev/socket-endpoint.ts';
import { threadDescriptors } from '../../host/descriptor-ledger.ts';
import { FdWatcher } from '../../host/fd-watcher.ts';
import { acceptClient, listenOn } from '../../host/socket.ts';
import { BlockError, noDrive } from '../block-error.ts';
import type { Drive } from '../drive.ts';
import { BufferPool } from './buffer-pool.ts';
import { NbdExport } from './nbd-export.ts';
import { HandshakeOver, negotiate, type Session } from './server-negotiation.ts';
import { serveRequests } from './server-transmission.ts';
import { SocketStream, StreamEnded } from './socket-stream.ts';

/** Clients beyond these are turned away at the door. */
const MOST_CLIENTS = 256;
/** Clients that may wait to be accepted. */
const BACKLOG = 128;
/** When no client can be accepted: how long until that is tried again. */
const ACCEPT_REST_MS = 1000;
/** A client that says nothing for so long while it should negotiate is let go. */
const HANDSHAKE_TIMEOUT_MS = 30_000;

export interface NbdServerOptions {
  readonly find: (id: string) => Drive | undefined;
  /** Told of what is our mistake, not a client's. */
  readonly failed: (error: unknown) => void;
}

interface Listener {
  readonly endpoint: SocketEndpoint;
  readonly watcher: FdWatcher;
}

interface ExportEntry {
  readonly export: NbdExport;
  readonly streams: Set<SocketStream>;
  readonly forget: () => void;
}

export class NbdServer {
  readonly #options: NbdServerOptions;
  readonly #exports = new Map<string, ExportEntry>();
  readonly #streams = new Set<SocketStream>();
  readonly #pool = new BufferPool();
  #listener: Listener | undefined;
  /** An address is being resolved and bound. */
  #isStarting = false;

  constructor(options: NbdServerOptions) {
    this.#options = options;
  }

  /**
   * Begins to listen. Throws BlockError `NBD server already running`, and what the socket says (protocol.md §9).
   * @param fd the descriptor that an `fd` address stands for; it belongs to the server from here on
   */
  async start(address: SocketAddress, fd: number | undefined): Promise<void> {
    if (this.#listener !== undefined || this.#isStarting) {
      throw new BlockError('ERR_BLOCK_NBD', 'NBD server already running');
    }
    this.#isStarting = true;
    try {
      const endpoint = await openListener(address, () => fd ?? -1);
      listenOn(endpoint.fd, BACKLOG);
      const watcher = new FdWatcher(endpoint.fd, {
        readable: () => this.#acceptAll(endpoint.fd),
        writable: () => undefined,
      });
      watcher.watch({ readable: true, writable: false });
      this.#listener = { endpoint, watcher };
    } finally {
      this.#isStarting = false;
    }
  }

  /** Throws BlockError with the texts of nbd-server-add (schema.json). */
  add(device: string, writable: boolean): void {
    if (this.#listener === undefined) {
      throw new BlockError('ERR_BLOCK_NBD', 'NBD server not running');
    }
    if (this.#exports.has(device)) {
      throw new BlockError('ERR_BLOCK_NBD', `NBD server already exporting device '${device}'`);
    }
    const drive = this.#options.find(device);
    if (drive === undefined) throw noDrive(device);
    if (drive.node === undefined) {
      throw new BlockError('ERR_BLOCK_NO_MEDIUM', `Device '${device}' has no medium`);
    }
    const forget = drive.onMediumEnd(() => this.#remove(device));
    this.#exports.set(device, { export: new NbdExport(drive, writable), streams: new Set(), forget });
  }

  /** Closes everything; nothing when it does not run. */
  stop(): void {
    if (this.#listener !== undefined) {
      const { watcher, endpoint } = this.#listener;
      this.#listener = undefined;
      watcher.close();
      threadDescriptors().close(endpoint.fd);
      endpoint.cleanUp();
    }
    for (const name of [...this.#exports.keys()]) this.#remove(name);
    for (const stream of this.#streams) stream.destroy();
  }

  #remove(name: string): void {
    const entry = this.#exports.get(name);
    if (entry === undefined) return;
    this.#exports.delete(name);
    entry.forget();
    for (const stream of entry.streams) stream.destroy();
  }

  #acceptAll(listener: number): void {
    try {
      for (let fd = acceptClient(listener); fd !== undefined; fd = acceptClient(listener)) this.#accept(fd);
    } catch (error) {
      // No descriptor is left for it: the client waits until one may be.
      this.#options.failed(error);
      this.#listener?.watcher.watch({ readable: false, writable: false });
      setTimeout(
        () => this.#listener?.watcher.watch({ readable: true, writable: false }),
        ACCEPT_REST_MS,
      ).unref();
    }
  }

  #accept(fd: number): void {
    if (this.#streams.size >= MOST_CLIENTS) {
      threadDescriptors().close(fd);
      return;
    }
    const stream = new SocketStream(fd);
    stream.limitSilence(HANDSHAKE_TIMEOUT_MS);
    this.#streams.add(stream);
    this.#serve(stream)
      .catch((error: unknown) => {
        if (!(error instanceof HandshakeOver || error instanceof StreamEnded)) this.#options.failed(error);
      })
      .finally(() => {
        stream.finish();
        this.#streams.delete(stream);
      });
  }

  async #serve(stream: SocketStream): Promise<void> {
    const session: Session = await negotiate(stream, {
      find: (name) => this.#exports.get(name)?.export,
      names: () => [...this.#exports.keys()],
    });
    stream.limitSilence(0);
    const entry = this.#exports.get(session.export.name);
    // It may have gone while the last answer was sent, or another drive may have its name.
    if (entry?.export !== session.export) return;
    entry.streams.add(stream);
    try {
      await serveRequests(stream, session, this.#pool);
    } finally {
      entry.streams.delete(stream);
    }
  }
}
