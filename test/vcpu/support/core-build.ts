/** Makes sure that tests run the core that the sources describe. */
import { mkdirSync, rmdirSync, statSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { buildCore, isCoreStale } from '../../../scripts/build-core.ts';
import { compileCore } from '../../../src/vcpu/core-instance.ts';

const LOCK = fileURLToPath(new URL('../../../dist/vcpu/core.lock', import.meta.url));
const LOOK_AGAIN_MS = 250;
/** A lock this old was left by a process that died. */
const ABANDONED_MS = 300_000;

let compiled: Promise<WebAssembly.Module> | undefined;

/** Takes the lock, a directory since its creation is atomic. False if another process has it. */
function takeLock(): boolean {
  try {
    mkdirSync(LOCK, { recursive: false });
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT')
      mkdirSync(fileURLToPath(new URL('.', `file://${LOCK}`)), { recursive: true });
    return false;
  }
}

function isAbandoned(): boolean {
  const stat = statSync(LOCK, { throwIfNoEntry: false });
  return stat !== undefined && Date.now() - stat.mtimeMs > ABANDONED_MS;
}

/** Test files run in processes of their own: one of them builds, the others wait for it. */
async function buildAndCompile(): Promise<WebAssembly.Module> {
  while (isCoreStale()) {
    if (takeLock()) {
      try {
        if (isCoreStale()) await buildCore();
        break;
      } finally {
        rmdirSync(LOCK);
      }
    }
    if (isAbandoned()) rmdirSync(LOCK);
    await delay(LOOK_AGAIN_MS);
  }
  return compileCore();
}

/** The compiled core, built first when its sources are newer. */
export function coreModule(): Promise<WebAssembly.Module> {
  compiled ??= buildAndCompile();
  return compiled;
}
