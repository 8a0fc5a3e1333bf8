import type { CharDevice } from '../../../src/backends/chardev/char-device.ts';
import type { ChardevConfig } from '../../../src/backends/chardev/chardev-config.ts';
import { TroupeError } from '../../../src/errors/troupe-error.ts';
import { RunStateView } from '../../../src/machine/run-state-view.ts';
import type { CommandServices } from '../../../src/monitor/command-definition.ts';
import { EventHub } from '../../../src/monitor/event-hub.ts';
import { FdSets } from '../../../src/monitor/fd-sets.ts';
import { hostClock } from '../../../src/monitor/monitor-clock.ts';

import { FakeCharDevice } from './fake-char-device.ts';

/** QMP's answers by command; a function is called with the arguments and the caller. */
export type Answers = Record<string, unknown>;

export interface FakeServices extends CommandServices {
  /** Every executeQmp: name and arguments. */
  readonly calls: readonly (readonly [name: string, args: unknown])[];
  readonly added: readonly (readonly [label: string, config: ChardevConfig])[];
  /** Labels of `added` that were to get a multiplexer. */
  readonly multiplexed: readonly string[];
  readonly removed: readonly string[];
  readonly reports: readonly string[];
  /** -1 when a monitor has gone that never came. */
  readonly connected: () => number;
}

export interface FakeServicesOptions {
  readonly answers?: Answers;
  /** Answers of the machine actor's asks, by name. */
  readonly machine?: Record<string, (argument: never) => unknown>;
  readonly chardevs?: readonly CharDevice[];
  /** Labels whose creation fails. */
  readonly failingLabels?: readonly string[];
}

const ANSWERS: Answers = {
  'query-status': { running: false, singlestep: false, status: 'prelaunch' },
  'query-version': { qemu: { major: 1, minor: 5, micro: 50 }, package: '' },
  'query-name': {},
  'query-uuid': { UUID: '00000000-0000-0000-0000-000000000000' },
  'query-kvm': { enabled: false, present: false },
  'query-chardev': [{ label: 'compat_monitor0', filename: 'stdio' }],
};

/** Monitor services whose QMP commands are a table of answers; commands that are not in it answer `{}`. */
export function fakeServices(options: FakeServicesOptions = {}): FakeServices {
  const answers: Answers = { ...ANSWERS, ...options.answers };
  const calls: [string, unknown][] = [];
  const added: [string, ChardevConfig][] = [];
  const multiplexed: string[] = [];
  const removed: string[] = [];
  const reports: string[] = [];
  let connected = 0;
  class CountingFdSets extends FdSets {
    override monitorConnected(): void {
      connected += 1;
    }

    override monitorDisconnected(): void {
      connected -= 1;
    }
  }
  return {
    calls,
    added,
    multiplexed,
    removed,
    reports,
    connected: () => connected,
    identity: { name: undefined, uuid: '', machineType: 'none' },
    machine: {
      name: 'machine',
      ask: async (method: string, argument: never) => options.machine?.[method]?.(argument),
      tell: () => undefined,
      subscribe: () => {
        throw new Error('no events here');
      },
      stream: () => {
        throw new Error('no events here');
      },
    } as CommandServices['machine'],
    runState: new RunStateView(RunStateView.allocate()),
    chardevs: {
      async add(label, config, { mux }) {
        if (options.failingLabels?.includes(label)) {
          throw new TroupeError('ERR_CHARDEV_EXISTS', `Chardev '${label}' already exists`);
        }
        added.push([label, config]);
        if (mux) {
          multiplexed.push(label);
        }
        return new FakeCharDevice();
      },
      find: (label) => options.chardevs?.find((device) => device.label === label),
      list: () => options.chardevs ?? [],
      async remove(label) {
        removed.push(label);
      },
    },
    fdSets: new CountingFdSets({ close: () => undefined, isRunning: () => false }),
    events: new EventHub(hostClock),
    commands: [],
    executeQmp: (async (name: string, args: unknown, caller: unknown) => {
      calls.push([name, args]);
      const answer = answers[name] ?? {};
      return typeof answer === 'function' ? answer(args, caller) : answer;
    }) as CommandServices['executeQmp'],
    report: (message) => reports.push(message),
    failureOf: () => undefined,
    quitWithoutMachine: () => undefined,
  };
}
