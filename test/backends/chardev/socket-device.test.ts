import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, statSync, writeFileSync } from 'node:fs';
import { connect, createServer, type Socket } from 'node:net';
import { promisify } from 'node:util';
import test from 'ava';
import type { CharDevice } from '../../../src/backends/chardev/char-device.ts';
import type { SocketAddress } from '../../../src/backends/chardev/chardev-config.ts';
import type { SocketConfig } from '../../../src/backends/chardev/socket-device.ts';
import { closeForeign, duplicate } from '../../../src/host/descriptor.ts';
import { ManualClock } from '../../actors/manual-clock.ts';
import { openDescriptors } from '../../host/support/descriptors.ts';
import { python } from '../../host/support/python-peer.ts';
import { Recorder } from './support/recorder.ts';
import { makeWorld } from './support/world.ts';

const run = promisify(execFile);

function socketConfig(address: SocketAddress, more: Partial<SocketConfig> = {}): SocketConfig {
  return {
    kind: 'socket',
    address,
    server: true,
    wait: false,
    nodelay: false,
    telnet: false,
    reconnect: 0,
    ...more,
  };
}

const unix = (path: string): SocketAddress => ({ type: 'unix', path });
const tcp = (port: string, more: { to?: number; host?: string } = {}): SocketAddress => ({
  type: 'inet',
  host: '127.0.0.1',
  port,
  ...more,
});

/** A front end that answers every line with itself in upper case. */
function echoing(device: CharDevice): Recorder {
  const recorder = new Recorder();
  recorder.onReceive = (bytes) => device.write(Buffer.from(Buffer.from(bytes).toString().toUpperCase()));
  device.attach(recorder);
  return recorder;
}

async function readUntil(socket: Socket, text: string): Promise<string> {
  let received = '';
  while (!received.includes(text)) {
    const [chunk] = await once(socket, 'data');
    received += String(chunk);
  }
  return received;
}

function portOf(device: CharDevice): number {
  return Number(/:(\d+),server$/.exec(device.filename)?.[1]);
}

test.serial('socat talks to a unix socket, one client after another', async (t) => {
  const world = makeWorld(t);
  const path = world.path('s');
  const device = await world.registry.create('c', socketConfig(unix(path)));
  t.is(device.filename, `unix:${path},server`);
  t.false(device.connected);
  const recorder = echoing(device);
  for (const word of ['first', 'second']) {
    const socat = run('socat', ['-t1', '-', `UNIX-CONNECT:${path}`]);
    socat.child.stdin?.end(`${word}\n`);
    t.is((await socat).stdout, `${word.toUpperCase()}\n`);
  }
  await recorder.until(({ events }) => events.length === 4);
  t.deepEqual(recorder.events, ['opened', 'closed', 'opened', 'closed']);
});

test.serial('a second client connects but is served only when the first has gone', async (t) => {
  const world = makeWorld(t);
  const device = await world.registry.create('c', socketConfig(unix(world.path('s'))));
  const recorder = echoing(device);
  const first = connect(world.path('s'));
  await once(first, 'connect');
  await recorder.until(({ events }) => events.includes('opened'));
  const second = connect(world.path('s'));
  await once(second, 'connect');
  second.write('two\n');
  first.write('one\n');
  t.is(await readUntil(first, '\n'), 'ONE\n');
  t.is(recorder.text, 'one\n');
  first.destroy();
  t.is(await readUntil(second, '\n'), 'TWO\n');
  t.deepEqual(recorder.events, ['opened', 'closed', 'opened']);
  second.destroy();
});

test.serial('what a front end cannot receive stays in the socket', async (t) => {
  const world = makeWorld(t);
  const device = await world.registry.create('c', socketConfig(unix(world.path('s'))));
  const recorder = new Recorder();
  recorder.room = 3;
  recorder.onReceive = () => {
    recorder.room = 0;
  };
  device.attach(recorder);
  const client = connect(world.path('s'));
  client.end('abcdef');
  await recorder.until(({ text }) => text.length > 0);
  await new Promise((resolve) => setImmediate(resolve));
  t.is(recorder.text, 'abc');
  t.deepEqual(recorder.events, ['opened'], 'the end of the input is not seen before the input');
  recorder.room = 10;
  device.resume();
  await recorder.until(({ text }) => text.length > 3);
  recorder.room = 10;
  device.resume();
  await recorder.until(({ events }) => events.includes('closed'));
  t.is(recorder.text, 'abcdef');
});

