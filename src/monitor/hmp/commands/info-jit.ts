/** What the virtual CPUs' translators have done. */
import {
  MOST_REGION_BYTES,
  MOST_REGIONS,
  newCounters,
  type TranslatorCounters,
} from '../../../vcpu/jit/counters.ts';
import type { VcpuCounters } from '../../../vcpu/vcpu-contract.ts';
import { askMachine } from '../../ask-machine.ts';
import { defineHumanCommand } from '../command.ts';

const LABEL_COLUMN = 20;

function line(label: string, value: string): string {
  return `${label.padEnd(LABEL_COLUMN)}${value}\n`;
}

function sumOf(all: readonly Readonly<TranslatorCounters>[]): TranslatorCounters {
  const sum = newCounters();
  for (const counters of all) {
    for (const name of Object.keys(sum) as (keyof TranslatorCounters)[]) sum[name] += counters[name];
  }
  return sum;
}

function mean(total: number, count: number): string {
  return count === 0 ? '0' : (total / count).toFixed(1);
}

/** In the reference's words where it has the same thing: a translation block is a region here. */
function describe(counters: Readonly<TranslatorCounters>, translators: number): string {
  const { regions, instructions, interpreted, bytes, translateMs, compileMs } = counters;
  return [
    'Translation buffer state:\n',
    line('gen code size', `${counters.heldBytes}/${translators * MOST_REGION_BYTES}`),
    line('TB count', `${counters.heldRegions}/${translators * MOST_REGIONS}`),
    line('TB avg target size', `${mean(instructions, regions)} instructions`),
    line('TB avg host size', `${mean(bytes, regions)} bytes (${mean(bytes, instructions)} an instruction)`),
    'Statistics:\n',
    line('TB flush count', `${counters.evictions}`),
    line('TB invalidate count', `${counters.invalidated}`),
    line('TB compile count', `${regions} (${bytes} bytes)`),
    line('TB reuse count', `${counters.reused}`),
    line('TB regrow count', `${counters.regrown}`),
    line('refused blocks', `${counters.refused}`),
    line('instructions', `${instructions} translated, of them ${interpreted} by the interpreter`),
    line('translate time', `${translateMs.toFixed(1)} ms`),
    line('compile time', `${compileMs.toFixed(1)} ms`),
  ].join('');
}

function ofCpu({ instructions, translator }: VcpuCounters, index: number): string {
  const did =
    translator === undefined
      ? 'interpreter alone'
      : `regions=${translator.heldRegions} compiles=${translator.regions} bytes=${translator.heldBytes}` +
        ` invalidated=${translator.invalidated} regrown=${translator.regrown}` +
        ` translate_ms=${translator.translateMs.toFixed(1)} compile_ms=${translator.compileMs.toFixed(1)}`;
  return `CPU #${index}: instructions=${instructions} ${did}\n`;
}

export const jit = defineHumanCommand({
  name: 'jit',
  help: 'what the translator has done, of all CPUs together and by CPU',
  async run({ services }) {
    const cpus = await askMachine(services, 'cpuCounters', undefined);
    const translators = cpus.map(({ translator }) => translator).filter((each) => each !== undefined);
    return describe(sumOf(translators), translators.length) + cpus.map(ofCpu).join('');
  },
});
