/** Static programs compiled from test/guests/programs at several levels: on the core they do what they do on the host. */
import { readFileSync } from 'node:fs';
import test, { type ExecutionContext } from 'ava';
import { runProgram } from './linux-process.ts';
import { setModel } from './model.ts';
import { compile, hasCompiler, runOnHost } from './native-programs.ts';
import { PENDING_LEVELS } from './pending-levels.ts';

const onThisHost = hasCompiler() ? test : test.skip;
const INPUT = Buffer.from('First Line\nsecond line, longer\nTHIRD\n\nlast');
/** The model with the instructions of each level. */
const MODELS: Readonly<Record<string, string>> = {
  'x86-64': 'qemu64',
  'x86-64-v2': 'Nehalem',
  'x86-64-v3': 'Haswell',
};

async function sameAsNative(t: ExecutionContext, path: string, model: string): Promise<void> {
  const args = ['program', 'argument'];
  const native = runOnHost(path, args, INPUT);
  const prepare = (cpu: Parameters<typeof setModel>[0]) => setModel(cpu, model);
  const core = await runProgram(readFileSync(path), { arguments: args, input: INPUT, prepare });
  t.is(core.output.toString('latin1'), native.output.toString('latin1'));
  t.is(core.exitCode, native.exitCode);
  t.deepEqual([...core.refused], [], 'refused system calls');
}

for (const program of ['sorting', 'digests', 'numbers', 'machine']) {
  for (const options of [
    ['-m64', '-O0'],
    ['-m64', '-O2'],
    ['-m64', '-O3', '-march=x86-64-v3'],
    ['-m32', '-O0'],
    ['-m32', '-O2', '-march=i386'],
    ['-m32', '-O3', '-march=i686'],
    ['-m32', '-O3', '-march=x86-64-v3'],
  ]) {
    onThisHost(`${program}, freestanding, ${options.join(' ')}`, async (t) => {
      await sameAsNative(t, compile(program, options, true), 'Haswell');
    });
  }
}

for (const [level, model] of Object.entries(MODELS)) {
  for (const program of ['floating', 'strings', 'vectors']) {
    for (const optimisation of ['-O0', '-O2', '-O3']) {
      // Below -O3 the level changes little but what the C library chooses.
      if (optimisation === '-O0' && level !== 'x86-64') continue;
      onThisHost(`${program}, ${optimisation} -march=${level} on ${model}`, async (t) => {
        // Contraction to FMA changes results, so both sides must run the same code: the same file does.
        const path = compile(program, [optimisation, `-march=${level}`], false);
        if (PENDING_LEVELS.has(level))
          await t.throwsAsync(sameAsNative(t, path, model), { message: /^Exception 6/ });
        else await sameAsNative(t, path, model);
      });
    }
  }
}
