/**
 * Segment limits, types and presence on the core and on the host CPU, which QEMU does not check. TROUPE_SEGMENT_CASES is the
 * number of live cases; TROUPE_SEGMENT_SEED chooses others.
 */
import test from 'ava';
import { Decoder, DecoderOptions, Formatter, FormatterSyntax } from 'iced-x86';
import { CODE, dataImage, makeRecords } from './cases.ts';
import { SegmentRunner } from './core-runner.ts';
import { GOLDEN_CASES, GOLDEN_SEED, readGolden } from './golden.ts';
import { hasSegmentOracle, INPUT_BYTES, OUTPUT_BYTES, runOnHost } from './oracle.ts';

const CASES = Number(process.env['TROUPE_SEGMENT_CASES'] ?? 20_000);
const SEED = Number(process.env['TROUPE_SEGMENT_SEED'] ?? 5);
const MOST_REPORTS = 4;
const RESUME_FLAG = 0x10000;
const FLAGS_AT = 12;
const NAMES = 'vector error eip eflags eax ecx edx ebx esp ebp esi edi hash hash'.split(' ');

const image = dataImage();
const onThisHost = hasSegmentOracle(image, makeRecords(SEED, 1)) ? test : test.skip;

function describe(record: Buffer, host: Buffer, core: Buffer): string {
  const [base, limit, flags, length] = [0, 4, 8, 12].map((at) => record.readUInt32LE(at)) as [
    number,
    number,
    number,
    number,
  ];
  const decoder = new Decoder(32, record.subarray(16, 16 + length), DecoderOptions.None);
  const formatter = new Formatter(FormatterSyntax.Nasm);
  decoder.ip = BigInt(CODE);
  const lines = [`base ${base.toString(16)}, limit ${limit.toString(16)}, flags ${flags.toString(16)}`];
  while (decoder.canDecode) {
    const instruction = decoder.decode();
    lines.push(`  ${instruction.ip.toString(16)}  ${formatter.format(instruction)}`);
    instruction.free();
  }
  formatter.free();
  decoder.free();
  NAMES.forEach((name, i) => {
    const [a, b] = [host.readUInt32LE(i * 4), core.readUInt32LE(i * 4)];
    if (a !== b) lines.push(`  ${name}: host ${a.toString(16)}, core ${b.toString(16)}`);
  });
  return lines.join('\n');
}

/** RF in the frame is the delivery's affair. */
function withoutResumeFlag(answers: Buffer): Buffer {
  for (let at = FLAGS_AT; at < answers.length; at += OUTPUT_BYTES)
    answers.writeUInt32LE((answers.readUInt32LE(at) & ~RESUME_FLAG) >>> 0, at);
  return answers;
}

function compare(t: import('ava').ExecutionContext, records: Buffer, host: Buffer, core: Buffer): void {
  const reports: string[] = [];
  let failing = 0;
  for (let i = 0; i * INPUT_BYTES < records.length; i++) {
    const part = (answers: Buffer): Buffer => answers.subarray(i * OUTPUT_BYTES, (i + 1) * OUTPUT_BYTES);
    if (part(host).equals(part(core))) continue;
    failing += 1;
    const record = records.subarray(i * INPUT_BYTES, (i + 1) * INPUT_BYTES);
    if (reports.length < MOST_REPORTS) reports.push(describe(record, part(host), part(core)));
  }
  t.is(failing, 0, reports.join('\n'));
}

test('accesses near segment limits end as on record', async (t) => {
  const records = makeRecords(GOLDEN_SEED, GOLDEN_CASES);
  const core = withoutResumeFlag((await SegmentRunner.create(image)).run(records));
  compare(t, records, await readGolden(), core);
});

onThisHost('accesses near segment limits end as on the host CPU', async (t) => {
  const records = makeRecords(SEED, CASES);
  const core = withoutResumeFlag((await SegmentRunner.create(image)).run(records));
  compare(t, records, withoutResumeFlag(runOnHost(image, records)), core);
});
