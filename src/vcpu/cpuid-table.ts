/** Every CPUID leaf of one vCPU, from its description and its place in the topology. */
import { APIC_TIMER_HZ } from '../memory/layout.ts';
import { type CpuDescription, cpuHas } from './cpu-description.ts';
import {
  FEATURE_WORD_1_ECX,
  FEATURE_WORD_1_EDX,
  FEATURE_WORD_6_EAX,
  FEATURE_WORD_7_0_EBX,
  FEATURE_WORD_7_0_ECX,
  FEATURE_WORD_7_0_EDX,
  FEATURE_WORD_80000001_ECX,
  FEATURE_WORD_80000001_EDX,
  FEATURE_WORD_80000007_EDX,
  FEATURE_WORD_80000008_EBX,
  FEATURE_WORD_D_1_EAX,
} from './cpu-features.ts';
import { apicId, type CpuTopology, idBits, packageShift } from './cpu-topology.ts';
import { amdCaches, amdFirstLevel, cacheDescriptors, intelCaches, secondLevel } from './cpuid-caches.ts';

export interface CpuidRegisters {
  readonly eax: number;
  readonly ebx: number;
  readonly ecx: number;
  readonly edx: number;
}

export interface CpuidLeaf extends CpuidRegisters {
  readonly leaf: number;
  /** Undefined: ECX does not matter. */
  readonly subleaf?: number;
}

export interface CpuidTable {
  readonly maxBasic: number;
  readonly maxHypervisor: number;
  readonly maxExtended: number;
  /** Leaves out of range answer as the highest basic one (Intel); else with zeros (AMD). */
  readonly answerHighest: boolean;
  readonly leaves: readonly CpuidLeaf[];
}

const HYPERVISOR_LEAF = 0x40000000;
/** Frequencies in kHz, where other hypervisors have them too. */
const HYPERVISOR_TIMING_LEAF = 0x40000010;
const HYPERVISOR_SIGNATURE = 'TroupeActors';
/** Leaf 1.EDX bits that AMD repeats in 80000001H.EDX (AMD APM vol. 3, E.4.2). */
const AMD_ALIASES = 0x0183f3ff;
const HTT = 1 << 28;
const CMP_LEGACY = 1 << 1;
const CLFLUSH_UNITS = 8;
const LINE = 64;
/** Counters of 48 bits, version 2, seven events named; the last four are not available (SDM vol. 2, leaf 0AH). */
const PERFMON = { version: 2, width: 48, events: 7, unavailable: 0x78, fixed: 3 };
const NONE: CpuidRegisters = { eax: 0, ebx: 0, ecx: 0, edx: 0 };

function words(text: string, count: number): number[] {
  const bytes = new Uint8Array(count * 4);
  new TextEncoder().encodeInto(text, bytes);
  const view = new DataView(bytes.buffer);
  return Array.from({ length: count }, (_, index) => view.getUint32(index * 4, true));
}

/** Physical address bits: MAXPHYADDR (SDM vol. 3, 4.1.4). */
export function physicalBits(cpu: CpuDescription): number {
  if (cpuHas(cpu, 'lm')) return 40;
  return cpuHas(cpu, 'pse36') || cpuHas(cpu, 'pae') ? 36 : 32;
}

/** Leaf 1.EAX: family, model, stepping (SDM vol. 2, figure 3-6). */
function signature(cpu: CpuDescription): number {
  const base = Math.min(cpu.family, 15);
  const extended = cpu.family - base;
  return (extended << 20) | ((cpu.model >> 4) << 16) | (base << 8) | ((cpu.model & 15) << 4) | cpu.stepping;
}

class Builder {
  readonly #cpu: CpuDescription;
  readonly #topology: CpuTopology;
  readonly #index: number;
  readonly #isAmd: boolean;
  readonly leaves: CpuidLeaf[] = [];

