/** Makes a failing case smaller: steps become NOPs, registers zero, as long as it still fails. */
import type { Case } from './case-format.ts';
import { undefinedFlags } from './comparison.ts';

const NOP = 0x90;

function withoutStep(test: Case, index: number): Case | undefined {
  const step = test.steps[index];
  if (step === undefined) return undefined;
  const code = test.code.slice();
  code.fill(NOP, step.start, step.start + step.length);
  const steps = test.steps.filter((_, i) => i !== index);
  const smaller = { ...test, code, steps };
  return undefinedFlags(smaller) === undefined ? undefined : smaller;
}

function withZero(test: Case, register: number): Case | undefined {
  if ((test.registers[register] ?? 0n) === 0n) return undefined;
  return { ...test, registers: test.registers.map((value, i) => (i === register ? 0n : value)) };
}

/** The smallest failing variant found. `fails` must be true for `test`. */
export function shrink(test: Case, fails: (candidate: Case) => boolean): Case {
  let best = test;
  let progress = true;
  while (progress) {
    progress = false;
    for (let i = best.steps.length - 1; i >= 0; i--) {
      const candidate = withoutStep(best, i);
      if (candidate && fails(candidate)) {
        best = candidate;
        progress = true;
      }
    }
  }
  for (let register = 0; register < 16; register++) {
    const candidate = withZero(best, register);
    if (candidate && fails(candidate)) best = candidate;
  }
  return best;
}
