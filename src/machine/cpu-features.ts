/**
 * The names of the CPUID flags that `-cpu MODEL,+flag,-flag` may name, by the CPUID register that holds them
 * (Intel SDM vol. 2 CPUID; AMD APM vol. 3 appendix E). A bit with two names appears once for each.
 */

const LEAF_1_EDX =
  'fpu vme de pse tsc msr pae mce cx8 apic sep mtrr pge mca cmov pat pse36 pn clflush ds acpi mmx fxsr sse sse2 ss ht tm ia64 pbe';
const LEAF_1_ECX =
  'pni sse3 pclmulqdq pclmuldq dtes64 monitor ds_cpl vmx smx est tm2 ssse3 cid fma cx16 xtpr pdcm pcid dca sse4.1 sse4_1 sse4.2 sse4_2 x2apic movbe popcnt tsc-deadline aes xsave osxsave avx f16c rdrand hypervisor';
const LEAF_7_EBX = 'fsgsbase bmi1 hle avx2 smep bmi2 erms invpcid rtm rdseed adx smap sha-ni';
const LEAF_80000001_EDX = 'syscall mp nx xd mmxext fxsr_opt ffxsr pdpe1gb rdtscp lm i64 3dnowext 3dnow';
const LEAF_80000001_ECX =
  'lahf_lm cmp_legacy svm extapic cr8legacy abm sse4a misalignsse 3dnowprefetch osvw ibs xop skinit wdt lwp fma4 tce nodeid_msr tbm topoext perfctr_core perfctr_nb';
const LEAF_8000000A_EDX =
  'npt lbrv svm_lock nrip_save tsc_scale vmcb_clean flushbyasid decodeassists pause_filter pfthreshold';
const LEAF_0D_1_EAX = 'xsaveopt';
const KVM_LEAF_EAX = 'kvmclock kvm_nopiodelay kvm_mmu kvm_asyncpf kvm_steal_time kvm_pv_eoi';
const CENTAUR_EDX = 'xstore xstore-en xcrypt xcrypt-en ace2 ace2-en phe phe-en pmm pmm-en';

export const CPU_FEATURE_NAMES: readonly string[] = [
  LEAF_1_EDX,
  LEAF_1_ECX,
  LEAF_7_EBX,
  LEAF_80000001_EDX,
  LEAF_80000001_ECX,
  LEAF_8000000A_EDX,
  LEAF_0D_1_EAX,
  KVM_LEAF_EAX,
  CENTAUR_EDX,
].flatMap((register) => register.split(' '));

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
