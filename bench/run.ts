/** `npm run bench [-- NAME…]`: runs the named benchmarks, or all of them, each in a process of its own. */
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const BENCHMARKS = new Map([
  ['actors', 'actors/actors.ts'],
  ['monitor', 'monitor/monitor.ts'],
  ['translator', 'translator/translator.ts'],
  ['vcpu', 'vcpu/loops.ts'],
  ['wake', 'vcpu/wake.ts'],
  ['boot', 'boot/boot.ts'],
  ['parallel', 'boot/parallel.ts'],
]);

const names = process.argv.length > 2 ? process.argv.slice(2) : [...BENCHMARKS.keys()];
for (const name of names) {
  const file = BENCHMARKS.get(name);
  if (file === undefined) {
    console.error(
      `bench: unknown benchmark '${name}', expected one of: ${[...BENCHMARKS.keys()].join(', ')}`,
    );
    process.exitCode = 1;
    break;
  }
  const path = fileURLToPath(new URL(file, import.meta.url));
  const { status } = spawnSync(process.execPath, ['--import=tsx', path], { stdio: 'inherit' });
  if (status !== 0) process.exitCode = 1;
}
