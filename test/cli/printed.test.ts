import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import test from 'ava';
import { parseCommandLine } from '../../src/cli/command-line.ts';
import { hostEnvironment } from '../../src/cli/environment.ts';
import { CPU_FEATURE_NAMES } from '../../src/machine/cpu-features.ts';
import { CPU_MODEL_NAMES } from '../../src/machine/cpu-models.ts';
import { FakeEnvironment, printed, words } from './support.ts';

const QEMU = '/usr/bin/qemu-system-x86_64';

test('-version begins with the line that scripts match, then names Troupe', (t) => {
  const [first = '', second] = printed(['-version']).split('\n');
  t.true(first.startsWith('QEMU emulator version 1.5.50'));
  t.is(second, 'Troupe version 9.8.7');
});

test('the version is that of the package', (t) => {
  const contents = JSON.parse(readFileSync('package.json', 'utf8')) as { version: string };
  t.is(hostEnvironment.version, contents.version);
});

for (const [line, expected] of [
  ['-h', /^usage: troupe/],
  ['-help', /^usage: troupe/],
  ['--help', /^usage: troupe/],
  ['-machine help', /^Supported machines are:\n(.*\n)*pc-i440fx-1\.5 .*\(default\)\n/],
  ['-M ?', /^Supported machines are:/],
  ['-cpu help', /^x86 +qemu64\n(.*\n)*x86 +max\n/],
  ['-cpu ?', /^x86 /],
  ['-d help', /^Log items \(comma separated\):\nout_asm {4}\S/],
  ['-d ?', /^Log items/],
  ['-chardev help', /^Available chardev backend types:\n(.*\n)*socket\n/],
] as const) {
  test(`${line} prints and ends`, (t) => {
    t.regex(printed(words(line)), expected);
  });
}

test('the first option that prints or fails decides', (t) => {
  t.regex(printed(words('-S -version -nope')), /^QEMU/);
  t.throws(() => printed(words('-nope -version')), { code: 'ERR_CLI_UNKNOWN_OPTION' });
});

const withQemu = existsSync(QEMU) ? test : test.skip;

function qemu(...options: string[]): string {
  const { stdout, stderr } = spawnSync(QEMU, options, { encoding: 'utf8', timeout: 20_000 });
  return stdout + stderr;
}

/** Second names of a flag, which newer QEMU lists once, and the flags that follow CR4, which it lets nobody set. */
const NOT_LISTED_NOW = [
  'ffxsr',
  'fxsr_opt',
  'i64',
  'xd',
  'sse3',
  'pclmuldq',
  'sse4_1',
  'sse4_2',
  'mp',
  'cid',
  'osxsave',
  'ospke',
];

withQemu('our CPU models and flags are known to QEMU', (t) => {
  const [models = '', flags = ''] = qemu('-cpu', 'help').split('Recognized CPUID flags:');
  const known = new Set(flags.split(/\s+/).map((flag) => flag.replaceAll('_', '-')));
  const knownModels = new Set(models.split('\n').map((line) => line.trim().split(/\s+/)[1]));
  t.deepEqual(
    CPU_MODEL_NAMES.filter((name) => !knownModels.has(name)),
    [],
  );
  t.deepEqual(
    CPU_FEATURE_NAMES.filter(
      (name) => !NOT_LISTED_NOW.includes(name) && !known.has(name.replaceAll('_', '-')),
    ),
    [],
  );
});

/** Mistakes that QEMU 7.2 words as 1.5.50 did. */
for (const line of [
  '-chardev socket,id=a,foo=b',
  '-chardev null,id=a -chardev null,id=a',
  '-chardev null',
  '-chardev null,id=1',
  '-chardev id=a',
  '-chardev vc,id=a,width=x',
  '-chardev null,id=a,mux=maybe',
  '-chardev pipe,id=a',
  '-chardev file,id=a',
  '-chardev udp,id=a',
  '-chardev mux,id=a,chardev=b',
  '-set chardev.a.path=x',
  '-set nope.a.b=c',
  '-mon chardev=x',
  '-mon x',
  '-monitor stdio -qmp stdio',
  '-daemonize -monitor stdio',
  '-nope',
  '-m',
  '-machine accel=tcg -add-fd fd=x,set=1',
]) {
  withQemu(`QEMU refuses ${line} with the same words`, (t) => {
    const ours = t.throws(() =>
      parseCommandLine(['-nodefaults', ...words(line)], new FakeEnvironment()),
    ).message;
    const theirs = qemu('-S', '-nodefaults', '-display', 'none', '-machine', 'none', ...words(line));
    const theirText = theirs.split('\n')[0]?.replace(/^qemu-system-x86_64: /, '') ?? '';
    t.true(ours.startsWith(theirText), `ours: ${ours}; theirs: ${theirText}`);
  });
}
