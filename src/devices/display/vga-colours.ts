/** From what memory holds to red, green and blue: attribute palette, DAC (FreeVGA, "Attribute controller", "DAC"). */

import * as vga from './vga-registers.ts';
import type { VgaState } from './vga-state.ts';

const SIX_BITS = 0x3f;
const ENTRY = 3;
const ATTRIBUTE_COLOURS = 16;

/** A six-bit component as eight: its lowest bit fills what is missing, as the reference's pictures have it. */
export function widenComponent(component: number): number {
  const low = component & 1;
  return (component << 2) | (low << 1) | low;
}

/** The DAC's entries as 0xBBGGRR, after its mask. */
export function dacColours({ palette, dac8Bits, dacMask }: VgaState): Uint32Array {
  return Uint32Array.from({ length: vga.DAC_ENTRIES }, (_, index) => {
    const at = (index & dacMask) * ENTRY;
    const [red = 0, green = 0, blue = 0] = palette.subarray(at, at + ENTRY);
    return dac8Bits
      ? red | (green << 8) | (blue << 16)
      : widenComponent(red) | (widenComponent(green) << 8) | (widenComponent(blue) << 16);
  });
}

/** The sixteen colours of the attribute controller, as 0xBBGGRR. */
export function attributeColours(state: VgaState): Uint32Array {
  const { ar } = state;
  const dac = dacColours(state);
  const select = ar[vga.AR_COLOUR_SELECT] ?? 0;
  const replaces = ((ar[vga.AR_MODE] ?? 0) & vga.ATTRIBUTE_PALETTE_SELECT) !== 0;
  return Uint32Array.from({ length: ATTRIBUTE_COLOURS }, (_, colour) => {
    const entry = (ar[colour] ?? 0) & SIX_BITS;
    const low = replaces ? (entry & 0x0f) | ((select & 3) << 4) : entry;
    return dac[low | ((select & 0x0c) << 4)] ?? 0;
  });
}
