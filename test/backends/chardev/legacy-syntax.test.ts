import test from 'ava';
import { parseLegacyChardev } from '../../../src/backends/chardev/legacy-syntax.ts';
import { formatOptionList } from '../../../src/options/option-list.ts';

const devices: readonly [text: string, options: string][] = [
  ['null', 'backend=null'],
  ['pty', 'backend=pty'],
  ['stdio', 'backend=stdio'],
  ['msmouse', 'backend=msmouse'],
  ['braille', 'backend=braille'],
  ['con:', 'backend=console'],
  ['COM1', 'backend=serial,path=COM1'],
  ['vc', 'backend=vc'],
  ['vc:800x600', 'backend=vc,width=800,height=600'],
  ['vc:80Cx24C', 'backend=vc,cols=80,rows=24'],
  ['file:/tmp/a,b', 'backend=file,path=/tmp/a,,b'],
  ['pipe:/tmp/p', 'backend=pipe,path=/tmp/p'],
  ['tcp:localhost:4444', 'backend=socket,host=localhost,port=4444'],
  ['tcp::4444,server,nowait', 'backend=socket,host=,port=4444,server=on,wait=off'],
  ['tcp:h:1,nodelay', 'backend=socket,host=h,port=1,delay=off'],
  ['tcp:[::1]:4444,server', 'backend=socket,host=::1,port=4444,server=on'],
  ['telnet::23,server', 'backend=socket,host=,port=23,server=on,telnet=on'],
  ['udp::9', 'backend=udp,host=,port=9'],
  ['udp:h:9@:10', 'backend=udp,host=h,port=9,localaddr=,localport=10'],
  ['udp:h:9@l:10', 'backend=udp,host=h,port=9,localaddr=l,localport=10'],
  ['unix:/tmp/q,server,nowait', 'backend=socket,path=/tmp/q,server=on,wait=off'],
  ['unix:', 'backend=socket,path='],
  ['unix:/tmp/a,,b', 'backend=socket,path=/tmp/a,,b'],
  ['/dev/ttyS0', 'backend=serial,path=/dev/ttyS0'],
  ['/dev/parport0', 'backend=parallel,path=/dev/parport0'],
  ['mon:stdio', 'mux=on,backend=stdio'],
  ['mon:unix:/m,server', 'mux=on,backend=socket,path=/m,server=on'],
];

for (const [text, options] of devices) {
  test(`${text} means ${options}`, (t) => {
    const chardev = parseLegacyChardev(text);
    t.is(chardev.type === 'device' ? formatOptionList(chardev.values) : chardev.type, options);
  });
}

test('none and chardev:ID name no new device', (t) => {
  t.deepEqual(parseLegacyChardev('none'), { type: 'none' });
  t.deepEqual(parseLegacyChardev('chardev:c0'), { type: 'reference', id: 'c0' });
});

for (const text of [
  '',
  'foo',
  'nul',
  'stdio,x',
  'vc:80',
  'vcx',
  'vc:80Cx24',
  'tcp:4444',
  'tcp:host:',
  'tcp:h:1@x',
  'udp:h',
  'udp:h:1,x',
  'udp:h:1@l',
  'chardev:',
  'mon:',
  'mon:none',
]) {
  test(`'${text}' is refused with what was given`, (t) => {
    const error = t.throws(() => parseLegacyChardev(text), { code: 'ERR_CHARDEV_SYNTAX' });
    t.true(error.message.startsWith('parse error: '));
  });
}
