/** Keys of -drive that belong to the nodes of an image: `file.KEY` to its protocol, `backing.KEY` to what it builds on. */
import { BlockError, EINVAL } from './block-error.ts';

export type DriverOptions = readonly (readonly [key: string, value: string])[];

/** The options behind `prefix`, without it. */
export function optionsBehind(options: DriverOptions, prefix: string): DriverOptions {
  return options.flatMap(([key, value]) =>
    key.startsWith(prefix) ? [[key.slice(prefix.length), value] as const] : [],
  );
}

/** The last value of a key; undefined where there is none. */
export function optionValue(options: DriverOptions, key: string): string | undefined {
  return options.findLast(([name]) => name === key)?.[1];
}

/**
 * Throws BlockError naming the first key that is not in `known`.
 * @param format what does not know it
 */
export function checkOptions(
  options: DriverOptions,
  known: readonly string[],
  { format, device = '' }: { readonly format: string; readonly device: string | undefined },
): void {
  const unknown = options.find(([key]) => !known.includes(key));
  if (unknown !== undefined) {
    const message = `Block format '${format}' used by device '${device}' doesn't support the option '${unknown[0]}'`;
    throw new BlockError('ERR_BLOCK_OPTION', message, { errno: EINVAL });
  }
}
