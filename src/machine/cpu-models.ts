/** The names of the CPU models: `-cpu` and `query-cpu-definitions` read them here. */
import { CPU_MODELS } from '../vcpu/cpu-models.ts';

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

/** Whether `-cpu` takes this model name. `host` is not one: it would need KVM. */
export function isCpuModel(name: string): boolean {
  return Object.hasOwn(CPU_MODELS, name);
}

/** Models that `-cpu` takes beyond those of the reference: newer ones, and `max` with all that the CPU core can do. */
export const FURTHER_CPU_MODEL_NAMES: readonly string[] = Object.keys(CPU_MODELS).filter(
  (name) => !CPU_MODEL_NAMES.includes(name),
);
