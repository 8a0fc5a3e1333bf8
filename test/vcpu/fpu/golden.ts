import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import { type OracleMode, RECORD_BYTES } from './oracle.ts';

/** Cases with the answers of the machine that the corpus was made on. */
export interface GoldenCorpus {
  readonly count: number;
  /** The oracle's input records, one after the other. */
  readonly records: Buffer;
  /** Its answers. */
  readonly answers: Buffer;
}

function pathOf(name: string): string {
  return join(import.meta.dirname, 'golden', `${name}.gz`);
}

/** Reads a committed corpus: input record and answer in turn, gzipped. */
export function readGolden(name: string, mode: OracleMode): GoldenCorpus {
  const bytes = gunzipSync(readFileSync(pathOf(name)));
  const { in: inBytes, out: outBytes } = RECORD_BYTES[mode];
  const count = bytes.length / (inBytes + outBytes);
  const records = Buffer.alloc(count * inBytes);
  const answers = Buffer.alloc(count * outBytes);
  for (let i = 0; i < count; i++) {
    const from = i * (inBytes + outBytes);
    bytes.copy(records, i * inBytes, from, from + inBytes);
    bytes.copy(answers, i * outBytes, from + inBytes, from + inBytes + outBytes);
  }
  return { count, records, answers };
}

/** Writes a corpus. */
export function writeGolden(name: string, mode: OracleMode, records: Buffer, answers: Buffer): void {
  const { in: inBytes, out: outBytes } = RECORD_BYTES[mode];
  const parts: Buffer[] = [];
  for (let i = 0; i * inBytes < records.length; i++) {
    parts.push(
      records.subarray(i * inBytes, (i + 1) * inBytes),
      answers.subarray(i * outBytes, (i + 1) * outBytes),
    );
  }
  writeFileSync(pathOf(name), gzipSync(Buffer.concat(parts), { level: 9 }));
}
