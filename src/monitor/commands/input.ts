/** Commands for what the guest's user would do at the keyboard and the mouse. */
import type { KeyName } from '../../machine/guest/guest-asks.ts';
import type { KeyValue } from '../../qapi/qmp-types.generated.ts';
import { askMachine } from '../ask-machine.ts';
import { type CommandEntry, defineCommand } from '../command-definition.ts';
import { MonitorError } from '../monitor-error.ts';

const DEFAULT_HOLD_MS = 100;
const SCANCODE_MAX = 0xff;

/** A number is a PC scancode; a name is checked by whoever owns the table of keys. */
function keyName(key: KeyValue): KeyName {
  if (key.type === 'qcode') {
    return key.data;
  }
  const code = Number(key.data);
  if (code < 1 || code > SCANCODE_MAX) {
    throw new MonitorError(
      'ERR_MONITOR_PARAMETER',
      `invalid hex keycode 0x${BigInt.asUintN(32, BigInt(key.data)).toString(16)}`,
    );
  }
  return code;
}

export const inputCommands: readonly CommandEntry[] = [
  defineCommand('send-key', async ({ keys, 'hold-time': holdTime }, { services }) => {
    await askMachine(services, 'sendKeys', {
      keys: keys.map(keyName),
      holdMs: Number(holdTime ?? DEFAULT_HOLD_MS),
    });
    return {};
  }),

  defineCommand('query-mice', async (_args, { services }) => askMachine(services, 'mice', undefined)),
];
