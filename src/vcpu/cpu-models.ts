/**
 * The named CPU models. Flags are those of the parts (SDM vol. 4 "CPUID signature" lists, AMD revision guides) as the
 * reference defines them; what the core lacks is masked later. `qemu64`, `qemu32`, `kvm64` and `kvm32` are those of the
 * reference's release; the parts have their own family, model and leaf limits rather than that release's placeholders.
 */
import { type FeatureSet, featureSet, namesOf } from './feature-words.ts';
import { supportedFeatures } from './supported-features.ts';

export type CpuVendor = 'GenuineIntel' | 'AuthenticAMD';

export interface CpuModel {
  /** Twelve ASCII characters. */
  readonly vendor: string;
  readonly family: number;
  readonly model: number;
  readonly stepping: number;
  /** Highest basic leaf. */
  readonly level: number;
  /** Highest extended leaf; 0 if there are none. */
  readonly xlevel: number;
  /** Brand string, at most 48 characters. */
  readonly modelId: string;
  readonly features: FeatureSet;
  /** General performance counters; 0 without performance monitoring. */
  readonly counters: number;
}

const QEMU_ID = 'QEMU Virtual CPU version 1.5.50';

const I486 = 'fpu pse hypervisor';
const PENTIUM = `${I486} de tsc msr mce cx8 apic mmx`;
const PENTIUM_2 = `${PENTIUM} pae sep mtrr pge mca cmov pat pse36 fxsr`;
/** What the virtual 32-bit models share: a Pentium Pro with MMX and SSE. */
const VIRTUAL_32 = `${PENTIUM} pae sep pge cmov pat fxsr sse sse2 sse3`;
const COMMON = `${PENTIUM_2} clflush sse sse2 sse3`;
const LONG = 'syscall nx lm';
const CORE = `${PENTIUM} pae sep mtrr pge mca cmov pat clflush acpi fxsr sse sse2 ss sse3 monitor nx`;
const CONROE = `${COMMON} ${LONG} ssse3 lahf_lm`;
const PENRYN = `${CONROE} cx16 sse4.1`;
const NEHALEM = `${PENRYN} sse4.2 popcnt`;
const WESTMERE = `${NEHALEM} pclmulqdq aes arat`;
const SANDY_BRIDGE = `${WESTMERE} x2apic tsc-deadline xsave xsaveopt avx rdtscp`;
const HASWELL = `${SANDY_BRIDGE} fma pcid movbe f16c rdrand fsgsbase bmi1 hle avx2 smep bmi2 erms invpcid rtm abm`;
const OPTERON_G1 = `${COMMON} ${LONG}`;
const OPTERON_G2 = `${OPTERON_G1} cx16 lahf_lm svm`;
const OPTERON_G3 = `${OPTERON_G2} monitor popcnt rdtscp abm sse4a misalignsse`;
const OPTERON_G4 = `${OPTERON_G2} popcnt rdtscp abm sse4a misalignsse pclmulqdq ssse3 sse4.1 sse4.2 aes xsave avx pdpe1gb
  3dnowprefetch xop fma4 npt nrip_save`;
const EPYC = `${OPTERON_G3} pclmulqdq ssse3 fma sse4.1 sse4.2 movbe aes xsave avx f16c rdrand fsgsbase bmi1 avx2 smep bmi2
  rdseed adx smap clflushopt sha-ni mmxext fxsr_opt pdpe1gb cr8legacy 3dnowprefetch osvw topoext xsaveopt xsavec xgetbv1
  arat npt nrip_save`;

type Signature = readonly [family: number, model: number, stepping: number];
type Levels = readonly [level: number, xlevel: number];

function define(
  vendor: CpuVendor,
  signature: Signature,
  levels: Levels,
  modelId: string,
  flags: string,
): CpuModel {
  const [family, model, stepping] = signature;
  const [level, xlevel] = levels;
  return {
    vendor,
    family,
    model,
    stepping,
    level,
    xlevel,
    modelId,
    features: featureSet(flags),
    counters: 0,
  };
}

const intel = define.bind(undefined, 'GenuineIntel');
const amd = define.bind(undefined, 'AuthenticAMD');

const X8 = 0x80000008;
const XA = 0x8000000a;

