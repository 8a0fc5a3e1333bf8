/**
 * Keys by all their names: QKeyCode (what clients say), and what a PS/2 keyboard sends for them in its three scan code
 * sets. Sets and values as in IBM's PS/2 Hardware Interface Technical Reference, "Keyboards (101- and 102-key)", and in
 * A. Brouwer, "Keyboard scancodes", section 10.
 */
import type { QKeyCode } from '../input-contract.ts';

/** Marks a key whose codes are preceded by E0 in sets 1 and 2: what follows it in set 1, plus this. */
export const EXTENDED = 0x80;
const EXTENDED_PREFIX = 0xe0;
const SET_2_BREAK = 0xf0;
const SET_1_BREAK = 0x80;

/** Set 1 code of each key of a PC, with EXTENDED. Names of keys that a PC does not have are missing. */
const SET_1: Readonly<Record<QKeyCode, number>> = {
  esc: 0x01,
  '1': 0x02,
  '2': 0x03,
  '3': 0x04,
  '4': 0x05,
  '5': 0x06,
  '6': 0x07,
  '7': 0x08,
  '8': 0x09,
  '9': 0x0a,
  '0': 0x0b,
  minus: 0x0c,
  equal: 0x0d,
  backspace: 0x0e,
  tab: 0x0f,
  q: 0x10,
  w: 0x11,
  e: 0x12,
  r: 0x13,
  t: 0x14,
  y: 0x15,
  u: 0x16,
  i: 0x17,
  o: 0x18,
  p: 0x19,
  bracket_left: 0x1a,
  bracket_right: 0x1b,
  ret: 0x1c,
  ctrl: 0x1d,
  a: 0x1e,
  s: 0x1f,
  d: 0x20,
  f: 0x21,
  g: 0x22,
  h: 0x23,
  j: 0x24,
  k: 0x25,
  l: 0x26,
  semicolon: 0x27,
  apostrophe: 0x28,
  grave_accent: 0x29,
  shift: 0x2a,
  backslash: 0x2b,
  z: 0x2c,
  x: 0x2d,
  c: 0x2e,
  v: 0x2f,
  b: 0x30,
  n: 0x31,
  m: 0x32,
  comma: 0x33,
  dot: 0x34,
  slash: 0x35,
  shift_r: 0x36,
  asterisk: 0x37,
  kp_multiply: 0x37,
  alt: 0x38,
  spc: 0x39,
  caps_lock: 0x3a,
  f1: 0x3b,
  f2: 0x3c,
  f3: 0x3d,
  f4: 0x3e,
  f5: 0x3f,
  f6: 0x40,
  f7: 0x41,
  f8: 0x42,
  f9: 0x43,
  f10: 0x44,
  num_lock: 0x45,
  scroll_lock: 0x46,
  kp_7: 0x47,
  kp_8: 0x48,
  kp_9: 0x49,
  kp_subtract: 0x4a,
  kp_4: 0x4b,
  kp_5: 0x4c,
  kp_6: 0x4d,
  kp_add: 0x4e,
  kp_1: 0x4f,
  kp_2: 0x50,
  kp_3: 0x51,
  kp_0: 0x52,
  kp_decimal: 0x53,
  sysrq: 0x54,
  less: 0x56,
  f11: 0x57,
  f12: 0x58,
  altgr: 0x64,
  kp_enter: EXTENDED | 0x1c,
  ctrl_r: EXTENDED | 0x1d,
  kp_divide: EXTENDED | 0x35,
  print: EXTENDED | 0x37,
  alt_r: EXTENDED | 0x38,
  home: EXTENDED | 0x47,
  up: EXTENDED | 0x48,
  pgup: EXTENDED | 0x49,
  left: EXTENDED | 0x4b,
  right: EXTENDED | 0x4d,
  end: EXTENDED | 0x4f,
  down: EXTENDED | 0x50,
  pgdn: EXTENDED | 0x51,
  insert: EXTENDED | 0x52,
  delete: EXTENDED | 0x53,
  menu: EXTENDED | 0x5d,
  altgr_r: EXTENDED | 0x64,
};

