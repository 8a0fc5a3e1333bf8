import test from 'ava';
import { FakeEnvironment, run, words } from './support.ts';

const LINE =
  '-nodefaults -machine none,accel=tcg -chardev socket,id=q,path=/tmp/a,,b,server,nowait -mon q,id=m,mode=control -boot dc -rtc clock=vm -add-fd fd=5,set=1 -global a.b=c -qmp null';

test('a configuration that was written and read again is the same machine', (t) => {
  const environment = new FakeEnvironment();
  const written = run([...words(LINE), '-writeconfig', 'vm.cfg'], environment);
  const read = run(['-nodefaults', '-readconfig', 'vm.cfg'], environment);
  const sorted = ({ sections, ...rest }: typeof read.config) => ({
    ...rest,
    sections: sections.toSorted((a, b) => JSON.stringify(a).localeCompare(JSON.stringify(b))),
  });
  t.deepEqual(sorted(read.config), sorted(written.config));
});

test('-writeconfig - prints, in the order of the groups, what came before it', (t) => {
  const environment = new FakeEnvironment();
  run(words('-nodefaults -machine none -chardev null,id=a -writeconfig - -chardev null,id=b'), environment);
  t.is(
    environment.output,
    '# qemu config file\n\n[chardev "a"]\n  backend = "null"\n\n[machine]\n  type = "none"\n\n',
  );
});

test('-set changes what a configuration file has made', (t) => {
  const environment = new FakeEnvironment();
  environment.files.set('vm.cfg', '[chardev "a"]\n  backend = "null"\n');
  const { config } = run(words('-nodefaults -readconfig vm.cfg -set chardev.a.backend=pty'), environment);
  t.deepEqual(config.chardevs, [{ id: 'a', config: { kind: 'pty' }, mux: false }]);
});

const refused: readonly [text: string, message: RegExp][] = [
  ['[machine]\nfoo = "1"\n', /^-readconfig vm\.cfg: vm\.cfg:2: Invalid parameter 'foo'$/],
  ['[drive "d"]\nif = "foo"\n', /^vm\.cfg:1: unsupported bus type 'foo'$/],
  ['\n[netdev]\ntype = "user"\n', /^vm\.cfg:2: \[netdev\]: not available/],
  ['[net]\ntype = "user"\n', /^vm\.cfg:1: \[net\]: not available/],
  ['[realtime]\nmlock = "on"\n', /^vm\.cfg:1: \[realtime\]: not available/],
  ['[spice]\nport = "1"\n', /There is no option group 'spice'/],
  ['[machine]\ntype = "foo"\n', /^vm\.cfg:1: unknown machine type 'foo'\nSupported machines are:/],
  ['[chardev]\nbackend = "null"\n', /^vm\.cfg:1: chardev: no id specified/],
  ['[boot-opts]\norder = "zz"\n', /^vm\.cfg:1: expected order to be drive letters/],
  ['[global]\ndriver = "x"\n', /^vm\.cfg:1: expected driver, property and value/],
];

for (const [text, message] of refused) {
  test(`the file ${JSON.stringify(text)} is refused with its place`, (t) => {
    const environment = new FakeEnvironment();
    environment.files.set('vm.cfg', text);
    t.throws(() => run(words('-nodefaults -readconfig vm.cfg'), environment), { message });
  });
}

test('groups that are switched off in a file are fine', (t) => {
  const environment = new FakeEnvironment();
  environment.files.set(
    'vm.cfg',
    '[net]\ntype = "none"\n[realtime]\nmlock = "off"\n[sandbox]\nenable = "off"\n',
  );
  t.notThrows(() => run(words('-nodefaults -readconfig vm.cfg'), environment));
});
