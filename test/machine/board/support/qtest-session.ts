/** A machine without running CPUs, with a session of the qtest protocol. */
import { connect as connectSocket } from 'node:net';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { type LiveMachine, startMachine } from './live-machine.ts';

let sessions = 0;

export interface QtestSession extends AsyncDisposable {
  readonly machine: LiveMachine;
  /** Resolves with the reply, after lines about interrupts. */
  send(command: string): Promise<string[]>;
  /** The bytes that reads of a port give. */
  readPort(port: number, bytes: number): Promise<Uint8Array>;
}

/** Starts a machine whose virtual clock stands still until it is told. */
export async function startQtest(args: readonly string[]): Promise<QtestSession> {
  const path = join('/tmp', `troupe-qtest-${process.pid}-${sessions++}`);
  const machine = await startMachine(new Uint8Array(0x10000).fill(0x5a), [
    ...['-machine', 'accel=qtest', '-qtest', `unix:${path},server,nowait`],
    ...args,
  ]);
  const socket = connectSocket(path);
  const replies = createInterface({ input: socket })[Symbol.asyncIterator]();
  const send = async (command: string): Promise<string[]> => {
    socket.write(`${command}\n`);
    const lines: string[] = [];
    for (;;) {
      const { value, done } = await replies.next();
      lines.push(String(value));
      if (done === true || !lines.at(-1)?.startsWith('IRQ')) return lines;
    }
  };
  return {
    machine,
    send,
    readPort: async (port, bytes) => {
      const contents = new Uint8Array(bytes);
      for (let index = 0; index < bytes; index++) {
        contents[index] = Number((await send(`inb ${port}`)).at(-1)?.split(' ')[1]);
      }
      return contents;
    },
    [Symbol.asyncDispose]: async () => {
      socket.destroy();
      await machine[Symbol.asyncDispose]();
    },
  };
}
