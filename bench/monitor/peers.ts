/** The two programs that the monitor benchmarks compare: started the same way, spoken to over the same kind of socket. */
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export interface Peer {
  readonly name: string;
  readonly program: string;
  readonly args: readonly string[];
}

export const TROUPE: Peer = {
  name: 'troupe',
  program: fileURLToPath(new URL('../../bin/troupe', import.meta.url)),
  args: ['-S', '-nodefaults'],
};

export const QEMU: Peer = {
  name: 'qemu',
  program: '/usr/bin/qemu-system-x86_64',
  args: ['-S', '-nodefaults', '-machine', 'none', '-display', 'none'],
};

/** The peers that this machine has; Troupe always. */
export function availablePeers(): Peer[] {
  return [TROUPE, QEMU].filter((peer) => existsSync(peer.program));
}

export interface RunningPeer extends AsyncDisposable {
  readonly child: ChildProcess;
  readonly socketPath: string;
  /** Milliseconds from spawn to the first byte of the greeting. */
  readonly startMs: number;
}

const CONNECT_RETRY_MS = 2;

/** Starts a peer with a QMP server on a unix socket, and ends it when disposed of. */
export async function startPeer(peer: Peer): Promise<RunningPeer> {
  const folder = await mkdtemp(join(tmpdir(), 'troupe-bench-'));
  const socketPath = join(folder, 'qmp');
  const started = performance.now();
  const child = spawn(peer.program, [...peer.args, '-qmp', `unix:${socketPath},server,nowait`], {
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  await greeting(socketPath, child);
  const startMs = performance.now() - started;
  return {
    child,
    socketPath,
    startMs,
    async [Symbol.asyncDispose]() {
      const gone = new Promise((resolve) => child.once('exit', resolve));
      child.kill('SIGKILL');
      await gone;
      await rm(folder, { recursive: true, force: true });
    },
  };
}

async function greeting(socketPath: string, child: ChildProcess): Promise<void> {
  for (;;) {
    if (child.exitCode !== null) throw new Error(`${child.spawnfile} ended with exit code ${child.exitCode}`);
    try {
      const session = await QmpLines.open(socketPath);
      session.close();
      return;
    } catch {
      await new Promise((resolve) => setTimeout(resolve, CONNECT_RETRY_MS));
    }
  }
}

/** The thinnest possible QMP client: counts lines, so that what is measured is the server. */
export class QmpLines {
  readonly #socket: Socket;
  #lines = 0;
  #wanted = 0;
  #resolve: (() => void) | undefined;

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.on('data', (chunk: Buffer) => {
      for (const byte of chunk) if (byte === 10) this.#lines += 1;
      if (this.#lines >= this.#wanted) {
        this.#resolve?.();
        this.#resolve = undefined;
      }
    });
  }

  /** Connects, waits for the greeting, negotiates. */
  static async open(socketPath: string): Promise<QmpLines> {
    const socket = connect(socketPath);
    const session = new QmpLines(socket);
    await new Promise<void>((resolve, reject) => socket.once('connect', resolve).once('error', reject));
    await session.lines(1);
    await session.request('{"execute":"qmp_capabilities"}\n', 1);
    return session;
  }

  /** Writes `text` and resolves when `replies` more lines have come. */
  request(text: string, replies: number): Promise<void> {
    this.#socket.write(text);
    return this.lines(replies);
  }

  lines(count: number): Promise<void> {
    this.#wanted += count;
    if (this.#lines >= this.#wanted) return Promise.resolve();
    return new Promise((resolve) => {
      this.#resolve = resolve;
    });
  }

  close(): void {
    this.#socket.destroy();
  }
}
