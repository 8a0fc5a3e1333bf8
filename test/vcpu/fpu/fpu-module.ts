import { readFile } from 'node:fs/promises';
import { isAbsolute, resolve } from 'node:path';
import asc from 'assemblyscript/asc';

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
  let binary: Uint8Array | undefined;
  const { error, stderr } = await asc.main(
    [...entries, '--baseDir', CORE, '-O3', '--runtime', 'stub', '--noAssert', '--outFile', 'fpu.wasm'],
    {
      readFile: async (name, base) => {
        try {
          return await readFile(isAbsolute(name) ? name : resolve(base, name), 'utf8');
        } catch {
          return null;
        }
      },
      writeFile: (_name, contents) => {
        if (typeof contents !== 'string') binary = contents;
      },
      listFiles: () => [],
    },
  );
  if (error || binary === undefined) throw new Error(`asc failed: ${error?.message}\n${stderr.toString()}`);
  const { instance } = await WebAssembly.instantiate(new Uint8Array(binary), {
    env: { abort: () => undefined },
  });
  return new FpuModule(instance.exports);
}
