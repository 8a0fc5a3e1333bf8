import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { compileAssemblyScript } from '../../../scripts/assembly-script.ts';

const CORE = resolve(import.meta.dirname, '../../../src/vcpu/core');

/** The part of the WebAssembly namespace used here; the project's type libraries have none. */
declare const WebAssembly: {
  instantiate(
    bytes: Uint8Array,
    imports: Record<string, Record<string, unknown>>,
  ): Promise<{ instance: { exports: Record<string, unknown> } }>;
};

type Word = number | bigint;

/** A compiled AssemblyScript module: its functions, and the mutable globals that hold their further results. */
export class FpuModule {
  readonly #exports: Record<string, unknown>;

  constructor(exports: Record<string, unknown>) {
    this.#exports = exports;
  }

  /** Calls an exported function with 32-bit words as numbers and 64-bit words as bigints. */
  call(name: string, ...words: Word[]): Word {
    return (this.#exports[name] as (...words: Word[]) => Word)(...words);
  }

  /** An exported 32-bit global. */
  word(name: string): number {
    return (this.#exports[name] as { value: number }).value;
  }

  /** An exported 64-bit global, unsigned. */
  wide(name: string): bigint {
    return BigInt.asUintN(64, (this.#exports[name] as { value: bigint }).value);
  }
}

/**
 * Compiles files of `src/vcpu/core/` (paths relative to it) into one instance of their own, so that the arithmetic can
 * be tested without a machine around it.
 */
export async function compileCoreFiles(entries: readonly string[]): Promise<FpuModule> {
  const folder = await mkdtemp(join(tmpdir(), 'troupe-fpu-'));
  try {
    const outFile = join(folder, 'fpu.wasm');
    const options = ['-O3', '--runtime', 'stub', '--noAssert', '--outFile', outFile];
    await compileAssemblyScript([
      ...entries.map((entry) => join(CORE, entry)),
      '--baseDir',
      CORE,
      ...options,
    ]);
    const { instance } = await WebAssembly.instantiate(await readFile(outFile), {
      env: { abort: () => undefined },
    });
    return new FpuModule(instance.exports);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
