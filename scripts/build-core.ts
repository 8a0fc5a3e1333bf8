/**
 * Compiles the CPU core (`src/vcpu/core`, AssemblyScript) to `dist/vcpu/core.wasm`. Run it with
 * `tsx scripts/build-core.ts`; `--if-stale` does nothing while the output is newer than every source.
 */
import { mkdirSync, readdirSync, renameSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { CORE_STATIC_BASE, OPCODE_TABLE_BASE } from '../src/memory/layout.ts';
import { compileAssemblyScript } from './assembly-script.ts';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const SOURCES = ['src/vcpu/core', 'src/memory/layout.ts'];
const OUTPUT = join(ROOT, 'dist/vcpu/core.wasm');
/** 64 KiB pages of the biggest memory that the core may be given: 4 GiB. */
const MAX_PAGES = 65536;

/** 64 KiB pages below OPCODE_TABLE_BASE: the compiler refuses static data that does not fit in them. */
const STATIC_PAGES = OPCODE_TABLE_BASE / 65536;

/** Modification time in ms of the newest file below a path; 0 if there is none. */
function newest(path: string): number {
  const stat = statSync(path, { throwIfNoEntry: false });
  if (stat === undefined) return 0;
  if (!stat.isDirectory()) return stat.mtimeMs;
  return Math.max(0, ...readdirSync(path).map((name) => newest(join(path, name))));
}

/** True if the compiled core is missing or older than its sources. */
export function isCoreStale(): boolean {
  return newest(OUTPUT) < Math.max(...SOURCES.map((path) => newest(join(ROOT, path))));
}

/**
 * Compiles the core; several processes may do so at once. Throws an Error with the compiler's messages.
 * @param options.text also write the module's text beside the output
 */
export async function buildCore(options: { text?: boolean } = {}): Promise<void> {
  const scratch = `dist/vcpu/core.${process.pid}.wasm`;
  mkdirSync(join(ROOT, 'dist/vcpu'), { recursive: true });
  try {
    await compileAssemblyScript([
      'src/vcpu/core/index.ts',
      '--baseDir',
      ROOT,
      '--outFile',
      scratch,
      ...(options.text ? ['--textFile', 'dist/vcpu/core.wat'] : []),
      '-O3',
      '--noAssert',
      '--runtime',
      'stub',
      '--importMemory',
      '--sharedMemory',
      '--initialMemory',
      String(STATIC_PAGES),
      '--maximumMemory',
      String(MAX_PAGES),
      '--memoryBase',
      String(CORE_STATIC_BASE),
      '--enable',
      'threads',
      '--enable',
      'simd',
      '--enable',
      'bulk-memory',
      '--enable',
      'sign-extension',
      '--use',
      'abort=',
      '--exportTable',
    ]);
  } catch (error) {
    rmSync(join(ROOT, scratch), { force: true });
    throw error;
  }
  renameSync(join(ROOT, scratch), OUTPUT);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  if (!process.argv.includes('--if-stale') || isCoreStale()) {
    await buildCore({ text: process.argv.includes('--text') });
  }
}
