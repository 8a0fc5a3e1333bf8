// Makes golden/integer.gz again from the host CPU: node --import tsx test/vcpu/oracle/make-golden.ts
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { type Case, decodeAnswer, encodeCase } from './case-format.ts';
import { comparedFlags } from './comparison.ts';
import { GOLDEN_IMAGE_SEED, writeGolden } from './golden.ts';
import { hostFeatures, runNatively } from './native-oracle.ts';
import { PENDING_FAMILIES } from './pending-families.ts';
import { SequenceSource } from './sequence.ts';
import { memoryImage } from './test-memory.ts';

const CASES_PER_FAMILY = 50;
const SEQUENCES = 800;
const SEED = 8086;

const source = new SequenceSource(hostFeatures(), PENDING_FAMILIES);
const cases: Case[] = [];
for (const bits of [64, 32] as const) {
  for (const family of source.familyNames) {
    for (let i = 0; i < CASES_PER_FAMILY; i++) cases.push(source.single(SEED + i, bits, family));
  }
  for (let i = 0; i < SEQUENCES; i++) cases.push(source.sequence(SEED + i, bits));
}
const records = Buffer.concat(cases.map(encodeCase));
const answers = runNatively(memoryImage(GOLDEN_IMAGE_SEED), records);
const masks = Buffer.alloc(cases.length * 4);
cases.forEach((test, i) => {
  masks.writeUInt32LE(comparedFlags(test, decodeAnswer(answers, i).rip), i * 4);
});
mkdirSync(join(import.meta.dirname, 'golden'), { recursive: true });
writeGolden({ records, answers, masks });
