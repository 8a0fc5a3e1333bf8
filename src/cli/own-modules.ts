/**
 * Preloaded by `bin/troupe` in every thread: finds our own modules without asking the file system. They import each other by
 * relative paths with the file's extension, so a path and its parent say all; Node's own way looks at links, packages and
 * formats for each of some 300 modules of a thread, which is half of what loading them costs.
 */
import { registerHooks } from 'node:module';

const ROOT = new URL('..', import.meta.url).href;

/** Not what is no JavaScript: the schema. */
const OWN = /^\.{1,2}\/.*\.js$/;

registerHooks({
  resolve: (specifier, context, nextResolve) =>
    OWN.test(specifier) && context.parentURL?.startsWith(ROOT) === true
      ? { url: new URL(specifier, context.parentURL).href, format: 'module', shortCircuit: true }
      : nextResolve(specifier, context),
});
