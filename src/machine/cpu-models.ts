/** The names of the CPU models: `-cpu` and `query-cpu-definitions` read this list. */

/** In the order of query-cpu-definitions (schema.json): newest AMD models first, qemu64 last. */
export const CPU_MODEL_NAMES: readonly string[] = [
  'Opteron_G5',
  'Opteron_G4',
  'Opteron_G3',
  'Opteron_G2',
  'Opteron_G1',
  'Haswell',
  'SandyBridge',
  'Westmere',
  'Nehalem',
  'Penryn',
  'Conroe',
  'n270',
  'athlon',
  'pentium3',
  'pentium2',
  'pentium',
  '486',
  'coreduo',
  'kvm32',
  'qemu32',
  'kvm64',
  'core2duo',
  'phenom',
  'qemu64',
];

/** Everything that the emulated CPU can do. Accepted by `-cpu`, not a definition of the reference, so not listed. */
export const MAX_CPU_MODEL = 'max';

/** Whether `-cpu` takes this model name. `host` is not one: it would need KVM. */
export function isCpuModel(name: string): boolean {
  return name === MAX_CPU_MODEL || CPU_MODEL_NAMES.includes(name);
}
