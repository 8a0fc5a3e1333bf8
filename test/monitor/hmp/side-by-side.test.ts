/**
 * The same keys to our monitor and to an installed QEMU (7.2): the same bytes back, but for what `asOldVersion` takes out.
 * Not compared, since we do otherwise on purpose:
 * - `ESC [ F` (the End key of xterm) goes to the end of the line, not back in the history
 * - `ESC [ 7 ~` and `ESC [ 8 ~` (Home and End of rxvt), ctrl-b f k u y n p, meta-b and meta-f mean something
 * - a character beyond ASCII is one step of the cursor, not one for each of its bytes
 * - `help` with an open quote says so, instead of nothing
 * - the list of commands, and the help on them
 */
import { setImmediate as nextTurn } from 'node:timers/promises';
import test from 'ava';
import fc from 'fast-check';
import { HumanMonitor } from '../../../src/monitor/hmp/human-monitor.ts';
import { NamedDescriptors } from '../../../src/monitor/named-descriptors.ts';
import { FakeCharDevice } from './fake-char-device.ts';
import { fakeServices } from './fake-services.ts';
import {
  asOldVersion,
  hasReferenceQemu,
  LAST_ANSWER,
  LAST_LINE,
  referenceTranscript,
} from './reference-qemu.ts';

/** The seed of what is generated, so that a difference can be looked at again. */
const SEED = 20130524;

const compared = hasReferenceQemu ? test : test.skip;

/** The same bytes to our monitor, and what it wrote. */
async function ourTranscript(input: string): Promise<string> {
  const device = new FakeCharDevice();
  const monitor = new HumanMonitor({
    device,
    services: fakeServices(),
    namedDescriptors: new NamedDescriptors(() => undefined),
    version: '1.5.50',
  });
  monitor.start();
  let rest = Buffer.from(`${input}\n${LAST_LINE}`);
  let output = '';
  while (!output.endsWith(LAST_ANSWER)) {
    const room = device.frontEnd.canReceive();
    device.frontEnd.receive(rest.subarray(0, room));
    rest = rest.subarray(room);
    await nextTurn();
    output += device.take();
  }
  return output;
}

/** The transcripts cut at their prompts: a difference is shown with the line that it is about. */
function exchanges(transcript: string): string[] {
  return transcript.split('(qemu) ');
}

async function compare(t: { deepEqual(actual: string[], expected: string[]): unknown }, input: string) {
  const reference = asOldVersion(await referenceTranscript(input));
  t.deepEqual(exchanges(await ourTranscript(input)), exchanges(reference));
}

const expressionLines = [
  ...['1 + 2 * 3', '1+2&3', '6&3*1', '1|2^3', '8-1|2', '7-2-1', '100/7%4', '-7/2', '-7%2', '~0', '+-~5'],
  ...['(1+2)*3', '0x7fffffffffffffff+1', '0xffffffffffffffff', '18446744073709551615', '017', '08', '0x'],
  ...["'a'", "' '", "'''", "'a", "''", "'", "'\\n'", '', '-', '(', ')', '(1', '(1 2', '1 2', '1/0'],
  ...['1%0', '$foo', '$', '$foo+1', '18446744073709551616', '0x10000000000000000', 'x', '1x', '1+x', '1 +'],
  ...['  5  ', '1\t+\t1', '"5"', '5.5', '1e3', '#', '5)', '*5', '5*', '0b1', '00', '- 5', '1 - - 1', '!1'],
].map((text) => `p ${text}`);

const formatLines = [
  ...['p/x 255', 'p 255', 'p/o 8', 'p 8', 'p/u -1', 'p/d -1', 'p/c 65', 'p/c 10', 'p/c 13', 'p/c 9'],
  ...['p/c 39', 'p/c 92', 'p/c 0x141', 'p/c -1', 'p/c 0', 'p/c 127', 'p/i -8', 'p/x 0', 'p/o 0', 'p/q 1'],
  ...['p/3xw 5', 'p/x', 'p/', 'p/ 5', 'p /d 5', 'p  /o  5', 'p/g 5', 'p/Lxb 5', 'p/12 5', 'p/x/ 5', 'p/x5 5'],
  ...['p /x/5', 'print/x5', 'p/d 0-1', 'p 5', 'p/xi 5', 'p 6', 'p/b 6', 'p/h 6', 'p/w 6'],
];

