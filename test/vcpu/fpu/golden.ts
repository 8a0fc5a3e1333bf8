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

/** Reads a committed corpus: all input records, then all answers, gzipped. */
export function readGolden(name: string, mode: OracleMode): GoldenCorpus {
  const bytes = gunzipSync(readFileSync(pathOf(name)));
  const count = bytes.length / (RECORD_BYTES[mode].in + RECORD_BYTES[mode].out);
  const split = count * RECORD_BYTES[mode].in;
  return { count, records: bytes.subarray(0, split), answers: bytes.subarray(split) };
}

/** Writes a corpus. */
export function writeGolden(name: string, records: Buffer, answers: Buffer): void {
  writeFileSync(pathOf(name), gzipSync(Buffer.concat([records, answers]), { level: 9 }));
}
