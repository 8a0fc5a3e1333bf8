import test from 'ava';
import {
  CHARDEV_BACKENDS,
  chardevFromOptions,
  UNAVAILABLE_CHARDEV_BACKENDS,
} from '../../../src/backends/chardev/chardev-options.ts';
import { parseGroupText } from '../../../src/options/option-group.ts';
import { findOptionGroup } from '../../../src/options/option-groups.ts';

function convert(text: string, stdioSignal = true) {
  const { values } = parseGroupText(findOptionGroup('chardev'), text);
  return chardevFromOptions(values, 'c0', { stdioSignal });
}

const SOCKET = { kind: 'socket', server: false, wait: false, nodelay: false, telnet: false, reconnect: 0 };

const accepted: readonly [text: string, config: object][] = [
  ['null', { kind: 'null' }],
  ['pty', { kind: 'pty' }],
  ['msmouse', { kind: 'msmouse' }],
  ['stdio', { kind: 'stdio', signal: true }],
  ['stdio,signal=off', { kind: 'stdio', signal: false }],
  ['file,path=/a', { kind: 'file', out: '/a' }],
  ['pipe,path=/a', { kind: 'pipe', path: '/a' }],
  ['vc', { kind: 'vc' }],
  ['vc,cols=80,rows=0x18', { kind: 'vc', cols: 80, rows: 24 }],
  ['memory', { kind: 'memory', size: 65536 }],
  ['ringbuf,size=4K', { kind: 'memory', size: 4096 }],
  ['memory,size=1', { kind: 'memory', size: 1 }],
  ['mux,chardev=base', { kind: 'mux', chardev: 'base' }],
  ['socket,path=/s', { ...SOCKET, address: { type: 'unix', path: '/s' } }],
  ['socket,path=/s,server', { ...SOCKET, address: { type: 'unix', path: '/s' }, server: true, wait: true }],
  ['socket,path=/s,server,nowait', { ...SOCKET, address: { type: 'unix', path: '/s' }, server: true }],
  ['socket,path=/s,wait', { ...SOCKET, address: { type: 'unix', path: '/s' } }],
  [
    'socket,host=h,port=1,nodelay,telnet,to=5,ipv4,noipv6,reconnect=2',
    {
      ...SOCKET,
      address: { type: 'inet', host: 'h', port: '1', to: 5, ipv4: true, ipv6: false },
      nodelay: true,
      telnet: true,
      reconnect: 2,
    },
  ],
  ['udp,port=9', { kind: 'udp', remote: { type: 'inet', host: 'localhost', port: '9' } }],
  [
    'udp,host=h,port=9,localaddr=l',
    {
      kind: 'udp',
      remote: { type: 'inet', host: 'h', port: '9' },
      local: { type: 'inet', host: 'l', port: '0' },
    },
  ],
];

for (const [text, config] of accepted) {
  test(`-chardev ${text}`, (t) => {
    t.deepEqual(convert(text), { config, mux: false } as ReturnType<typeof convert>);
  });
}

const refused: readonly [text: string, message: string][] = [
  ['path=/x', 'chardev: "c0" missing backend'],
  ['foo', 'chardev: backend "foo" not found'],
  ['toString', 'chardev: backend "toString" not found'],
  ['file', 'chardev: file: no filename given'],
  ['pipe', 'chardev: pipe: no device path given'],
  ['mux', 'chardev: mux: no chardev given'],
  ['socket', 'host and/or port not specified'],
  ['socket,port=1,server', 'host and/or port not specified'],
  ['socket,host=h', 'host and/or port not specified'],
  ['socket,path=', 'unix connect: no path specified'],
  ['udp,host=h', 'chardev: udp: remote port not specified'],
  ['memory,size=5', 'size of memory chardev must be power of two'],
  ['memory,size=0', 'size of memory chardev must be power of two'],
  ['tty,path=/dev/ttyS0', "chardev backend 'tty' is not available in this version"],
];

for (const [text, message] of refused) {
  test(`-chardev ${text} is refused: ${message}`, (t) => {
    t.throws(() => convert(text), { message });
  });
}

test('mux=on puts a multiplexer before the device', (t) => {
  t.true(convert('stdio,mux=on').mux);
});

test('ctrl-c on the terminal is a signal unless the caller or the option says otherwise', (t) => {
  t.deepEqual(convert('stdio', false).config, { kind: 'stdio', signal: false });
  t.deepEqual(convert('stdio,signal=on', false).config, { kind: 'stdio', signal: true });
});

test('a port range past 65535 is refused', (t) => {
  t.throws(() => convert('socket,host=h,port=1,to=65536'), { message: /^Parameter 'to' expects/ });
});

test('no backend is both available and not', (t) => {
  t.deepEqual(
    CHARDEV_BACKENDS.filter((name) => UNAVAILABLE_CHARDEV_BACKENDS.includes(name)),
    [],
  );
});
