/** Which of the VGA's ports a vCPU waits for. */
import type { AddressSpace, Region } from '../board-services.ts';
import type { VgaPorts } from './vga-ports.ts';
import * as vga from './vga-registers.ts';

/**
 * What a write to these may change is how memory is seen: the next access must not come before it. All other registers
 * change the picture only, so their writes are posted.
 */
const AWAITED: readonly (readonly [first: number, last: number])[] = [
  [vga.MISC_WRITE, vga.SEQUENCER_DATA],
  [vga.GRAPHICS_INDEX, vga.GRAPHICS_DATA],
];
const POSTED: readonly (readonly [first: number, last: number])[] = [
  [vga.MONO_CRTC_INDEX, vga.MONO_CRTC_DATA],
  [vga.MONO_STATUS, vga.MONO_STATUS],
  [vga.ATTRIBUTE, vga.ATTRIBUTE_READ],
  [vga.DAC_MASK, vga.GRAPHICS_INDEX - 1],
  [vga.COLOUR_CRTC_INDEX, vga.COLOUR_CRTC_DATA],
  [vga.COLOUR_STATUS, vga.COLOUR_STATUS],
];

export function claimVgaPorts(ports: AddressSpace, registers: VgaPorts): readonly Region[] {
  const claim = (first: number, last: number, posted: boolean): Region =>
    ports.claim(
      first,
      last - first + 1,
      {
        read: (offset) => registers.read(first + offset),
        write: (offset, _size, value) => registers.write(first + offset, value),
      },
      { name: 'vga', widest: 1, posted },
    );
  return [
    ...AWAITED.map(([first, last]) => claim(first, last, false)),
    ...POSTED.map(([first, last]) => claim(first, last, true)),
  ];
}
