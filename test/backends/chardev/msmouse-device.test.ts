import test from 'ava';
import fc from 'fast-check';
import { MsmouseDevice } from '../../../src/backends/chardev/msmouse-device.ts';
import { Recorder } from './support/recorder.ts';

const NONE = { left: false, right: false, middle: false };

/** A Microsoft mouse driver: what the packets say. */
function decode(bytes: readonly number[]): { dx: number; dy: number; buttons: string } {
  const sum = { dx: 0, dy: 0, buttons: '' };
  const signed = (value: number) => (value << 24) >> 24;
  for (let i = 0; i < bytes.length; i += 1) {
    const [first = 0, x = 0, y = 0] = bytes.slice(i);
    if ((first & 0x40) !== 0) {
      sum.dx += signed(((first & 3) << 6) | x);
      sum.dy += signed(((first & 12) << 4) | y);
      sum.buttons = `${(first & 0x20) !== 0 ? 'L' : ''}${(first & 0x10) !== 0 ? 'R' : ''}`;
    }
  }
  return sum;
}

test('a known packet', (t) => {
  const mouse = new MsmouseDevice('m', '');
  const recorder = new Recorder();
  mouse.attach(recorder);
  mouse.move(5, -3, { left: true, right: false, middle: false });
  t.deepEqual([...Buffer.from(recorder.text, 'latin1')], [0x40 | 0x20 | 0x0c, 5, 0x3d]);
});

test('the middle button has a fourth byte, also when it is let go', (t) => {
  const mouse = new MsmouseDevice('m', '');
  const recorder = new Recorder();
  mouse.attach(recorder);
  mouse.move(0, 0, { ...NONE, middle: true });
  mouse.move(0, 0, NONE);
  mouse.move(0, 0, NONE);
  t.deepEqual([...Buffer.from(recorder.text, 'latin1')], [0x40, 0, 0, 0x20, 0x40, 0, 0, 0, 0x40, 0, 0]);
});

test('no movement is lost, however slowly the guest reads', (t) => {
  const moves = fc.array(
    fc.record({ dx: fc.integer({ min: -500, max: 500 }), dy: fc.integer({ min: -500, max: 500 }) }),
  );
  fc.assert(
    fc.property(moves, fc.integer({ min: 1, max: 5 }), (list, room) => {
      const mouse = new MsmouseDevice('m', '');
      const recorder = new Recorder();
      recorder.room = 0;
      mouse.attach(recorder);
      list.forEach(({ dx, dy }, i) => {
        recorder.room = i % 2 === 0 ? 0 : room;
        mouse.move(dx, dy, NONE);
      });
      recorder.room = room;
      mouse.resume();
      const seen = decode([...Buffer.from(recorder.text, 'latin1')]);
      t.is(
        seen.dx,
        list.reduce((sum, { dx }) => sum + dx, 0),
      );
      t.is(
        seen.dy,
        list.reduce((sum, { dy }) => sum + dy, 0),
      );
    }),
  );
});
