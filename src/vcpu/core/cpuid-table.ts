// The leaves that the CPU model gives, as written to CPU_CPUID by `src/vcpu/cpuid-table.ts`: a count, flags, the highest
// basic and extended leaves, then from +32 entries of 32 bytes (leaf, subleaf, flags, 0, EAX, EBX, ECX, EDX).
import {
  CPUID_ENTRY_FLAGS,
  CPUID_ENTRY_SUBLEAF,
  CPUID_ENTRY_VALUES,
  CPUID_ENTRY_SIZE,
  CPUID_FIRST_ENTRY,
  CPUID_HAS_SUBLEAVES,
  CPU_CPUID,
} from '../../memory/layout';

/** Address of the entry of a leaf, or 0. */
export function findLeaf(cpu: usize, leaf: u32, subleaf: u32): usize {
  const count = load<u32>(cpu, CPU_CPUID);
  let entry = cpu + CPU_CPUID + CPUID_FIRST_ENTRY;
  for (let i: u32 = 0; i < count; i++, entry += CPUID_ENTRY_SIZE) {
    if (load<u32>(entry) != leaf) continue;
    if (!(load<u32>(entry, CPUID_ENTRY_FLAGS) & CPUID_HAS_SUBLEAVES)) return entry;
    if (load<u32>(entry, CPUID_ENTRY_SUBLEAF) == subleaf) return entry;
  }
  return 0;
}

/** EAX of a leaf's subleaf 0; 0 if it is absent. */
export function cpuidEax(cpu: usize, leaf: u32): u32 {
  const entry = findLeaf(cpu, leaf, 0);
  return entry ? load<u32>(entry, CPUID_ENTRY_VALUES) : 0;
}

/** EBX of leaf 0 begins an AMD vendor name. */
export function isAmd(cpu: usize): bool {
  const entry = findLeaf(cpu, 0, 0);
  return entry != 0 && load<u32>(entry, CPUID_ENTRY_VALUES + 4) == 0x68747541;
}
