/** What a VGA keeps beside its memory, as plain data. */
import * as vga from './vga-registers.ts';

export interface VgaState {
  misc: number;
  feature: number;
  srIndex: number;
  sr: Uint8Array;
  grIndex: number;
  gr: Uint8Array;
  crIndex: number;
  cr: Uint8Array;
  arIndex: number;
  /** The next write to 3C0 is data. */
  arData: boolean;
  ar: Uint8Array;
  dacMask: number;
  dacState: number;
  dacReadIndex: number;
  dacWriteIndex: number;
  /** Which component of the entry comes next: 0 red, 1 green, 2 blue. */
  dacComponent: number;
  /** Red and green until blue comes. */
  dacPending: Uint8Array;
  /** Three components an entry, as written. */
  palette: Uint8Array;
  /** Components have 8 bits instead of 6. */
  dac8Bits: boolean;
  latch: number;
}

/**
 * @param registers how many sequencer, graphics and CRT controller registers there are: adapters have more than the VGA
 */
export function vgaPowerOnState(registers: { sr: number; gr: number; cr: number }): VgaState {
  return {
    misc: 0,
    feature: 0,
    srIndex: 0,
    sr: new Uint8Array(registers.sr),
    grIndex: 0,
    gr: new Uint8Array(registers.gr),
    crIndex: 0,
    cr: new Uint8Array(registers.cr),
    arIndex: 0,
    arData: false,
    ar: new Uint8Array(vga.AR_COUNT),
    dacMask: 0xff,
    dacState: 0,
    dacReadIndex: 0,
    dacWriteIndex: 0,
    dacComponent: 0,
    dacPending: new Uint8Array(2),
    palette: new Uint8Array(3 * vga.DAC_ENTRIES),
    dac8Bits: false,
    latch: 0,
  };
}
