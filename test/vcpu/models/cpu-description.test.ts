import test from 'ava';
import { cpuHas, describeCpu } from '../../../src/vcpu/cpu-description.ts';
import { CPU_MODELS } from '../../../src/vcpu/cpu-models.ts';
import { namesOf } from '../../../src/vcpu/feature-words.ts';
import { supportedFeatures } from '../../../src/vcpu/supported-features.ts';

const plain = (model: string, ...features: string[]) => describeCpu({ model, features });

test('no model promises what the core lacks', (t) => {
  const supported = supportedFeatures();
  for (const model of Object.keys(CPU_MODELS)) {
    const { features } = plain(model);
    features.forEach((bits, word) => {
      t.is((bits & ~(supported[word] ?? 0)) >>> 0, 0, `${model} word ${word}`);
    });
  }
});

test('max is everything that the core has, and misses nothing', (t) => {
  t.deepEqual(namesOf(plain('max').features), namesOf(supportedFeatures()));
  t.deepEqual(plain('max').missing, []);
});

test('flags are added and taken away; taking away wins', (t) => {
  t.true(cpuHas(plain('qemu64', '+avx2'), 'avx2'));
  t.false(cpuHas(plain('Haswell', '-avx2'), 'avx2'));
  t.false(cpuHas(plain('Haswell', '-avx2', '+avx2'), 'avx2'));
  t.true(cpuHas(plain('qemu64', '+sse4_1'), 'sse4.1'), 'aliases and underscores');
  t.false(cpuHas(plain('qemu64', 'popcnt=off'), 'popcnt'));
});

test('keys replace what the model has', (t) => {
  const cpu = plain(
    'qemu64',
    'family=23',
    'model=0x31',
    'stepping=2',
    'level=5',
    'xlevel=8',
    'vendor=GenuineIntel',
  );
  t.like(cpu, { family: 23, model: 0x31, stepping: 2, level: 5, xlevel: 0x80000008, vendor: 'GenuineIntel' });
  t.is(plain('qemu64', 'tsc-freq=2.5G').tscHz, 2_500_000_000);
  t.is(plain('qemu64', 'model_id=Some CPU').modelId, 'Some CPU');
});

test('check lists what is missing, enforce refuses', (t) => {
  const cpu = plain('Haswell', 'check');
  t.true(cpu.check);
  t.deepEqual(cpu.missing, ['CPUID.07H:EBX.hle [bit 4]', 'CPUID.07H:EBX.rtm [bit 11]']);
  t.throws(() => plain('Haswell', 'enforce'), { code: 'ERR_CPU_FEATURE', message: /hle.*rtm/ });
  t.notThrows(() => plain('Haswell', 'enforce', '-hle', '-rtm'));
});

test('mistakes have typed errors', (t) => {
  t.throws(() => plain('z80'), { code: 'ERR_CPU_MODEL', message: /z80/ });
  t.throws(() => plain('toString'), { code: 'ERR_CPU_MODEL' });
  t.throws(() => plain('qemu64', '+turbo'), { code: 'ERR_CPU_FEATURE', message: /turbo/ });
  for (const word of [
    'family=271',
    'stepping=16',
    'vendor=short',
    'family=x',
    'tsc-freq=5G',
    'nothing',
    'cache=1',
  ]) {
    t.throws(() => plain('qemu64', word), { code: 'ERR_CPU_KEY' }, word);
  }
});

test('Intel models with topology leaves get the leaves that announce the TSC, unless a level is given', (t) => {
  t.is(plain('Haswell').level, 0x16);
  t.is(plain('Haswell', 'level=13').level, 13);
  t.is(plain('EPYC').level, 13);
  t.is(plain('core2duo').level, 10);
});
