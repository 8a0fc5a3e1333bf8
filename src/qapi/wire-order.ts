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
const ASCII_LAST = 0x7f;
const INSERTION_SORT_LIMIT = 24;

const encoder = new TextEncoder();

/** The bucket that a member's name falls into. */
export function bucketOf(name: string): number {
  let value = Math.imul(HASH_SEED, name.length);
  for (let i = 0; i < name.length; i += 1) {
    const code = name.charCodeAt(i);
    if (code > ASCII_LAST) {
      return bucketOfBytes(encoder.encode(name));
    }
    value = (value + (code << ((i * SHIFT_STEP) % SHIFT_MODULUS))) | 0;
  }
  return bucketOfHash(value);
}

function bucketOfBytes(bytes: Uint8Array): number {
  let value = Math.imul(HASH_SEED, bytes.length);
  for (let i = 0; i < bytes.length; i += 1) {
    value = (value + ((bytes[i] ?? 0) << ((i * SHIFT_STEP) % SHIFT_MODULUS))) | 0;
  }
  return bucketOfHash(value);
}

function bucketOfHash(value: number): number {
  return ((Math.imul(HASH_MULTIPLIER, value) + HASH_INCREMENT) >>> 0) % BUCKETS;
}

/**
 * Sorts names, given in order of insertion, into wire order; the array may be changed in place.
 * Objects whose member names are array indices (`"10"`) lose their order of insertion in JavaScript; among such names
 * that share a bucket the order is that of the numbers.
 */
export function inWireOrder(names: string[]): string[] {
  if (names.length < 2) {
    return names;
  }
  return names.length > INSERTION_SORT_LIMIT ? sortedByBucket(names) : sortedByInsertion(names);
}

/** Puts equals before each other: newest first within a bucket. */
function sortedByInsertion(names: string[]): string[] {
  const buckets = names.map(bucketOf);
  for (let i = 1; i < names.length; i += 1) {
    const name = names[i] ?? '';
    const bucket = buckets[i] ?? 0;
    let j = i;
    while (j > 0 && (buckets[j - 1] ?? 0) >= bucket) {
      names[j] = names[j - 1] ?? '';
      buckets[j] = buckets[j - 1] ?? 0;
      j -= 1;
    }
    names[j] = name;
    buckets[j] = bucket;
  }
  return names;
}

/** Time in proportion to the number of names: a client can send a million of them. */
function sortedByBucket(names: string[]): string[] {
  const buckets = Array.from({ length: BUCKETS }, (): string[] => []);
  for (let i = names.length - 1; i >= 0; i -= 1) {
    const name = names[i] ?? '';
    buckets[bucketOf(name)]?.push(name);
  }
  return buckets.flat();
}

/** The names of an object's members in wire order. */
export function wireKeys(object: QmpObject): string[] {
  return inWireOrder(Object.keys(object));
}
