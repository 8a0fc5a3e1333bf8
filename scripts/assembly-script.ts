/**
 * The AssemblyScript compiler, in a process of its own: it keeps hundreds of megabytes, and its module declares ambient
 * names (`console` among them) over Node's.
 */
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const ASC = fileURLToPath(new URL('../node_modules/assemblyscript/bin/asc.js', import.meta.url));
const MAX_MESSAGE_BYTES = 16 * 1024 * 1024;

/** Runs `asc` with these arguments. Rejects with an Error that holds the compiler's messages. */
export async function compileAssemblyScript(args: readonly string[]): Promise<void> {
  try {
    await promisify(execFile)(process.execPath, [ASC, ...args], { maxBuffer: MAX_MESSAGE_BYTES });
  } catch (error) {
    const messages = error instanceof Error && 'stderr' in error ? String(error.stderr) : String(error);
    throw new Error(`AssemblyScript did not compile ${args[0]}:\n${messages}`);
  }
}
