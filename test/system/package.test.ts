/** What `npm pack` ships, installed somewhere else: no sources, no build, and it runs. */
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import test from 'ava';
import { scratch } from './process.ts';

const run = promisify(execFile);
const ROOT = fileURLToPath(new URL('../..', import.meta.url));

test('an installed package has its program, its client and its types, and no sources', async (t) => {
  await using folder = await scratch();
  const packed = await run('npm', ['pack', '--ignore-scripts', '--json', '--pack-destination', folder.path], {
    cwd: ROOT,
  });
  t.truthy(packed.stdout);
  const modules = join(folder.path, 'node_modules');
  const installed = join(modules, 'troupe');
  await mkdir(installed, { recursive: true });
  await run('sh', ['-c', 'tar -xzf ./*.tgz --strip-components=1 -C node_modules/troupe'], {
    cwd: folder.path,
  });
  // The dependencies of an installed package lie beside it; those of this clone serve.
  for (const name of [
    'node',
    'koffi',
    '@koromix',
    'msgpackr',
    'msgpackr-extract',
    '@msgpackr-extract',
    'xstate',
    'piscina',
  ]) {
    if (existsSync(join(ROOT, 'node_modules', name))) {
      await symlink(join(ROOT, 'node_modules', name), join(modules, name));
    }
  }
  t.false(existsSync(join(installed, 'src')));
  t.true(existsSync(join(installed, 'dist/client/troupe.d.ts')));
  const { stdout } = await run(join(installed, 'bin/troupe'), ['-version']);
  t.regex(stdout, /^QEMU emulator version 1\.5\.50/);
  const script = `
    import { launch } from 'troupe';
    const machine = await launch(['-S', '-nodefaults']);
    console.log((await machine.status()).status);
    console.log(JSON.stringify(await machine.quit()));
  `;
  const client = await run(join(modules, 'node/bin/node'), ['--input-type=module', '-e', script], {
    cwd: folder.path,
  });
  t.is(client.stdout, 'prelaunch\n{"code":0,"signal":null}\n');
});
