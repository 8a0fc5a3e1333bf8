import { once } from 'node:events';
import { createReadStream, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { closeForeign, statusFlags } from '../../src/host/descriptor.ts';
import { threadDescriptors } from '../../src/host/descriptor-ledger.ts';
import { DescriptorReceiver } from '../../src/host/descriptor-receiver.ts';
import { FdWatcher } from '../../src/host/fd-watcher.ts';
import { acceptClient, bindSocket, createStreamSocket, listenOn } from '../../src/host/socket.ts';
import { AF_UNIX, encodeUnixAddress } from '../../src/host/socket-address.ts';
import { openDescriptors } from './support/descriptors.ts';
import { python } from './support/python-peer.ts';

const O_NONBLOCK = 0o4000;

/** Lets `script` (where `s` is a connected socket) send, and receives until it has closed the connection. */
async function receiveFrom(
  t: ExecutionContext,
  receiver: DescriptorReceiver,
  script: string,
): Promise<string> {
  const directory = mkdtempSync(join(tmpdir(), 'troupe-scm-'));
  t.teardown(() => rmSync(directory, { recursive: true }));
  const path = join(directory, 's');
  const listener = createStreamSocket(AF_UNIX);
  bindSocket(listener, encodeUnixAddress(path));
  listenOn(listener);
  const preamble = [
    'import socket, os, sys, array, select, struct',
    's = socket.socket(socket.AF_UNIX)',
    's.connect(sys.argv[1])',
    'def rights(fds): return (socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", fds))',
  ];
  const sender = python([...preamble, script].join('\n'), path);
  const connection = await new Promise<number>((resolve) => {
    const watcher = new FdWatcher(listener, {
      readable() {
        const fd = acceptClient(listener);
        if (fd !== undefined) {
          watcher.close();
          resolve(fd);
        }
      },
      writable() {},
    });
    watcher.watch({ readable: true, writable: false });
  });
  const buffer = new Uint8Array(4096);
  const text = await new Promise<string>((resolve) => {
    let received = '';
    const watcher = new FdWatcher(connection, {
      readable() {
        const count = receiver.read(connection, buffer, buffer.length);
        if (count > 0) {
          received += Buffer.from(buffer.subarray(0, count)).toString();
        } else {
          watcher.close();
          resolve(received);
        }
      },
      writable() {},
    });
    watcher.watch({ readable: true, writable: false });
  });
  threadDescriptors().close(connection);
  threadDescriptors().close(listener);
  await sender;
  return text;
}

test.serial('one descriptor arrives usable, blocking and close-on-exec', async (t) => {
  const receiver = new DescriptorReceiver();
  const script = `
r, w = os.pipe()
os.set_blocking(r, False)
os.write(w, b'through the pipe')
socket.send_fds(s, [b'hello'], [r])`;
  t.is(await receiveFrom(t, receiver, script), 'hello');
  const fd = receiver.take();
  if (fd === undefined) {
    t.fail('no descriptor came');
    return;
  }
  t.is(receiver.take(), undefined);
  t.is(statusFlags(fd) & O_NONBLOCK, 0);
  // Field "flags" of fdinfo is octal and contains O_CLOEXEC.
  const flags = /flags:\s*(\d+)/.exec(readFileSync(`/proc/self/fdinfo/${fd}`, 'utf8'))?.[1] ?? '0';
  t.not(Number.parseInt(flags, 8) & 0o2000000, 0);
  threadDescriptors().release(fd);
  const stream = createReadStream('', { fd });
  const [chunk] = await once(stream, 'data');
  t.is(String(chunk), 'through the pipe');
  await once(stream, 'close');
});

test.serial('a newer descriptor closes the one that waits', async (t) => {
  const receiver = new DescriptorReceiver();
  const before = openDescriptors().size;
  const script = `
for name in ('/dev/null', '/dev/zero', '/etc/passwd'):
    socket.send_fds(s, [b'x'], [os.open(name, os.O_RDONLY)])`;
  t.is(await receiveFrom(t, receiver, script), 'xxx');
  const fd = receiver.take() ?? -1;
  t.is(openDescriptors().get(fd), '/etc/passwd');
  closeForeign(fd);
  t.is(openDescriptors().size, before);
});

const HOSTILE: Record<string, string> = {
  'two descriptors': `socket.send_fds(s, [b'x'], [0, 1])`,
  'as many as the kernel allows': `socket.send_fds(s, [b'x'], [os.dup(0) for _ in range(253)])`,
  'several control messages': `s.sendmsg([b'x'], [rights([0]), rights([1, 2]), rights([0] * 50)])`,
  'sockets, epoll, eventfd, its own connection': `
e = select.epoll()
a, b = socket.socketpair()
for _ in range(20):
    socket.send_fds(s, [b'x'], [e.fileno(), a.fileno(), s.fileno(), os.eventfd(0)])`,
  'sockets that linger for ever': `
l = socket.create_server(('127.0.0.1', 0))
c = socket.create_connection(l.getsockname())
c.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack('ii', 1, 30))
c.setblocking(False)
try:
    while True: c.send(bytes(65536))
except BlockingIOError: pass
socket.send_fds(s, [b'x'], [c.fileno(), c.fileno()])
c.detach()
s.close()
import time; time.sleep(0.3)`,
  'descriptors without an access mode': `socket.send_fds(s, [b'x'], [os.open('/', os.O_PATH), os.open('/', os.O_PATH)])`,
};

for (const [what, script] of Object.entries(HOSTILE)) {
  test.serial(`ignored and closed: ${what}`, async (t) => {
    const receiver = new DescriptorReceiver();
    const before = openDescriptors();
    t.regex(await receiveFrom(t, receiver, script), /^x+$/);
    t.is(receiver.take(), undefined);
    t.deepEqual([...openDescriptors().keys()], [...before.keys()]);
  });
}

test.serial('a single descriptor of an odd kind is taken and can be closed', async (t) => {
  const receiver = new DescriptorReceiver();
  const before = openDescriptors().size;
  const script = `
for fd in (os.open('/', os.O_PATH), select.epoll().fileno(), os.open('/dev/kmsg', os.O_RDONLY) if os.access('/dev/kmsg', os.R_OK) else 0):
    socket.send_fds(s, [b'x'], [fd])`;
  t.is(await receiveFrom(t, receiver, script), 'xxx');
  receiver.close();
  t.is(openDescriptors().size, before);
});

test.serial('truncated control data: nothing is taken, nothing leaks', async (t) => {
  const before = openDescriptors().size;
  // Room for one descriptor and its header only.
  const receiver = new DescriptorReceiver(24);
  t.is(await receiveFrom(t, receiver, `socket.send_fds(s, [b'x'], [os.dup(0) for _ in range(9)])`), 'x');
  t.is(receiver.take(), undefined);
  t.is(openDescriptors().size, before);
});
