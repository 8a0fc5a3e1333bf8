import { mkdtempSync, rmSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ActorSystem } from '../../../src/actors/actor-system.ts';
import type { ActorRef } from '../../../src/actors/contract.ts';
import { DescriptorRecord } from '../../../src/host/descriptor-record.ts';
import { machineActor } from '../../../src/machine/machine-actor.ts';
import type { MachineConfig, MonitorConfig, NamedChardev } from '../../../src/machine/machine-config.ts';
import type { MachineContract } from '../../../src/machine/machine-contract.ts';
import { RunStateView } from '../../../src/machine/run-state-view.ts';
import { monitorActor } from '../../../src/monitor/monitor-actor.ts';
import type { MonitorContract } from '../../../src/monitor/monitor-contract.ts';

// The machine reads no more of the command line than this.
const MACHINE = {
  startPaused: true,
  noReboot: false,
  noShutdown: false,
  incoming: undefined,
  chardevs: [],
  monitors: [],
} as Partial<MachineConfig> as MachineConfig;

/** The machine and monitor actors on threads of their own, with as many control monitors on unix sockets as asked. */
export class RunningMonitor implements AsyncDisposable {
  readonly system = new ActorSystem();
  readonly runState: RunStateView;
  readonly #directory = mkdtempSync(join(tmpdir(), 'troupe-monitor-'));
  readonly #sockets: Socket[] = [];
  readonly #runStateBuffer = RunStateView.allocate();
  machine: ActorRef<MachineContract> | undefined;
  monitor: ActorRef<MonitorContract> | undefined;

  constructor() {
    this.runState = new RunStateView(this.#runStateBuffer);
  }

  path(index = 0): string {
    return join(this.#directory, `qmp${index}`);
  }

  async start(monitors = 1, machine = machineActor, mode: MonitorConfig['mode'] = 'control'): Promise<this> {
    const chardevs = Array.from({ length: monitors }, (_, i): NamedChardev => {
      const address = { type: 'unix', path: this.path(i) } as const;
      const flags = { server: true, wait: false, nodelay: false, telnet: false, reconnect: 0 };
      return { id: `compat_monitor${i}`, config: { kind: 'socket', address, ...flags }, mux: false };
    });
    this.machine = await this.system.spawn(machine, {
      name: 'machine',
      config: { config: MACHINE, runState: this.#runStateBuffer },
    });
    this.monitor = await this.system.spawn(monitorActor, {
      name: 'monitor',
      dependsOn: ['machine'],
      config: {
        identity: {
          name: undefined,
          uuid: '00000000-0000-0000-0000-000000000000',
          machineType: 'none',
        },
        singleStep: false,
        chardevs,
        monitors: chardevs.map(
          ({ id }): MonitorConfig => ({ chardev: id, mode, pretty: false, isDefault: false }),
        ),
        inheritedDescriptors: [],
        escapeCharacter: 1,
        descriptors: DescriptorRecord.allocate(),
        runState: this.#runStateBuffer,
      },
    });
    return this;
  }

  async connect(index = 0): Promise<WireClient> {
    const socket = connect(this.path(index));
    this.#sockets.push(socket);
    return new WireClient(socket);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#sockets) {
      socket.destroy();
    }
    await this.system[Symbol.asyncDispose]();
    rmSync(this.#directory, { recursive: true, force: true });
  }
}

/** A client without any idea of the protocol but its lines. */
export class WireClient {
  readonly #socket: Socket;
  #received = '';
  #isEnded = false;
  #wake: () => void = () => undefined;

  constructor(socket: Socket) {
    this.#socket = socket;
    socket.setEncoding('latin1');
    socket.on('error', () => undefined);
    socket.on('data', (text: string) => {
      this.#received += text;
      this.#wake();
    });
    socket.on('close', () => {
      this.#isEnded = true;
      this.#wake();
    });
  }

  send(text: string): void {
    this.#socket.write(text);
  }

  /** The next line, without its end; undefined when the connection has ended. */
  async line(): Promise<string | undefined> {
    for (;;) {
      const end = this.#received.indexOf('\r\n');
      if (end >= 0) {
        const line = this.#received.slice(0, end);
        this.#received = this.#received.slice(end + 2);
        return line;
      }
      if (this.#isEnded) {
        return undefined;
      }
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }

  async lines(count: number): Promise<(string | undefined)[]> {
    const lines: (string | undefined)[] = [];
    for (let i = 0; i < count; i += 1) {
      lines.push(await this.line());
    }
    return lines;
  }

  /** Sends a request and gives the next line. */
  async ask(text: string): Promise<string | undefined> {
    this.send(text);
    return await this.line();
  }

  /** Reads the greeting and enters command mode. */
  async negotiate(): Promise<this> {
    await this.line();
    await this.ask('{"execute":"qmp_capabilities"}');
    return this;
  }

  /** Stops taking bytes from the socket. */
  pause(): void {
    this.#socket.pause();
  }
  resume(): void {
    this.#socket.resume();
  }
}
