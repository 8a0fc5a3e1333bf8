import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import test from 'ava';

const PROGRAM = fileURLToPath(new URL('./support/forced-end.ts', import.meta.url));

test('a thread that hangs with a ready descriptor can be ended by force', (t) => {
  const { status, signal, stderr } = spawnSync(process.execPath, ['--import=tsx', PROGRAM], {
    encoding: 'utf8',
  });
  t.deepEqual({ status, signal }, { status: 0, signal: null }, stderr);
});
