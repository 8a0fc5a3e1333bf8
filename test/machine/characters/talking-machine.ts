import { defineActor } from '../../../src/actors/define-actor.ts';
import { CharacterBridge } from '../../../src/machine/characters/character-bridge.ts';
import { machineActor } from '../../../src/machine/machine-actor.ts';
import type { MachineActorConfig, MachineContract } from '../../../src/machine/machine-contract.ts';

/** Lines that the guest writes when it starts: nearly as much as may wait. */
export const LINES = Array.from({ length: 6_000 }, (_, line) => `line ${line}\n`);

/** The machine, with a guest on serial0 that writes LINES as fast as it may, and echoes in upper case what it is sent. */
export const talkingMachine = defineActor<MachineContract, MachineActorConfig>({
  module: import.meta.url,
  exportName: 'talkingMachine',
  create: async (context, config) => {
    const machine = await machineActor.create(context, config);
    const bridge = new CharacterBridge(config.config, (request) => context.emit('character', request));
    const port = bridge.character('serial0');
    const lines = LINES.map((line) => Buffer.from(line));
    const talk = (): void => {
      while (lines.length > 0 && port.writable > 0) {
        port.write(lines.shift() ?? Buffer.alloc(0));
      }
    };
    port.onWritable(talk);
    port.onReceive(
      (bytes) => port.write(Buffer.from(Buffer.from(bytes).toString('latin1').toUpperCase())),
      () => 16,
    );
    return {
      asks: {
        ...machine.asks,
        startUpDone: talk,
        characterClaims: () => bridge.claims(),
        settled: () => bridge.flush(),
      },
      tells: { ...machine.tells, character: (notice) => bridge.receive(notice) },
    };
  },
});
