/** Writes into a vCPU's page group what its model says. Before its first run, on any thread. */
import {
  APIC_CONFIG,
  APIC_CONFIG_BOOTSTRAP,
  APIC_CONFIG_DIRECTED_EOI,
  APIC_INITIAL_ID,
  CPU_APIC,
  CPU_CPUID,
  CPU_FEATURES,
  CPU_GROUP_SIZE,
  CPU_GROUPS_BASE,
  CPU_PHYS_MASK,
  CPU_TSC_HZ,
  CPUID_ANSWER_HIGHEST,
  CPUID_ANSWERS,
  CPUID_COUNT,
  CPUID_ENTRY_FLAGS,
  CPUID_ENTRY_SIZE,
  CPUID_ENTRY_SUBLEAF,
  CPUID_ENTRY_VALUES,
  CPUID_FIRST_ENTRY,
  CPUID_HAS_SUBLEAVES,
  CPUID_MAX_BASIC,
  CPUID_MAX_EXTENDED,
  CPUID_MAX_HYPERVISOR,
} from '../memory/layout.ts';
import type { CpuDescription } from './cpu-description.ts';
import { apicId, type CpuTopology } from './cpu-topology.ts';
import { type CpuidTable, cpuidTable, physicalBits } from './cpuid-table.ts';

export interface CpuSetup {
  readonly cpu: CpuDescription;
  readonly topology: CpuTopology;
  /** Index of the vCPU; 0 is the bootstrap processor. */
  readonly index: number;
  /** The I/O APICs have an EOI register, so broadcasts of EOI may be suppressed (version 20H and later). */
  readonly directedEoi?: boolean;
}

function writeTable(view: DataView, table: CpuidTable): void {
  const at = (offset: number, value: number): void => {
    view.setUint32(offset, value >>> 0, true);
  };
  at(CPUID_COUNT, table.leaves.length);
  at(CPUID_ANSWERS, table.answerHighest ? CPUID_ANSWER_HIGHEST : 0);
  at(CPUID_MAX_BASIC, table.maxBasic);
  at(CPUID_MAX_HYPERVISOR, table.maxHypervisor);
  at(CPUID_MAX_EXTENDED, table.maxExtended);
  table.leaves.forEach(({ leaf, subleaf, eax, ebx, ecx, edx }, index) => {
    const entry = CPUID_FIRST_ENTRY + index * CPUID_ENTRY_SIZE;
    at(entry, leaf);
    at(entry + CPUID_ENTRY_SUBLEAF, subleaf ?? 0);
    at(entry + CPUID_ENTRY_FLAGS, subleaf === undefined ? 0 : CPUID_HAS_SUBLEAVES);
    [eax, ebx, ecx, edx].forEach((value, register) => {
      at(entry + CPUID_ENTRY_VALUES + register * 4, value);
    });
  });
}

/** Gives a vCPU its features, CPUID leaves, address width, frequency and APIC ID. A reset of the core must follow. */
export function setUpCpu(memory: WebAssembly.Memory, setup: CpuSetup): void {
  const { cpu, topology, index } = setup;
  const base = CPU_GROUPS_BASE + index * CPU_GROUP_SIZE;
  const view = new DataView(memory.buffer, base, CPU_GROUP_SIZE);
  cpu.features.forEach((bits, word) => {
    view.setUint32(CPU_FEATURES + word * 4, bits, true);
  });
  view.setBigUint64(CPU_PHYS_MASK, (1n << BigInt(physicalBits(cpu))) - 1n, true);
  view.setBigUint64(CPU_TSC_HZ, BigInt(cpu.tscHz), true);
  view.setUint32(CPU_APIC + APIC_INITIAL_ID, apicId(topology, index), true);
  const config =
    (setup.directedEoi ? APIC_CONFIG_DIRECTED_EOI : 0) | (index === 0 ? APIC_CONFIG_BOOTSTRAP : 0);
  view.setUint32(CPU_APIC + APIC_CONFIG, config, true);
  writeTable(new DataView(memory.buffer, base + CPU_CPUID), cpuidTable(cpu, topology, index));
}
