/** A registry in an environment that a test can look into, and a directory for its sockets and files. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ExecutionContext } from 'ava';
import { type Clock, systemClock } from '../../../../src/actors/clock.ts';
import { CharDeviceRegistry } from '../../../../src/backends/chardev/char-device-registry.ts';
import type { ChardevEnvironment } from '../../../../src/backends/chardev/chardev-environment.ts';
import type { FdSetMembers } from '../../../../src/host/open-path.ts';

export interface World {
  readonly registry: CharDeviceRegistry;
  readonly environment: ChardevEnvironment;
  readonly directory: string;
  /** What the environment was told: `quit`, `commit`, announcements. */
  readonly log: string[];
  path(name: string): string;
}

export function makeWorld(t: ExecutionContext, clock: Clock = systemClock, fdSets?: FdSetMembers): World {
  const directory = mkdtempSync(join(tmpdir(), 'troupe-chardev-'));
  const log: string[] = [];
  const environment: ChardevEnvironment = {
    clock,
    ...(fdSets === undefined ? {} : { fdSets }),
    escapeCharacter: 1,
    quit: () => log.push('quit'),
    commit: () => log.push('commit'),
    announce: (message) => log.push(message),
  };
  const registry = new CharDeviceRegistry(environment);
  t.teardown(async () => {
    await registry.closeAll();
    rmSync(directory, { recursive: true, force: true });
  });
  return { registry, environment, directory, log, path: (name) => join(directory, name) };
}
