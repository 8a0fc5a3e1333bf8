/**
 * Random sequences of integer instructions, interpreted and translated at first sight. TROUPE_LOCKSTEP_CASES is the number of
 * sequences for each code size; TROUPE_ORACLE_SEED chooses others than the usual ones.
 */
import test from 'ava';
import { hostFeatures } from '../oracle/native-oracle.ts';
import { SequenceSource } from '../oracle/sequence.ts';
import { memoryImage } from '../oracle/test-memory.ts';
import { Lockstep } from './lockstep.ts';

const CASES = Number(process.env['TROUPE_LOCKSTEP_CASES'] ?? 1000);
const SEED = Number(process.env['TROUPE_ORACLE_SEED'] ?? 20130520);
const AT_FIRST_SIGHT = 1;

for (const bits of [64, 32] as const) {
  test(`${bits}-bit sequences do the same translated`, async (t) => {
    t.timeout(24 * 3600 * 1000);
    const source = new SequenceSource(hostFeatures());
    const both = await Lockstep.create(memoryImage(SEED), AT_FIRST_SIGHT);
    for (let i = 0; i < CASES; i++) {
      const report = both.check([source.sequence(SEED + i, bits)]);
      if (report !== undefined) t.fail(`sequence ${i}:\n${report}`);
      if (report !== undefined) return;
    }
    t.true(both.regions >= CASES / 2, `${both.regions} regions`);
  });
}
