import test, { type ExecutionContext } from 'ava';
import fc from 'fast-check';
import { GREETING, TestMonitor } from './support/test-monitor.ts';

/** A small fast generator of pseudo-random numbers (xorshift32): the same bytes in every run. */
function randomNumbers(seed: number): () => number {
  let state = seed;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return state >>> 0;
  };
}

const RESYNC = Buffer.from([0xff]);

/** Feeds hostile bytes in pieces; after each the monitor must answer a well-formed request with its id. */
async function survives(t: ExecutionContext, pieces: Iterable<Uint8Array>): Promise<void> {
  const monitor = TestMonitor.ready();
  let id = 0;
  for (const piece of pieces) {
    monitor.device.send(piece);
    monitor.device.send(RESYNC);
    id += 1;
    monitor.device.send(`{"execute":"query-kvm","id":${id}}`);
    const expected = `{"return": {"enabled": false, "present": false}, "id": ${id}}\r\n`;
    let replies = monitor.device.take();
    // Some mutants are sound requests that wait for the machine.
    for (let turn = 0; turn < 50 && !replies.endsWith(expected); turn += 1) {
      await new Promise((resolve) => setImmediate(resolve));
      replies += monitor.device.take();
    }
    if (!replies.endsWith(expected)) {
      t.fail(
        `no answer after ${JSON.stringify(Buffer.from(piece).toString('latin1'))}, but ${replies.slice(-200)}`,
      );
      return;
    }
  }
  t.deepEqual(monitor.reports, []);
}

test('a million random bytes', async (t) => {
  const random = randomNumbers(2013);
  await survives(
    t,
    Array.from({ length: 500 }, () => Uint8Array.from({ length: 2000 }, () => random())),
  );
});

const REQUESTS = [
  '{"execute":"query-status","id":1}',
  '{"execute":"qom-set","arguments":{"path":"/","property":"p","value":[1,2.5,{"a":"b\\u00e9"}]},"id":"x"}',
  "{'execute': 'remove-fd', 'arguments': {'fdset-id': 9223372036854775807, 'fd': -1}}",
  '{"execute":"ringbuf-write","arguments":{"device":"r","data":"aGVsbG8=","format":"base64"},"id":[[],{}]}',
  '{"execute":"send-key","arguments":{"keys":[{"type":"qcode","data":"a"},{"type":"number","data":30}]}}',
  '{"execute":"query-command-line-options","arguments":{"option":"drive"}}',
];
const NASTY = Buffer.from('{}[],:"\'\\u0%tn1e-.\x00\xff\xc0é', 'latin1');

function mutated(random: () => number): Uint8Array {
  const request = Buffer.from(REQUESTS[random() % REQUESTS.length] ?? '');
  const bytes = [...request];
  for (let changes = random() % 4; changes >= 0; changes -= 1) {
    const at = random() % (bytes.length + 1);
    const nasty = NASTY[random() % NASTY.length] ?? 0;
    switch (random() % 4) {
      case 0:
        bytes[at] = nasty;
        break;
      case 1:
        bytes.splice(at, 0, nasty);
        break;
      case 2:
        bytes.splice(at, 1 + (random() % 5));
        break;
      default:
        bytes.splice(at, 0, ...request.subarray(random() % request.length));
    }
  }
  return Uint8Array.from(bytes);
}

test('a million bytes of mutated requests', async (t) => {
  const random = randomNumbers(523);
  const pieces: Uint8Array[] = [];
  for (let total = 0; total < 1_000_000; ) {
    const piece = mutated(random);
    pieces.push(piece);
    total += piece.length;
  }
  await survives(t, pieces);
});

test('well-formed requests between mistakes that end are all answered, however the stream is cut', (t) => {
  const part = fc.constantFrom(
    '{"execute":"query-status","id":1}',
    "{'execute':'query-kvm'}",
    '{"execute":"bogus","id":{"b":1,"a":"\\u00e9"}}',
    '{"execute":"closefd","arguments":{"fdname":"é😀"},"id":2}',
    '{"execute":1}',
    'HELLO\n',
    'true ',
    '[1,]',
    ']',
    '\n',
    '"x"',
    '\u0000',
  );
  fc.assert(
    fc.property(fc.array(part, { maxLength: 30 }), fc.integer({ min: 1, max: 40 }), (parts, size) => {
      const whole = new TestMonitor();
      whole.device.connect();
      const cut = new TestMonitor();
      cut.device.connect();
      const input = `{"execute":"qmp_capabilities"}${parts.join('')}`;
      whole.device.send(input);
      cut.device.send(Buffer.from(input), size);
      const transcript = whole.device.take();
      t.is(cut.device.take(), transcript);
      const answered = transcript.split('\r\n').length - GREETING.split('\r\n').length;
      t.true(answered >= parts.filter((text) => text.startsWith('{')).length);
    }),
    { numRuns: 300 },
  );
});