/** By name; `max` is everything that the core can do. */
export const CPU_MODELS: Readonly<Record<string, CpuModel>> = {
  '486': intel([4, 8, 0], [1, 0], '', I486),
  pentium: intel([5, 4, 3], [1, 0], '', PENTIUM),
  pentium2: intel([6, 5, 2], [2, 0], '', PENTIUM_2),
  pentium3: intel([6, 7, 3], [3, 0], '', `${PENTIUM_2} sse`),
  coreduo: intel([6, 14, 8], [10, X8], 'Genuine Intel(R) CPU           T2600  @ 2.16GHz', `${CORE} vmx`),
  n270: intel([6, 28, 2], [10, X8], 'Intel(R) Atom(TM) CPU N270   @ 1.60GHz', `${CORE} ssse3 movbe lahf_lm`),
  core2duo: intel(
    [6, 15, 11],
    [10, X8],
    'Intel(R) Core(TM)2 Duo CPU     T7700  @ 2.40GHz',
    `${CORE} pse36 vmx ssse3 cx16 syscall lm lahf_lm`,
  ),
  qemu32: intel([6, 3, 3], [4, 0x80000004], QEMU_ID, `${VIRTUAL_32} popcnt`),
  kvm32: intel([15, 6, 1], [5, X8], 'Common 32-bit KVM processor', COMMON),
  kvm64: intel([15, 6, 1], [5, X8], 'Common KVM processor', `${COMMON} ${LONG} cx16`),
  qemu64: amd([6, 2, 3], [4, XA], QEMU_ID, `${COMMON} ${LONG} cx16 popcnt lahf_lm svm abm sse4a`),
  athlon: amd([6, 2, 3], [2, X8], QEMU_ID, `${PENTIUM_2} sse sse2 mmxext 3dnowext 3dnow`),
  phenom: amd(
    [16, 2, 3],
    [5, 0x8000001a],
    'AMD Phenom(tm) 9550 Quad-Core Processor',
    `${COMMON} ${LONG} monitor cx16 popcnt mmxext fxsr_opt pdpe1gb rdtscp 3dnowext 3dnow lahf_lm svm abm sse4a npt`,
  ),
  Conroe: intel([6, 15, 3], [10, X8], 'Intel Celeron_4x0 (Conroe/Merom Class Core 2)', CONROE),
  Penryn: intel([6, 23, 3], [10, X8], 'Intel Core 2 Duo P9xxx (Penryn Class Core 2)', PENRYN),
  Nehalem: intel([6, 26, 3], [11, X8], 'Intel Core i7 9xx (Nehalem Class Core i7)', NEHALEM),
  Westmere: intel([6, 44, 1], [11, X8], 'Westmere E56xx/L56xx/X56xx (Nehalem-C)', WESTMERE),
  SandyBridge: intel([6, 42, 1], [13, X8], 'Intel Xeon E312xx (Sandy Bridge)', SANDY_BRIDGE),
  Haswell: intel([6, 60, 4], [13, X8], 'Intel Core Processor (Haswell)', HASWELL),
  Opteron_G1: amd([15, 6, 1], [5, X8], 'AMD Opteron 240 (Gen 1 Class Opteron)', OPTERON_G1),
  Opteron_G2: amd([15, 6, 1], [5, XA], 'AMD Opteron 22xx (Gen 2 Class Opteron)', OPTERON_G2),
  Opteron_G3: amd([16, 2, 3], [5, XA], 'AMD Opteron 23xx (Gen 3 Class Opteron)', OPTERON_G3),
  Opteron_G4: amd([21, 1, 2], [13, 0x8000001a], 'AMD Opteron 62xx class CPU', OPTERON_G4),
  Opteron_G5: amd([21, 2, 0], [13, 0x8000001a], 'AMD Opteron 63xx class CPU', `${OPTERON_G4} fma f16c tbm`),
  EPYC: amd([23, 1, 2], [13, 0x8000001e], 'AMD EPYC Processor', EPYC),
  max: {
    ...intel([6, 94, 3], [0x16, X8], 'Troupe Virtual CPU', namesOf(supportedFeatures()).join(' ')),
    counters: 4,
  },
};
