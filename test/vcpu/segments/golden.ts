/** The host's answers to some cases, committed, so that CI needs no particular host. Run this file to make them again. */
import { readFile, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { gunzipSync, gzipSync } from 'node:zlib';
import { dataImage, makeRecords } from './cases.ts';
import { OUTPUT_BYTES, runOnHost } from './oracle.ts';

export const GOLDEN_SEED = 20130520;
export const GOLDEN_CASES = 2000;
const FILE = new URL('./golden/answers.gz', import.meta.url);
const FLAGS_AT = 12;
const RESUME_FLAG = 0x10000;

/** Answers to makeRecords(GOLDEN_SEED, GOLDEN_CASES), without RF. */
export async function readGolden(): Promise<Buffer> {
  return gunzipSync(await readFile(FILE));
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const answers = runOnHost(dataImage(), makeRecords(GOLDEN_SEED, GOLDEN_CASES));
  for (let at = FLAGS_AT; at < answers.length; at += OUTPUT_BYTES)
    answers.writeUInt32LE((answers.readUInt32LE(at) & ~RESUME_FLAG) >>> 0, at);
  await writeFile(FILE, gzipSync(answers, { level: 9 }));
}
