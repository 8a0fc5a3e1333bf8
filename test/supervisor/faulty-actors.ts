/**
 * The machine's own actors with a fault that the environment arms: `TROUPE_TEST_FAULT=ACTOR:KIND`. It strikes the machine
 * actor when a monitor asks for `system_wakeup`, and the first life of the monitor actor when it hears of STOP.
 */
import { existsSync, writeFileSync } from 'node:fs';
import { defineActor } from '../../src/actors/define-actor.ts';
import { machineActor } from '../../src/machine/machine-actor.ts';
import type { MachineActorConfig, MachineContract } from '../../src/machine/machine-contract.ts';
import { monitorActor } from '../../src/monitor/monitor-actor.ts';
import {
  MACHINE_ACTOR,
  type MonitorActorConfig,
  type MonitorContract,
} from '../../src/monitor/monitor-contract.ts';

const [faultyActor, faultKind] = (process.env['TROUPE_TEST_FAULT'] ?? '').split(':');
/** Exists once the monitor's fault has struck, so that its next life is sound. */
const struckFile = process.env['TROUPE_TEST_STRUCK'] ?? '';

function strike(): void {
  switch (faultKind) {
    case 'throw':
      setImmediate(() => {
        throw new Error('injected throw');
      });
      return;
    case 'reject':
      void Promise.reject(new Error('injected rejection'));
      return;
    case 'exit':
      process.exit(7);
      return;
    case 'hang':
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
      return;
    default:
      throw new Error('injected failure of an ask');
  }
}

export const faultyMachineActor = defineActor<MachineContract, MachineActorConfig>({
  module: import.meta.url,
  exportName: 'faultyMachineActor',
  async create(context, config) {
    const behaviour = await machineActor.create(context, config);
    if (faultyActor !== 'machine') {
      return behaviour;
    }
    return { ...behaviour, asks: { ...behaviour.asks, systemWakeup: strike } };
  },
});

export const faultyMonitorActor = defineActor<MonitorContract, MonitorActorConfig>({
  module: import.meta.url,
  exportName: 'faultyMonitorActor',
  create(context, config) {
    if (faultyActor === 'monitor' && !existsSync(struckFile)) {
      context.ref<MachineContract>(MACHINE_ACTOR).subscribe('qmp', ({ name }) => {
        if (name === 'STOP') {
          writeFileSync(struckFile, '');
          strike();
        }
      });
    }
    return monitorActor.create(context, config);
  },
});
