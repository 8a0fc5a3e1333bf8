/** The other end of a QMP connection, played by the test. */
import { type Duplex, duplexPair } from 'node:stream';

import { QmpClient, type QmpClientOptions } from '../../src/client/qmp-client.ts';

const GREETING =
  '{"QMP": {"version": {"qemu": {"micro": 50, "minor": 5, "major": 1}, "package": ""}, "capabilities": []}}\r\n';

/** What the fake has been sent, and what it sends. */
export class FakeServer {
  readonly stream: Duplex;
  readonly #lines: string[] = [];
  readonly #readers: ((line: string) => void)[] = [];

  constructor(stream: Duplex) {
    this.stream = stream;
    let rest = '';
    stream.on('data', (bytes: Buffer) => {
      const lines = (rest + bytes.toString()).split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) {
        const reader = this.#readers.shift();
        if (reader === undefined) {
          this.#lines.push(line);
        } else {
          reader(line);
        }
      }
    });
    stream.on('error', () => undefined);
  }

  send(text: string): void {
    this.stream.write(text);
  }

  /** The next request, in full. */
  async request(): Promise<{ execute: string; arguments?: unknown; id: number }> {
    const line = this.#lines.shift() ?? (await new Promise<string>((resolve) => this.#readers.push(resolve)));
    return JSON.parse(line);
  }

  async greet(): Promise<void> {
    this.send(GREETING);
    const { id } = await this.request();
    this.send(`{"return": {}, "id": ${id}}\r\n`);
  }
}

/** A client in the middle of its session, and the server that it talks to. */
export async function session(
  options: QmpClientOptions = {},
): Promise<{ client: QmpClient; server: FakeServer }> {
  const { near, server } = pair();
  const [client] = await Promise.all([QmpClient.open(near, options), server.greet()]);
  return { client, server };
}

/** A stream for a client, and the server at its other end. */
export function pair(): { near: Duplex; server: FakeServer } {
  const [near, far] = duplexPair();
  return { near, server: new FakeServer(far) };
}
