import test from 'ava';
import { OptionStore } from '../../src/options/option-store.ts';

test('an id is used once in a group, and may be used in another group', (t) => {
  const store = new OptionStore();
  store.parse('chardev', 'null,id=a', '-chardev');
  store.parse('mon', 'a,id=a', '-mon');
  t.throws(() => store.parse('chardev', 'null,id=a', '-chardev'), {
    code: 'ERR_OPTION_DUPLICATE_ID',
    message: "Duplicate ID 'a' for chardev",
  });
});

test('machine options add up to one item, others stay apart', (t) => {
  const store = new OptionStore();
  store.parse('machine', 'pc', '-machine pc');
  store.parse('machine', 'accel=tcg', '-machine accel=tcg');
  store.parse('rtc', 'base=utc', '-rtc');
  store.parse('rtc', 'clock=vm', '-rtc');
  t.deepEqual(
    store.itemsOf('machine').map(({ values }) => values),
    [
      [
        ['type', 'pc'],
        ['accel', 'tcg'],
      ],
    ],
  );
  t.is(store.itemsOf('rtc').length, 2);
});

test('a list that is wrong leaves nothing behind', (t) => {
  const store = new OptionStore();
  t.throws(() => store.parse('chardev', 'null,id=a,foo=1', '-chardev'));
  t.deepEqual(store.items(), []);
});

test('items are found by id and changed after a check', (t) => {
  const store = new OptionStore();
  store.parse('chardev', 'socket,id=a', '-chardev');
  store.set(store.find('chardev', 'a'), 'path', '/x');
  t.deepEqual(store.find('chardev', 'a').values.at(-1), ['path', '/x']);
  t.throws(() => store.find('chardev', 'b'), { message: 'there is no chardev "b" defined' });
  t.throws(() => store.find('nope', 'b'), { message: "There is no option group 'nope'" });
  t.throws(() => store.set(store.find('chardev', 'a'), 'mux', 'x'), {
    message: "Parameter 'mux' expects 'on' or 'off'",
  });
});

test('an item of another store cannot be changed', (t) => {
  const item = new OptionStore().create('chardev', 'a', '-chardev');
  t.throws(() => new OptionStore().set(item, 'path', '/x'), { code: 'ERR_OPTION_UNKNOWN_ITEM' });
});
