/**
 * Integer instruction sequences on the host CPU and on the core. TROUPE_ORACLE_CASES is the number of cases for each code
 * size (a million takes about two minutes); TROUPE_ORACLE_SEED chooses others than the usual ones.
 */
import test from 'ava';
import { NativeAndCore } from './native-and-core.ts';
import { hasNativeOracle, hostFeatures } from './native-oracle.ts';
import { PENDING_FAMILIES } from './pending-families.ts';
import { SequenceSource } from './sequence.ts';
import { memoryImage } from './test-memory.ts';

const CASES = Number(process.env['TROUPE_ORACLE_CASES'] ?? 16_000);
const SEED = Number(process.env['TROUPE_ORACLE_SEED'] ?? 20130520);
const CASES_PER_FAMILY = 250;
/** States in which each sequence runs: making a sequence costs more than running it. */
const STATES = 4;
const BATCH = 1000;
const MOST_REPORTS = 3;

const onThisHost = hasNativeOracle() ? test : test.skip;

for (const bits of [64, 32] as const) {
  onThisHost(`${bits}-bit sequences end as on the host CPU`, async (t) => {
    t.timeout(24 * 3600 * 1000);
    const source = new SequenceSource(hostFeatures(), PENDING_FAMILIES);
    const both = await NativeAndCore.create(memoryImage(SEED));
    const sequences = Math.ceil(CASES / STATES);
    for (let first = 0; first < sequences; first += BATCH) {
      const cases = Array.from({ length: Math.min(BATCH, sequences - first) }, (_, i) => {
        const seed = SEED + (first + i) * STATES;
        const base = source.sequence(seed, bits);
        return [base, ...Array.from({ length: STATES - 1 }, (_, k) => source.variant(base, seed + k + 1))];
      }).flat();
      const failing = both.failing(cases);
      const reports = failing.slice(0, MOST_REPORTS).flatMap((i) => {
        const failed = cases[i];
        return failed ? [both.explain(failed)] : [];
      });
      if (reports.length > 0) t.fail(`${failing.length} cases differ:\n${reports.join('\n')}`);
    }
    t.pass();
  });

  onThisHost(
    `every family of ${bits}-bit instructions is implemented and agrees with the host CPU`,
    async (t) => {
      const source = new SequenceSource(hostFeatures());
      const both = await NativeAndCore.create(memoryImage(SEED));
      for (const family of source.familyNames) {
        const cases = Array.from({ length: CASES_PER_FAMILY }, (_, i) =>
          source.single(SEED + i, bits, family),
        );
        const [first] = both.failing(cases);
        const failed = first === undefined ? undefined : cases[first];
        if (PENDING_FAMILIES.has(family)) t.truthy(failed, `${family} agrees now: it is pending no longer`);
        else if (failed) t.fail(`${family}:\n${both.explain(failed)}`);
        else t.pass();
      }
    },
  );
}
