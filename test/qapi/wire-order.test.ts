import test from 'ava';
import { qmpSchema } from '../../src/qapi/schema-file.ts';
import { inWireOrder, wireKeys } from '../../src/qapi/wire-order.ts';

test("every type of the schema is written in the reference's order", (t) => {
  const structs = Object.entries(qmpSchema.types).filter(([, type]) => type.kind === 'struct');
  t.is(structs.length, 75);
  for (const [name, type] of structs) {
    if (type.kind === 'struct') {
      t.deepEqual(inWireOrder(Object.keys(type.members)), [...type.wireOrder], name);
    }
  }
});

test("missing arguments of every command are found in the reference's order", (t) => {
  for (const [name, command] of Object.entries(qmpSchema.commands)) {
    const mandatory = command.table
      .split(',')
      .map((entry) => entry.split(':'))
      .filter(([, letter = '?']) => !letter.endsWith('?') && !letter.startsWith('-') && letter !== 'O')
      .map(([argument = '']) => argument);
    t.deepEqual(inWireOrder(mandatory), [...(command.mandatoryCheckOrder ?? [])], name);
  }
});

test('the envelopes of the protocol', (t) => {
  t.deepEqual(wireKeys({ id: 1, return: 1 }), ['return', 'id']);
  t.deepEqual(wireKeys({ error: 1, id: 1 }), ['id', 'error']);
  t.deepEqual(wireKeys({ data: 1, event: 1, timestamp: 1 }), ['timestamp', 'event', 'data']);
  t.deepEqual(wireKeys({ microseconds: 1, seconds: 1 }), ['seconds', 'microseconds']);
});

test('long and short objects are sorted alike', (t) => {
  const names = Array.from({ length: 600 }, (_, i) => `name${i}`);
  const long = inWireOrder([...names]);
  // 600 names share 512 buckets, so equals occur: any 20 of them keep their order relative to each other.
  for (let start = 0; start < names.length; start += 20) {
    const some = names.slice(start, start + 20);
    t.deepEqual(
      inWireOrder([...some]),
      long.filter((name) => some.includes(name)),
    );
  }
});
