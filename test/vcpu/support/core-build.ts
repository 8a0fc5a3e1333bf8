/** Makes sure that tests run the core that the sources describe. */
import { buildCore, isCoreStale } from '../../../scripts/build-core.ts';
import { compileCore } from '../../../src/vcpu/core-instance.ts';

let compiled: Promise<WebAssembly.Module> | undefined;

async function buildAndCompile(): Promise<WebAssembly.Module> {
  if (isCoreStale()) await buildCore();
  return compileCore();
}

/** The compiled core, built first when its sources are newer. */
export function coreModule(): Promise<WebAssembly.Module> {
  compiled ??= buildAndCompile();
  return compiled;
}
