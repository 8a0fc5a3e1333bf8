/**
 * Makes a clone ready and then runs something in it: `node scripts/bootstrap.js start|test|build|package|bench [arguments]`.
 *
 * It is the first thing that runs after a clone, on whatever Node the machine has (18 or newer), so it is plain
 * JavaScript without dependencies. It installs the locked packages (our own Node among them) and compiles the sources
 * when either is missing or older than what it is made from; otherwise it costs a few file stats.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, lstatSync, mkdirSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { constants } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url)).replace(/\/$/, '');
const modules = join(root, 'node_modules');
const pinnedNode = join(modules, 'node', 'bin', 'node');
const installStamp = join(modules, '.troupe-installed');
const buildStamp = join(root, 'dist', '.stamp');
const lockFolder = join(root, '.bootstrap-lock');
const LOCK_STALE_MS = 15 * 60 * 1000;
const LOCK_POLL_MS = 200;

const commands = {
  start,
  test: test,
  build: async () => 0,
  package: packageBuild,
  bench: async () => node(['--import=tsx', join(root, 'bench', 'run.ts'), ...process.argv.slice(3)]),
};

/** Compiles the CPU core if its sources are newer. */
const BUILD_CORE = [pinnedNode, ['--import=tsx', join(root, 'scripts', 'build-core.ts'), '--if-stale']];

/** `npm start` alone boots Linux on this terminal; with arguments it is the machine that they describe. */
function start() {
  const given = process.argv.slice(3);
  return given.length > 0
    ? run(join(root, 'bin', 'troupe'), given)
    : node([join(root, 'dist', 'quickstart', 'main.js')]);
}

/** Lint, then types, then tests: the cheapest complaint first. Arguments go to the test runner. */
async function test() {
  const bin = (name) => join(modules, '.bin', name);
  const steps = [
    [bin('biome'), ['check', '--error-on-warnings', '.']],
    [bin('tsc'), ['-p', root]],
    [pinnedNode, [bin('ava'), ...process.argv.slice(3)]],
  ];
  for (const [program, argv] of steps) {
    const status = await run(program, argv);
    if (status !== 0) return status;
  }
  return 0;
}

/** What `npm pack` ships is compiled from nothing, so that it holds no output of sources that are gone. */
async function packageBuild() {
  rmSync(join(root, 'dist'), { recursive: true, force: true });
  await build();
  return 0;
}

function node(argv) {
  return run(pinnedNode, argv);
}

/**
 * Runs a program on our own Node (first on its PATH), with this terminal; gives its exit code. A signal that ends us
 * is passed on; ctrl-c reaches the program by itself, from the terminal, and is left to it.
 */
async function run(program, argv, stdio = 'inherit') {
  const path = `${join(modules, '.bin')}:${process.env.PATH ?? ''}`;
  const child = spawn(program, argv, { cwd: root, env: { ...process.env, PATH: path }, stdio });
  const pass = (signal) => child.kill(signal);
  const leave = () => {};
  process.on('SIGTERM', pass).on('SIGHUP', pass).on('SIGINT', leave);
  try {
    const [status, signal] = await once(child, 'exit');
    return status ?? 128 + constants.signals[signal];
  } catch (error) {
    throw new Error(`cannot run ${program}: ${error.message}`);
  } finally {
    process.off('SIGTERM', pass).off('SIGHUP', pass).off('SIGINT', leave);
  }
}

function modified(path) {
  return existsSync(path) ? statSync(path).mtimeMs : 0;
}

function newest(path) {
  const own = modified(path);
  if (own === 0 || !statSync(path).isDirectory()) return own;
  return readdirSync(path).reduce((time, name) => Math.max(time, newest(join(path, name))), own);
}

/** A folder that another clone lends by a link is that clone's business: `npm ci` would empty it. */
const packagesAreLent = () => lstatSync(modules, { throwIfNoEntry: false })?.isSymbolicLink() === true;

const installIsStale = () =>
  !packagesAreLent() &&
  (!existsSync(pinnedNode) || modified(installStamp) < modified(join(root, 'package-lock.json')));

const buildInputs = ['src', 'tsconfig.json', 'tsconfig.build.json', 'package.json'].map((name) =>
  join(root, name),
);
const buildIsStale = () => {
  const built = modified(buildStamp);
  return built === 0 || buildInputs.some((path) => newest(path) > built);
};

/** The lines of a tool go to stderr: stdout belongs to the program that is started (a monitor may live there). */
const TO_STDERR = ['ignore', 2, 2];

async function install() {
  process.stderr.write('troupe: installing packages (first run, or the lock file changed)…\n');
  const status = await run('npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error'], TO_STDERR);
  if (status !== 0) throw new Error(`npm ci failed with exit code ${status}; see its messages above`);
  writeFileSync(installStamp, '');
}

async function build() {
  process.stderr.write('troupe: compiling…\n');
  const started = new Date();
  const status = await run(
    join(modules, '.bin', 'tsc'),
    ['-p', join(root, 'tsconfig.build.json')],
    TO_STDERR,
  );
  if (status !== 0) throw new Error(`the TypeScript compiler failed with exit code ${status}`);
  const [program, argv] = BUILD_CORE;
  const coreStatus = await run(program, argv, TO_STDERR);
  if (coreStatus !== 0) throw new Error(`compiling the CPU core failed with exit code ${coreStatus}`);
  writeFileSync(buildStamp, `${started.toISOString()}\n`);
}

/** Two commands started at once must not install into the same folder: a folder serves as the lock. */
async function withLock(action) {
  while (!tryLock()) {
    const taken = modified(lockFolder);
    if (taken !== 0 && Date.now() - taken > LOCK_STALE_MS)
      rmSync(lockFolder, { recursive: true, force: true });
    await new Promise((resolve) => setTimeout(resolve, LOCK_POLL_MS));
  }
  try {
    await action();
  } finally {
    rmSync(lockFolder, { recursive: true, force: true });
  }
}

function tryLock() {
  try {
    mkdirSync(lockFolder);
    return true;
  } catch (error) {
    if (error.code === 'EEXIST') return false;
    throw error;
  }
}

async function prepare() {
  if (!installIsStale() && !buildIsStale()) return;
  await withLock(async () => {
    if (installIsStale()) await install();
    if (buildIsStale()) await build();
  });
}

const command = commands[process.argv[2]];
if (command === undefined) {
  process.stderr.write(`usage: node scripts/bootstrap.js ${Object.keys(commands).join('|')} [arguments]\n`);
  process.exitCode = 2;
} else {
  try {
    await prepare();
    process.exitCode = await command();
  } catch (error) {
    process.stderr.write(`troupe: ${error.message}\n`);
    process.exitCode = 1;
  }
}
