/**
 * CPUID feature bits as the core's decoder and the models name them: 1 + 32 * word + bit, where a word is one CPUID
 * register (SDM vol. 2, "CPUID"; AMD APM vol. 3, appendix E). 0 means "no feature needed". Compiled as TypeScript and as
 * AssemblyScript: exported integer constants only. The vCPU's bits lie at CPU_FEATURES.
 */

// Word 0: leaf 1.EDX
export const FEATURE_WORD_1_EDX = 0;
export const FEATURE_FPU = 1;
export const FEATURE_VME = 2;
export const FEATURE_DE = 3;
export const FEATURE_PSE = 4;
export const FEATURE_TSC = 5;
export const FEATURE_MSR = 6;
export const FEATURE_PAE = 7;
export const FEATURE_MCE = 8;
export const FEATURE_CX8 = 9;
export const FEATURE_APIC = 10;
export const FEATURE_SEP = 12;
export const FEATURE_MTRR = 13;
export const FEATURE_PGE = 14;
export const FEATURE_MCA = 15;
export const FEATURE_CMOV = 16;
export const FEATURE_PAT = 17;
export const FEATURE_PSE36 = 18;
export const FEATURE_CLFLUSH = 20;
export const FEATURE_MMX = 24;
export const FEATURE_FXSR = 25;
export const FEATURE_SSE = 26;
export const FEATURE_SSE2 = 27;
export const FEATURE_SS = 28;
export const FEATURE_HTT = 29;

// Word 1: leaf 1.ECX
export const FEATURE_WORD_1_ECX = 1;
export const FEATURE_SSE3 = 33;
export const FEATURE_PCLMULQDQ = 34;
export const FEATURE_MONITOR = 36;
export const FEATURE_SSSE3 = 42;
export const FEATURE_FMA = 45;
export const FEATURE_CX16 = 46;
export const FEATURE_PCID = 50;
export const FEATURE_SSE4_1 = 52;
export const FEATURE_SSE4_2 = 53;
export const FEATURE_X2APIC = 54;
export const FEATURE_MOVBE = 55;
export const FEATURE_POPCNT = 56;
export const FEATURE_TSC_DEADLINE = 57;
export const FEATURE_AES = 58;
export const FEATURE_XSAVE = 59;
export const FEATURE_OSXSAVE = 60;
export const FEATURE_AVX = 61;
export const FEATURE_F16C = 62;
export const FEATURE_RDRAND = 63;
export const FEATURE_HYPERVISOR = 64;

// Word 2: leaf 7.0.EBX
export const FEATURE_WORD_7_0_EBX = 2;
export const FEATURE_FSGSBASE = 65;
export const FEATURE_TSC_ADJUST = 66;
export const FEATURE_BMI1 = 68;
export const FEATURE_AVX2 = 70;
export const FEATURE_SMEP = 72;
export const FEATURE_BMI2 = 73;
export const FEATURE_ERMS = 74;
export const FEATURE_INVPCID = 75;
export const FEATURE_RDSEED = 83;
export const FEATURE_ADX = 84;
export const FEATURE_SMAP = 85;
export const FEATURE_CLFLUSHOPT = 88;
export const FEATURE_CLWB = 89;
export const FEATURE_SHA = 94;

// Word 3: leaf 7.0.ECX
export const FEATURE_WORD_7_0_ECX = 3;
export const FEATURE_UMIP = 99;
export const FEATURE_VAES = 106;
export const FEATURE_VPCLMULQDQ = 107;
export const FEATURE_RDPID = 119;

// Word 4: leaf 7.0.EDX
export const FEATURE_WORD_7_0_EDX = 4;
export const FEATURE_FSRM = 133;
export const FEATURE_ARCH_CAPABILITIES = 158;

// Word 5: leaf 80000001.EDX
export const FEATURE_WORD_80000001_EDX = 5;
export const FEATURE_SYSCALL = 172;
export const FEATURE_NX = 181;
export const FEATURE_MMXEXT = 183;
export const FEATURE_FXSR_OPT = 186;
export const FEATURE_PDPE1GB = 187;
export const FEATURE_RDTSCP = 188;
export const FEATURE_LM = 190;
export const FEATURE_NOW3DEXT = 191;
export const FEATURE_NOW3D = 192;

// Word 6: leaf 80000001.ECX
export const FEATURE_WORD_80000001_ECX = 6;
export const FEATURE_LAHF_LM = 193;
export const FEATURE_CMP_LEGACY = 194;
export const FEATURE_SVM = 195;
export const FEATURE_CR8_LEGACY = 197;
export const FEATURE_ABM = 198;
export const FEATURE_SSE4A = 199;
export const FEATURE_MISALIGNSSE = 200;
export const FEATURE_PREFETCHW = 201;
export const FEATURE_TBM = 214;

// Word 7: leaf D.1.EAX
export const FEATURE_WORD_D_1_EAX = 7;
export const FEATURE_XSAVEOPT = 225;
export const FEATURE_XSAVEC = 226;
export const FEATURE_XGETBV1 = 227;
export const FEATURE_XSAVES = 228;

// Word 8: leaf 80000007.EDX
export const FEATURE_WORD_80000007_EDX = 8;
export const FEATURE_INVTSC = 265;

// Word 9: leaf 80000008.EBX
export const FEATURE_WORD_80000008_EBX = 9;
export const FEATURE_CLZERO = 289;
export const FEATURE_WBNOINVD = 298;

// Word 10: leaf 6.EAX
export const FEATURE_WORD_6_EAX = 10;
export const FEATURE_ARAT = 323;
