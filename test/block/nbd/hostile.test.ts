/** Clients and servers that do not keep to the protocol. */
import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import fc from 'fast-check';
import { NbdNode } from '../../../src/block/nbd/nbd-node.ts';
import {
  encodeRequest,
  MessageWriter,
  NBD_MAGIC,
  OPTION,
  OPTION_MAGIC,
  OPTION_REPLY_MAGIC,
} from '../../../src/block/nbd/wire.ts';
import { directory, imageFile, KiB, MiB, pattern } from '../support/images.ts';
import { run, type Served, serve } from './tools.ts';

/** Opens a connection that throws away what it is sent. */
async function client(socket: string): Promise<Socket> {
  const connection = connect(socket);
  connection.on('error', () => undefined);
  connection.resume();
  await once(connection, 'connect');
  return connection;
}

/** Sends, and waits until the server has hung up or has nothing more to read. */
async function say(socket: string, ...messages: readonly Uint8Array[]): Promise<void> {
  const connection = await client(socket);
  const closed = once(connection, 'close');
  for (const message of messages) connection.write(message);
  connection.end();
  await closed;
}

async function withDrive(t: ExecutionContext, writable = true): Promise<Served> {
  const served = await serve(t, { id: 'd', file: imageFile(t, pattern(256 * KiB)), format: 'raw' });
  served.server.add('d', writable);
  return served;
}

async function stillServes(t: ExecutionContext, { uri }: Served): Promise<void> {
  t.regex(await run('qemu-io', '-r', '-f', 'raw', '-c', 'read 0 64k', uri('d')), /read 65536\/65536/);
}

const flags = (value: number) => new MessageWriter().u32(value).done();
const option = (number: number, length: number, data: Uint8Array = new Uint8Array(0)) =>
  new MessageWriter().u64(OPTION_MAGIC).u32(number).u32(length).bytes(data).done();
const enter = option(OPTION.exportName, 1, Buffer.from('d'));

test('any bytes at all', async (t) => {
  const served = await withDrive(t);
  await fc.assert(
    fc.asyncProperty(fc.uint8Array({ maxLength: 400 }), (bytes) => say(served.socket, bytes)),
    { numRuns: 100 },
  );
  await stillServes(t, served);
});

test('options of any number, length and contents', async (t) => {
  const served = await withDrive(t);
  const anyOption = fc
    .tuple(fc.integer({ min: 0, max: 12 }), fc.uint8Array({ maxLength: 60 }), fc.integer({ min: -8, max: 8 }))
    .map(([number, data, wrong]) => option(number, Math.max(0, data.length + (wrong > 6 ? wrong : 0)), data));
  await fc.assert(
    fc.asyncProperty(fc.integer({ min: 0, max: 4 }), fc.array(anyOption, { maxLength: 8 }), (bits, options) =>
      say(served.socket, flags(bits), ...options),
    ),
    { numRuns: 150 },
  );
  await stillServes(t, served);
});

test('requests of any kind, place and length', async (t) => {
  const served = await withDrive(t, false);
  const anyRequest = fc
    .record({
      flags: fc.integer({ min: 0, max: 65535 }),
      type: fc.integer({ min: 0, max: 9 }),
      cookie: fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
      offset: fc.oneof(fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }), fc.bigInt({ min: 0n, max: 300_000n })),
      length: fc.oneof(fc.integer({ min: 0, max: 2 ** 32 - 1 }), fc.integer({ min: 0, max: 70_000 })),
    })
    .map(encodeRequest);
  await fc.assert(
    fc.asyncProperty(fc.boolean(), fc.array(anyRequest, { maxLength: 10 }), (structured, requests) =>
      say(
        served.socket,
        flags(3),
        ...(structured ? [option(OPTION.structuredReply, 0)] : []),
        enter,
        ...requests,
      ),
    ),
    { numRuns: 150 },
  );
  await stillServes(t, served);
});

