/** Clients that nobody here wrote, against the real program. */
import { spawn, spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import test from 'ava';
import { QMPClient } from 'node-qemu';
import { exitOf, listening, scratch, TROUPE } from './process.ts';

const hasSocat = spawnSync('socat', ['-V']).status === 0;

async function start(folder: string, ...args: string[]) {
  const socket = join(folder, 'qmp');
  const child = spawn(TROUPE, ['-S', '-nodefaults', ...args, '-qmp', `unix:${socket},server,nowait`], {
    stdio: 'ignore',
  });
  await listening(socket, child);
  return { socket, child };
}

test('node-qemu drives a machine from start to quit', async (t) => {
  await using folder = await scratch();
  const { socket, child } = await start(folder.path, '-name', 'vm1');
  await using client = new QMPClient({ socketPath: socket });
  await client.connect();
  const events: string[] = [];
  client.on('RESUME', () => events.push('RESUME'));
  client.on('STOP', () => events.push('STOP'));
  t.is((await client.queryStatus()).status, 'prelaunch');
  await client.cont();
  t.is((await client.queryStatus()).status, 'running');
  await client.stop();
  t.is((await client.queryStatus()).status, 'paused');
  t.deepEqual(events, ['RESUME', 'STOP']);
  await client.quit();
  t.is((await exitOf(child)).code, 0);
});

(hasSocat ? test : test.skip)('socat by hand sees the bytes that protocol.md writes down', async (t) => {
  await using folder = await scratch();
  const { socket, child } = await start(folder.path, '-name', 'vm1');
  const socat = spawn('socat', ['-t', '10', '-', `UNIX-CONNECT:${socket}`], { stdio: 'pipe' });
  // Its input stays open: a client that closes its end is gone, and hears no more.
  socat.stdin.write(
    [
      '{"execute": "query-status"}',
      '{"execute": "qmp_capabilities"}',
      "{'execute': 'query-status', 'id': 1}",
      '{"execute": "query-name"}',
      '{"execute": "cont", "id": {"a": 1}}',
      '{"execute": "quit"}',
    ].join('\n'),
  );
  const output = await text(socat.stdout);
  t.deepEqual(
    output.replaceAll(/"seconds": \d+, "microseconds": \d+/g, '"seconds": S, "microseconds": U'),
    [
      '{"QMP": {"version": {"qemu": {"micro": 50, "minor": 5, "major": 1}, "package": ""}, "capabilities": []}}',
      '{"error": {"class": "CommandNotFound", "desc": "The command query-status has not been found"}}',
      '{"return": {}}',
      '{"return": {"status": "prelaunch", "singlestep": false, "running": false}, "id": 1}',
      '{"return": {"name": "vm1"}}',
      '{"timestamp": {"seconds": S, "microseconds": U}, "event": "RESUME"}',
      '{"return": {}, "id": {"a": 1}}',
      '{"return": {}}',
      '{"timestamp": {"seconds": S, "microseconds": U}, "event": "SHUTDOWN"}',
      '',
    ].join('\r\n'),
  );
  t.is((await exitOf(child)).code, 0);
});
