/** Where the beam is: input status register 1, from the CRT controller's registers and the virtual clock. */

import * as vga from './vga-registers.ts';
import type { VgaState } from './vga-state.ts';

/** The two crystals of the VGA, Hz; the other choices of the miscellaneous output register are adapters' own. */
const CLOCKS_HZ: readonly number[] = [25_175_000, 28_322_000, 40_000_000, 65_000_000];
const NS_PER_SECOND = 1e9;
const NARROW_CHARACTER = 8;
const WIDE_CHARACTER = 9;
const RETRACE_LINES_MASK = 0x0f;
/** The registers hold a few less than there are. */
const HORIZONTAL_TOTAL_BIAS = 5;
const VERTICAL_TOTAL_BIAS = 2;

/** Ten bits of which CR7 has the two highest at the given places. */
export function verticalValue(cr: Uint8Array, register: number, bit8: number, bit9: number): number {
  const overflow = cr[vga.CR_OVERFLOW] ?? 0;
  return (cr[register] ?? 0) | (((overflow >> bit8) & 1) << 8) | (((overflow >> bit9) & 1) << 9);
}

/** Input status register 1 at virtual time `ns`. */
export function inputStatus1({ misc, sr, cr }: VgaState, ns: number): number {
  const clocking = sr[vga.SR_CLOCKING] ?? 0;
  const dots = (clocking & vga.CLOCKING_8_DOTS) !== 0 ? NARROW_CHARACTER : WIDE_CHARACTER;
  const hz = CLOCKS_HZ[(misc >> vga.MISC_CLOCK_SHIFT) & vga.MISC_CLOCK_MASK] ?? 0;
  const characterNs = (dots * ((clocking & vga.CLOCKING_HALF) !== 0 ? 2 : 1) * NS_PER_SECOND) / hz;
  const lineCharacters = (cr[vga.CR_HORIZONTAL_TOTAL] ?? 0) + HORIZONTAL_TOTAL_BIAS;
  const lines = verticalValue(cr, vga.CR_VERTICAL_TOTAL, 0, 5) + VERTICAL_TOTAL_BIAS;
  const lineNs = lineCharacters * characterNs;
  const inFrame = ns % (lineNs * lines);
  const line = Math.floor(inFrame / lineNs);
  const character = (inFrame % lineNs) / characterNs;
  const isShown =
    line <= verticalValue(cr, vga.CR_VERTICAL_END, 1, 6) && character <= (cr[vga.CR_HORIZONTAL_END] ?? 0) + 1;
  const retraceStart = verticalValue(cr, vga.CR_VERTICAL_RETRACE_START, 2, 7);
  // Only the low four bits of the last line are in the register.
  const end = cr[vga.CR_VERTICAL_RETRACE_END] ?? 0;
  const retraceLines = (end - retraceStart) & RETRACE_LINES_MASK;
  const retraces = line >= retraceStart && line < retraceStart + Math.max(1, retraceLines);
  return (isShown ? 0 : vga.STATUS_1_NOT_DISPLAYING) | (retraces ? vga.STATUS_1_VERTICAL_RETRACE : 0);
}
