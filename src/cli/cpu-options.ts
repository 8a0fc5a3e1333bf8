/** -cpu and -smp (cli.md §1). */
import { CPU_FEATURE_NAMES, CPU_PROPERTIES, isCpuFeature } from '../machine/cpu-features.ts';
import { CPU_MODEL_NAMES, FURTHER_CPU_MODEL_NAMES, isCpuModel } from '../machine/cpu-models.ts';
import type { CpuConfig, SmpConfig } from '../machine/machine-config.ts';
import { unknownParameter } from '../options/option-error.ts';
import { splitOptionList } from '../options/option-list.ts';
import { parseNumber, stringValue } from '../options/option-values.ts';
import { badOptionValue, CommandLineError, unavailable } from './command-line-error.ts';

/** CPUID leaf 1 EAX can express no more than these (Intel SDM vol. 2, CPUID, figure "Version Information"). */
const PROPERTY_LIMITS: Readonly<Record<string, number>> = { family: 0xff + 0xf, model: 0xff, stepping: 0xf };

const VENDOR_LENGTH = 12;
const MODEL_ID_LENGTH = 48;

function checkNumericProperty(key: string, value: string): void {
  const number = key === 'tsc-freq' ? tscFrequency(value) : parseNumber(key, value);
  const limit = PROPERTY_LIMITS[key];
  if (limit !== undefined && number > BigInt(limit)) {
    throw badOptionValue(`${key} to be at most ${limit}, not ${value}`);
  }
}

/** Hertz: a number, with k M G T for powers of 1000. */
function tscFrequency(value: string): bigint {
  const match = /^(\d+(?:\.\d+)?)([kKmMgGtT]?)$/.exec(value);
  if (match === null) {
    throw badOptionValue(`tsc-freq to be a frequency in Hz such as 2500000000 or 2.5G, not '${value}'`);
  }
  const exponent = 3 * ['', 'k', 'm', 'g', 't'].indexOf((match[2] ?? '').toLowerCase());
  return BigInt(Math.floor(Number(match[1]) * 10 ** exponent));
}

function checkTextProperty(key: string, value: string): void {
  if (key === 'vendor' && value.length !== VENDOR_LENGTH) {
    throw badOptionValue(`vendor to be ${VENDOR_LENGTH} characters long, not '${value}'`);
  }
  if (key === 'model-id' && value.length > MODEL_ID_LENGTH) {
    throw badOptionValue(`model-id to be at most ${MODEL_ID_LENGTH} characters long, not '${value}'`);
  }
}

function checkProperty(key: string, value: string): void {
  const type = Object.hasOwn(CPU_PROPERTIES, key) ? CPU_PROPERTIES[key] : undefined;
  if (type === undefined) {
    throw badOptionValue(`one of ${Object.keys(CPU_PROPERTIES).join(', ')} before '=', not '${key}'`);
  }
  if (type === 'number') {
    checkNumericProperty(key, value);
  } else {
    checkTextProperty(key, value);
  }
}

function checkFeature(word: string): void {
  const equals = word.indexOf('=');
  if (word.startsWith('+') || word.startsWith('-')) {
    if (!isCpuFeature(word.slice(1))) {
      throw new CommandLineError('ERR_CLI_BAD_VALUE', `CPU feature ${word.slice(1)} not found`);
    }
  } else if (equals !== -1) {
    checkProperty(word.slice(0, equals).replaceAll('_', '-'), word.slice(equals + 1));
  } else if (word !== 'check' && word !== 'enforce') {
    throw badOptionValue(`+feature, -feature, feature=value, check or enforce, not '${word}'`);
  }
}

/** `MODEL[,+feature][,-feature][,key=value][,check][,enforce]`. */
export function parseCpu(text: string): CpuConfig {
  const [model = '', ...features] = text.split(',');
  if (model === 'host') {
    throw unavailable('the host CPU model needs KVM');
  }
  if (!isCpuModel(model)) {
    throw badOptionValue(`a CPU model that -cpu help lists, not '${model}'`);
  }
  for (const feature of features) {
    checkFeature(feature);
  }
  return { model, features };
}

/** The text of `-cpu help`. */
export function describeCpuModels(): string {
  const models = [...CPU_MODEL_NAMES.toReversed(), ...FURTHER_CPU_MODEL_NAMES];
  const lines = models.map((name) => `x86 ${name.padStart(16)}`);
  return `${lines.join('\n')}\n\nRecognized CPUID flags:\n${wrap(CPU_FEATURE_NAMES)}`;
}

const FLAG_LINE_WIDTH = 76;

function wrap(words: readonly string[]): string {
  const lines = [''];
  for (const word of words) {
    const last = lines.at(-1) ?? '';
    if (last.length + word.length + 1 > FLAG_LINE_WIDTH) {
      lines.push(word);
    } else {
      lines[lines.length - 1] = last === '' ? word : `${last} ${word}`;
    }
  }
  return lines.map((line) => `  ${line}\n`).join('');
}

const MAX_CPUS = 255;
const SMP_KEYS = ['maxcpus', 'cores', 'threads', 'sockets'];

function count(text: string, what: string): number {
  if (!/^\d{1,9}$/.test(text)) {
    throw badOptionValue(`${what} to be a decimal number, not '${text}'`);
  }
  return Number(text);
}

/** The missing one of cores and threads follows from N and sockets; without sockets both default to 1. */
function topology(cpus: number, given: { sockets: number; cores: number; threads: number }) {
  if (cpus === 0 || given.sockets === 0) {
    return { cores: given.cores || 1, threads: given.threads || 1 };
  }
  if (given.cores === 0) {
    const threads = given.threads || 1;
    return { cores: Math.floor(cpus / (given.sockets * threads)) || 1, threads };
  }
  return { cores: given.cores, threads: Math.floor(cpus / (given.cores * given.sockets)) || 1 };
}

/**
 * `[N][,maxcpus=][,cores=][,threads=][,sockets=]`. N left out is cores × threads × sockets. Whether the board takes
 * as many is not checked here.
 */
export function parseSmp(text: string): SmpConfig {
  const pairs = splitOptionList(text, 'cpus');
  const impliesCpus = text !== '' && !/^[^,]*=/.test(text);
  const stray = pairs.slice(impliesCpus ? 1 : 0).find(([key]) => !SMP_KEYS.includes(key));
  if (stray !== undefined) {
    throw unknownParameter(stray[0]);
  }
  const read = (key: string): number => count(stringValue(pairs, key) ?? '0', key);
  const given = { sockets: read('sockets'), cores: read('cores'), threads: read('threads') };
  const number = impliesCpus ? count(stringValue(pairs, 'cpus') ?? '', 'the number of CPUs') : 0;
  const { cores, threads } = topology(number, given);
  const cpus = number || cores * threads * (given.sockets || 1);
  const maxCpus = read('maxcpus') || cpus;
  if (maxCpus < cpus || maxCpus > MAX_CPUS) {
    throw badOptionValue(`1 <= CPUs <= maxcpus <= ${MAX_CPUS}, not ${cpus} CPUs and maxcpus ${maxCpus}`);
  }
  return { cpus, cores, threads, maxCpus, sockets: given.sockets || Math.ceil(maxCpus / (cores * threads)) };
}