test.serial('a client that does not read: bytes queue in order, and can be dropped', async (t) => {
  const world = makeWorld(t);
  const device = await world.registry.create('c', socketConfig(unix(world.path('s'))));
  const recorder = new Recorder();
  device.attach(recorder);
  const client = connect(world.path('s'));
  client.pause();
  await recorder.until(({ events }) => events.includes('opened'));
  const block = Buffer.alloc(50_000);
  let total = 0;
  for (let i = 0; i < 40; i++) {
    block.fill(i);
    device.write(block);
    total += block.length;
  }
  t.true(device.pendingBytes > 0);
  const drained = new Promise<void>((resolve) => device.whenDrained(resolve));
  let received = 0;
  let ordered = true;
  client.on('data', (chunk: Buffer) => {
    for (const byte of chunk) {
      ordered &&= byte === Math.floor(received / block.length);
      received += 1;
    }
  });
  client.resume();
  await drained;
  t.is(device.pendingBytes, 0);
  while (received < total) {
    await once(client, 'data');
  }
  t.true(ordered);
  client.pause();
  device.write(Buffer.alloc(5_000_000));
  const gone = new Promise<void>((resolve) => device.whenDrained(resolve));
  device.disconnect('the reader is too slow');
  await gone;
  t.deepEqual(recorder.events, ['opened', 'closed']);
  t.false(device.connected);
  client.destroy();
});

test.serial('writing to a client that has gone ends in closed, not in an exception', async (t) => {
  const world = makeWorld(t);
  const device = await world.registry.create('c', socketConfig(unix(world.path('s'))));
  const recorder = new Recorder();
  recorder.room = 0;
  device.attach(recorder);
  const client = connect(world.path('s'));
  await recorder.until(({ events }) => events.includes('opened'));
  client.destroy();
  await once(client, 'close');
  device.write(Buffer.from('lost'));
  await recorder.until(({ events }) => events.includes('closed'));
  t.pass();
});

test.serial('promises that a receiver settles go on without waiting for another event', async (t) => {
  const world = makeWorld(t);
  const device = await world.registry.create('c', socketConfig(unix(world.path('s'))));
  const recorder = new Recorder();
  recorder.onReceive = async () => {
    await Promise.resolve();
    device.write(Buffer.from('late'));
  };
  device.attach(recorder);
  t.is(
    await python(
      `
import socket, sys
s = socket.socket(socket.AF_UNIX); s.settimeout(5); s.connect(sys.argv[1]); s.send(b'x'); print(s.recv(9))`,
      world.path('s'),
    ),
    "b'late'\n",
  );
});

test.serial('a descriptor arrives with the bytes, and goes with the connection', async (t) => {
  const world = makeWorld(t);
  const device = await world.registry.create('c', socketConfig(unix(world.path('s'))));
  const recorder = echoing(device);
  const passed = () => [...openDescriptors().values()].filter((target) => target === '/etc/passwd').length;
  const send = `
import socket, sys, os
s = socket.socket(socket.AF_UNIX); s.connect(sys.argv[1])
socket.send_fds(s, [b'take this'], [os.open('/etc/passwd', os.O_RDONLY)])
s.recv(100)`;
  let taken = -1;
  recorder.onReceive = (bytes) => {
    taken = device.takeDescriptor() ?? -1;
    t.is(openDescriptors().get(taken), '/etc/passwd');
    t.is(device.takeDescriptor(), undefined);
    t.is(Buffer.from(bytes).toString(), 'take this');
    device.write(bytes);
  };
  await python(send, world.path('s'));
  await recorder.until(({ events }) => events.includes('closed'));
  t.is(passed(), 1);
  recorder.onReceive = (bytes) => device.write(bytes);
  await python(send, world.path('s'));
  await recorder.until(({ events }) => events.length === 4);
  t.is(passed(), 1, 'one that nobody took is closed');
  closeForeign(taken);
  t.is(passed(), 0);
});

test.serial('an old socket file is replaced and ours is removed; other files are left alone', async (t) => {
  const world = makeWorld(t);
  const path = world.path('s');
  await python(`import socket, sys; socket.socket(socket.AF_UNIX).bind(sys.argv[1])`, path);
  t.true(existsSync(path));
  await world.registry.create('c', socketConfig(unix(path)));
  t.true(statSync(path).isSocket());
  await world.registry.remove('c');
  t.false(existsSync(path));
  writeFileSync(path, 'precious');
  await t.throwsAsync(world.registry.create('c', socketConfig(unix(path))), {
    message: 'Failed to bind socket: Address already in use',
  });
  t.true(statSync(path).isFile());
});

