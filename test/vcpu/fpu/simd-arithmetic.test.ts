import test from 'ava';
import { effort, SEED } from './effort.ts';
import { compileCoreFiles } from './fpu-module.ts';
import { readGolden } from './golden.ts';
import { RandomWords } from './operands.ts';
import { hasOracle, runOracle } from './oracle.ts';
import {
  compareSimdCases,
  decodeSimdCases,
  encodeSimdCases,
  SIMD_OPERATIONS,
  simdCases,
} from './simd-cases.ts';

const BATCH = 50_000;

const fpu = await compileCoreFiles(['fpu/scalar.ts', 'fpu/narrow-conversion.ts', 'fpu/simd-context.ts']);

test('scalar operations give the golden answers', (t) => {
  const { records, answers, count } = readGolden('simd', 'sse');
  t.true(count > 3000);
  t.deepEqual(compareSimdCases(fpu, decodeSimdCases(records), answers), []);
});

/** Operations by name without predicate, operand order or immediate. */
const families = Map.groupBy(SIMD_OPERATIONS, ({ name }) => name.split(' ')[0] ?? name);

for (const [family, operations] of families) {
  (hasOracle() ? test : test.skip)(`${family} equals the host's in result, flags and fault`, (t) => {
    const random = new RandomWords(SEED + family.length);
    for (const operation of operations) {
      for (let left = effort(Math.max(1500, 12_000 / operations.length)); left > 0; left -= BATCH) {
        const cases = simdCases(operation, Math.min(left, BATCH), random);
        t.deepEqual(compareSimdCases(fpu, cases, runOracle('sse', encodeSimdCases(cases))), []);
      }
    }
  });
}
