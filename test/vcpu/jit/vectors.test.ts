/**
 * Every legacy encoding of vector instructions that the translator may inline, interpreted and translated at first sight, with
 * MXCSR as the case has it, and in two states in which WebAssembly's floating point is used. TROUPE_LOCKSTEP_EFFORT is the number of cases of
 * each form.
 */
import test from 'ava';
import { HEADER_BYTES, INPUT_BYTES, STATE_BYTES, STATE_MXCSR } from '../simd/cases.ts';
import { CoreRunner } from '../simd/core-runner.ts';
import { makeCases } from '../simd/corpus.ts';
import { allForms, describeForm } from '../simd/forms.ts';

const EFFORT = Number(process.env['TROUPE_LOCKSTEP_EFFORT'] ?? 2);
const SEED = Number(process.env['TROUPE_SIMD_SEED'] ?? 20130520);
const AT_FIRST_SIGHT = 1;
const NEVER = 0;
/** Everything masked, rounding to nearest, the inexact flag set; with FTZ and DAZ as well. */
const QUIET = 0x1fa0;
const FLUSHING = 0x9fe0;
const MAP_0F = 1;

test('vector instructions do the same translated', async (t) => {
  t.timeout(24 * 3600 * 1000);
  const interpreter = await CoreRunner.create(NEVER);
  const translator = await CoreRunner.create(AT_FIRST_SIGHT);
  const forms = allForms().filter((form) => !form.vex && form.map === MAP_0F);
  const wrong: string[] = [];
  const records = makeCases(forms, 0, EFFORT, SEED);
  for (const mxcsr of [undefined, QUIET, FLUSHING]) {
    if (mxcsr !== undefined) {
      for (let at = 0; at < records.length; at += INPUT_BYTES)
        records.writeUInt32LE(mxcsr, at + HEADER_BYTES + STATE_MXCSR);
    }
    const expected = interpreter.run(records);
    const actual = translator.run(records);
    for (const [i, form] of forms.entries()) {
      for (let k = i * EFFORT; k < (i + 1) * EFFORT; k++) {
        const at = k * STATE_BYTES;
        if (expected.compare(actual, at, at + STATE_BYTES, at, at + STATE_BYTES) !== 0)
          wrong.push(`${describeForm(form)}, MXCSR ${mxcsr?.toString(16) ?? 'as it comes'}`);
      }
    }
  }
  t.deepEqual([...new Set(wrong)], []);
});
