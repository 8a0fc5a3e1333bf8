/** The guest's keyboard and mouse. */
import type { KeyValue, QKeyCode } from '../../../qapi/qmp-types.generated.ts';
import { qmpSchema } from '../../../qapi/schema-file.ts';
import { askMachine } from '../../ask-machine.ts';
import { defineHumanCommand, type HumanCommand } from '../command.ts';
import { HmpError } from '../hmp-error.ts';

const SCANCODE = /^0x[0-9a-f]+$/i;
const NUMBER = /^[+-]?(?:0x[0-9a-f]+|[0-9]+)/i;

function keyNames(): readonly QKeyCode[] {
  return (qmpSchema.enums['QKeyCode'] ?? []) as readonly QKeyCode[];
}

/** Which numbers are keys is for send-key to say. */
function parseKey(word: string): KeyValue {
  if (word === '<') return { type: 'qcode', data: 'less' };
  if (SCANCODE.test(word)) return { type: 'number', data: BigInt(word) };
  const name = keyNames().find((each) => each === word);
  if (name === undefined) throw new HmpError('ERR_HMP_REFUSED', `invalid parameter: ${word}`);
  return { type: 'qcode', data: name };
}

const sendkey = defineHumanCommand({
  name: 'sendkey',
  arguments: [
    { name: 'keys', kind: 'string', candidates: () => keyNames() },
    { name: 'hold', kind: 'int32', presence: 'optional' },
  ],
  params: 'key[-key...] [ms]',
  help: 'press keys together and release them after a while: ctrl-alt-f1',
  async run({ services, caller }, { keys, hold }) {
    await services.executeQmp(
      'send-key',
      { keys: keys.split('-').map(parseKey), ...(hold === undefined ? {} : { 'hold-time': hold }) },
      caller,
    );
    return '';
  },
});

/** Leading digits count, as in C; anything else is 0. */
function lenientNumber(text: string | undefined): number {
  const digits = NUMBER.exec(text ?? '')?.[0];
  if (digits === undefined) return 0;
  return digits.startsWith('-') ? -Number(digits.slice(1)) : Number(digits.replace('+', ''));
}

const mouseMove = defineHumanCommand({
  name: 'mouse_move',
  arguments: [
    { name: 'dx', kind: 'string' },
    { name: 'dy', kind: 'string' },
    { name: 'dz', kind: 'string', presence: 'optional' },
  ],
  params: 'dx dy [dz]',
  help: 'move the mouse; dz turns its wheel',
  async run({ services }, { dx, dy, dz }) {
    const motion = { dx: lenientNumber(dx), dy: lenientNumber(dy), dz: lenientNumber(dz) };
    await askMachine(services, 'movePointer', motion);
    return '';
  },
});

const mouseButton = defineHumanCommand({
  name: 'mouse_button',
  arguments: [{ name: 'state', kind: 'int32' }],
  params: 'state',
  help: 'press mouse buttons: 1 left, 2 middle, 4 right, added up; 0 releases all',
  async run({ services }, { state }) {
    await askMachine(services, 'pressPointer', { buttons: Number(state & 7n) });
    return '';
  },
});

const mouseSet = defineHumanCommand({
  name: 'mouse_set',
  arguments: [{ name: 'index', kind: 'int32' }],
  params: 'index',
  help: 'choose which mouse gets events',
  async run({ services }, { index }) {
    const mice = await askMachine(services, 'mice', undefined);
    if (mice.length === 0) return 'No mouse devices connected\n';
    const found = await askMachine(services, 'selectMouse', { index: Number(index) });
    return found ? '' : 'Mouse at given index not found\n';
  },
});

export const inputCommands: readonly HumanCommand[] = [sendkey, mouseMove, mouseButton, mouseSet];