test('lengths that nobody means are not kept in memory', async (t) => {
  const served = await withDrive(t);
  const before = process.memoryUsage.rss();
  const write = encodeRequest({ flags: 0, type: 1, cookie: 1n, offset: 0n, length: 32 * MiB });
  const clients = await Promise.all(Array.from({ length: 40 }, () => client(served.socket)));
  for (const [index, connection] of clients.entries()) {
    connection.write(flags(3));
    if (index % 2 === 0) connection.write(option(OPTION.list, 0xffff_ffff));
    else connection.write(Buffer.concat([enter, write]));
  }
  await stillServes(t, served);
  t.true(process.memoryUsage.rss() - before < 200 * MiB);
  for (const connection of clients) connection.destroy();
});

test('a client that does not read holds up nobody else, and keeps little', async (t) => {
  const served = await serve(t, { id: 'd', file: imageFile(t, pattern(8 * MiB)), format: 'raw' });
  served.server.add('d', false);
  const lazy = await client(served.socket);
  lazy.pause();
  lazy.write(Buffer.concat([flags(3), enter]));
  const before = process.memoryUsage.rss();
  const read = encodeRequest({ flags: 0, type: 0, cookie: 1n, offset: 0n, length: 8 * MiB });
  for (let index = 0; index < 1000; index++) lazy.write(read);
  await stillServes(t, served);
  t.true(process.memoryUsage.rss() - before < 300 * MiB);
  lazy.destroy();
});

test('clients that cut the connection anywhere leave nothing behind', async (t) => {
  const served = await withDrive(t);
  const write = Buffer.concat([
    encodeRequest({ flags: 1, type: 1, cookie: 1n, offset: 0n, length: 8192 }),
    new Uint8Array(8192),
  ]);
  const whole = Buffer.concat([flags(3), option(OPTION.structuredReply, 0), enter, write, write]);
  for (let length = 0; length < whole.length; length += 97) {
    const connection = await client(served.socket);
    connection.write(whole.subarray(0, length), () => connection.destroy());
    await once(connection, 'close');
  }
  await stillServes(t, served);
});

/** A server that answers with these bytes, whatever it is asked. */
async function liar(t: ExecutionContext, bytes: Uint8Array): Promise<string> {
  const path = join(directory(t), 'liar.sock');
  const server = createServer((socket) => {
    socket.on('error', () => undefined);
    socket.resume();
    socket.end(bytes);
  });
  server.listen(path);
  await once(server, 'listening');
  t.teardown(() => server.close());
  return path;
}

const greeting = new MessageWriter().u64(NBD_MAGIC).u64(OPTION_MAGIC).u16(3).done();
const reply = (number: number, type: number, data: Uint8Array, length = data.length) =>
  new MessageWriter().u64(OPTION_REPLY_MAGIC).u32(number).u32(type).u32(length).bytes(data).done();

test('servers that answer with any bytes are refused', async (t) => {
  const answers = fc.oneof(
    fc.uint8Array({ maxLength: 200 }),
    fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.concat([greeting, bytes])),
    fc
      .tuple(
        fc.integer({ min: 1, max: 6 }),
        fc.uint8Array({ maxLength: 40 }),
        fc.integer({ min: 0, max: 2 ** 32 - 1 }),
      )
      .map(([type, data, length]) =>
        Buffer.concat([greeting, reply(OPTION.structuredReply, type, data, length)]),
      ),
    fc
      .tuple(fc.uint8Array({ minLength: 10, maxLength: 40 }), fc.uint8Array({ maxLength: 80 }))
      .map(([info, rest]) =>
        Buffer.concat([
          greeting,
          reply(8, 2 ** 31 + 1, Buffer.alloc(0)),
          reply(7, 3, info),
          reply(7, 1, Buffer.alloc(0)),
          rest,
        ]),
      ),
  );
  await fc.assert(
    fc.asyncProperty(answers, async (bytes) => {
      const path = await liar(t, bytes);
      const node = await NbdNode.open({ socket: { type: 'unix', path }, exportName: 'd' }, 'nbd', true).catch(
        () => undefined,
      );
      // What goes on to lie after the handshake fails its first request.
      await node?.read(0, [new Uint8Array(512)]).catch(() => undefined);
      await node?.close().catch(() => undefined);
    }),
    { numRuns: 100 },
  );
  t.pass();
});
