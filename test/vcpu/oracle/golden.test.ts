/** The committed answers of a host CPU: what integer.test.ts does, on any host. */
import test from 'ava';
import {
  ANSWER_BYTES,
  ANSWER_VECTOR,
  CASE_BYTES,
  CODE_OVERWRITTEN,
  decodeAnswer,
  decodeCase,
} from './case-format.ts';
import { describeFailure, differences } from './comparison.ts';
import { CoreRunner } from './core-runner.ts';
import { GOLDEN_IMAGE_SEED, readGolden } from './golden.ts';
import { memoryImage } from './test-memory.ts';

const LEAST_CASES = 4000;

test('the core gives the answers that the corpus has', async (t) => {
  const { records, answers, masks } = readGolden();
  const count = records.length / CASE_BYTES;
  t.true(count >= LEAST_CASES);
  const core = await CoreRunner.create(memoryImage(GOLDEN_IMAGE_SEED));
  const given = core.run(records);
  for (let i = 0; i < count; i++) {
    const mask = masks.readUInt32LE(i * 4);
    const record = decodeCase(records.subarray(i * CASE_BYTES, (i + 1) * CASE_BYTES));
    if (given.readUInt32LE(i * ANSWER_BYTES + ANSWER_VECTOR) === CODE_OVERWRITTEN) continue;
    const found = differences(record.bits, mask, decodeAnswer(answers, i), decodeAnswer(given, i));
    if (found.length > 0) t.fail(describeFailure(record, found));
  }
});