const lineLines = [
  ...['', '   ', 'foo', '  foo', 'foo bar', 'foo/bar', '/foo', 'info foo', ' info  foo bar', 'info/x'],
  ...['info "x"', 'INFO', 'stop x', 'c x', 'cont 1', 'info version x', 'system_reset "', 'quit now', 'q 1'],
  ...['ringbuf_write', 'ringbuf_write a', 'ringbuf_write "a', 'ringbuf_write "a\\q"', 'ringbuf_read'],
  ...['ringbuf_read a', 'ringbuf_read a x', 'ringbuf_read a -1', 'ringbuf_read a 0x100000000'],
  ...['ringbuf_read a 1 2', 'chardev-remove', 'chardev-remove a b', 'getfd', 'closefd', 'getfd "x" y'],
  ...['help foo', 'help foo bar', 'help info foo', '? foo', 'info uuid', 'info name'],
  ...['info history', 'foo\\', "it's", 'foo"bar', '\x01', 'a;b'],
];

compared('expressions and their errors are those of the reference', async (t) => {
  await compare(t, expressionLines.map((line) => `${line}\n`).join(''));
});

compared('formats are those of the reference', async (t) => {
  await compare(t, formatLines.map((line) => `${line}\n`).join(''));
});

compared('lines that cannot be run are answered as the reference does', async (t) => {
  await compare(t, lineLines.map((line) => `${line}\n`).join(''));
});

compared('generated expressions have the value that the reference gives', async (t) => {
  const number = fc.oneof(
    fc.bigInt(0n, 0xffff_ffff_ffff_ffffn).map((value) => `0x${value.toString(16)}`),
    fc.nat(99).map(String),
  );
  const element = fc.oneof(
    { weight: 4, arbitrary: number },
    { weight: 4, arbitrary: fc.constantFrom('+', '-', '*', '/', '%', '&', '|', '^') },
    { weight: 1, arbitrary: fc.constantFrom('(', ')', '~', ' ', '') },
  );
  const joined = fc.array(element, { minLength: 1, maxLength: 6 }).map((elements) => elements.join(''));
  const chain = fc
    .tuple(number, fc.array(fc.tuple(fc.constantFrom(...'+-*/%&|^'), number), { maxLength: 4 }))
    .map(([first, rest]) => first + rest.flat().join(''));
  const lines = [
    ...fc.sample(joined, { seed: SEED, numRuns: 100 }),
    ...fc.sample(chain, { seed: SEED, numRuns: 100 }),
    // The reference divides the smallest number by -1 with the processor's own instruction, which traps.
  ].filter((line) => !/8000000000000000|ffffffffffffffff/.test(line));
  await compare(t, lines.map((line) => `p/x ${line}\n`).join(''));
});

compared('editing keys are echoed as by the reference', async (t) => {
  const keys = [
    ...['jz', '\x01w', '\x05z', '\x1b[D\x1b[Dj', '\x7f', '\x08', '\x04', '\x1b[3~', ' wj  ', '\x17', '\x17'],
    ...['\x1b[1~', 'z', '\x1b[4~', 'j', '\x1bOH', 'w', '\x1bOF', '\x0c', '\n', '\x1b[A', '\x1b[A', '\x1b[B'],
    ...['\x1b[B', 'zz\r', '\x1b[A\x1b[A\x1b[D\x04\n', '\x1b[C\x1b[H', '\x1bx', '\x1b[9~', 'j\x00\x07\x1ew\n'],
  ];
  await compare(t, keys.join(''));
});

compared('generated editing leaves the same lines, history and echo as the reference', async (t) => {
  const key = fc.oneof(
    { weight: 6, arbitrary: fc.constantFrom('j', 'z', 'w', ' ') },
    {
      weight: 5,
      arbitrary: fc.constantFrom(
        ...[
          '\x01',
          '\x04',
          '\x05',
          '\x08',
          '\x17',
          '\x7f',
          '\x1b[C',
          '\x1b[D',
          '\x1b[1~',
          '\x1b[4~',
          '\x1b[3~',
        ],
      ),
    },
    { weight: 2, arbitrary: fc.constantFrom('\x1b[A', '\x1b[B', '\n') },
  );
  const keys = fc.sample(key, { seed: SEED, numRuns: 1500 });
  await compare(t, `${keys.join('')}\ninfo history\n`);
});

compared('the history drops the oldest line and repeated ones as in the reference', async (t) => {
  const lines = Array.from({ length: 80 }, (_, index) => `j${index % 70}\n`).join('');
  await compare(t, `${lines}info history\n${'\x1b[A'.repeat(70)}\x1b[B\n`);
});

compared('completion inserts and lists as the reference does', async (t) => {
  await compare(t, 'inf\tuui\t');
  await compare(t, 'zzz\t\x17system_\tr\t\x17ringbuf_\tz\t\n');
});
