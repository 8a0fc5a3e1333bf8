/** Makes sure that tests run the core that the sources describe. */
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { buildCore, isCoreStale } from '../../../scripts/build-core.ts';
import { compileCore } from '../../../src/vcpu/core-instance.ts';

const LOCK = fileURLToPath(new URL('../../../dist/vcpu/core.lock', import.meta.url));
const LOOK_AGAIN_MS = 250;

let compiled: Promise<WebAssembly.Module> | undefined;

/** Takes the lock, a file with this process's ID. False if another process has it. */
function takeLock(): boolean {
  mkdirSync(dirname(LOCK), { recursive: true });
  try {
    writeFileSync(LOCK, String(process.pid), { flag: 'wx' });
    return true;
  } catch {
    return false;
  }
}

/** Frees the lock of a process that was killed while it built, so that nobody waits for it. */
function breakDeadLock(): void {
  try {
    process.kill(Number(readFileSync(LOCK, 'utf8')), 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') rmSync(LOCK, { force: true });
  }
}

/** Test files run in processes of their own: one of them builds, the others wait for it. */
async function buildAndCompile(): Promise<WebAssembly.Module> {
  while (isCoreStale()) {
    if (takeLock()) {
      try {
        if (isCoreStale()) await buildCore();
        break;
      } finally {
        rmSync(LOCK, { force: true });
      }
    }
    breakDeadLock();
    await delay(LOOK_AGAIN_MS);
  }
  return compileCore();
}

/** The compiled core, built first when its sources are newer. */
export function coreModule(): Promise<WebAssembly.Module> {
  compiled ??= buildAndCompile();
  return compiled;
}
