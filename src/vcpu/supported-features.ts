/** What the core implements. Every model is cut down to it, so that CPUID never promises more. */
import { type FeatureSet, featureSet } from './feature-words.ts';

/**
 * Not here, and so taken from every model that has it: VMX and SVM with their kin, TSX, XOP, FMA4, TBM, LWP, MXCSR.MM
 * (misalignsse), XSAVES, protection keys, five-level paging, AVX-512, SpeedStep, thermal
 * monitors, debug store, and what belongs to chips rather than to programs (acpi, ht apart).
 */
const IMPLEMENTED = `
  fpu vme de pse tsc msr pae mce cx8 apic sep mtrr pge mca cmov pat pse36 clflush mmx fxsr sse sse2 ss ht
  sse3 pclmulqdq monitor ssse3 fma cx16 pcid sse4.1 sse4.2 x2apic movbe popcnt tsc-deadline aes xsave avx f16c rdrand
  hypervisor
  fsgsbase tsc_adjust bmi1 avx2 smep bmi2 erms invpcid rdseed adx smap clflushopt clwb sha-ni
  umip vaes vpclmulqdq rdpid
  fsrm arch-capabilities
  syscall nx mmxext fxsr_opt pdpe1gb rdtscp lm 3dnowext 3dnow
  lahf_lm cmp_legacy cr8legacy abm sse4a 3dnowprefetch osvw topoext
  xsaveopt xsavec xgetbv1
  invtsc
  arat`;

export function supportedFeatures(): FeatureSet {
  return featureSet(IMPLEMENTED);
}
