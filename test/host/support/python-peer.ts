/** A Python process as the other end: it can do with descriptors what Node cannot. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** Runs a script with arguments in `sys.argv[1:]`; resolves with what it printed, rejects when it fails. */
export async function python(script: string, ...args: string[]): Promise<string> {
  const { stdout } = await run('python3', ['-c', script, ...args], { timeout: 20_000 });
  return stdout;
}
