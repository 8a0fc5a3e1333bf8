/** Devices over files, FIFOs, pseudo-terminals and datagrams, with other programs at the far end. */
import { execFileSync, spawn } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import {
  closeSync,
  constants,
  createReadStream,
  createWriteStream,
  openSync,
  readFileSync,
  writeFileSync,
} from 'node:fs';
import test from 'ava';
import { systemClock } from '../../../src/actors/clock.ts';
import type { CharDevice } from '../../../src/backends/chardev/char-device.ts';
import { openDescriptor } from '../../../src/host/descriptor.ts';
import { threadDescriptors } from '../../../src/host/descriptor-ledger.ts';
import { ManualClock } from '../../actors/manual-clock.ts';
import { openDescriptors } from '../../host/support/descriptors.ts';
import { python } from '../../host/support/python-peer.ts';
import { Recorder } from './support/recorder.ts';
import { makeWorld } from './support/world.ts';

const drained = (device: CharDevice) => new Promise<void>((resolve) => device.whenDrained(resolve));

test.serial('file truncates its output and reads its input to the end', async (t) => {
  const world = makeWorld(t);
  writeFileSync(world.path('out'), 'what was there before');
  writeFileSync(world.path('in'), 'x'.repeat(200_000));
  const device = await world.registry.create('f', {
    kind: 'file',
    out: world.path('out'),
    in: world.path('in'),
  });
  const recorder = new Recorder();
  device.attach(recorder);
  device.write(Buffer.from('hello '));
  device.write(Buffer.from('file'));
  await recorder.until(({ events }) => events.includes('closed'));
  t.is(recorder.text.length, 200_000);
  t.is(readFileSync(world.path('out'), 'utf8'), 'hello file');
});

test.serial('file errors name the path and leave nothing open', async (t) => {
  const world = makeWorld(t);
  const before = openDescriptors().size;
  await t.throwsAsync(world.registry.create('f', { kind: 'file', out: '/nonexistent/out' }), {
    message: 'open /nonexistent/out: No such file or directory',
  });
  await t.throwsAsync(
    world.registry.create('f', { kind: 'file', out: world.path('out'), in: world.path('none') }),
    { message: `open ${world.path('none')}: No such file or directory` },
  );
  t.is(openDescriptors().size, before);
});

test.serial('a file of a descriptor set is a duplicate, until it is closed', async (t) => {
  const directory = makeWorld(t);
  const member = openDescriptor(directory.path('log'), constants.O_WRONLY | constants.O_CREAT);
  t.teardown(() => threadDescriptors().close(member));
  const open = new Set<number>();
  const fdSets = {
    members: (id: number) => (id === 7 ? [member] : undefined),
    duplicateOpened: (_id: number, fd: number) => open.add(fd),
    duplicateClosed: (fd: number) => open.delete(fd),
  };
  const { registry } = makeWorld(t, systemClock, fdSets);
  const device = await registry.create('f', { kind: 'file', out: '/dev/fdset/7' });
  t.is(open.size, 1);
  device.write(Buffer.from('by set'));
  await registry.remove('f');
  t.is(open.size, 0);
  t.is(readFileSync(directory.path('log'), 'utf8'), 'by set');
  await t.throwsAsync(registry.create('f', { kind: 'file', out: '/dev/fdset/8' }), {
    message: 'open /dev/fdset/8: No such file or directory',
  });
  await t.throwsAsync(registry.create('f', { kind: 'file', out: directory.path('o'), in: '/dev/fdset/7' }), {
    message: 'open /dev/fdset/7: Permission denied',
  });
});

test.serial('a FIFO as output file does not wait for its reader', async (t) => {
  const world = makeWorld(t);
  execFileSync('mkfifo', [world.path('fifo')]);
  const device = await world.registry.create('f', { kind: 'file', out: world.path('fifo') });
  device.write(Buffer.from('early'));
  const [chunk] = await once(createReadStream(world.path('fifo')), 'data');
  t.is(String(chunk), 'early');
});

