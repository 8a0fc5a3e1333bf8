import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { ActorSystem } from '../../../src/actors/actor-system.ts';
import type { ChardevConfig } from '../../../src/backends/chardev/chardev-config.ts';
import { DescriptorRecord } from '../../../src/host/descriptor-record.ts';
import type { MachineConfig, NamedChardev } from '../../../src/machine/machine-config.ts';
import { RunStateView } from '../../../src/machine/run-state-view.ts';
import { monitorActor } from '../../../src/monitor/monitor-actor.ts';
import { LINES, talkingMachine } from './talking-machine.ts';

class Running implements AsyncDisposable {
  readonly system = new ActorSystem();
  readonly directory = mkdtempSync(join(tmpdir(), 'troupe-characters-'));

  async start(serial: ChardevConfig) {
    const runState = RunStateView.allocate();
    const chardevs: NamedChardev[] = [{ id: 'serial0', config: serial, mux: false }];
    const config = { startPaused: true, noReboot: false, noShutdown: false, chardevs, monitors: [] };
    await this.system.spawn(talkingMachine, {
      name: 'machine',
      config: { config: config as Partial<MachineConfig> as MachineConfig, runState },
    });
    return await this.system.spawn(monitorActor, {
      name: 'monitor',
      dependsOn: ['machine'],
      config: {
        identity: { name: undefined, uuid: '', machineType: 'none' },
        singleStep: false,
        chardevs,
        monitors: [],
        inheritedDescriptors: [],
        escapeCharacter: 1,
        descriptors: DescriptorRecord.allocate(),
        runState,
      },
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.system[Symbol.asyncDispose]();
    rmSync(this.directory, { recursive: true, force: true });
  }
}

test('all that the guest wrote is in the file once the monitor has flushed, without any wait before', async (t) => {
  await using running = new Running();
  const out = join(running.directory, 'serial');
  const monitor = await running.start({ kind: 'file', out });
  t.true(await monitor.ask('flush', { deadlineMs: 10_000 }));
  t.true(readFileSync(out, 'latin1') === LINES.join(''));
});

test('bytes pass in order in both directions over a socket, however much is sent at once', async (t) => {
  await using running = new Running();
  const path = join(running.directory, 'socket');
  const flags = { server: true, wait: false, nodelay: false, telnet: false, reconnect: 0 };
  const monitor = await running.start({ kind: 'socket', address: { type: 'unix', path }, ...flags });
  // What the guest writes while nobody is connected is lost.
  await monitor.ask('flush', { deadlineMs: 10_000 });
  const socket = connect(path);
  socket.setEncoding('latin1');
  const text = Array.from({ length: 10_000 }, (_, index) => `word${index} `).join('');
  socket.write(text);
  let received = '';
  for await (const chunk of socket) {
    received += chunk;
    if (received.length >= text.length) {
      break;
    }
  }
  t.true(received === text.toUpperCase());
});