/** What the 8042 makes of a byte of set 2 (Brouwer, 10.3), from 00 to 7F. Above, 83 and 84 are F7 and SysRq. */
const SET_2_TO_1 =
  'ff43413f3d3b3c58644442403e0f2959' +
  '65382a701d10025a66712c1f1e11035b' +
  '672e2d201205045c68392f211413065d' +
  '693130232215075e6a7232241608095f' +
  '6b332517180b0a606c34352627190c61' +
  '6d7328741a0d626e3a361c1b752b6376' +
  '55567778797a0e7b7c4f7d4b477e7f6f' +
  '5253504c4d480145574e514a37494654';
const F7_SET_2 = 0x83;
const SYSRQ_SET_2 = 0x84;

const translation = Uint8Array.from({ length: 256 }, (_, code) => code);
translation.set(Buffer.from(SET_2_TO_1, 'hex'));
translation[F7_SET_2] = 0x41;
translation[SYSRQ_SET_2] = 0x54;

/** The 8042's translation of one byte of set 2 (not of F0, which marks the next byte as a release). */
export function translateToSet1(code: number): number {
  return translation[code] ?? code;
}

/** Set 2 code by set 1 code; of two that translate to the same the one that keyboards send. */
const set2 = new Uint8Array(128);
for (let code = 0xff; code >= 0; code -= 1) {
  const set1 = translateToSet1(code);
  if (set1 < set2.length && (code < 0x80 || code === F7_SET_2 || code === SYSRQ_SET_2)) {
    set2[set1] ||= code;
  }
}

/** Where set 3 is not the byte of set 2. Here every key has one byte. */
const SET_3: ReadonlyMap<number, number> = new Map([
  [0x01, 0x08],
  [0x1d, 0x11],
  [0x2b, 0x5c],
  [0x37, 0x7e],
  [0x38, 0x19],
  [0x3a, 0x14],
  [0x3b, 0x07],
  [0x3c, 0x0f],
  [0x3d, 0x17],
  [0x3e, 0x1f],
  [0x3f, 0x27],
  [0x40, 0x2f],
  [0x41, 0x37],
  [0x42, 0x3f],
  [0x43, 0x47],
  [0x44, 0x4f],
  [0x45, 0x76],
  [0x46, 0x5f],
  [0x4a, 0x84],
  [0x4e, 0x7c],
  [0x54, 0x57],
  [0x56, 0x13],
  [0x57, 0x56],
  [0x58, 0x5e],
  [EXTENDED | 0x1c, 0x79],
  [EXTENDED | 0x1d, 0x58],
  [EXTENDED | 0x35, 0x77],
  [EXTENDED | 0x37, 0x57],
  [EXTENDED | 0x38, 0x39],
  [EXTENDED | 0x47, 0x6e],
  [EXTENDED | 0x48, 0x63],
  [EXTENDED | 0x49, 0x6f],
  [EXTENDED | 0x4b, 0x61],
  [EXTENDED | 0x4d, 0x6a],
  [EXTENDED | 0x4f, 0x65],
  [EXTENDED | 0x50, 0x60],
  [EXTENDED | 0x51, 0x6d],
  [EXTENDED | 0x52, 0x67],
  [EXTENDED | 0x53, 0x64],
  [EXTENDED | 0x5b, 0x8b],
  [EXTENDED | 0x5c, 0x8c],
  [EXTENDED | 0x5d, 0x8d],
]);

/** The set 1 code of a key, plus EXTENDED; undefined for the name of a key that a PC does not have. */
export function scancodeOf(code: QKeyCode | number): number | undefined {
  return typeof code === 'number' ? code & 0xff : SET_1[code];
}

export type ScanCodeSet = 1 | 2 | 3;

/**
 * What a keyboard sends when a key goes down or up.
 * @param scancode set 1, plus EXTENDED
 */
export function keyBytes(scancode: number, down: boolean, set: ScanCodeSet): readonly number[] {
  const plain = scancode & ~EXTENDED;
  const prefix = (scancode & EXTENDED) !== 0 ? [EXTENDED_PREFIX] : [];
  if (set === 1) {
    return [...prefix, down ? plain : plain | SET_1_BREAK];
  }
  if (set === 2) {
    return [...prefix, ...(down ? [] : [SET_2_BREAK]), set2[plain] ?? 0];
  }
  return [...(down ? [] : [SET_2_BREAK]), SET_3.get(scancode) ?? set2[plain] ?? 0];
}
