import { readFile } from 'node:fs/promises';
import { isAbsolute, resolve } from 'node:path';
import asc from 'assemblyscript/asc';

const CORE = resolve(import.meta.dirname, '../../../src/vcpu/core');

/** Exports of a compiled AssemblyScript module: functions, and mutable globals for their further results. */
export type FpuExports = Record<string, WebAssembly.Global & ((...words: (number | bigint)[]) => number | bigint)>;

/**
 * Compiles files of `src/vcpu/core/` (paths relative to it) into one instance of their own, so that the arithmetic can
 * be tested without a machine around it.
 */
export async function compileCoreFiles(entries: readonly string[]): Promise<FpuExports> {
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
  return instance.exports as FpuExports;
}
