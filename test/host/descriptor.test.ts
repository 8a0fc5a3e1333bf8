import { constants, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { duplicate, openDescriptor, redirect, tryLock } from '../../src/host/descriptor.ts';
import { DescriptorLedger, threadDescriptors } from '../../src/host/descriptor-ledger.ts';
import { HostError, reasonOf, strerror } from '../../src/host/host-error.ts';
import { libc } from '../../src/host/libc.ts';
import { python } from './support/python-peer.ts';

function scratch(t: ExecutionContext): string {
  const directory = mkdtempSync(join(tmpdir(), 'troupe-host-'));
  t.teardown(() => rmSync(directory, { recursive: true }));
  return join(directory, 'file');
}

const CREATE = constants.O_RDWR | constants.O_CREAT;

test('a lock keeps other processes out, and goes with the descriptor', async (t) => {
  const path = scratch(t);
  const fd = openDescriptor(path, CREATE);
  t.true(tryLock(fd));
  const attempt = `
import fcntl, sys
try:
    fcntl.flock(open(sys.argv[1]), fcntl.LOCK_EX | fcntl.LOCK_NB); print('got it')
except BlockingIOError: print('kept out')`;
  t.is(await python(attempt, path), 'kept out\n');
  const second = openDescriptor(path, CREATE);
  t.false(tryLock(second));
  threadDescriptors().close(fd);
  t.true(tryLock(second));
  threadDescriptors().close(second);
  t.is(await python(attempt, path), 'got it\n');
});

test('redirect makes one descriptor a name of another', (t) => {
  const path = scratch(t);
  const file = openDescriptor(path, CREATE);
  const name = duplicate(2);
  redirect(file, name);
  libc().write(name, Buffer.from('here'), 4);
  t.is(readFileSync(path, 'utf8'), 'here');
  threadDescriptors().close(file);
  threadDescriptors().close(name);
});

test('the ledger closes what it owns, once, and only that', (t) => {
  const closed: number[] = [];
  const ledger = new DescriptorLedger((fd) => closed.push(fd));
  ledger.own(3);
  ledger.own(4);
  ledger.own(5);
  ledger.release(4);
  ledger.close(3);
  ledger.close(3);
  ledger.close(99);
  ledger.closeAll();
  t.deepEqual(closed, [3, 5]);
  t.is(ledger.size, 0);
});

test('errors have the text of glibc', async (t) => {
  t.is(strerror(98), 'Address already in use');
  t.throws(() => openDescriptor('/nonexistent/x', constants.O_RDONLY), {
    instanceOf: HostError,
    code: 'ERR_HOST_ENOENT',
    message: 'open /nonexistent/x: No such file or directory',
  });
  t.is(reasonOf(Object.assign(new Error('node'), { errno: -111 })), 'Connection refused');
  t.is(reasonOf(Object.assign(new Error('node'), { errno: -3008 })), 'Name or service not known');
  t.is(reasonOf(new Error('as it is')), 'as it is');
  const all = await python('import os; print("\\n".join(os.strerror(i) for i in range(1, 134)))');
  t.deepEqual(
    all.trimEnd().split('\n'),
    Array.from({ length: 133 }, (_, i) => strerror(i + 1)),
  );
});
