/** The ROM of a machine that has nothing to boot and no BIOS: its processors stop. */
import { ROM_BYTES } from './boot-rom.ts';

const RESET_VECTOR = 0xfff0;
const CLI = 0xfa;
const HLT = 0xf4;
const JMP_SHORT = 0xeb;
const BACK_TO_CLI = 0xfc;

export function haltRom(): Uint8Array {
  const image = new Uint8Array(ROM_BYTES);
  image.set([CLI, HLT, JMP_SHORT, BACK_TO_CLI], RESET_VECTOR);
  return image;
}
