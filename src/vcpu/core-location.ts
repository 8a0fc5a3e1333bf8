/** Where the build has put the CPU core. */
export const CORE_URL = new URL('../../dist/vcpu/core.wasm', import.meta.url);
