import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import fc from 'fast-check';
import { type ConfigSection, formatConfigFile, parseConfigFile } from '../../src/options/config-file.ts';
import { OPTION_GROUPS } from '../../src/options/option-groups.ts';
import { OptionStore } from '../../src/options/option-store.ts';

const QEMU = '/usr/bin/qemu-system-x86_64';
const ORDER = OPTION_GROUPS.map(({ name }) => name);

function read(text: string): ConfigSection[] {
  const store = new OptionStore();
  parseConfigFile(text, 'vm.cfg', store);
  return store.items().map(({ group, id, values }) => ({ group: group.name, id, values: [...values] }));
}

test('sections with and without id, comments, blanks and empty values are read', (t) => {
  const text =
    '# comment\n\n[chardev "c0"]\n  backend = "file"\n\tpath="/a b,c"\n[machine]\naccel = "tcg"\n[boot-opts]\n  splash = ""\n';
  t.deepEqual(read(text), [
    {
      group: 'chardev',
      id: 'c0',
      values: [
        ['backend', 'file'],
        ['path', '/a b,c'],
      ],
    },
    { group: 'machine', id: undefined, values: [['accel', 'tcg']] },
    { group: 'boot-opts', id: undefined, values: [['splash', '']] },
  ]);
});

const broken: readonly [name: string, text: string, message: RegExp][] = [
  ['a line that is nothing', '[machine]\nnonsense\n', /^vm\.cfg:2: parse error/],
  ['a value without quotes', '[machine]\naccel = tcg\n', /^vm\.cfg:2: parse error/],
  ['a value before any section', 'accel = "tcg"\n', /^vm\.cfg:1: no group defined/],
  ['an unknown group', '\n[nope]\n', /^vm\.cfg:2: There is no option group 'nope'/],
  ['an unknown parameter', '[machine]\nfoo = "1"\n', /^vm\.cfg:2: Invalid parameter 'foo'/],
  ['a wrong value', '[chardev "a"]\nmux = "1"\n', /^vm\.cfg:2: Parameter 'mux' expects 'on' or 'off'/],
  ['an id twice', '[chardev "a"]\n[chardev "a"]\n', /^vm\.cfg:2: Duplicate ID 'a' for chardev/],
  ['a malformed id', '[chardev "1"]\n', /^vm\.cfg:1: Parameter 'id' expects an identifier/],
];

for (const [name, text, message] of broken) {
  test(`${name} is reported with file and line`, (t) => {
    t.throws(() => read(text), { message });
  });
}

test('what is written is read back, with any value that the syntax can hold', (t) => {
  const value = fc.string().filter((text) => !/["\n]/.test(text));
  const id = fc.option(fc.stringMatching(/^[A-Za-z][A-Za-z0-9._-]{0,8}$/), { nil: undefined });
  const section = fc.record({
    group: fc.constantFrom('drive', 'device', 'object'),
    id,
    values: fc.array(fc.tuple(fc.stringMatching(/^x[a-z.-]{1,8}$/), value)),
  });
  const sections = fc.uniqueArray(section, {
    comparator: (a, b) => a.group === b.group && a.id !== undefined && a.id === b.id,
  });
  fc.assert(
    fc.property(sections, (list) => {
      const ordered = ORDER.flatMap((group) => list.filter((candidate) => candidate.group === group));
      t.deepEqual(read(formatConfigFile(list, ORDER)), ordered);
    }),
  );
});

test('a value that the syntax cannot hold is refused by name', (t) => {
  const section = { group: 'boot-opts', id: undefined, values: [['splash', 'a"b']] as const };
  t.throws(() => formatConfigFile([section], ORDER), { message: /^\[boot-opts\] splash: .*a"b/ });
});

const withQemu = existsSync(QEMU) ? test : test.skip;

/** Runs the real thing on a configuration file; its monitor is on standard input and output. */
function qemuReads(text: string): { stdout: string; stderr: string } {
  const folder = mkdtempSync(join(tmpdir(), 'troupe-config-'));
  const file = join(folder, 'vm.cfg');
  writeFileSync(file, text);
  const options = ['-S', '-nodefaults', '-display', 'none', '-readconfig', file];
  const input = '{"execute":"qmp_capabilities"}{"execute":"query-chardev"}{"execute":"quit"}';
  const { stdout, stderr } = spawnSync(QEMU, options, { input, encoding: 'utf8', timeout: 20_000 });
  rmSync(folder, { recursive: true });
  return { stdout, stderr };
}

withQemu('QEMU reads what we write', (t) => {
  const text = formatConfigFile(
    [
      {
        group: 'mon',
        id: 'm',
        values: [
          ['mode', 'control'],
          ['chardev', 'terminal'],
        ],
      },
      { group: 'machine', id: undefined, values: [['type', 'none']] },
      { group: 'chardev', id: 'terminal', values: [['backend', 'stdio']] },
      {
        group: 'chardev',
        id: 'sink',
        values: [
          ['backend', 'file'],
          ['path', '/dev/null'],
        ],
      },
    ],
    ORDER,
  );
  const { stdout, stderr } = qemuReads(text);
  t.is(stderr, '');
  t.regex(stdout, /"label": "sink"/);
  t.regex(stdout, /"label": "terminal"/);
});

withQemu('QEMU refuses broken files with the same words', (t) => {
  for (const text of ['accel = "tcg"\n', '[chardev "a"]\n[chardev "a"]\n']) {
    const ours = t.throws(() => read(text)).message.replace(/^vm\.cfg:\d+: /, '');
    const words = ours.split(':')[0] ?? '';
    t.true(qemuReads(text).stderr.includes(words), `${words} in ${qemuReads(text).stderr}`);
  }
});
