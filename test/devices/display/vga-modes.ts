/** Register values of the VGA's own modes, from IBM's PS/2 Hardware Interface Technical Reference and FreeVGA. */

export interface ModeRegisters {
  readonly misc: number;
  readonly sr: readonly number[];
  readonly cr: readonly number[];
  readonly gr: readonly number[];
  readonly ar: readonly number[];
}

function bytes(hex: string): number[] {
  return [...Buffer.from(hex.replaceAll(' ', ''), 'hex')];
}

function mode(misc: number, sr: string, cr: string, gr: string, ar: string): ModeRegisters {
  return { misc, sr: bytes(sr), cr: bytes(cr), gr: bytes(gr), ar: bytes(ar) };
}

const EGA_PALETTE = '0001020304051407 38393a3b3c3d3e3f';

/** 80 × 25 characters, 720 × 400; the cursor is off. */
export const TEXT = mode(
  0x67,
  '03 00 03 00 02',
  '5f 4f 50 82 55 81 bf 1f 00 4f 2d 0e 00 00 00 00 9c 8e 8f 28 1f 96 b9 a3 ff',
  '00 00 00 00 00 10 0e 00 ff',
  `${EGA_PALETTE} 0c 00 0f 08 00`,
);
/** 640 × 480, 16 colours. */
export const PLANAR = mode(
  0xe3,
  '03 01 0f 00 06',
  '5f 4f 50 82 54 80 0b 3e 00 40 00 00 00 00 00 00 ea 8c df 28 00 e7 04 e3 ff',
  '00 00 00 00 00 00 05 0f ff',
  `${EGA_PALETTE} 01 00 0f 00 00`,
);
/** 320 × 200, 16 colours. */
export const PLANAR_LOW = mode(
  0x63,
  '03 09 0f 00 06',
  '2d 27 28 90 2b 80 bf 1f 00 c0 00 00 00 00 00 00 9c 8e 8f 14 00 96 b9 e3 ff',
  '00 00 00 00 00 00 05 0f ff',
  `${EGA_PALETTE} 01 00 0f 00 00`,
);
/** 320 × 200, 256 colours. */
export const CHAIN_4 = mode(
  0x63,
  '03 01 0f 00 0e',
  '5f 4f 50 82 54 80 bf 1f 00 41 00 00 00 00 00 00 9c 8e 8f 28 40 96 b9 a3 ff',
  '00 00 00 00 00 40 05 0f ff',
  '000102030405060708090a0b0c0d0e0f 41 00 0f 00 00',
);
/** The same without chain-4. */
export const UNCHAINED = mode(
  0x63,
  '03 01 0f 00 06',
  '5f 4f 50 82 54 80 bf 1f 00 41 00 00 00 00 00 00 9c 8e 8f 28 00 96 b9 e3 ff',
  '00 00 00 00 00 40 05 0f ff',
  '000102030405060708090a0b0c0d0e0f 41 00 0f 00 00',
);
/** The CGA's 320 × 200 with 4 colours. */
export const CGA = mode(
  0x63,
  '03 09 03 00 02',
  '2d 27 28 90 2b 80 bf 1f 00 c1 00 00 00 00 00 00 9c 8e 8f 14 00 96 b9 a2 ff',
  '00 00 00 00 00 30 0f 00 ff',
  '00131517020406071011121314151617 01 00 03 00 00',
);

/** What programs a VGA. */
export interface VgaTarget {
  outb(port: number, value: number): void;
  outw(port: number, value: number): void;
  /** A byte of guest memory. */
  writeb(address: number, value: number): void;
  writel(address: number, value: number): void;
}

export function setMode(target: VgaTarget, registers: ModeRegisters): void {
  const { misc, sr, cr, gr, ar } = registers;
  target.outb(0x3c2, misc);
  sr.forEach((value, index) => {
    target.outw(0x3c4, index | (value << 8));
  });
  target.outw(0x3d4, 0x0011);
  cr.forEach((value, index) => {
    target.outw(0x3d4, index | (value << 8));
  });
  gr.forEach((value, index) => {
    target.outw(0x3ce, index | (value << 8));
  });
  ar.forEach((value, index) => {
    target.outb(0x3c0, index);
    target.outb(0x3c0, value);
  });
  target.outb(0x3c0, 0x20);
}

/** Every entry of the DAC another colour. */
export function setPalette(target: VgaTarget): void {
  target.outb(0x3c6, 0xff);
  target.outb(0x3c8, 0);
  for (let entry = 0; entry < 256; entry += 1) {
    for (const factor of [7, 13, 29]) target.outb(0x3c9, (entry * factor + 5) & 0x3f);
  }
}

/** A small generator of reproducible bytes. */
export function noise(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state >>> 24;
  };
}
