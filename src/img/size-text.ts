/** Sizes as troupe-img's users write and read them. */
import { failed } from './image-command-error.ts';

const UNITS = ['', 'K', 'M', 'G', 'T', 'P', 'E'];
const PATTERN = /^\s*(\d+(?:\.\d*)?|\.\d+)([bBkKmMgGtTpPeE]?)$/;
const LIMIT = 2 ** 63;

/**
 * A number of bytes with an optional suffix. Throws ImageCommandError, which calls the size `what`.
 */
export function parseImageSize(text: string, what = 'image size'): number {
  const [, amount = '', unit = ''] = PATTERN.exec(text) ?? [];
  const power = unit.toUpperCase() === 'B' ? 0 : UNITS.indexOf(unit.toUpperCase());
  if (amount === '') {
    throw failed(
      `Invalid ${what} specified. You may use k, M, G, T, P or E suffixes for kilobytes, megabytes, gigabytes, terabytes, petabytes and exabytes.`,
    );
  }
  const bytes = Math.floor(Number(amount) * 1024 ** power);
  if (bytes >= LIMIT) throw failed(`Invalid ${what} specified. Must be between 0 and ${2n ** 63n - 1n}.`);
  return bytes;
}

const READ_UNITS = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB', 'EiB'];
/** From here on the next unit is used. */
const THOUSAND = 1000;

/** `1.25 MiB`: three digits that count. */
export function sizeText(bytes: number): string {
  let unit = 0;
  while (bytes / 1024 ** unit >= THOUSAND && unit < READ_UNITS.length - 1) unit += 1;
  return `${Number((bytes / 1024 ** unit).toPrecision(3))} ${READ_UNITS[unit]}`;
}
