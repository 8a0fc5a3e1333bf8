/** The monitor actor: owner of character devices, monitor connections, descriptor sets and event queues. */
import { writeSync } from 'node:fs';
import type { ActorBehaviour, ActorContext } from '../actors/contract.ts';
import { defineActor } from '../actors/define-actor.ts';
import { closeForeign, duplicate } from '../host/descriptor.ts';
import { threadDescriptors } from '../host/descriptor-ledger.ts';
import type { MachineContract } from '../machine/machine-contract.ts';
import { hostClock } from './monitor-clock.ts';
import { MACHINE_ACTOR, type MonitorActorConfig, type MonitorContract } from './monitor-contract.ts';
import { type MonitorHost, MonitorSystem } from './monitor-system.ts';

const STDERR = 2;

const thisHost: MonitorHost = {
  clock: hostClock,
  report: reportToStderr,
  closeDescriptor: closeForeign,
  duplicateDescriptor: duplicate,
  afterReply: (callback) => setImmediate(callback),
};

/** Written at once and from this thread: a worker's own `process.stderr` needs a main thread that is not busy. */
function reportToStderr(message: string): void {
  try {
    writeSync(STDERR, `troupe: ${message}\n`);
  } catch {
    // Nobody is there to read reports (closed or full): not a reason to end a monitor.
  }
}

/** Creates the character devices and monitors of `config`; resolves when every server that waits has its client. */
export async function createMonitors(
  context: ActorContext<MonitorContract>,
  config: MonitorActorConfig,
  host: MonitorHost,
): Promise<ActorBehaviour<MonitorContract>> {
  const machine = context.ref<MachineContract>(MACHINE_ACTOR);
  const onQuit = (cause: string): void => context.emit('quit', { cause });
  const system = new MonitorSystem({ config, machine, host, onQuit });
  const events = machine.subscribe('qmp', (event) => system.publish(event));
  const characters = machine.subscribe('character', (request) => system.receive(request));
  const stop = async (): Promise<void> => {
    events.cancel();
    characters.cancel();
    await system.stop();
  };
  const giveUp = (): void => {
    stop().catch((error: unknown) => host.report(`monitors: ${String(error)}`));
  };
  context.signal.addEventListener('abort', giveUp, { once: true });
  try {
    await system.start();
  } catch (error) {
    await stop();
    throw error;
  } finally {
    context.signal.removeEventListener('abort', giveUp);
  }
  return {
    asks: { flush: ({ deadlineMs }) => system.flush(deadlineMs) },
    tells: {
      actorFailed: ({ actor, cause, stopped }) => system.actorFailed(actor, cause, stopped),
    },
    stop,
  };
}

export const monitorActor = defineActor<MonitorContract, MonitorActorConfig>({
  module: import.meta.url,
  exportName: 'monitorActor',
  create(context, config) {
    threadDescriptors().succeed(config.descriptors);
    return createMonitors(context, config, thisHost);
  },
});
