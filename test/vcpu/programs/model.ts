/** A CPUID model for test programs. */
import { describeCpu } from '../../../src/vcpu/cpu-description.ts';
import { setUpCpu } from '../../../src/vcpu/cpu-setup.ts';
import type { TestCpu } from '../support/test-cpu.ts';

/** Makes `cpu` answer CPUID as the named model does. */
export function setModel(cpu: TestCpu, model: string): void {
  const topology = { sockets: 1, cores: 1, threads: 1 };
  setUpCpu(cpu.memory, { cpu: describeCpu({ model, features: [] }), topology, index: 0 });
}
