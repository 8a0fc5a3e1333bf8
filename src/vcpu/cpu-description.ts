/** From `-cpu MODEL,+flag,-flag,key=value,check,enforce` to one CPU, cut down to what the core implements. */
import { CpuModelError } from './cpu-model-error.ts';
import { CPU_MODELS, type CpuModel } from './cpu-models.ts';
import {
  FEATURE_WORDS,
  type FeaturePosition,
  type FeatureSet,
  featureName,
  featurePosition,
  hasFeature,
  setFeature,
} from './feature-words.ts';
import { supportedFeatures } from './supported-features.ts';

/** The model and what follows it, split at the commas. */
export interface CpuRequest {
  readonly model: string;
  readonly features: readonly string[];
}

export interface CpuDescription extends CpuModel {
  /** Frequency of the time-stamp counter in Hz. */
  readonly tscHz: number;
  /** Flags that were asked for and are not there. */
  readonly filtered: FeatureSet;
  /** What was asked for and is not there, in words for a warning. */
  readonly missing: readonly string[];
  /** The request says `check`: `missing` is to be shown. */
  readonly check: boolean;
}

/** The virtual clock's own resolution. */
const DEFAULT_TSC_HZ = 1_000_000_000;
const MAX_TSC_HZ = 0xffffffff;
/**
 * Leaves 15H and 16H tell an operating system the frequency of the TSC, so that it need not measure it. Intel parts that
 * have topology leaves get them too, though theirs had not; others would be asked for leaves that make no sense for them.
 */
const TIMING_LEVEL = 0x16;
const TOPOLOGY_LEVEL = 0xb;

/**
 * Every vCPU's TSC is the virtual clock, whatever the model's part had: said here, since operating systems otherwise give the
 * TSC up as soon as there is more than one processor. `-invtsc` takes it back.
 */
const INVARIANT_TSC = flag('invtsc');
const POWER_MANAGEMENT_LEVEL = 0x80000007;

type Draft = { -readonly [Key in keyof CpuModel]: CpuModel[Key] };

interface Wishes {
  readonly plus: FeaturePosition[];
  readonly minus: FeaturePosition[];
  readonly missing: string[];
  tscHz: number;
  levelGiven: boolean;
  check: boolean;
  enforce: boolean;
}

function numberOf(key: string, text: string): number {
  const value = /^(0x[0-9a-f]+|\d+)$/i.test(text) ? Number(text) : Number.NaN;
  if (!Number.isSafeInteger(value)) {
    throw new CpuModelError('ERR_CPU_KEY', `CPU key ${key} takes a number, not '${text}'`);
  }
  return value;
}

function within(key: string, text: string, limit: number): number {
  const value = numberOf(key, text);
  if (value > limit)
    throw new CpuModelError('ERR_CPU_KEY', `CPU key ${key} is at most ${limit}, not ${text}`);
  return value;
}

function frequency(text: string): number {
  const match = /^(\d+(?:\.\d+)?)([kmgt]?)$/i.exec(text);
  const hz =
    match === null
      ? 0
      : Math.floor(Number(match[1]) * 1000 ** ' kmgt'.indexOf((match[2] || ' ').toLowerCase()));
  if (hz < 1 || hz > MAX_TSC_HZ) {
    throw new CpuModelError('ERR_CPU_KEY', `CPU key tsc-freq takes 1 to ${MAX_TSC_HZ} Hz, not '${text}'`);
  }
  return hz;
}

/** SDM vol. 2, CPUID leaf 1: families up to 15 + 255, models of 8 bits, steppings of 4. */
const KEYS: Readonly<Record<string, (draft: Draft, wishes: Wishes, text: string) => void>> = {
  family: (draft, _, text) => {
    draft.family = within('family', text, 0xff + 0xf);
  },
  model: (draft, _, text) => {
    draft.model = within('model', text, 0xff);
  },
  stepping: (draft, _, text) => {
    draft.stepping = within('stepping', text, 0xf);
  },
  level: (draft, wishes, text) => {
    draft.level = within('level', text, 0xffff);
    wishes.levelGiven = true;
  },
  xlevel: (draft, _, text) => {
    const value = within('xlevel', text, 0xffffffff);
    draft.xlevel = value < 0x80000000 ? value + 0x80000000 : value;
  },
  vendor: (draft, _, text) => {
    if (text.length !== 12) {
      throw new CpuModelError('ERR_CPU_KEY', `CPU key vendor takes 12 characters, not '${text}'`);
    }
    draft.vendor = text;
  },
  'model-id': (draft, _, text) => {
    if (text.length > 48) {
      throw new CpuModelError('ERR_CPU_KEY', `CPU key model-id takes at most 48 characters, not '${text}'`);
    }
    draft.modelId = text;
  },
  'tsc-freq': (_, wishes, text) => {
    wishes.tscHz = frequency(text);
  },
  'hv-spinlocks': (_, wishes, text) => {
    wishes.missing.push(`Hyper-V spinlock hints (hv-spinlocks=${numberOf('hv-spinlocks', text)})`);
  },
};

