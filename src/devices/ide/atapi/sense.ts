/** Sense data: what a packet command's failure says (SPC-3, 4.5; MMC-5, annex F). */

/** Sense key, additional sense code and its qualifier. */
export interface Sense {
  readonly key: number;
  readonly code: number;
  readonly qualifier: number;
}

function sense(key: number, code: number, qualifier = 0): Sense {
  return { key, code, qualifier };
}

export const NO_SENSE = sense(0, 0);
export const NO_MEDIUM = sense(0x02, 0x3a, 0x01);
export const NO_MEDIUM_TRAY_OPEN = sense(0x02, 0x3a, 0x02);
export const UNRECOVERED_READ = sense(0x03, 0x11);
export const INVALID_OPCODE = sense(0x05, 0x20);
export const OUT_OF_RANGE = sense(0x05, 0x21);
export const INVALID_FIELD = sense(0x05, 0x24);
export const SAVING_NOT_SUPPORTED = sense(0x05, 0x39);
export const REMOVAL_PREVENTED = sense(0x05, 0x53, 0x02);
export const INCOMPATIBLE_MEDIUM = sense(0x05, 0x30);
export const ILLEGAL_MODE = sense(0x05, 0x64);
export const MEDIUM_CHANGED = sense(0x06, 0x28);
export const POWERED_ON = sense(0x06, 0x29);

const CURRENT_VALID = 0xf0;
const ADDITIONAL_BYTES = 10;
const SENSE_BYTES = 18;

/** Fixed-format sense data. */
export function senseData({ key, code, qualifier }: Sense): Uint8Array {
  const bytes = new Uint8Array(SENSE_BYTES);
  bytes.set([CURRENT_VALID, 0, key, 0, 0, 0, 0, ADDITIONAL_BYTES, 0, 0, 0, 0, code, qualifier]);
  return bytes;
}
