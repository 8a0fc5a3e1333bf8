/** Answers what comes on the standard input in upper case; `q` or the end of the input ends it. */
import { systemClock } from '../../../../src/actors/clock.ts';
import { CharDeviceRegistry } from '../../../../src/backends/chardev/char-device-registry.ts';

const registry = new CharDeviceRegistry({
  clock: systemClock,
  escapeCharacter: 1,
  quit() {},
  commit() {},
  announce() {},
});
const device = await registry.create('stdio', { kind: 'stdio', signal: process.argv[2] === 'true' });

device.attach({
  canReceive: () => 100,
  receive(bytes) {
    const text = Buffer.from(bytes).toString();
    device.write(Buffer.from(`${text.toUpperCase()};`));
    if (text === 'q') {
      void registry.closeAll();
    }
  },
  event(event) {
    device.write(Buffer.from(`${event};`));
    if (event === 'closed') {
      void registry.closeAll();
    }
  },
});
