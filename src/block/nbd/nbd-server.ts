/** The NBD server of a machine: one listener, drives as exports under their names, any number of clients. */
import { createServer, type Server, type Socket } from 'node:net';
import type { SocketAddress } from '../../backends/chardev/chardev-config.ts';
import { openListener } from '../../backends/chardev/socket-endpoint.ts';
import { threadDescriptors } from '../../host/descriptor-ledger.ts';
import { BlockError, noDrive } from '../block-error.ts';
import type { Drive } from '../drive.ts';
import { BufferPool } from './buffer-pool.ts';
import { NbdExport } from './nbd-export.ts';
import { HandshakeOver, negotiate, type Session } from './server-negotiation.ts';
import { serveRequests } from './server-transmission.ts';
import { SocketStream, StreamEnded } from './socket-stream.ts';

/** Clients beyond these are turned away at the door. */
const MOST_CLIENTS = 256;
/** A client that says nothing for so long while it should negotiate is let go. */
const HANDSHAKE_TIMEOUT_MS = 30_000;

export interface NbdServerOptions {
  readonly find: (id: string) => Drive | undefined;
  /** Told of what is our mistake, not a client's. */
  readonly failed: (error: unknown) => void;
}

interface Listener {
  readonly server: Server;
  readonly cleanUp: () => void;
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
      const server = createServer((socket) => this.#accept(socket));
      server.on('error', this.#options.failed);
      await new Promise<void>((resolve, reject) => {
        server.once('error', reject);
        server.listen({ fd: threadDescriptors().release(endpoint.fd) }, () => {
          server.off('error', reject);
          resolve();
        });
      });
      this.#listener = { server, cleanUp: () => endpoint.cleanUp() };
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
    this.#listener?.server.close();
    this.#listener?.cleanUp();
    this.#listener = undefined;
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

  #accept(socket: Socket): void {
    if (this.#streams.size >= MOST_CLIENTS) {
      socket.destroy();
      return;
    }
    socket.setNoDelay(true);
    socket.setTimeout(HANDSHAKE_TIMEOUT_MS, () => socket.destroy());
    const stream = new SocketStream(socket);
    this.#streams.add(stream);
    this.#serve(stream, socket)
      .catch((error: unknown) => {
        if (!(error instanceof HandshakeOver || error instanceof StreamEnded)) this.#options.failed(error);
      })
      .finally(() => {
        stream.finish();
        this.#streams.delete(stream);
      });
  }

  async #serve(stream: SocketStream, socket: Socket): Promise<void> {
    const session: Session = await negotiate(stream, {
      find: (name) => this.#exports.get(name)?.export,
      names: () => [...this.#exports.keys()],
    });
    socket.setTimeout(0);
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
