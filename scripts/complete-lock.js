/**
 * `node scripts/complete-lock.js` after `npm install NAME`: adds the optional packages of other platforms that npm left
 * out of package-lock.json because the registry in use could not serve them. `npm ci` refuses a lock file without them.
 */
import { readFileSync, writeFileSync } from 'node:fs';

const LOCK = new URL('../package-lock.json', import.meta.url);
const SYSTEMS = ['android', 'darwin', 'freebsd', 'linux', 'netbsd', 'openbsd', 'sunos', 'win32'];
const PROCESSORS = ['arm64', 'x64', 'arm', 'ia32', 'loong64', 'ppc64', 'riscv64', 's390x'];

/** What npm would have written, as far as the name of a platform package tells. */
function platformEntry(name, version, owner) {
  const platform = name.split('/').at(-1);
  const isMusl = platform.endsWith('-musl');
  const words = platform.replace(/-musl$|-gnu$/, '').split('-');
  const system = SYSTEMS.find((candidate) => words.includes(candidate));
  const processor = PROCESSORS.find((candidate) => words.includes(candidate));
  return {
    version: version.replace(/^[~^]/, ''),
    ...(processor && { cpu: [processor] }),
    ...(owner.dev && { dev: true }),
    ...(isMusl && { libc: ['musl'] }),
    optional: true,
    ...(system && { os: [system] }),
  };
}

const lock = JSON.parse(readFileSync(LOCK, 'utf8'));
const packages = lock.packages;
const added = [];
for (const [folder, owner] of Object.entries(packages)) {
  if (folder === '') continue;
  for (const [name, version] of Object.entries(owner.optionalDependencies ?? {})) {
    if (packages[`node_modules/${name}`] || packages[`${folder}/node_modules/${name}`]) continue;
    packages[`node_modules/${name}`] = platformEntry(name, version, owner);
    added.push(name);
  }
}
lock.packages = Object.fromEntries(Object.entries(packages).sort(([a], [b]) => (a < b ? -1 : 1)));
writeFileSync(LOCK, `${JSON.stringify(lock, null, 2)}\n`);
process.stdout.write(`package-lock.json: ${added.length === 0 ? 'complete' : `added ${added.join(', ')}`}\n`);
