import { defineActor } from '../../../src/actors/define-actor.ts';
import { machineActor } from '../../../src/machine/machine-actor.ts';
import type { MachineActorConfig, MachineContract } from '../../../src/machine/machine-contract.ts';

/** The machine, but `system_wakeup` kills it and `system_powerdown` is never answered. */
export const doomedMachine = defineActor<MachineContract, MachineActorConfig>({
  module: import.meta.url,
  exportName: 'doomedMachine',
  create: async (context, config) => {
    const machine = await machineActor.create(context, config);
    return {
      ...machine,
      asks: {
        ...machine.asks,
        systemWakeup: () => context.fail(new Error('injected fault')),
        systemPowerdown: () => new Promise<void>(() => undefined),
      },
    };
  },
});
