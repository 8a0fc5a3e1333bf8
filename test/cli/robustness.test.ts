import { spawnSync } from 'node:child_process';
import test from 'ava';
import fc from 'fast-check';
import { parseCommandLine } from '../../src/cli/command-line.ts';
import { CommandLineError } from '../../src/cli/command-line-error.ts';
import { OPTION_SECTIONS } from '../../src/cli/option-table.ts';
import { FakeEnvironment } from './support.ts';

const OPTIONS = OPTION_SECTIONS.flatMap(({ options }) => options.map(({ name }) => `-${name}`));

const FRAGMENTS = [
  'a',
  'id=a',
  ',',
  '=',
  'null',
  'stdio',
  'socket',
  'path=/x',
  'mux=on',
  'chardev:',
  'chardev=a',
  'mode=control',
  'tcp:',
  ':',
  '1',
  '-1',
  '0x',
  '[',
  ']',
  'none',
  'pc',
  'accel=',
  'tcg',
  'kvm',
  'node',
  'cpus=',
  '+',
  'no',
  '.',
  '"',
  '\n',
  '\0',
  '…',
];

const value = fc.oneof(
  fc.string(),
  fc.array(fc.constantFrom(...FRAGMENTS), { maxLength: 8 }).map((parts) => parts.join('')),
);

test('any words at all give a machine, a text, or an error that names what is wrong', (t) => {
  const argv = fc.array(
    fc.oneof({ weight: 2, arbitrary: fc.constantFrom(...OPTIONS) }, { weight: 1, arbitrary: value }),
  );
  fc.assert(
    fc.property(argv, (words) => {
      try {
        const result = parseCommandLine(words, new FakeEnvironment());
        t.true(result.action === 'run' || result.text !== '');
      } catch (error) {
        t.true(error instanceof CommandLineError, String(error));
        t.regex((error as CommandLineError).code, /^ERR_CLI_/);
      }
    }),
    { numRuns: 300 },
  );
});

test('any value of any option gives a machine, a text, or an error that names the option', (t) => {
  fc.assert(
    fc.property(fc.constantFrom(...OPTIONS), value, (option, text) => {
      try {
        parseCommandLine(['-nodefaults', option, text], new FakeEnvironment());
      } catch (error) {
        t.true(error instanceof CommandLineError, String(error));
        const { message } = error as CommandLineError;
        t.true(
          message.includes(option) || message.startsWith(text) || message.includes(`'${text}'`),
          message,
        );
      }
    }),
    { numRuns: 2000 },
  );
});

test('the process has the files and the output that the command line needs', (t) => {
  const program = `
    import { parseCommandLine } from './src/cli/command-line.ts';
    try {
      parseCommandLine(process.argv.slice(1));
    } catch (error) {
      console.log(error.message);
    }`;
  const run = (...words: string[]) =>
    spawnSync(process.execPath, ['--import=tsx', '--input-type=module', '-e', program, '--', ...words], {
      encoding: 'utf8',
    }).stdout;
  t.is(run('-M', 'none', '-writeconfig', '-'), '# qemu config file\n\n[machine]\n  type = "none"\n\n');
  t.is(
    run('-readconfig', '/nonexistent'),
    "-readconfig /nonexistent: could not read '/nonexistent': no such file or directory\n",
  );
  t.is(
    run('-writeconfig', '/proc/x/y'),
    "-writeconfig /proc/x/y: could not write '/proc/x/y': no such file or directory\n",
  );
});
