/** CPUID feature flags by name, word and bit. Words 0 to 10 are those of `cpu-features.ts`, which the core reads. */
import { CPU_FEATURE_WORDS } from '../memory/layout.ts';

/** Where a word of 32 flags is in CPUID. */
export interface FeatureWord {
  readonly leaf: number;
  readonly subleaf: number;
  readonly register: 'eax' | 'ebx' | 'ecx' | 'edx';
  /** The name of each bit from 0; `-` has none; `a|b` are two names of one bit. */
  readonly names: string;
}

/**
 * SDM vol. 2 "CPUID"; AMD APM vol. 3, appendix E; VIA PadLock guide; KVM's paravirtual leaf. The position in the list is
 * the word's number.
 */
export const FEATURE_WORDS: readonly FeatureWord[] = [
  {
    leaf: 1,
    subleaf: 0,
    register: 'edx',
    names:
      'fpu vme de pse tsc msr pae mce cx8 apic - sep mtrr pge mca cmov pat pse36 pn clflush - ds acpi mmx fxsr sse sse2 ss ht tm ia64 pbe',
  },
  {
    leaf: 1,
    subleaf: 0,
    register: 'ecx',
    names:
      'pni|sse3 pclmulqdq|pclmuldq dtes64 monitor ds_cpl vmx smx est tm2 ssse3 cid - fma cx16 xtpr pdcm - pcid dca sse4.1|sse4_1 sse4.2|sse4_2 x2apic movbe popcnt tsc-deadline aes xsave osxsave avx f16c rdrand hypervisor',
  },
  {
    leaf: 7,
    subleaf: 0,
    register: 'ebx',
    names:
      'fsgsbase tsc_adjust - bmi1 hle avx2 - smep bmi2 erms invpcid rtm - - mpx - avx512f avx512dq rdseed adx smap avx512ifma - clflushopt clwb - avx512pf avx512er avx512cd sha-ni avx512bw avx512vl',
  },
  {
    leaf: 7,
    subleaf: 0,
    register: 'ecx',
    names:
      '- avx512vbmi umip pku ospke - - - gfni vaes vpclmulqdq - - - - - la57 - - - - - rdpid - - cldemote - movdiri movdir64b - - pks',
  },
  {
    leaf: 7,
    subleaf: 0,
    register: 'edx',
    names:
      '- - - - fsrm - - - - - md-clear - - - serialize - - - - - - - - - - - spec-ctrl stibp - arch-capabilities - ssbd',
  },
  {
    leaf: 0x80000001,
    subleaf: 0,
    register: 'edx',
    names:
      '- - - - - - - - - - - syscall - - - - - - - mp nx|xd - mmxext - - fxsr_opt|ffxsr pdpe1gb rdtscp - lm|i64 3dnowext 3dnow',
  },
  {
    leaf: 0x80000001,
    subleaf: 0,
    register: 'ecx',
    names:
      'lahf_lm cmp_legacy svm extapic cr8legacy abm sse4a misalignsse 3dnowprefetch osvw ibs xop skinit wdt - lwp fma4 tce - nodeid_msr - tbm topoext perfctr_core perfctr_nb - - - - - - -',
  },
  { leaf: 0xd, subleaf: 1, register: 'eax', names: 'xsaveopt xsavec xgetbv1 xsaves' },
  { leaf: 0x80000007, subleaf: 0, register: 'edx', names: '- - - - - - - - invtsc' },
  {
    leaf: 0x80000008,
    subleaf: 0,
    register: 'ebx',
    names: 'clzero - xsaveerptr - - - - - - wbnoinvd - - ibpb',
  },
  { leaf: 6, subleaf: 0, register: 'eax', names: '- - arat' },
  {
    leaf: 0x8000000a,
    subleaf: 0,
    register: 'edx',
    names:
      'npt lbrv svm_lock nrip_save tsc_scale vmcb_clean flushbyasid decodeassists - - pause_filter - pfthreshold',
  },
  {
    leaf: 0xc0000001,
    subleaf: 0,
    register: 'edx',
    names: '- - xstore xstore-en - - xcrypt xcrypt-en ace2 ace2-en phe phe-en pmm pmm-en',
  },
  {
    leaf: 0x40000001,
    subleaf: 0,
    register: 'eax',
    names: 'kvmclock kvm_nopiodelay kvm_mmu - kvm_asyncpf kvm_steal_time kvm_pv_eoi',
  },
];

if (FEATURE_WORDS.length > CPU_FEATURE_WORDS) throw new RangeError(`${FEATURE_WORDS.length} feature words`);

/** Which word, and which bit of it. */
export interface FeaturePosition {
  readonly word: number;
  readonly bit: number;
}

const canonical = (name: string): string => name.replaceAll('_', '-');

const POSITIONS: ReadonlyMap<string, FeaturePosition> = new Map(
  FEATURE_WORDS.flatMap(({ names }, word) =>
    names
      .split(' ')
      .flatMap((field, bit) => field.split('|').map((name) => [canonical(name), { word, bit }] as const)),
  ).filter(([name]) => name !== '-'),
);

/** Position of a flag; `_` and `-` in names are the same. Undefined if there is no such flag. */
export function featurePosition(name: string): FeaturePosition | undefined {
  return POSITIONS.get(canonical(name));
}

/** The first name of a bit, as messages and -cpu help have it; undefined where there is none. */
export function featureName(word: number, bit: number): string | undefined {
  const field = FEATURE_WORDS[word]?.names.split(' ')[bit];
  return field === undefined || field === '-' ? undefined : field.split('|')[0];
}

/** One u32 a word. */
export type FeatureSet = Uint32Array;

export function emptyFeatures(): FeatureSet {
  return new Uint32Array(CPU_FEATURE_WORDS);
}

export function hasFeature(set: FeatureSet, { word, bit }: FeaturePosition): boolean {
  return (((set[word] ?? 0) >>> bit) & 1) === 1;
}

export function setFeature(set: FeatureSet, { word, bit }: FeaturePosition, on: boolean): void {
  const old = set[word] ?? 0;
  set[word] = on ? old | (1 << bit) : old & ~(1 << bit);
}

/** The set of these flags, separated by blanks. Throws a RangeError for a name that does not exist. */
export function featureSet(names: string): FeatureSet {
  const set = emptyFeatures();
  for (const name of names.split(/\s+/).filter((word) => word !== '')) {
    const position = featurePosition(name);
    if (position === undefined) throw new RangeError(`There is no CPUID flag '${name}'`);
    setFeature(set, position, true);
  }
  return set;
}

/** Names of the flags that are set, in the order of words and bits. */
export function namesOf(set: FeatureSet): string[] {
  return Array.from(set).flatMap((bits, word) =>
    Array.from({ length: 32 }, (_, bit) => bit)
      .filter((bit) => ((bits >>> bit) & 1) === 1)
      .map((bit) => featureName(word, bit) ?? `word ${word} bit ${bit}`),
  );
}
