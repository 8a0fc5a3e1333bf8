import test from 'ava';
import fc from 'fast-check';
import { TextScreen } from '../../../src/backends/chardev/text-screen.ts';
import { VcDevice } from '../../../src/backends/chardev/vc-device.ts';
import { Recorder } from './support/recorder.ts';
import { makeWorld } from './support/world.ts';

function screenOf(text: string, columns = 10, rows = 3): TextScreen {
  const screen = new TextScreen(columns, rows);
  screen.write(Buffer.from(text));
  return screen;
}

test('text wraps, scrolls and goes to the scrollback', (t) => {
  const screen = screenOf('0123456789AB\r\ntwo\r\nthree\r\nfour');
  t.deepEqual(screen.visible, ['two', 'three', 'four']);
  t.deepEqual(screen.scrollback, ['0123456789', 'AB']);
});

test('cursor movement and erasing', (t) => {
  t.deepEqual(screenOf('abc\x1b[2D#').visible, ['a#c', '', '']);
  t.deepEqual(screenOf('one\r\ntwo\x1b[1;2H\x1b[J!').visible, ['o!', '', '']);
  t.deepEqual(screenOf('abcdef\x1b[3G\x1b[K').visible, ['ab', '', '']);
  t.deepEqual(screenOf('abc\x1b[1;31mred\x1b[0m').visible, ['abcred', '', '']);
  t.deepEqual(screenOf('\x1b]0;title\x07x\ty').visible, ['x       y', '', '']);
  t.deepEqual(screenOf('é\b€').visible, ['€', '', '']);
});

test('any bytes leave a screen of the same size, and a bounded scrollback', (t) => {
  const bytes = fc.array(fc.oneof(fc.constantFrom(0x1b, 0x5b, 0x3b, 0x39, 0x4a, 0x48, 0x0a), fc.nat(255)), {
    maxLength: 3000,
  });
  fc.assert(
    fc.property(bytes, (list) => {
      const screen = new TextScreen(7, 4);
      screen.write(Uint8Array.from(list));
      t.is(screen.visible.length, 4);
      t.true(screen.visible.every((line) => [...line].length <= 7));
      t.true(screen.scrollback.length <= 512);
      t.true(screen.cursor.row < 4 && screen.cursor.column < 7);
    }),
    { numRuns: 50 },
  );
});

test('keys reach the front end when it can take them', async (t) => {
  const { registry } = makeWorld(t);
  const vc = await registry.create('vc0', { kind: 'vc', width: 640, height: 400 });
  if (!(vc instanceof VcDevice)) {
    t.fail('not a console');
    return;
  }
  t.deepEqual([vc.screen.columns, vc.screen.rows], [80, 25]);
  const recorder = new Recorder();
  recorder.room = 0;
  vc.attach(recorder);
  vc.type(Buffer.from('ls\r'));
  t.is(recorder.text, '');
  recorder.room = 2;
  vc.resume();
  t.is(recorder.text, 'ls\r');
});
