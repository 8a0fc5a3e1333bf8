/** `-boot`: what a BIOS reads of it in CMOS and through fw_cfg. */

/** CMOS bytes that hold boot devices 3, and 2 and 1, in nibbles; bit 0 of the first: no check of floppy signatures. */
const CMOS_BOOT_THIRD = 0x38;
const CMOS_BOOT_FIRST_TWO = 0x3d;
const NO_FLOPPY_CHECK = 1;

const DEVICE_NIBBLES: Readonly<Record<string, number>> = { a: 1, b: 1, c: 2, d: 3, n: 4 };

/** CMOS bytes for an order of drive letters. */
export function bootCmos(order: string, floppySignatureCheck: boolean): ReadonlyMap<number, number> {
  const [first = 0, second = 0, third = 0] = [...order].map((letter) => DEVICE_NIBBLES[letter] ?? 0);
  return new Map([
    [CMOS_BOOT_FIRST_TWO, (second << 4) | first],
    [CMOS_BOOT_THIRD, (third << 4) | (floppySignatureCheck ? 0 : NO_FLOPPY_CHECK)],
  ]);
}

/** `bootorder`: device paths, one a line; HALT keeps the BIOS from trying what is not listed. Undefined when there is none. */
export function bootOrderFile(paths: readonly string[], strict: boolean): Uint8Array | undefined {
  const lines = strict ? [...paths, 'HALT'] : paths;
  return lines.length === 0 ? undefined : Uint8Array.from(Buffer.from(`${lines.join('\n')}\0`, 'latin1'));
}
