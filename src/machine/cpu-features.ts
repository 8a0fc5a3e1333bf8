/** What `-cpu MODEL,+flag,-flag,key=value` may name. */
import { FEATURE_WORDS } from '../vcpu/feature-words.ts';

const NO_FLAG = '-';

/** The names of all CPUID flags, by the CPUID register that holds them. A bit with two names appears once for each. */
export const CPU_FEATURE_NAMES: readonly string[] = FEATURE_WORDS.flatMap(({ names }) =>
  names.split(/[ |]/).filter((name) => name !== NO_FLAG),
);

/** Keys of `-cpu MODEL,key=value`, and whether the value is a number or text (cli.md §1). */
export const CPU_PROPERTIES: Readonly<Record<string, 'number' | 'text'>> = {
  family: 'number',
  model: 'number',
  stepping: 'number',
  level: 'number',
  xlevel: 'number',
  'tsc-freq': 'number',
  'hv-spinlocks': 'number',
  vendor: 'text',
  'model-id': 'text',
};

const canonical = (name: string): string => name.replaceAll('_', '-');
const KNOWN = new Set(CPU_FEATURE_NAMES.map(canonical));

/** Whether a CPUID flag has this name; `_` and `-` mean the same. */
export function isCpuFeature(name: string): boolean {
  return KNOWN.has(canonical(name));
}