function flag(name: string): FeaturePosition {
  const position = featurePosition(name);
  if (position === undefined) throw new CpuModelError('ERR_CPU_FEATURE', `There is no CPU feature '${name}'`);
  return position;
}

function applyWord(word: string, draft: Draft, wishes: Wishes): void {
  if (word.startsWith('+')) wishes.plus.push(flag(word.slice(1)));
  else if (word.startsWith('-')) wishes.minus.push(flag(word.slice(1)));
  else if (word === 'check') wishes.check = true;
  else if (word === 'enforce') wishes.enforce = true;
  else applyKey(word, draft, wishes);
}

function applyKey(word: string, draft: Draft, wishes: Wishes): void {
  const equals = word.indexOf('=');
  const key = (equals < 0 ? word : word.slice(0, equals)).replaceAll('_', '-');
  const value = equals < 0 ? 'on' : word.slice(equals + 1);
  const set = Object.hasOwn(KEYS, key) ? KEYS[key] : undefined;
  if (set !== undefined && equals >= 0) set(draft, wishes, value);
  else if (featurePosition(key) !== undefined && (value === 'on' || value === 'off')) {
    (value === 'on' ? wishes.plus : wishes.minus).push(flag(key));
  } else {
    throw new CpuModelError('ERR_CPU_KEY', `CPU model ${draft.modelId || 'key'}: '${word}' means nothing`);
  }
}

function place(word: number, bit: number): string {
  const where = FEATURE_WORDS[word];
  const leaf = (where?.leaf ?? 0).toString(16).toUpperCase().padStart(2, '0');
  return `CPUID.${leaf}H:${where?.register.toUpperCase()}.${featureName(word, bit) ?? '?'} [bit ${bit}]`;
}

/** Clears what the core lacks, and gives that. */
function mask(draft: Draft): FeatureSet {
  const supported = supportedFeatures();
  return draft.features.map((asked, word) => {
    const lacking = asked & ~(supported[word] ?? 0);
    draft.features[word] = asked & ~lacking;
    return lacking;
  });
}

/** Where each flag of a set is, in words. */
function places(features: FeatureSet): string[] {
  return [...features].flatMap((flags, word) =>
    Array.from({ length: 32 }, (_, bit) => bit)
      .filter((bit) => ((flags >>> bit) & 1) === 1)
      .map((bit) => place(word, bit)),
  );
}

/**
 * Describes the CPU that a request asks for. `-flag` wins over `+flag`, wherever they stand. Throws a CpuModelError:
 * ERR_CPU_MODEL, ERR_CPU_KEY, ERR_CPU_FEATURE for what does not exist, ERR_CPU_FEATURE if `enforce` is given and
 * something is missing.
 */
export function describeCpu(request: CpuRequest): CpuDescription {
  const model = Object.hasOwn(CPU_MODELS, request.model) ? CPU_MODELS[request.model] : undefined;
  if (model === undefined)
    throw new CpuModelError('ERR_CPU_MODEL', `There is no CPU model '${request.model}'`);
  const draft: Draft = { ...model, features: model.features.slice() };
  const wishes: Wishes = {
    plus: [],
    minus: [],
    missing: [],
    tscHz: DEFAULT_TSC_HZ,
    levelGiven: false,
    check: false,
    enforce: false,
  };
  for (const word of request.features) applyWord(word, draft, wishes);
  if (draft.xlevel >= POWER_MANAGEMENT_LEVEL) setFeature(draft.features, INVARIANT_TSC, true);
  for (const position of wishes.plus) setFeature(draft.features, position, true);
  for (const position of wishes.minus) setFeature(draft.features, position, false);
  const filtered = mask(draft);
  const missing = [...places(filtered), ...wishes.missing];
  if (wishes.enforce && missing.length > 0) {
    throw new CpuModelError(
      'ERR_CPU_FEATURE',
      `CPU model ${request.model} cannot be had in full; missing: ${missing.join(', ')}`,
    );
  }
  if (!wishes.levelGiven && draft.vendor === 'GenuineIntel' && draft.level >= TOPOLOGY_LEVEL) {
    draft.level = Math.max(draft.level, TIMING_LEVEL);
  }
  return { ...draft, tscHz: wishes.tscHz, filtered, missing, check: wishes.check || wishes.enforce };
}

/** Does the CPU have a flag, by name? */
export function cpuHas(cpu: CpuModel, name: string): boolean {
  const position = featurePosition(name);
  return position !== undefined && hasFeature(cpu.features, position);
}
