/** Cases with the answers of a host CPU, for hosts that cannot serve as oracle. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import {
  ANSWER_BYTES,
  ANSWER_FLAGS,
  ANSWER_REGISTERS,
  CASE_BYTES,
  CASE_REGISTERS,
  REGISTER_BYTES,
} from './case-format.ts';

const PATH = join(import.meta.dirname, 'golden', 'integer.gz');
const MASK_BYTES = 4;
/** Seed of the memory image that the corpus begins with. */
export const GOLDEN_IMAGE_SEED = 286;

export interface GoldenCorpus {
  /** Case records, one after the other. */
  readonly records: Buffer;
  /** The host's answers. */
  readonly answers: Buffer;
  /** Flags that count, one word a case: the manual leaves the others undefined. */
  readonly masks: Buffer;
}

/** Byte 0 of every record, then byte 1 of every record…: equal bytes of neighbours compress to a third. */
function transpose(bytes: Buffer, rows: number, columns: number): Buffer {
  const out = Buffer.alloc(bytes.length);
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      out[column * rows + row] = bytes[row * columns + column] ?? 0;
    }
  }
  return out;
}

/** Makes registers of answers differences from those that the cases began with, or the other way round. */
function exclusiveOrRegisters(answers: Buffer, records: Buffer): void {
  for (let i = 0; i * CASE_BYTES < records.length; i++) {
    for (let byte = 0; byte < REGISTER_BYTES; byte++) {
      const at = i * ANSWER_BYTES + ANSWER_REGISTERS + byte;
      answers[at] = (answers[at] ?? 0) ^ (records[i * CASE_BYTES + CASE_REGISTERS + byte] ?? 0);
    }
  }
}

/** Reads the committed corpus. */
export function readGolden(): GoldenCorpus {
  const bytes = gunzipSync(readFileSync(PATH));
  const count = bytes.length / (CASE_BYTES + ANSWER_BYTES + MASK_BYTES);
  const part = (from: number, size: number) =>
    transpose(bytes.subarray(from * count, (from + size) * count), size, count);
  const records = part(0, CASE_BYTES);
  const answers = part(CASE_BYTES, ANSWER_BYTES);
  exclusiveOrRegisters(answers, records);
  return {
    records,
    answers,
    masks: part(CASE_BYTES + ANSWER_BYTES, MASK_BYTES),
  };
}

/** Writes a corpus. Answers hold no flags outside their mask. */
export function writeGolden({ records, answers, masks }: GoldenCorpus): void {
  const count = records.length / CASE_BYTES;
  const defined = Buffer.from(answers);
  for (let i = 0; i < count; i++) {
    const at = i * ANSWER_BYTES + ANSWER_FLAGS;
    defined.writeUInt32LE((defined.readUInt32LE(at) & masks.readUInt32LE(i * MASK_BYTES)) >>> 0, at);
  }
  exclusiveOrRegisters(defined, records);
  const parts = [
    transpose(records, count, CASE_BYTES),
    transpose(defined, count, ANSWER_BYTES),
    transpose(masks, count, MASK_BYTES),
  ];
  writeFileSync(PATH, gzipSync(Buffer.concat(parts), { level: 9 }));
}
