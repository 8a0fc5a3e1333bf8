import test from 'ava';
import { INPUT_BYTES, STATE_BYTES } from './cases.ts';
import { CoreRunner } from './core-runner.ts';
import { CASES_PER_FORM, digestAll, makeCases, readDigests } from './corpus.ts';
import { allForms, describeForm, type Form, isApproximation } from './forms.ts';
import { askOracle, hasOracle } from './oracle.ts';

const BATCH = 500;
/** Cases of each form in the live comparison: TROUPE_SIMD_EFFORT=100 makes over a million. */
const EFFORT = Number(process.env['TROUPE_SIMD_EFFORT'] ?? 2);
const SEED = Number(process.env['TROUPE_SIMD_SEED'] ?? 20130520);

function batches(forms: readonly Form[]): { first: number; part: Form[] }[] {
  const result = [];
  for (let first = 0; first < forms.length; first += BATCH)
    result.push({ first, part: forms.slice(first, first + BATCH) });
  return result;
}

test('every encoding does what the golden corpus says', async (t) => {
  const runner = await CoreRunner.create();
  const forms = allForms();
  const golden = readDigests();
  t.is(golden.length, forms.length);
  const wrong: string[] = [];
  for (const { first, part } of batches(forms)) {
    const states = runner.run(makeCases(part, first, CASES_PER_FORM, 0));
    const digests = digestAll(part, states, CASES_PER_FORM);
    for (const [i, form] of part.entries())
      if (digests[i] !== golden[first + i]) wrong.push(describeForm(form));
  }
  t.deepEqual(wrong, []);
});

(hasOracle() ? test : test.skip)('every encoding does what this host does', async (t) => {
  const runner = await CoreRunner.create();
  const wrong: string[] = [];
  for (const { first, part } of batches(allForms())) {
    const records = makeCases(part, first, EFFORT, SEED);
    const expected = askOracle(records);
    const actual = runner.run(records);
    for (const [i, form] of part.entries()) {
      if (isApproximation(form)) continue;
      for (let k = i * EFFORT; k < (i + 1) * EFFORT; k++) {
        const want = expected.subarray(k * STATE_BYTES, (k + 1) * STATE_BYTES);
        if (want.equals(actual.subarray(k * STATE_BYTES, (k + 1) * STATE_BYTES))) continue;
        const record = records.subarray(k * INPUT_BYTES, (k + 1) * INPUT_BYTES);
        wrong.push(`${describeForm(form)}: ${record.toString('hex', 2, 2 + record.readUInt8(0))}`);
      }
    }
  }
  t.deepEqual(wrong, []);
});