  constructor(cpu: CpuDescription, topology: CpuTopology, index: number) {
    this.#cpu = cpu;
    this.#topology = topology;
    this.#index = index;
    this.#isAmd = cpu.vendor === 'AuthenticAMD';
    this.#basic();
    this.#topologyLeaves();
    this.#xsave();
    this.#timing();
    this.#hypervisor();
    this.#extended();
    if (this.#isAmd) this.#amd();
  }

  get #perPackage(): number {
    return this.#topology.cores * this.#topology.threads;
  }

  get #apicId(): number {
    return apicId(this.#topology, this.#index);
  }

  #word(word: number): number {
    return this.#cpu.features[word] ?? 0;
  }

  #add(leaf: number, registers: Partial<CpuidRegisters>, subleaf?: number): void {
    const limit = leaf < HYPERVISOR_LEAF ? this.#cpu.level : leaf < 0x80000000 ? leaf : this.#cpu.xlevel;
    if (leaf > limit) return;
    this.leaves.push({ leaf, ...(subleaf === undefined ? {} : { subleaf }), ...NONE, ...registers });
  }

  #addAll(leaf: number, subleaves: readonly CpuidRegisters[]): void {
    subleaves.forEach((registers, subleaf) => {
      this.#add(leaf, registers, subleaf);
    });
  }

  #basic(): void {
    const [ebx, edx, ecx] = words(this.#cpu.vendor, 3);
    this.#add(0, { eax: this.#cpu.level, ebx: ebx ?? 0, ecx: ecx ?? 0, edx: edx ?? 0 });
    const several = this.#perPackage > 1;
    const clflush = cpuHas(this.#cpu, 'clflush') ? CLFLUSH_UNITS << 8 : 0;
    this.#add(1, {
      eax: signature(this.#cpu),
      ebx: ((this.#apicId & 0xff) << 24) | ((several ? Math.min(this.#perPackage, 255) : 0) << 16) | clflush,
      ecx: this.#word(FEATURE_WORD_1_ECX),
      edx: this.#word(FEATURE_WORD_1_EDX) | (several ? HTT : 0),
    });
    this.#add(2, cacheDescriptors());
    if (!this.#isAmd) this.#addAll(4, intelCaches(this.#topology));
    if (cpuHas(this.#cpu, 'monitor')) this.#add(5, { eax: LINE, ebx: LINE, ecx: 3 });
    this.#add(6, { eax: this.#word(FEATURE_WORD_6_EAX) });
    this.#add(
      7,
      {
        ebx: this.#word(FEATURE_WORD_7_0_EBX),
        ecx: this.#word(FEATURE_WORD_7_0_ECX),
        edx: this.#word(FEATURE_WORD_7_0_EDX),
      },
      0,
    );
    const { version, width, events, unavailable, fixed } = PERFMON;
    if (this.#cpu.counters > 0) {
      this.#add(10, {
        eax: version | (this.#cpu.counters << 8) | (width << 16) | (events << 24),
        ebx: unavailable,
        edx: fixed | (width << 5),
      });
    }
  }

  /** Leaves 0BH and 1FH: threads of a core, then threads of a package (SDM vol. 3, 8.9.1). */
  #topologyLeaves(): void {
    const edx = this.#apicId;
    const levels = [
      { eax: idBits(this.#topology.threads), ebx: this.#topology.threads, ecx: 0x100, edx },
      { eax: packageShift(this.#topology), ebx: this.#perPackage, ecx: 0x201, edx },
      { eax: 0, ebx: 0, ecx: 2, edx },
    ];
    this.#addAll(0xb, levels);
    this.#addAll(0x1f, levels);
  }

  /** Leaf 0DH: x87 and SSE in the legacy area, AVX after the header. EBX of 0 and 1 is the core's to fill in. */
  #xsave(): void {
    if (!cpuHas(this.#cpu, 'xsave')) return;
    const avx = cpuHas(this.#cpu, 'avx');
    this.#add(0xd, { eax: avx ? 7 : 3, ecx: avx ? 832 : 576 }, 0);
    this.#add(0xd, { eax: this.#word(FEATURE_WORD_D_1_EAX) }, 1);
    if (avx) this.#add(0xd, { eax: 256, ebx: 576 }, 2);
  }

  /** Leaves 15H (ratio of the TSC to the crystal, and the crystal's frequency) and 16H (MHz). */
  #timing(): void {
    const hz = this.#cpu.tscHz;
    let [a, b] = [hz, APIC_TIMER_HZ];
    while (b !== 0) [a, b] = [b, a % b];
    this.#add(0x15, { eax: APIC_TIMER_HZ / a, ebx: hz / a, ecx: APIC_TIMER_HZ });
    const mhz = Math.min(0xffff, Math.round(hz / 1e6));
    this.#add(0x16, { eax: mhz, ebx: mhz, ecx: 100 });
  }

  #hypervisor(): void {
    if (!cpuHas(this.#cpu, 'hypervisor')) return;
    const [ebx, ecx, edx] = words(HYPERVISOR_SIGNATURE, 3);
    this.#add(HYPERVISOR_LEAF, { eax: HYPERVISOR_TIMING_LEAF, ebx: ebx ?? 0, ecx: ecx ?? 0, edx: edx ?? 0 });
    this.#add(HYPERVISOR_TIMING_LEAF, { eax: Math.round(this.#cpu.tscHz / 1000), ebx: APIC_TIMER_HZ / 1000 });
  }

  #extended(): void {
    const [ebx = 0, edx = 0, ecx = 0] = this.#isAmd ? words(this.#cpu.vendor, 3) : [];
    this.#add(0x80000000, { eax: this.#cpu.xlevel, ebx, ecx, edx });
    const several = this.#isAmd && this.#perPackage > 1;
    this.#add(0x80000001, {
      eax: this.#isAmd ? signature(this.#cpu) : 0,
      ecx: this.#word(FEATURE_WORD_80000001_ECX) | (several ? CMP_LEGACY : 0),
      edx:
        this.#word(FEATURE_WORD_80000001_EDX) |
        (this.#isAmd ? this.#word(FEATURE_WORD_1_EDX) & AMD_ALIASES : 0),
    });
    const brand = words(this.#cpu.modelId, 12);
    for (let part = 0; part < 3; part++) {
      const [eax = 0, bx = 0, cx = 0, dx = 0] = brand.slice(part * 4);
      this.#add(0x80000002 + part, { eax, ebx: bx, ecx: cx, edx: dx });
    }
    this.#add(0x80000006, secondLevel(this.#isAmd));
    this.#add(0x80000007, { edx: this.#word(FEATURE_WORD_80000007_EDX) });
    const linear = cpuHas(this.#cpu, 'lm') ? 48 : 32;
    this.#add(0x80000008, {
      eax: physicalBits(this.#cpu) | (linear << 8),
      ebx: this.#word(FEATURE_WORD_80000008_EBX),
      ecx: this.#isAmd ? (this.#perPackage - 1) | (packageShift(this.#topology) << 12) : 0,
    });
  }

  #amd(): void {
    this.#add(0x80000005, amdFirstLevel());
    if (!cpuHas(this.#cpu, 'topoext')) return;
    this.#addAll(0x8000001d, amdCaches(this.#topology));
    const core = this.#apicId >> idBits(this.#topology.threads);
    this.#add(0x8000001e, {
      eax: this.#apicId,
      ebx: (core & 0xff) | ((this.#topology.threads - 1) << 8),
      ecx: this.#apicId >> packageShift(this.#topology),
    });
  }
}

/** The table of the vCPU with this index. Values are unsigned only modulo 2^32. */
export function cpuidTable(cpu: CpuDescription, topology: CpuTopology, index: number): CpuidTable {
  return {
    maxBasic: cpu.level,
    maxHypervisor: cpuHas(cpu, 'hypervisor') ? HYPERVISOR_TIMING_LEAF : 0,
    maxExtended: cpu.xlevel,
    answerHighest: cpu.vendor === 'GenuineIntel',
    leaves: new Builder(cpu, topology, index).leaves,
  };
}
