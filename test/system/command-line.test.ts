/** The program as its users start it: what it prints, what it leaves behind, and its exit code. */
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';
import { connect } from '../../src/client/connect.ts';
import { launch } from '../../src/client/launch.ts';
import { exitOf, listening, runTroupe, scratch, TROUPE } from './process.ts';

test('-version begins with the line that scripts match', async (t) => {
  const { code, stdout, stderr } = await runTroupe(['-version']);
  t.is(code, 0);
  t.regex(stdout, /^QEMU emulator version 1\.5\.50/);
  t.is(stderr, '');
});

test('-h lists the options on standard output', async (t) => {
  const { code, stdout } = await runTroupe(['-h']);
  t.is(code, 0);
  for (const option of ['-qmp', '-monitor', '-nodefaults', '-S', '-pidfile']) {
    t.true(stdout.includes(option), option);
  }
});

for (const [args, words] of [
  [['-nonsense'], ['-nonsense']],
  [['-m'], ['-m']],
  [
    ['-m', 'lots'],
    ['-m', 'lots'],
  ],
  [
    ['-spice', 'port=5900'],
    ['-spice', 'not available in this version'],
  ],
  [
    ['-machine', 'toaster'],
    ['Supported machines are:', 'pc-i440fx-1.5'],
  ],
  [['-nodefaults', '-qmp', 'unix:/no/such/folder/q,server,nowait'], ['/no/such/folder/q']],
  [['-nodefaults', '-mon', 'chardev=ghost,mode=control'], ['ghost']],
  [
    ['-nodefaults', '-qmp', 'unix:'],
    ['-qmp unix:', 'no path specified'],
  ],
  [['-nodefaults', '-monitor', 'telnet:localhost:70000,server,nowait'], ['(telnet:localhost:70000)']],
  [
    ['-nodefaults', '-add-fd', 'fd=77,set=1'],
    ['-add-fd', '77', 'not open'],
  ],
  [
    ['-nodefaults', '-chardev', 'pipe,id=p,path=/no/such/pipe'],
    ["'p'", '/no/such/pipe', 'No such file'],
  ],
  [
    ['-nodefaults', '-chardev', 'memory,id=m,size=1T'],
    ["'m'", 'at most', '1099511627776'],
  ],
  [
    ['-nodefaults', '-pidfile', '/no/such/folder/pid'],
    ['-pidfile', '/no/such/folder/pid'],
  ],
] as const) {
  test(`${args.join(' ')} is one clear error and exit code 1`, async (t) => {
    const { code, stdout, stderr } = await runTroupe(args);
    t.is(code, 1);
    t.is(stdout, '');
    for (const word of words) {
      t.true(stderr.includes(word), stderr);
    }
    t.notRegex(stderr, /\n\s+at .*:\d+:\d+/, 'a stack trace');
  });
}

test('-pidfile holds the id of the process, and a second machine cannot take it', async (t) => {
  await using folder = await scratch();
  const pidFile = join(folder.path, 'pid');
  await using machine = await launch(['-S', '-nodefaults', '-pidfile', pidFile]);
  t.is(await readFile(pidFile, 'latin1'), `${machine.process.pid}\n`);
  const second = await runTroupe(['-S', '-nodefaults', '-pidfile', pidFile]);
  t.is(second.code, 1);
  t.true(second.stderr.includes(pidFile), second.stderr);
});

test('-daemonize returns once the monitor answers, and the machine lives on', async (t) => {
  await using folder = await scratch();
  const socket = join(folder.path, 'qmp');
  const pidFile = join(folder.path, 'pid');
  const { code, stderr } = await runTroupe([
    '-S',
    '-nodefaults',
    '-daemonize',
    '-pidfile',
    pidFile,
    '-qmp',
    `unix:${socket},server,nowait`,
  ]);
  t.is(stderr, '');
  t.is(code, 0);
  const pid = Number(await readFile(pidFile, 'latin1'));
  t.true(existsSync(`/proc/${pid}`));
  t.is(await readFile(`/proc/${pid}/cwd/proc/self/stat`, 'latin1').then(() => 'root'), 'root');
  await using client = await connect({ path: socket });
  await client.execute('quit');
  await client.closed;
});

test('-daemonize passes the error and the exit code of a machine that cannot start', async (t) => {
  const { code, stderr } = await runTroupe([
    '-nodefaults',
    '-daemonize',
    '-qmp',
    'unix:/no/such/folder/q,server,nowait',
  ]);
  t.is(code, 1);
  t.true(stderr.includes('/no/such/folder/q'), stderr);
});

for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) {
  test(`${signal} raises SHUTDOWN and ends the process with exit code 0`, async (t) => {
    await using machine = await launch(['-S', '-nodefaults']);
    machine.process.kill(signal);
    await machine.qmp.waitForEvent('SHUTDOWN');
    t.deepEqual(await machine.exited, { code: 0, signal: null });
    t.is(machine.stderr, '');
  });
}

test('a server socket is removed when its machine ends', async (t) => {
  await using folder = await scratch();
  const socket = join(folder.path, 'qmp');
  const child = spawn(TROUPE, ['-S', '-nodefaults', '-qmp', `unix:${socket},server,nowait`], {
    stdio: 'ignore',
  });
  await listening(socket, child);
  child.kill('SIGTERM');
  t.is((await exitOf(child)).code, 0);
  t.false(existsSync(socket));
});

test('a second use of stdio is refused', async (t) => {
  const { code, stderr } = await runTroupe(['-nodefaults', '-monitor', 'stdio', '-qmp', 'stdio']);
  t.is(code, 1);
  t.true(stderr.includes('stdio'), stderr);
});

test('the human monitor on stdio answers what is piped into it', async (t) => {
  const { code, stdout } = await runTroupe(['-S', '-nodefaults', '-monitor', 'stdio'], 'info status\nquit\n');
  t.is(code, 0);
  t.true(stdout.includes('VM status: paused (prelaunch)'), stdout);
});
