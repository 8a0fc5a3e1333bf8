/** Many monitors on one machine, and one whose client never reads. */
import { readFile } from 'node:fs/promises';
import { connect as connectSocket } from 'node:net';
import { join } from 'node:path';
import test from 'ava';
import { connect } from '../../src/client/connect.ts';
import { launch } from '../../src/client/launch.ts';
import { scratch } from './process.ts';

const MONITORS = 100;
const MIB = 1024 * 1024;

/** Resident memory in bytes (proc(5), `status`). */
async function residentBytes(pid: number | undefined): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'latin1');
  return Number(/VmRSS:\s+(\d+) kB/.exec(status)?.[1]) * 1024;
}

test('a hundred monitors answer at once, and all see the same event', async (t) => {
  await using folder = await scratch();
  const paths = Array.from({ length: MONITORS }, (_, i) => join(folder.path, `q${i}`));
  await using machine = await launch([
    '-S',
    '-nodefaults',
    ...paths.flatMap((path) => ['-qmp', `unix:${path},server,nowait`]),
  ]);
  const clients = await Promise.all(paths.map((path) => connect({ path })));
  const statuses = await Promise.all(clients.map((client) => client.execute('query-status')));
  t.true(statuses.every(({ status }) => status === 'prelaunch'));
  const resumed = clients.map((client) => client.waitForEvent('RESUME'));
  await machine.cont();
  t.is((await Promise.all(resumed)).length, MONITORS);
  await Promise.all(clients.map((client) => client.close()));
});

test('a client that floods and never reads costs bounded memory, and the others go on', async (t) => {
  await using folder = await scratch();
  const path = join(folder.path, 'flood');
  await using machine = await launch(['-S', '-nodefaults', '-qmp', `unix:${path},server,nowait`]);
  const before = await residentBytes(machine.process.pid);
  const flood = connectSocket(path);
  flood.pause();
  await new Promise((resolve) => flood.once('connect', resolve));
  // Each request is answered with some two kilobytes; 50,000 of them would be a hundred megabytes of replies.
  flood.write('{"execute":"qmp_capabilities"}');
  flood.write('{"execute":"query-commands"}'.repeat(50_000));
  for (let i = 0; i < 2_000; i += 1) {
    await machine.execute('query-commands');
  }
  t.true((await residentBytes(machine.process.pid)) - before < 64 * MIB);
  t.is((await machine.status()).status, 'prelaunch');
  flood.destroy();
});
