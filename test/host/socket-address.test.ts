import { once } from 'node:events';
import { createServer } from 'node:net';
import test from 'ava';
import { threadDescriptors } from '../../src/host/descriptor-ledger.ts';
import { connectSocket, createStreamSocket, localEndpoint } from '../../src/host/socket.ts';
import {
  decodeInetAddress,
  decodeUnixAddress,
  encodeInetAddress,
  encodeUnixAddress,
} from '../../src/host/socket-address.ts';

for (const host of ['127.0.0.1', '255.254.253.252', '::1', '::', 'fe80::1:2', '2001:db8::8:800:200c:417a']) {
  test(`${host} survives the way through struct sockaddr`, (t) => {
    t.deepEqual(decodeInetAddress(encodeInetAddress({ host, port: 4444 })), { host, port: 4444 });
  });
}

test('the kernel understands what was encoded', async (t) => {
  const server = createServer((socket) => socket.end()).listen(0, '127.0.0.1');
  t.teardown(() => server.close());
  await once(server, 'listening');
  const address = server.address();
  const port = typeof address === 'object' ? (address?.port ?? 0) : 0;
  const fd = createStreamSocket(2);
  t.teardown(() => threadDescriptors().close(fd));
  const [[peer]] = await Promise.all([
    once(server, 'connection'),
    connectSocket(fd, encodeInetAddress({ host: '127.0.0.1', port })),
  ]);
  t.deepEqual(localEndpoint(fd), { host: '127.0.0.1', port: peer.remotePort });
});

test("a refused connection has glibc's text", async (t) => {
  const fd = createStreamSocket(2);
  t.teardown(() => threadDescriptors().close(fd));
  await t.throwsAsync(connectSocket(fd, encodeInetAddress({ host: '127.0.0.1', port: 1 })), {
    code: 'ERR_HOST_ECONNREFUSED',
    message: 'Failed to connect to socket: Connection refused',
  });
});

test('a unix address gives its path back, and is told from others', (t) => {
  t.is(decodeUnixAddress(encodeUnixAddress('/tmp/é')), '/tmp/é');
  t.is(decodeUnixAddress(encodeUnixAddress('')), '');
  t.is(decodeUnixAddress(encodeInetAddress({ host: '127.0.0.1', port: 1 })), undefined);
});
