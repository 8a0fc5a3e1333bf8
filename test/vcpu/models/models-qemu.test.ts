import test from 'ava';
import { CPU_MODELS } from '../../../src/vcpu/cpu-models.ts';
import { FEATURE_WORDS, featureSet, namesOf } from '../../../src/vcpu/feature-words.ts';
import { expandModels, type ModelProperties } from './qemu-models.ts';

/** Models of the reference's release, which today's QEMU keeps under its old machine type. */
const OF_THE_RELEASE = ['qemu64', 'qemu32', 'kvm64', 'kvm32'];
const OF_TODAY = Object.keys(CPU_MODELS).filter((name) => name !== 'max' && !OF_THE_RELEASE.includes(name));

/**
 * Differences that are meant. VMX: today's QEMU drops the flag from core2duo and coreduo where it cannot serve it; the
 * parts have it, and we mask it with a warning. `max` is each emulator's own.
 */
const MEANT: Readonly<Record<string, readonly string[]>> = {
  coreduo: ['vmx'],
  core2duo: ['vmx'],
};

const canonical = (name: string): string => name.replaceAll('_', '-');

/** Our names of the flags that QEMU has on. */
function flagsOf(properties: ModelProperties): string[] {
  const on = new Set(
    Object.entries(properties).flatMap(([name, value]) => (value === true ? [canonical(name)] : [])),
  );
  const names = FEATURE_WORDS.flatMap((word) =>
    word.names.split(' ').flatMap((field) => {
      const aliases = field.split('|');
      return aliases.some((alias) => alias !== '-' && on.has(canonical(alias))) ? [aliases[0] ?? ''] : [];
    }),
  );
  return namesOf(featureSet(names.join(' ')));
}

async function compare(
  t: import('ava').ExecutionContext,
  machine: string,
  models: readonly string[],
): Promise<void> {
  for (const [name, theirs] of await expandModels(machine, models)) {
    const ours = CPU_MODELS[name];
    if (ours === undefined) throw new Error(`No model ${name}`);
    const meant = MEANT[name] ?? [];
    const without = (flags: string[]): string[] => flags.filter((flag) => !meant.includes(flag));
    t.deepEqual(without(namesOf(ours.features)), without(flagsOf(theirs)), name);
    const { family, model, stepping, vendor } = theirs;
    t.deepEqual(
      { family: ours.family, model: ours.model, stepping: ours.stepping, vendor: ours.vendor },
      { family, model, stepping, vendor } as never,
      name,
    );
    t.is(ours.level, theirs['level'] as number, `${name}: level`);
    t.is(ours.xlevel, theirs['xlevel'] as number, `${name}: xlevel`);
    // The version of the emulator is part of the name of its own models.
    if (!ours.modelId.startsWith('QEMU')) t.is(ours.modelId, theirs['model-id'] as string);
  }
}

test('the virtual models are those of the reference release', async (t) => {
  await compare(t, 'pc-i440fx-1.5', OF_THE_RELEASE);
});

test('the models of real parts are those that QEMU has today', async (t) => {
  await compare(t, 'pc-i440fx-7.2', OF_TODAY);
});
