import test from 'ava';
import { TestCpu } from '../support/test-cpu.ts';
import { effort, SEED } from './effort.ts';
import {
  compareFullRecords,
  type FullInstruction,
  fullRecords,
  mmxInstructions,
  X87_INSTRUCTIONS,
} from './full-cases.ts';
import { readGolden } from './golden.ts';
import { RandomWords } from './operands.ts';
import { hasOracle, RECORD_BYTES, runOracle } from './oracle.ts';

/** The seed of make-golden.ts, which chose the registers of the MMX instructions. */
const GOLDEN_SEED = 386;

const withHost = hasOracle() ? test : test.skip;

test('x87 and MMX instructions leave the golden states', async (t) => {
  const cpu = await TestCpu.create();
  const { records, answers } = readGolden('x87-mmx-instructions', 'full');
  const instructions = [...X87_INSTRUCTIONS, ...mmxInstructions(new RandomWords(GOLDEN_SEED))];
  const byCode = new Map(instructions.map((instruction) => [instruction.code.join(), instruction]));
  const { in: inBytes, out: outBytes } = RECORD_BYTES.full;
  for (let i = 0; i * inBytes < records.length; i++) {
    const record = records.subarray(i * inBytes, (i + 1) * inBytes);
    const code = record.subarray(1, 1 + (record[0] ?? 0));
    const instruction = byCode.get([...code].join());
    if (instruction === undefined) throw new Error(`No instruction ${code.toString('hex')}`);
    const answer = answers.subarray(i * outBytes, (i + 1) * outBytes);
    t.deepEqual(compareFullRecords(cpu, instruction, record, answer), []);
  }
});

/** Runs random cases of instructions here and on the host, and describes those that end differently. */
async function compareWithHost(
  instructions: readonly FullInstruction[],
  count: number,
  random: RandomWords,
): Promise<string[]> {
  const cpu = await TestCpu.create();
  const batches = instructions.map((instruction) => fullRecords(instruction, count, random));
  const answers = runOracle('full', Buffer.concat(batches));
  const bytes = count * RECORD_BYTES.full.out;
  return instructions.flatMap((instruction, i) =>
    compareFullRecords(
      cpu,
      instruction,
      batches[i] ?? Buffer.alloc(0),
      answers.subarray(i * bytes, (i + 1) * bytes),
    ),
  );
}

for (const opcode of [0xd8, 0xd9, 0xda, 0xdb, 0xdc, 0xdd, 0xde, 0xdf]) {
  withHost(`instructions of ${opcode.toString(16)} leave the host's state`, async (t) => {
    const instructions = X87_INSTRUCTIONS.filter(({ code }) => code.find((byte) => byte !== 0x66) === opcode);
    const differences = await compareWithHost(instructions, effort(60), new RandomWords(SEED + opcode));
    t.deepEqual(differences, []);
  });
}

withHost("MMX instructions leave the host's state", async (t) => {
  const random = new RandomWords(SEED);
  t.deepEqual(await compareWithHost(mmxInstructions(random), effort(30), random), []);
});
