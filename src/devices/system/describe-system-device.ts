/** A device of the system bus as `info qtree` shows it after its properties. */

const DIGITS = 16;
/** What is not in memory: all ones. */
const UNMAPPED = 'f'.repeat(DIGITS);

function hex(value: number): string {
  return value.toString(16).padStart(DIGITS, '0');
}

/**
 * @param outputs interrupt outputs
 * @param memory address (undefined: it is behind ports) and size in bytes of each of its register blocks
 */
export function describeSystemDevice(
  outputs: number,
  memory: readonly (readonly [address: number | undefined, bytes: number])[] = [],
): readonly string[] {
  const blocks = memory.map(
    ([address, bytes]) => `mmio ${address === undefined ? UNMAPPED : hex(address)}/${hex(bytes)}`,
  );
  return [`irq ${outputs}`, ...blocks];
}
