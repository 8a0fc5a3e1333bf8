/** The CPUs in the tree of objects: what qom-get can tell of each, and the bus that they are on (behaviour.md §10). */
import type { QmpJson } from '../../qapi/json-value.ts';
import type { CpuDescription } from '../../vcpu/cpu-description.ts';
import { apicId } from '../../vcpu/cpu-topology.ts';
import { FEATURE_WORDS, type FeatureSet } from '../../vcpu/feature-words.ts';
import type { SmpConfig } from '../machine-config.ts';
import { BusObject } from '../qom/bus-object.ts';
import type { MachineTree } from '../qom/machine-tree.ts';
import { QomObject } from '../qom/qom-object.ts';
import { BUS, DEVICE, type TypeRegistry } from '../qom/type-registry.ts';

const CPU = 'cpu';
const X86_CPU = 'x86_64-cpu';
const ICC_BRIDGE = 'icc-bridge';
const ICC_BUS = 'icc-bus';

export interface CpuObjectsDemand {
  readonly tree: MachineTree;
  readonly types: TypeRegistry;
  readonly cpu: CpuDescription;
  readonly smp: SmpConfig;
}

/** A list of X86CPUFeatureWordInfo (schema.json). */
function featureWords(features: FeatureSet): QmpJson {
  return FEATURE_WORDS.map(({ leaf, subleaf, register }, word) => ({
    'cpuid-register': register.toUpperCase(),
    ...(leaf === 7 || leaf === 0xd ? { 'cpuid-input-ecx': subleaf } : {}),
    'cpuid-input-eax': leaf,
    features: features[word] ?? 0,
  }));
}

function cpuObject(cpu: CpuDescription, id: number, bus: BusObject): QomObject {
  const object = new QomObject(X86_CPU);
  const properties: readonly (readonly [name: string, type: string, value: QmpJson])[] = [
    ['realized', 'bool', true],
    ['family', 'int', cpu.family],
    ['model', 'int', cpu.model],
    ['stepping', 'int', cpu.stepping],
    ['level', 'int', cpu.level],
    ['xlevel', 'int', cpu.xlevel],
    ['vendor', 'string', cpu.vendor],
    ['model-id', 'string', cpu.modelId],
    ['tsc-frequency', 'int', cpu.tscHz],
    ['apic-id', 'int', id],
    ['feature-words', 'X86CPUFeatureWordInfo', featureWords(cpu.features)],
    ['filtered-features', 'X86CPUFeatureWordInfo', featureWords(cpu.filtered)],
  ];
  for (const [name, type, value] of properties) {
    object.addProperty({ name, type, get: () => value });
  }
  object.addLink('parent_bus', BUS, () => bus);
  return object;
}

/** Adds the CPUs that are there from the start, before the board's other unattached devices. */
export function addCpuObjects({ tree, types, cpu, smp }: CpuObjectsDemand): void {
  types.register({ name: CPU, parent: DEVICE, abstract: true });
  types.register({ name: X86_CPU, parent: CPU });
  types.register({ name: ICC_BUS, parent: BUS });
  types.register({ name: ICC_BRIDGE, parent: DEVICE });
  const bridge = new QomObject(ICC_BRIDGE);
  const bus = new BusObject(ICC_BUS, 'icc');
  bridge.addChild('icc', bus);
  tree.tree.container('/machine').addChild(ICC_BRIDGE, bridge);
  for (let index = 0; index < smp.cpus; index++) {
    tree.unattached.addChild(`device[${index}]`, cpuObject(cpu, apicId(smp, index), bus));
  }
}