test.serial('socket errors in the texts of the reference', async (t) => {
  const world = makeWorld(t);
  const { registry } = world;
  const failing: [SocketConfig, string][] = [
    [
      socketConfig(unix(world.path('none')), { server: false }),
      'Failed to connect to socket: No such file or directory',
    ],
    [socketConfig(unix(''), { server: false }), 'unix connect: no path specified'],
    [socketConfig(unix('/nonexistent/dir/s')), 'Failed to bind socket: No such file or directory'],
    [socketConfig(tcp('1'), { server: false }), 'Failed to connect to socket: Connection refused'],
    [socketConfig(tcp('')), 'host and/or port not specified'],
    [
      socketConfig(tcp('1', { host: 'no-such-host.invalid' }), { server: false }),
      'address resolution failed for no-such-host.invalid:1: Name or service not known',
    ],
    [
      socketConfig(tcp('no-such-service')),
      'address resolution failed for 127.0.0.1:no-such-service: Servname not supported for ai_socktype',
    ],
    [
      socketConfig(unix(`/tmp/${'x'.repeat(103)}`)),
      `UNIX socket path '/tmp/${'x'.repeat(103)}' is too long: 108 bytes, at most 107 are possible`,
    ],
  ];
  const before = openDescriptors().size;
  for (const [config, message] of failing) {
    const error = await t.throwsAsync(registry.create('c', config));
    // Without a resolver the host says "Temporary failure in name resolution" instead.
    t.is(
      error?.message.replace('Temporary failure in name resolution', 'Name or service not known'),
      message,
    );
  }
  t.is(openDescriptors().size, before);
  t.deepEqual(registry.list(), []);
});

test.serial('the longest path works', async (t) => {
  const world = makeWorld(t);
  const path = world.path('x'.repeat(107 - world.directory.length - 1));
  t.is(path.length, 107);
  const device = await world.registry.create('c', socketConfig(unix(path)));
  echoing(device);
  const client = connect(path);
  client.write('hi\n');
  t.is(await readUntil(client, '\n'), 'HI\n');
  client.destroy();
});

test.serial('tcp: any port, a named service, a range of ports', async (t) => {
  const { registry } = makeWorld(t);
  const device = await registry.create('c', socketConfig(tcp('0'), { nodelay: true }));
  t.regex(device.filename, /^tcp:127\.0\.0\.1:[1-9]\d*,server$/);
  echoing(device);
  const client = connect(portOf(device), '127.0.0.1');
  client.write('hello\n');
  t.is(await readUntil(client, '\n'), 'HELLO\n');
  client.destroy();
  const taken = String(portOf(device));
  await t.throwsAsync(registry.create('d', socketConfig(tcp(taken))), {
    message: 'Failed to bind socket: Address already in use',
  });
  const next = await registry.create('d', socketConfig(tcp(taken, { to: portOf(device) + 20 })));
  t.true(portOf(next) > portOf(device));
});

test.serial('ipv6', async (t) => {
  const { registry } = makeWorld(t);
  const device = await registry.create('c', socketConfig(tcp('0', { host: '::1' })));
  t.regex(device.filename, /^tcp:\[::1\]:\d+,server$/);
  echoing(device);
  const client = connect(portOf(device), '::1');
  client.write('six\n');
  t.is(await readUntil(client, '\n'), 'SIX\n');
  client.destroy();
});

test.serial('a waiting server is created when its client has come', async (t) => {
  const world = makeWorld(t);
  const path = world.path('s');
  let created = false;
  const creating = world.registry.create('c', socketConfig(unix(path), { wait: true })).then((device) => {
    created = true;
    return device;
  });
  while (!existsSync(path)) {
    await new Promise((resolve) => setImmediate(resolve));
  }
  await t.throwsAsync(world.registry.create('c', { kind: 'null' }), {
    message: "Chardev 'c' already exists",
  });
  t.false(created);
  t.deepEqual(world.log, [`Waiting for connection on: unix:${path},server`]);
  const client = connect(path);
  const device = await creating;
  t.true(device.connected);
  const recorder = echoing(device);
  t.deepEqual(recorder.events, ['opened']);
  client.write('x\n');
  t.is(await readUntil(client, '\n'), 'X\n');
  client.destroy();
});

test.serial('waiting is given up when everything is closed', async (t) => {
  const world = makeWorld(t);
  const creating = world.registry.create('c', socketConfig(unix(world.path('s')), { wait: true }));
  while (!existsSync(world.path('s'))) {
    await new Promise((resolve) => setImmediate(resolve));
  }
  const rejected = t.throwsAsync(creating, { code: 'ERR_CHARDEV_CLOSED' });
  await world.registry.closeAll();
  await rejected;
  t.false(existsSync(world.path('s')));
});

