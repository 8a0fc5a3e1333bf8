// Makes the golden corpora in golden/ again from the host CPU: node --import tsx test/vcpu/fpu/make-golden.ts
// The committed ones come from an Intel Sapphire Rapids, whose transcendental results others need not share.
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { fullRecords, goldenX87Instructions, mmxInstructions } from './full-cases.ts';
import { writeGolden } from './golden.ts';
import { RandomWords } from './operands.ts';
import { runOracle } from './oracle.ts';
import { EXACT_OPERATIONS, encodeCases, TRANSCENDENTAL_OPERATIONS, x87Cases } from './x87-cases.ts';

const SEED = 386;

mkdirSync(join(import.meta.dirname, 'golden'), { recursive: true });

for (const [name, operations, count] of [
  ['x87-exact', EXACT_OPERATIONS, 160],
  ['x87-transcendental', TRANSCENDENTAL_OPERATIONS, 160],
] as const) {
  const records = encodeCases(operations.flatMap((operation, i) => x87Cases(operation, count, SEED + i)));
  writeGolden(name, 'x87', records, runOracle('x87', records));
}

const instructions = [...goldenX87Instructions(), ...mmxInstructions(new RandomWords(SEED))];
const fullRandom = new RandomWords(SEED);
const full = Buffer.concat(instructions.map((instruction) => fullRecords(instruction, 2, fullRandom)));
writeGolden('x87-mmx-instructions', 'full', full, runOracle('full', full));