for (const names of [['p.in', 'p.out'], ['p']]) {
  test.serial(`pipe over ${names.join(' and ')}`, async (t) => {
    const world = makeWorld(t);
    for (const name of names) {
      execFileSync('mkfifo', [world.path(name)]);
    }
    const device = await world.registry.create('p', { kind: 'pipe', path: world.path('p') });
    if (names.length === 2) {
      const recorder = new Recorder();
      device.attach(recorder);
      createWriteStream(world.path('p.in')).end('to the device');
      await recorder.until(({ text }) => text === 'to the device');
      t.deepEqual(recorder.events, ['opened'], 'a writer that leaves is no end of file');
    }
    device.write(Buffer.from('from the device'));
    const [chunk] = await once(createReadStream(world.path(names.at(-1) ?? '')), 'data');
    t.is(String(chunk), 'from the device');
  });
}

test.serial('a pipe that is not there', async (t) => {
  const { registry, path } = makeWorld(t);
  await t.throwsAsync(registry.create('p', { kind: 'pipe', path: path('none') }), {
    message: 'Failed to create chardev',
  });
});

test.serial('pty: the peer is whoever has the slave open', async (t) => {
  const clock = new ManualClock();
  const { registry } = makeWorld(t, clock);
  const device = await registry.create('p', { kind: 'pty' });
  const slave = device.filename.replace(/^pty:/, '');
  t.regex(slave, /^\/dev\/pts\/\d+$/);
  const recorder = new Recorder();
  device.attach(recorder);
  device.write(Buffer.from('lost'));
  clock.advance(10_000);
  t.false(device.connected);
  for (const round of [1, 2]) {
    const peer = python(
      `
import os, sys
fd = os.open(sys.argv[1], os.O_RDWR | os.O_NOCTTY)
os.write(fd, b'raw\\r\\n\\x03\\x04')
print(os.read(fd, 100))`,
      slave,
    );
    while (!device.connected) {
      clock.advance(1000);
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
    await recorder.until(({ text }) => text === 'raw\r\n\x03\x04'.repeat(round));
    device.write(Buffer.from('answer\n'));
    t.is(await peer, "b'answer\\n'\n");
    await recorder.until(({ events }) => events.length === 2 * round);
  }
  t.deepEqual(recorder.events, ['opened', 'closed', 'opened', 'closed']);
});

test.serial('pty: while nobody comes it is looked at once a second', async (t) => {
  const clock = new ManualClock();
  const { registry } = makeWorld(t, clock);
  await registry.create('p', { kind: 'pty' });
  clock.advance(10_000);
  t.is(clock.pending, 1);
  clock.advance(1000);
  t.is(clock.pending, 1);
  await registry.remove('p');
  t.is(clock.pending, 0);
});

test.serial('pty: output that waits when the slave is closed does not spin', async (t) => {
  const clock = new ManualClock();
  const { registry } = makeWorld(t, clock);
  const device = await registry.create('p', { kind: 'pty' });
  const recorder = new Recorder();
  recorder.room = 0;
  device.attach(recorder);
  const slave = openSync(device.filename.replace(/^pty:/, ''), 'r+');
  clock.advance(1000);
  t.true(device.connected);
  device.write(Buffer.alloc(100_000, 'x'));
  t.true(device.pendingBytes > 0);
  closeSync(slave);
  await recorder.until(({ events }) => events.includes('closed'));
  await drained(device);
  t.is(device.pendingBytes, 0);
});

test.serial('what a reader leaves unread can be dropped, on devices without connections too', async (t) => {
  const clock = new ManualClock();
  const world = makeWorld(t, clock);
  execFileSync('mkfifo', [world.path('p')]);
  const pipe = await world.registry.create('p', { kind: 'pipe', path: world.path('p') });
  const pty = await world.registry.create('t', { kind: 'pty' });
  const slave = openSync(pty.filename.replace(/^pty:/, ''), 'r+');
  t.teardown(() => closeSync(slave));
  clock.advance(1000);
  for (const device of [pipe, pty]) {
    const recorder = new Recorder();
    recorder.room = 0;
    device.attach(recorder);
    device.write(Buffer.alloc(500_000));
    t.true(device.pendingBytes > 0);
    device.disconnect('the reader is too slow');
    clock.advance(1000);
    t.is(device.pendingBytes, 0);
    t.deepEqual(recorder.events, ['opened', 'closed', 'opened']);
  }
});

test.serial('udp: datagrams both ways, only from the peer', async (t) => {
  const { registry } = makeWorld(t);
  const peer = createSocket('udp4').bind(0, '127.0.0.1');
  const stranger = createSocket('udp4').bind(0, '127.0.0.1');
  t.teardown(() => {
    peer.close();
    stranger.close();
  });
  await Promise.all([once(peer, 'listening'), once(stranger, 'listening')]);
  const device = await registry.create('u', {
    kind: 'udp',
    remote: { type: 'inet', host: '127.0.0.1', port: String(peer.address().port) },
    local: { type: 'inet', host: '127.0.0.1', port: '0' },
  });
  const recorder = new Recorder();
  recorder.room = 4;
  device.attach(recorder);
  device.write(Buffer.from('ping'));
  const [message, from] = await once(peer, 'message');
  t.is(String(message), 'ping');
  stranger.send('forged', from.port, '127.0.0.1');
  peer.send('pong!', from.port, '127.0.0.1');
  await recorder.until(({ text }) => text === 'pong!');
  await drained(device);
  t.is(device.pendingBytes, 0);
});

test.serial('udp errors', async (t) => {
  const { registry } = makeWorld(t);
  await t.throwsAsync(registry.create('u', { kind: 'udp', remote: { type: 'unix', path: '/tmp/x' } }), {
    message: 'socket type unsupported for datagram',
  });
  await t.throwsAsync(registry.create('u', { kind: 'udp', remote: { type: 'inet', host: 'h', port: '' } }), {
    message: 'remote port not specified',
  });
});

/** The same program that a user would run, under a terminal that `expect` plays. */
const STDIO_PROGRAM = new URL('./support/stdio-program.ts', import.meta.url).pathname;

test.serial('stdio: bytes through pipes, and the end of the input', async (t) => {
  const child = spawn(process.execPath, ['--import=tsx', STDIO_PROGRAM, 'false'], { stdio: 'pipe' });
  child.stdin.end('hello');
  let output = '';
  child.stdout.on('data', (chunk) => {
    output += chunk;
  });
  const [code] = await once(child, 'close');
  t.is(code, 0);
  t.is(output, 'opened;HELLO;closed;');
});

const ENDINGS = [
  {
    what: 'it ends by itself, ctrl-c is a byte',
    signal: 'false',
    act: 'send "\\x03"; expect "\\x03;"; send "q"',
  },
  { what: 'ctrl-c ends the process', signal: 'true', act: 'send "\\x03"' },
  { what: 'SIGTERM ends the process', signal: 'false', act: 'exec pkill -TERM -P [exp_pid]' },
];

for (const { what, signal, act } of ENDINGS) {
  test.serial(`stdio on a terminal: raw while it runs, restored when ${what}`, async (t) => {
    // A shell on the same terminal shows its attributes before and after.
    const script = `
set timeout 20
expect_before timeout { exit 9 }
spawn sh -c "stty -g; ${process.execPath} --import=tsx ${STDIO_PROGRAM} ${signal}; echo; stty -g"
expect -re {([0-9a-f]+:[0-9a-f:]+)}
set before $expect_out(1,string)
expect "opened;"
send "k"
expect "K;"
${act}
expect -re {([0-9a-f]+:[0-9a-f:]+)}
if {$expect_out(1,string) ne $before} { exit 3 }
expect eof
exit 0`;
    const expect = spawn('expect', ['-c', script], { stdio: 'pipe' });
    let transcript = '';
    expect.stdout.on('data', (chunk) => {
      transcript += chunk;
    });
    const [code] = await once(expect, 'close');
    t.is(code, 0, transcript);
  });
}

test.serial('there is one standard input', async (t) => {
  const { registry } = makeWorld(t);
  await registry.create('a', { kind: 'stdio', signal: false });
  await t.throwsAsync(registry.create('b', { kind: 'stdio', signal: false }), {
    message: 'Failed to create chardev',
  });
  await registry.remove('a');
  await t.notThrowsAsync(registry.create('b', { kind: 'stdio', signal: false }));
});
