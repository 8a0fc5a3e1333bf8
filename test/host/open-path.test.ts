import { constants, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { openDescriptor, statusFlags } from '../../src/host/descriptor.ts';
import { threadDescriptors } from '../../src/host/descriptor-ledger.ts';
import { libc } from '../../src/host/libc.ts';
import { closePath, type FdSetMembers, openPath } from '../../src/host/open-path.ts';

function setOf(members: readonly number[]): FdSetMembers & { readonly log: string[] } {
  const log: string[] = [];
  return {
    log,
    members: (id) => (id === 3 ? members : undefined),
    duplicateOpened: (id) => log.push(`opened ${id}`),
    duplicateClosed: () => log.push('closed'),
  };
}

function scratchFile(t: ExecutionContext): string {
  const directory = mkdtempSync(join(tmpdir(), 'troupe-open-'));
  t.teardown(() => rmSync(directory, { recursive: true }));
  const path = join(directory, 'file');
  writeFileSync(path, 'old content');
  return path;
}

test('a set gives a duplicate of the member with the access mode that is asked for', (t) => {
  const path = scratchFile(t);
  const members = [openDescriptor(path, constants.O_RDONLY), openDescriptor(path, constants.O_WRONLY)];
  t.teardown(() => threadDescriptors().closeAll());
  const set = setOf(members);
  const fd = openPath('/dev/fdset/3', constants.O_WRONLY | constants.O_TRUNC | constants.O_APPEND, set);
  t.false(members.includes(fd));
  t.is(statusFlags(fd) & constants.O_APPEND, constants.O_APPEND);
  libc().write(fd, Buffer.from('new'), 3);
  closePath(fd, set);
  t.is(readFileSync(path, 'utf8'), 'new');
  t.deepEqual(set.log, ['opened 3', 'closed']);
});

test('no such set is ENOENT, no member with that mode is EACCES', (t) => {
  const path = scratchFile(t);
  const member = openDescriptor(path, constants.O_RDONLY);
  t.teardown(() => threadDescriptors().close(member));
  const set = setOf([member]);
  t.throws(() => openPath('/dev/fdset/4', constants.O_RDONLY, set), {
    code: 'ERR_HOST_ENOENT',
    message: 'open /dev/fdset/4: No such file or directory',
  });
  t.throws(() => openPath('/dev/fdset/3', constants.O_RDWR, set), {
    code: 'ERR_HOST_EACCES',
    message: 'open /dev/fdset/3: Permission denied',
  });
  t.deepEqual(set.log, []);
});
