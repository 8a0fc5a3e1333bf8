/**
 * The order in which members of an object are walked and written: that of the reference's dictionary, a hash table of
 * 512 buckets (the TDB string hash) with the newest entry of a bucket first. Clients must not depend on it, but with it
 * output is the same byte for byte, and of several mistakes in one request the same one is reported.
 */
import type { QmpObject } from './json-value.ts';

const BUCKETS = 512;
const HASH_SEED = 0x238f13af;
const HASH_MULTIPLIER = 1103515243;
const HASH_INCREMENT = 12345;
const SHIFT_STEP = 5;
const SHIFT_MODULUS = 24;

/** Names that were hashed before; emptied when full, so that clients cannot make it grow. */
const knownBuckets = new Map<string, number>();
const KNOWN_BUCKETS_LIMIT = 4096;

const encoder = new TextEncoder();

/** The bucket that a member's name falls into. */
export function bucketOf(name: string): number {
  const known = knownBuckets.get(name);
  if (known !== undefined) {
    return known;
  }
  const bytes = encoder.encode(name);
  let value = Math.imul(HASH_SEED, bytes.length);
  for (let i = 0; i < bytes.length; i += 1) {
    value = (value + ((bytes[i] ?? 0) << ((i * SHIFT_STEP) % SHIFT_MODULUS))) | 0;
  }
  const bucket = ((Math.imul(HASH_MULTIPLIER, value) + HASH_INCREMENT) >>> 0) % BUCKETS;
  if (knownBuckets.size >= KNOWN_BUCKETS_LIMIT) {
    knownBuckets.clear();
  }
  knownBuckets.set(name, bucket);
  return bucket;
}

/**
 * Sorts names, given in order of insertion, into wire order; the array is changed in place and returned.
 * Objects whose member names are array indices (`"10"`) lose their order of insertion in JavaScript; among such names
 * that share a bucket the order is that of the numbers.
 */
export function inWireOrder(names: string[]): string[] {
  if (names.length > INSERTION_SORT_LIMIT) {
    const position = new Map(names.map((name, index) => [name, index]));
    return names.sort((a, b) => bucketOf(a) - bucketOf(b) || (position.get(b) ?? 0) - (position.get(a) ?? 0));
  }
  // An insertion sort that puts equals before each other: newest first within a bucket.
  for (let i = 1; i < names.length; i += 1) {
    const name = names[i] ?? '';
    const bucket = bucketOf(name);
    let j = i;
    while (j > 0 && bucketOf(names[j - 1] ?? '') >= bucket) {
      names[j] = names[j - 1] ?? '';
      j -= 1;
    }
    names[j] = name;
  }
  return names;
}

const INSERTION_SORT_LIMIT = 24;

/** The names of an object's members in wire order. */
export function wireKeys(object: QmpObject): string[] {
  return inWireOrder(Object.keys(object));
}