test.serial('a client connects, and connects again when told to', async (t) => {
  const clock = new ManualClock();
  const world = makeWorld(t, clock);
  const path = world.path('s');
  const config = socketConfig(unix(path), { server: false, reconnect: 5 });
  const device = await world.registry.create('c', config);
  t.is(device.filename, `unix:${path}`);
  t.false(device.connected);
  const recorder = echoing(device);
  const peers: Socket[] = [];
  const server = createServer((peer) => peers.push(peer)).listen(path);
  t.teardown(() => server.close());
  await once(server, 'listening');
  for (let round = 1; round <= 2; round++) {
    clock.advance(4999);
    t.false(device.connected);
    clock.advance(1);
    await recorder.until(({ events }) => events.at(-1) === 'opened');
    while (peers.length < round) {
      await once(server, 'connection');
    }
    const peer = peers.at(-1);
    peer?.write('again\n');
    t.is(peer === undefined ? '' : await readUntil(peer, '\n'), 'AGAIN\n');
    peer?.destroy();
    await recorder.until(({ events }) => events.at(-1) === 'closed');
  }
});

test.serial('a client without reconnect stays closed', async (t) => {
  const clock = new ManualClock();
  const { registry } = makeWorld(t, clock);
  const server = createServer((peer) => peer.end('bye')).listen(0, '127.0.0.1');
  t.teardown(() => server.close());
  await once(server, 'listening');
  const address = server.address();
  const port = String(typeof address === 'object' ? address?.port : 0);
  const device = await registry.create('c', socketConfig(tcp(port), { server: false }));
  t.is(device.filename, `tcp:127.0.0.1:${port}`);
  const recorder = new Recorder();
  device.attach(recorder);
  await recorder.until(({ events }) => events.includes('closed'));
  t.is(recorder.text, 'bye');
  t.is(clock.pending, 0);
});

test.serial('sockets by descriptor: a named listener is taken over, anything else is refused', async (t) => {
  const { registry } = makeWorld(t);
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const port = typeof address === 'object' ? (address?.port ?? 0) : 0;
  const listening = [...openDescriptors()].find(([fd, target]) => {
    return (
      target.startsWith('socket:') && '_handle' in server && (server._handle as { fd: number }).fd === fd
    );
  });
  const names = new Map([
    ['good', duplicate(listening?.[0] ?? -1)],
    ['bad', duplicate(2)],
  ]);
  server.close();
  const options = { takeNamedDescriptor: (name: string) => names.get(name) ?? -1 };
  const device = await registry.create('c', socketConfig({ type: 'fd', name: 'good' }), options);
  t.is(device.filename, `tcp:127.0.0.1:${port},server`);
  echoing(device);
  const client = connect(port, '127.0.0.1');
  client.write('by fd\n');
  t.is(await readUntil(client, '\n'), 'BY FD\n');
  client.destroy();
  await t.throwsAsync(registry.create('d', socketConfig({ type: 'fd', name: 'bad' }), options), {
    code: 'ERR_CHARDEV_SOCKET',
  });
  await t.throwsAsync(registry.create('d', socketConfig({ type: 'fd', name: '2' })), {
    message: "File descriptor named '2' has not been found",
  });
});

test.serial('the telnet program sees a session that echoes and is transparent', async (t) => {
  const { registry } = makeWorld(t);
  const device = await registry.create('c', socketConfig(tcp('0'), { telnet: true }));
  t.regex(device.filename, /^telnet:127\.0\.0\.1:\d+,server$/);
  const recorder = echoing(device);
  const script = `
set timeout 5
expect_before timeout { exit 9 }
spawn telnet 127.0.0.1 ${portOf(device)}
expect "Escape character"
send "hello\\r"
expect "HELLO"
send "\\x1d"
expect "telnet>"
send "send brk\\r"
send "\\x1d"
expect "telnet>"
send "quit\\r"
expect eof`;
  const expect = spawn('expect', ['-c', script], { stdio: 'pipe' });
  let transcript = '';
  expect.stdout.on('data', (chunk) => {
    transcript += chunk;
  });
  const [code] = await once(expect, 'close');
  t.is(code, 0, transcript);
  await recorder.until(({ events }) => events.includes('closed'));
  t.true(recorder.events.includes('break'));
  t.regex(recorder.text, /^hello\r/);
});

test.serial('three hundred connections leave no descriptor behind', async (t) => {
  const world = makeWorld(t);
  const device = await world.registry.create('c', socketConfig(unix(world.path('s'))));
  const recorder = echoing(device);
  const before = openDescriptors().size;
  await python(
    `
import socket, sys
for i in range(300):
    s = socket.socket(socket.AF_UNIX); s.connect(sys.argv[1]); s.send(b'x')
    if i % 2: s.recv(1)
    s.close()`,
    world.path('s'),
  );
  await recorder.until(({ events }) => events.length === 600);
  t.is(openDescriptors().size, before);
});
