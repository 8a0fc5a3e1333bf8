import test from 'ava';
import { FdSets } from '../../src/monitor/fd-sets.ts';
import { NamedDescriptors } from '../../src/monitor/named-descriptors.ts';

function create(): { sets: FdSets; closed: number[]; setRunning: (running: boolean) => void } {
  const closed: number[] = [];
  let running = true;
  const sets = new FdSets({ close: (fd) => closed.push(fd), isRunning: () => running });
  sets.monitorConnected();
  const setRunning = (value: boolean): void => {
    running = value;
  };
  return { sets, closed, setRunning };
}

test('sets take the lowest unused id, are listed in descending order, members oldest first', (t) => {
  const { sets } = create();
  t.deepEqual(sets.add(10), { id: 0, fd: 10 });
  t.deepEqual(sets.add(11, 2, 'rw'), { id: 2, fd: 11 });
  t.deepEqual(sets.add(12, 2), { id: 2, fd: 12 });
  t.deepEqual(sets.add(13), { id: 1, fd: 13 });
  t.deepEqual(sets.add(14, 2n ** 60n), { id: 2n ** 60n, fd: 14 });
  t.deepEqual(sets.list(), [
    { 'fdset-id': 2n ** 60n, fds: [{ fd: 14 }] },
    { 'fdset-id': 2, fds: [{ fd: 11, opaque: 'rw' }, { fd: 12 }] },
    { 'fdset-id': 1, fds: [{ fd: 13 }] },
    { 'fdset-id': 0, fds: [{ fd: 10 }] },
  ]);
});

test('while the machine runs a removed descriptor is closed at once and an empty set disappears', (t) => {
  const { sets, closed } = create();
  sets.add(10, 1);
  sets.add(11, 1);
  sets.remove(1, 10);
  t.deepEqual(closed, [10]);
  sets.remove(1);
  t.deepEqual(closed, [10, 11]);
  t.deepEqual(sets.list(), []);
});

test('while it does not run removed descriptors stay listed, and go at a later clean-up', (t) => {
  const { sets, closed, setRunning } = create();
  sets.add(10, 1);
  setRunning(false);
  sets.remove(1);
  t.deepEqual(closed, []);
  t.deepEqual(sets.list(), [{ 'fdset-id': 1, fds: [{ fd: 10 }] }]);
  t.deepEqual(sets.members(1), []);
  setRunning(true);
  sets.monitorDisconnected();
  t.deepEqual(closed, [10]);
});

test('when the last client is gone what is not in use is closed', (t) => {
  const { sets, closed } = create();
  sets.monitorConnected();
  sets.add(10, 1);
  sets.add(20, 2);
  sets.duplicateOpened(2, 21);
  sets.monitorDisconnected();
  t.deepEqual(closed, []);
  sets.monitorDisconnected();
  t.deepEqual(closed, [10]);
  sets.duplicateClosed(21);
  t.deepEqual(closed, [10, 20]);
  t.deepEqual(sets.list(), []);
});

test('what is not there is named as the reference does', (t) => {
  const { sets } = create();
  sets.add(10, 1);
  t.throws(() => sets.remove(3), { message: "File descriptor named 'fdset-id:3' not found" });
  t.throws(() => sets.remove(1, 99), { message: "File descriptor named 'fdset-id:1, fd:99' not found" });
});

test('named descriptors: replaced, taken, closed', (t) => {
  const closed: number[] = [];
  const names = new NamedDescriptors((fd) => closed.push(fd));
  names.set('a', 5);
  names.set('a', 6);
  t.deepEqual(closed, [5]);
  t.is(names.take('a'), 6);
  t.throws(() => names.take('a'), { message: "File descriptor named 'a' has not been found" });
  t.throws(() => names.close('a'), { message: "File descriptor named 'a' not found" });
  names.set('b', 7);
  names.close('b');
  t.deepEqual(closed, [5, 7]);
});
