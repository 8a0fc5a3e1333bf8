/** Forced geometry of a disk: the keys cyls, heads, secs and trans of -drive, and -hdachs. */

import type { OptionPair } from '../../options/option-list.ts';
import { numberValue, stringValue } from '../../options/option-values.ts';
import type { BoardDrive } from '../machine-config.ts';
import { wrongOption as wrong } from './drive-error.ts';

export type Geometry = NonNullable<BoardDrive['geometry']>;
type Translation = Geometry['translation'];

const TRANSLATIONS: readonly Translation[] = ['auto', 'none', 'lba'];

/** The geometry that these pairs force, if any. Throws with the reference's texts. */
export function driveGeometry(values: readonly OptionPair[]): Geometry | undefined {
  const [cylinders = 0, heads = 0, sectors = 0] = ['cyls', 'heads', 'secs'].map((key) =>
    numberValue(values, key),
  );
  const translation = stringValue(values, 'trans');
  const isForced = cylinders !== 0 || heads !== 0 || sectors !== 0;
  if (isForced) {
    for (const [name, value] of [
      ['cyls', cylinders],
      ['heads', heads],
      ['secs', sectors],
    ] as const) {
      if (value < 1) {
        throw wrong(`invalid physical ${name} number`);
      }
    }
  }
  if (translation !== undefined && !isForced) {
    throw wrong(`'${translation}' trans must be used with cyls, heads and secs`);
  }
  const known = TRANSLATIONS.find((each) => each === (translation ?? 'auto'));
  if (known === undefined) {
    throw wrong(`'${translation}' invalid translation type`);
  }
  return isForced ? { cylinders, heads, sectors, translation: known } : undefined;
}

const HDACHS = /^(\d+),(\d+),(\d+)(?:,(none|lba|auto))?$/;
/** What ATA can express (ATA/ATAPI-6, 6.2). */
const LIMITS = [16383, 16, 63];

/** The value of -hdachs: `C,H,S[,none|lba|auto]`. Throws DriveError. */
export function parseHdaGeometry(value: string): Geometry {
  const match = HDACHS.exec(value);
  const [cylinders = 0, heads = 0, sectors = 0] = (match ?? []).slice(1, 4).map(Number);
  const fits = [cylinders, heads, sectors].every(
    (number, index) => number >= 1 && number <= (LIMITS[index] ?? 0),
  );
  if (!fits) {
    throw wrong('expected C,H,S[,none|lba|auto] with C <= 16383, H <= 16 and S <= 63');
  }
  const translation = TRANSLATIONS.find((each) => each === match?.[4]) ?? 'auto';
  return { cylinders, heads, sectors, translation };
}
