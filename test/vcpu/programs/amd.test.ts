/** SSE4A and 3DNow!, which few hosts have: a program gives on the core what it gives under qemu-x86_64. */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import test from 'ava';
import { runProgram } from './linux-process.ts';
import { setModel } from './model.ts';
import { compile, hasCompiler } from './native-programs.ts';

const QEMU = 'qemu-x86_64-static';
const MODEL = 'phenom';
const withOracle = hasCompiler() && spawnSync(QEMU, ['--version']).status === 0 ? test : test.skip;

withOracle('SSE4A and 3DNow! give what they give under QEMU', async (t) => {
  const path = compile('amd', ['-O1'], false);
  const reference = spawnSync(QEMU, ['-cpu', 'max', path], {
    encoding: 'latin1',
    maxBuffer: 16 * 1024 * 1024,
  });
  t.is(reference.status, 0, reference.stderr);
  const core = await runProgram(readFileSync(path), {
    arguments: ['program'],
    input: Buffer.alloc(0),
    prepare: (cpu) => setModel(cpu, MODEL),
  });
  const ours = core.output.toString('latin1').split('\n');
  const theirs = reference.stdout.split('\n');
  t.is(ours.length, theirs.length);
  t.deepEqual(
    ours.filter((line, index) => line !== theirs[index]),
    theirs.filter((line, index) => line !== ours[index]),
  );
  t.is(core.exitCode, 0);
});

withOracle('a model without them has #UD', async (t) => {
  const run = runProgram(readFileSync(compile('amd', ['-O1'], false)), {
    arguments: ['program'],
    input: Buffer.alloc(0),
    prepare: (cpu) => setModel(cpu, 'Nehalem'),
  });
  await t.throwsAsync(run, { message: /^Exception 6/ });
});
