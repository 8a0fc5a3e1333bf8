import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import test from 'ava';
import { systemClock } from '../../../src/actors/clock.ts';
import { CharDeviceRegistry } from '../../../src/backends/chardev/char-device-registry.ts';
import type { ChardevConfig } from '../../../src/backends/chardev/chardev-config.ts';
import { HumanMonitor } from '../../../src/monitor/hmp/human-monitor.ts';
import { NamedDescriptors } from '../../../src/monitor/named-descriptors.ts';
import { fakeServices } from './fake-services.ts';

/** A test that needs these programs. */
function testWith(...programs: readonly string[]): typeof test | typeof test.skip {
  const areThere = programs.every((program) => spawnSync('which', [program]).status === 0);
  return areThere ? test : test.skip;
}

/** A dialogue that all terminals have with the monitor: completion, editing, history, several lines at once. */
const DIALOGUE = `
set timeout 20
proc answer {text} {
  expect {
    -exact $text {}
    timeout { puts "\\nno answer: $text"; exit 1 }
    eof { puts "\\nclosed before: $text"; exit 1 }
  }
}
answer "QEMU 1.5.50 monitor - type 'help' for more information"
answer "(qemu) "
send "inf\\tver\\t\\r"
answer "\\n1.5.50\\r\\n(qemu) "
send "print 4\\x01\\x1b\\[C\\x1b\\[C\\x05\\x7f6 * 7\\r"
answer "\\n0x2a\\r\\n(qemu) "
send "\\x1b\\[A\\x1b\\[A\\r"
answer "\\n1.5.50\\r\\n(qemu) "
send "p 1\\rp 2\\rfoo\\r"
answer "\\n0x1\\r\\n(qemu) "
answer "\\n0x2\\r\\n(qemu) "
answer "\\nunknown command: 'foo'\\r\\n(qemu) "
`;

interface Terminal {
  readonly registry: CharDeviceRegistry;
  /** Runs an expect script; resolves with its exit code and output. */
  expect(script: string): Promise<{ readonly code: number; readonly output: string }>;
}

/** A human monitor on a real character device. */
async function onDevice(config: ChardevConfig): Promise<Terminal> {
  const registry = new CharDeviceRegistry({
    clock: systemClock,
    escapeCharacter: 1,
    quit: () => undefined,
    commit: () => undefined,
    announce: () => undefined,
  });
  const device = await registry.create('mon0', config);
  new HumanMonitor({
    device,
    services: fakeServices(),
    namedDescriptors: new NamedDescriptors(() => undefined),
    version: '1.5.50',
  }).start();
  return {
    registry,
    async expect(script) {
      const expect = spawn('expect', ['-'], { stdio: ['pipe', 'pipe', 'inherit'] });
      let output = '';
      expect.stdout.setEncoding('utf8').on('data', (text: string) => {
        output += text;
      });
      expect.stdin.end(script);
      const [code] = (await once(expect, 'close')) as [number];
      return { code, output };
    },
  };
}

/** The part of `filename` that a client connects to. */
function addressOf({ registry }: Terminal): string {
  const filename = registry.list().find(({ filename }) => filename.includes(':'))?.filename ?? '';
  return filename.slice(filename.indexOf(':') + 1).replace(/,.*/, '');
}

testWith('expect')('speaks on a pseudo-terminal', async (t) => {
  const terminal = await onDevice({ kind: 'pty' });
  const { code, output } = await terminal.expect(`
    set port [open ${addressOf(terminal)} r+]
    fconfigure $port -translation binary -buffering none
    spawn -open $port
    ${DIALOGUE}`);
  t.is(code, 0, output);
  await terminal.registry.closeAll();
});

testWith('expect', 'socat')('speaks over a unix socket, to one client after the other', async (t) => {
  const path = `/tmp/hmp-terminal-${process.pid}.sock`;
  const terminal = await onDevice({
    kind: 'socket',
    address: { type: 'unix', path },
    server: true,
    wait: false,
    nodelay: false,
    telnet: false,
    reconnect: 0,
  });
  const script = `spawn -noecho socat -,raw,echo=0 UNIX-CONNECT:${path}\n${DIALOGUE}`;
  const first = await terminal.expect(script);
  t.is(first.code, 0, first.output);
  const second = await terminal.expect(script);
  t.is(second.code, 0, second.output);
  await terminal.registry.closeAll();
});

testWith('expect', 'telnet')('speaks to telnet', async (t) => {
  const terminal = await onDevice({
    kind: 'socket',
    address: { type: 'inet', host: '127.0.0.1', port: '0' },
    server: true,
    wait: false,
    nodelay: true,
    telnet: true,
    reconnect: 0,
  });
  const [host, port] = addressOf(terminal).split(':');
  const { code, output } = await terminal.expect(`spawn -noecho telnet ${host} ${port}\n${DIALOGUE}`);
  t.is(code, 0, output);
  await terminal.registry.closeAll();
});
