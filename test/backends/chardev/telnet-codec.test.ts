import test from 'ava';
import fc from 'fast-check';
import { TelnetCodec } from '../../../src/backends/chardev/telnet-codec.ts';

function decodeAll(parts: readonly Uint8Array[]): { data: number[]; reply: number[]; breaks: number } {
  const codec = new TelnetCodec();
  const all = { data: [] as number[], reply: [] as number[], breaks: 0 };
  for (const part of parts) {
    const { data, reply, breaks } = codec.decode(part);
    all.data.push(...data);
    all.reply.push(...reply);
    all.breaks += breaks;
  }
  return all;
}

/** Bytes of which many mean something. */
const telnetBytes = fc
  .array(fc.oneof(fc.constantFrom(255, 254, 253, 252, 251, 250, 243, 240, 13, 0, 1, 3), fc.nat(255)))
  .map((bytes) => Uint8Array.from(bytes));

test('it does not matter where the stream is cut', (t) => {
  fc.assert(
    fc.property(telnetBytes, (bytes) => {
      t.deepEqual(decodeAll([...bytes].map((byte) => Uint8Array.of(byte))), decodeAll([bytes]));
    }),
  );
});

test('what is encoded is what a binary peer decodes', (t) => {
  const binary = Uint8Array.of(255, 251, 0);
  fc.assert(
    fc.property(fc.uint8Array(), (bytes) => {
      t.deepEqual(decodeAll([binary, new TelnetCodec().encode(bytes)]).data, [...bytes]);
    }),
  );
});

test('commands and subnegotiations are taken out, breaks are counted', (t) => {
  const { data, breaks, reply } = decodeAll([
    Uint8Array.of(0x61, 255, 241, 0x62, 255, 250, 24, 0, 255, 255, 1, 255, 240, 0x63, 255, 243, 0x64),
  ]);
  t.is(String.fromCharCode(...data), 'abcd');
  t.is(breaks, 1);
  t.deepEqual(reply, []);
});

test('unknown options are refused, agreed ones are not answered again', (t) => {
  // WILL NAWS, DO STATUS; then agreement to what a server offers: DO ECHO, DO SGA, WILL BINARY.
  const { reply } = decodeAll([
    Uint8Array.of(255, 251, 31, 255, 253, 5, 255, 253, 1, 255, 253, 3, 255, 251, 0),
  ]);
  t.deepEqual(reply, [255, 254, 31, 255, 252, 5]);
});

test('CR NUL is a carriage return until the client speaks binary', (t) => {
  t.deepEqual(decodeAll([Uint8Array.of(13, 0, 65, 13, 10)]).data, [13, 65, 13, 10]);
  t.deepEqual(decodeAll([Uint8Array.of(255, 251, 0, 13, 0, 65)]).data, [13, 0, 65]);
});
