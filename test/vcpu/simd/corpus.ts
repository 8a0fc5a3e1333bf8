/**
 * The golden corpus: for every form a digest of what the host gave for CASES_PER_FORM cases, which the generator makes
 * again from the form's number. So a corpus of tens of thousands of cases is a file of some tens of kilobytes.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import { INPUT_BYTES, STATE_BYTES, writeCase } from './cases.ts';
import { type Form, isApproximation } from './forms.ts';
import { Random } from './random.ts';

export const CASES_PER_FORM = 6;
const SEED_STEP = 7919;
const FILE = join(import.meta.dirname, 'golden', 'digests.gz');

/** The cases of the forms, one form after the other. `first` is the number of the first form, `seed` varies the cases. */
export function makeCases(forms: readonly Form[], first: number, perForm: number, seed: number): Buffer {
  const records = Buffer.alloc(forms.length * perForm * INPUT_BYTES);
  for (const [i, form] of forms.entries()) {
    const random = new Random((first + i) * SEED_STEP + seed);
    for (let k = 0; k < perForm; k++) writeCase(form, random, records, (i * perForm + k) * INPUT_BYTES);
  }
  return records;
}

/** FNV-1a over the states of one form; 0 for approximations, whose results are the vendor's own. */
export function digest(form: Form, states: Buffer): number {
  if (isApproximation(form)) return 0;
  let hash = 0x811c9dc5;
  for (const byte of states) hash = Math.imul(hash ^ byte, 0x01000193);
  return hash >>> 0;
}

/** Digests of all forms from their states. */
export function digestAll(forms: readonly Form[], states: Buffer, perForm: number): Uint32Array {
  const bytes = perForm * STATE_BYTES;
  return Uint32Array.from(forms, (form, i) => digest(form, states.subarray(i * bytes, (i + 1) * bytes)));
}

export function readDigests(): Uint32Array {
  const bytes = gunzipSync(readFileSync(FILE));
  return new Uint32Array(bytes.buffer, bytes.byteOffset, bytes.length / 4);
}

export function writeDigests(digests: Uint32Array): void {
  writeFileSync(
    FILE,
    gzipSync(Buffer.from(digests.buffer, digests.byteOffset, digests.byteLength), { level: 9 }),
  );
}
