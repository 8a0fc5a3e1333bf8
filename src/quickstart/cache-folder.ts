import { homedir } from 'node:os';
import { join } from 'node:path';

/** Where what was fetched is kept: `$XDG_CACHE_HOME/troupe`, or `~/.cache/troupe` (XDG Base Directory Specification 0.8). */
export function cacheFolder(environment: NodeJS.ProcessEnv = process.env): string {
  const base = environment['XDG_CACHE_HOME'];
  return join(base?.startsWith('/') ? base : join(homedir(), '.cache'), 'troupe');
}
