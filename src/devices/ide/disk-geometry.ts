/** Cylinders, heads and sectors of a disk that has none of its own. */
import type { Geometry } from './task-file.ts';

const HEADS = 16;
const SECTORS = 63;
const MOST_CYLINDERS = 16383;
const FEWEST_CYLINDERS = 2;

/** What IDENTIFY DEVICE shows of a disk of that many sectors (ATA/ATAPI-6, 6.2: at most 16,383 × 16 × 63). */
export function defaultGeometry(sectors: number): Geometry {
  const cylinders = Math.floor(sectors / (HEADS * SECTORS));
  return {
    cylinders: Math.min(Math.max(cylinders, FEWEST_CYLINDERS), MOST_CYLINDERS),
    heads: HEADS,
    sectors: SECTORS,
  };
}
