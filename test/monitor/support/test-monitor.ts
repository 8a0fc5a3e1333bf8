import type { ActorRef } from '../../../src/actors/contract.ts';
import { CharDeviceRegistry } from '../../../src/backends/chardev/char-device-registry.ts';
import type { MachineAsks, MachineContract } from '../../../src/machine/machine-contract.ts';
import { RunStateView } from '../../../src/machine/run-state-view.ts';
import type { CommandEntry, CommandServices } from '../../../src/monitor/command-definition.ts';
import { CommandTable } from '../../../src/monitor/command-table.ts';
import { EventHub } from '../../../src/monitor/event-hub.ts';
import { FdSets } from '../../../src/monitor/fd-sets.ts';
import type { MonitorServices } from '../../../src/monitor/monitor-services.ts';
import { NamedDescriptors } from '../../../src/monitor/named-descriptors.ts';
import { qmpCommands } from '../../../src/monitor/qmp-commands.ts';
import { QmpSession } from '../../../src/monitor/qmp-session.ts';
import { FakeCharDevice } from './fake-char-device.ts';
import { FakeClock } from './fake-clock.ts';

export const GREETING =
  '{"QMP": {"version": {"qemu": {"micro": 50, "minor": 5, "major": 1}, "package": ""}, "capabilities": []}}\r\n';
export const EMPTY_RETURN = '{"return": {}}\r\n';

export type MachineAnswers = {
  [M in keyof MachineAsks]?: (argument: Parameters<MachineAsks[M]>[0]) => unknown;
};

export interface TestMonitorOptions {
  /** How the machine actor answers; what is not given answers nothing (undefined). */
  readonly machine?: MachineAnswers;
  readonly pretty?: boolean;
  /** Commands beside those of this version. */
  readonly extraCommands?: readonly CommandEntry[];
  readonly identity?: Partial<MonitorServices['identity']>;
}

/** One control monitor on a fake device, before a fake machine, with all that it did laid open. */
export class TestMonitor {
  readonly device = new FakeCharDevice();
  readonly clock = new FakeClock();
  readonly reports: string[] = [];
  readonly closed: number[] = [];
  readonly asked: (readonly [method: string, argument: unknown])[] = [];
  readonly failures = new Map<string, string>();
  quits = 0;
  readonly runState = new RunStateView(RunStateView.allocate());
  readonly registry: CharDeviceRegistry;
  readonly services: CommandServices;
  readonly session: QmpSession;

  constructor(options: TestMonitorOptions = {}) {
    const commands = new CommandTable([qmpCommands.entries, options.extraCommands ?? []]);
    const close = (fd: number): void => void this.closed.push(fd);
    const fdSets = new FdSets({ close, isRunning: () => this.runState.load() === 'running' });
    this.registry = new CharDeviceRegistry({
      clock: this.clock,
      escapeCharacter: 1,
      quit: () => undefined,
      commit: () => undefined,
      announce: () => undefined,
    });
    this.services = {
      identity: {
        name: undefined,
        uuid: '00000000-0000-0000-0000-000000000000',
        machineType: 'none',
        ...options.identity,
      },
      machine: this.#fakeMachine(options.machine ?? {}),
      runState: this.runState,
      chardevs: {
        add: (label, config, { caller: _caller, ...options }) => this.registry.create(label, config, options),
        find: (label) => this.registry.get(label),
        list: () => this.registry.list(),
        remove: (label) => this.registry.remove(label),
      },
      fdSets,
      events: new EventHub(this.clock),
      commands: commands.entries,
      executeQmp: (async (name: string, args: never, caller: never) =>
        await commands
          .find(name)
          .run(args, { services: this.services, caller })) as MonitorServices['executeQmp'],
      report: (message) => this.reports.push(message),
      failureOf: (actor) => this.failures.get(actor),
      quitWithoutMachine: () => {
        this.quits += 1;
      },
    };
    this.session = new QmpSession({
      device: this.device,
      services: this.services,
      commands,
      pretty: options.pretty ?? false,
      namedDescriptors: new NamedDescriptors(close),
    });
    this.session.start();
  }

  /** A monitor whose client has connected and negotiated. */
  static ready(options: TestMonitorOptions = {}): TestMonitor {
    const monitor = new TestMonitor(options);
    monitor.device.connect();
    monitor.device.send('{"execute": "qmp_capabilities"}');
    monitor.device.take();
    return monitor;
  }

  /** What comes back for `text` without waiting. */
  say(text: string | Uint8Array): string {
    this.device.send(text);
    return this.device.take();
  }

  /** What comes back for `text` once the commands in it that wait for their owner are answered. */
  async ask(text: string): Promise<string> {
    this.device.send(text);
    for (let turn = 0; turn < 20; turn += 1) {
      await new Promise((resolve) => setImmediate(resolve));
    }
    return this.device.take();
  }

  #fakeMachine(answers: MachineAnswers): ActorRef<MachineContract> {
    const fake: Pick<ActorRef<MachineContract>, 'name'> & { ask: unknown } = {
      name: 'machine',
      ask: async (method: keyof MachineAsks, argument: never) => {
        this.asked.push([method, argument]);
        return answers[method]?.(argument);
      },
    };
    return fake as ActorRef<MachineContract>;
  }
}
