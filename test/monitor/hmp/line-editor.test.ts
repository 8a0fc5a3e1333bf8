import test from 'ava';
import { CommandHistory } from '../../../src/monitor/hmp/command-history.ts';
import { KeyDecoder } from '../../../src/monitor/hmp/key-decoder.ts';
import { LineEditor } from '../../../src/monitor/hmp/line-editor.ts';

/** An editor with a terminal of its own kind: what is written is kept, lines entered are kept. */
class Terminal {
  readonly history = new CommandHistory();
  readonly keys = new KeyDecoder();
  readonly lines: string[] = [];
  written = '';
  readonly editor = new LineEditor({
    prompt: '> ',
    history: this.history,
    write: (text) => {
      this.written += text;
    },
  });

  type(text: string): this {
    for (const byte of Buffer.from(text)) {
      const stroke = this.keys.decode(byte);
      const request = stroke === undefined ? undefined : this.editor.handle(stroke);
      if (request?.type === 'line') this.lines.push(request.line);
    }
    return this;
  }

  /** What the terminal got for these keys. */
  echo(text: string): string {
    this.written = '';
    this.type(text);
    return this.written;
  }
}

const up = '\x1b[A';
const down = '\x1b[B';
const right = '\x1b[C';
const left = '\x1b[D';

const edits: readonly (readonly [keys: string, line: string])[] = [
  ['abc', 'abc'],
  [`ac${left}b`, 'abc'],
  [`ac\x02b`, 'abc'],
  [`bc\x01a`, 'abc'],
  [`bc\x1b[Ha`, 'abc'],
  [`bc\x1bOHa`, 'abc'],
  [`bc\x1b[1~a`, 'abc'],
  [`bc\x1b[7~a`, 'abc'],
  [`b\x01a\x05c`, 'abc'],
  [`b\x01a\x1b[Fc`, 'abc'],
  [`b\x01a\x1bOFc`, 'abc'],
  [`b\x01a\x1b[4~c`, 'abc'],
  [`b\x01a\x1b[8~c`, 'abc'],
  [`b\x01a${right}c`, 'abc'],
  [`b\x01a\x06c`, 'abc'],
  [`b\x01a${right}${right}${right}c`, 'abc'],
  [`${left}abc`, 'abc'],
  [`abx\x7fc`, 'abc'],
  [`abx\x08c`, 'abc'],
  [`\x7fabc`, 'abc'],
  [`abxc${left}${left}\x04`, 'abc'],
  [`abxc${left}${left}\x1b[3~`, 'abc'],
  [`abc\x04`, 'abc'],
  [`abc xy\x17\x7f`, 'abc'],
  [`abc xy  \x17\x17abc`, 'abc'],
  [`xyabc\x01\x06\x06\x15`, 'abc'],
  [`abcxy\x02\x02\x0b`, 'abc'],
  [`c ab\x17\x05\x01\x19\x05\x7f\x7f\x05c`, 'abc'],
  [`a c\x1bb\x7fb`, 'abc'],
  [`a b\x01\x1bfx\x05\x7f\x7f\x7fbc`, 'abc'],
  [`abc\x0c`, 'abc'],
  // Keys without a meaning here.
  ['a\x00\x03\x07b\x1b[5~\x1b[Z\x1bzc', 'abc'],
  // ctrl-right, as xterm sends it.
  ['a\x1b[1;5Cb\x1b[1;5D\x05c', 'abc'],
  ['aé€😀\x7f\x7f\x7fbc', 'abc'],
  ['é\x01x', 'xé'],
];
for (const [keys, line] of edits) {
  test(`${JSON.stringify(keys)} leaves '${line}'`, (t) => {
    t.deepEqual(new Terminal().type(`${keys}\r`).lines, [line]);
  });
}

test('redraws the line when its text changes and moves the cursor when only that does', (t) => {
  const terminal = new Terminal();
  t.is(terminal.echo('a'), 'a\x1b[K');
  t.is(terminal.echo('c'), '\x1b[Dac\x1b[K');
  t.is(terminal.echo(left), '\x1b[D');
  t.is(terminal.echo('b'), '\x1b[Dabc\x1b[K\x1b[D');
  t.is(terminal.echo(right), '\x1b[C');
  t.is(terminal.echo(right), '');
  t.is(terminal.echo('\x01'), '\x1b[D\x1b[D\x1b[D');
  t.is(terminal.echo('\x04'), 'bc\x1b[K\x1b[D\x1b[D');
  t.is(terminal.echo('\x0c'), '\x1b[2J\x1b[1;1H> bc\x1b[K\x1b[D\x1b[D');
  t.is(terminal.echo('\r'), '\n');
});

test('broken UTF-8 is passed over', (t) => {
  const terminal = new Terminal();
  for (const byte of [0xff, 0x80, 0x61, 0xc3, 0x62, 0xe2, 0x82, 0x1b, 0x5b, 0x44, 0x63, 0x0d]) {
    const stroke = terminal.keys.decode(byte);
    const request = stroke === undefined ? undefined : terminal.editor.handle(stroke);
    if (request?.type === 'line') terminal.lines.push(request.line);
  }
  t.deepEqual(terminal.lines, ['acb']);
});

test('the one-byte CSI introduces the same sequences', (t) => {
  const keys = new KeyDecoder();
  t.is(keys.decode(0x9b), undefined);
  t.deepEqual(keys.decode(0x41), { type: 'key', key: 'older' });
});

test('a line takes 4095 characters', (t) => {
  const terminal = new Terminal();
  terminal.editor.insert('x'.repeat(5000));
  terminal.type('y\r');
  t.deepEqual(terminal.lines, ['x'.repeat(4095)]);
});

test('the history goes back and forth and keeps a line once', (t) => {
  const terminal = new Terminal().type('one\rtwo\rthree\r\rone\r');
  t.deepEqual(terminal.history.entries, ['two', 'three', 'one']);
  terminal.type(`${up}${up}${up}${up}\r`);
  terminal.type(`${up}${up}${down}!\r`);
  terminal.type(`${up}${down}${down}new\r`);
  t.deepEqual(terminal.lines.slice(-3), ['two', 'two!', 'new']);
});

test('the history keeps 64 lines', (t) => {
  const terminal = new Terminal();
  for (let line = 0; line < 70; line += 1) terminal.type(`${line}\r`);
  t.is(terminal.history.entries.length, 64);
  t.is(terminal.history.entries[0], '6');
  t.deepEqual(terminal.type(`${up.repeat(100)}\r`).lines.at(-1), '6');
});

test('a completion is inserted at the cursor, a list goes below', (t) => {
  const terminal = new Terminal().type('info s x\x02\x02');
  terminal.written = '';
  terminal.editor.insertAndList('t', ['stats  status']);
  t.is(terminal.written, '\nstats  status\n> info st x\x1b[K\x1b[D\x1b[D');
  terminal.editor.insert('atus');
  t.deepEqual(terminal.type('\r').lines, ['info status x']);
});
