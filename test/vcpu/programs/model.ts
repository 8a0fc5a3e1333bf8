/** A CPUID model for test programs. */
import { CPU_CR4 } from '../../../src/memory/layout.ts';
import { cpuHas, describeCpu } from '../../../src/vcpu/cpu-description.ts';
import { setUpCpu } from '../../../src/vcpu/cpu-setup.ts';
import type { TestCpu } from '../support/test-cpu.ts';

const CR4_OSXSAVE = 1n << 18n;

/** Makes `cpu` what the named model is, with CR4.OSXSAVE set only where it may be (SDM vol. 3, 2.5). */
export function setModel(cpu: TestCpu, model: string): void {
  const description = describeCpu({ model, features: [] });
  const topology = { sockets: 1, cores: 1, threads: 1 };
  setUpCpu(cpu.memory, { cpu: description, topology, index: 0 });
  if (!cpuHas(description, 'xsave')) cpu.setState64(CPU_CR4, cpu.state64(CPU_CR4) & ~CR4_OSXSAVE);
}
