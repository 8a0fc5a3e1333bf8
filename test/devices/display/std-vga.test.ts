import test from 'ava';
import type { Device } from '../../../src/devices/device-class.ts';
import type { Picture } from '../../../src/devices/display/display-contract.ts';
import { isaVga } from '../../../src/devices/display/isa-vga.ts';
import { pictureToPpm } from '../../../src/devices/display/portable-pixmap.ts';
import { stdVga } from '../../../src/devices/display/std-vga.ts';
import { testDeviceContract } from '../support/device-contract.ts';
import type { FakeBoard } from '../support/fake-board.ts';
import { BASES, displayBoard, plugged, target } from './display-board.ts';
import { hasReference, runOnReference } from './reference-display.ts';
import type { VgaTarget } from './vga-modes.ts';
import * as modes from './vga-modes.ts';

const VALUES = {
  vgamem_mb: 1,
  mmio: true,
  addr: -1,
  romfile: '',
  rombar: 1,
  multifunction: false,
  command_serr_enable: true,
};
const WINDOW = 0xa0000;
const TEXT_WINDOW = 0xb8000;

function plug(board: FakeBoard): Device {
  return stdVga.create(board, VALUES);
}

const create = () => plugged(plug);

/** The pixel as RRGGBB. */
function pixel({ width, rgb }: Picture, x: number, y: number): string {
  return Buffer.from(rgb.subarray((y * width + x) * 3, (y * width + x) * 3 + 3)).toString('hex');
}

testDeviceContract(test, {
  name: 'VGA',
  board: displayBoard,
  create: plug,
  exercise: (board) => {
    const to = target(board);
    modes.setMode(to, modes.PLANAR);
    modes.setPalette(to);
    for (let at = 0; at < 100; at += 1) to.writeb(WINDOW + at, at);
    to.outb(0x3c8, 7);
    to.outb(0x3c9, 7);
  },
});

testDeviceContract(test, {
  name: 'isa-vga',
  create: (board) => isaVga.create(board, { vgamem_mb: 1 }),
  exercise: (board) => {
    modes.setMode(target(board), modes.CHAIN_4);
    board.memory.write(0xe0000123, 1, 0x45);
  },
});

function fillText(to: VgaTarget): void {
  modes.setMode(to, modes.TEXT);
  modes.setPalette(to);
  // Fonts: plane 2 through A0000, then back.
  to.outw(0x3c4, 0x0402);
  to.outw(0x3c4, 0x0704);
  to.outw(0x3ce, 0x0005);
  to.outw(0x3ce, 0x0406);
  const next = modes.noise(1);
  for (let at = 0; at < 0x2000; at += 4)
    to.writel(WINDOW + at, ((next() << 24) | (next() << 16) | (next() << 8) | next()) >>> 0);
  to.outw(0x3c4, 0x0302);
  to.outw(0x3c4, 0x0204);
  to.outw(0x3ce, 0x1005);
  to.outw(0x3ce, 0x0e06);
  for (let cell = 0; cell < 80 * 26; cell += 1) {
    const character = next();
    // The reference repeats the ninth dot from B0 on, the hardware from C0 on; and it does not blink.
    to.writeb(TEXT_WINDOW + 2 * cell, (character & 0xf0) === 0xb0 ? 0xc4 : character);
    to.writeb(TEXT_WINDOW + 2 * cell + 1, next() & 0x7f);
  }
}

/** Bytes through every write mode, with latches, rotation and the logical unit. */
function fillPlanar(to: VgaTarget): void {
  modes.setPalette(to);
  const next = modes.noise(2);
  for (let at = 0; at < 4000; at += 1) {
    if (at % 50 === 0) {
      to.outw(0x3c4, 0x0002 | ((next() & 15) << 8));
      to.outw(0x3ce, 0x0000 | ((next() & 15) << 8));
      to.outw(0x3ce, 0x0001 | ((next() & 15) << 8));
      to.outw(0x3ce, 0x0003 | ((next() & 31) << 8));
      to.outw(0x3ce, 0x0005 | ((next() & 3) << 8));
      to.outw(0x3ce, 0x0008 | (next() << 8));
    }
    to.writeb(WINDOW + ((at * 7) % 38400), next());
  }
}

const SCENES: readonly (readonly [name: string, program: (to: VgaTarget) => void])[] = [
  ['text', fillText],
  [
    'text, scrolled by a row and two lines, panned, split',
    (to) => {
      fillText(to);
      to.outw(0x3d4, 0x500d);
      to.outw(0x3d4, 0x6018);
    },
  ],
  [
    '16 colours',
    (to) => {
      modes.setMode(to, modes.PLANAR);
      fillPlanar(to);
    },
  ],
  [
    '16 colours, low resolution',
    (to) => {
      modes.setMode(to, modes.PLANAR_LOW);
      fillPlanar(to);
    },
  ],
  [
    '256 colours',
    (to) => {
      modes.setMode(to, modes.CHAIN_4);
      modes.setPalette(to);
      for (let at = 0; at < 64000; at += 64) to.writel(WINDOW + at, ((at * 0x01030507) >>> 0) % 0xffffffff);
    },
  ],
  [
    '256 colours without chain-4',
    (to) => {
      modes.setMode(to, modes.UNCHAINED);
      modes.setPalette(to);
      const next = modes.noise(3);
      for (let at = 0; at < 16000; at += 8) {
        to.outw(0x3c4, 0x0002 | (next() << 8));
        to.writeb(WINDOW + at, next());
      }
    },
  ],
  [
    'CGA',
    (to) => {
      modes.setMode(to, modes.CGA);
      modes.setPalette(to);
      const next = modes.noise(4);
      for (let at = 0; at < 0x4000; at += 12) to.writel(TEXT_WINDOW + at, ((next() << 24) | next()) >>> 0);
    },
  ],
  ...[8, 15, 16, 24, 32].map((depth): readonly [string, (to: VgaTarget) => void] => [
    `linear, ${depth} bits`,
    (to) => {
      const dispi = (index: number, value: number): void => {
        to.outw(0x1ce, index);
        to.outw(0x1d0, value);
      };
      modes.setMode(to, modes.CHAIN_4);
      modes.setPalette(to);
      dispi(4, 0);
      dispi(1, 320);
      dispi(2, 240);
      dispi(3, depth);
      dispi(4, 0x41);
      dispi(6, 400);
      dispi(8, 16);
      dispi(9, 4);
      for (const bank of [0, 1, 2]) {
        dispi(5, bank);
        for (let at = 0; at < 65536; at += 52) to.writel(WINDOW + at, (at * 0x9e3779b1 + bank) >>> 0);
      }
    },
  ]),
];

for (const [name, program] of SCENES) {
  test(`the picture is the reference's: ${name}`, async (t) => {
    if (!hasReference) {
      t.pass('no reference on this machine');
      return;
    }
    const { picture, to } = create();
    program(to);
    const { ppm } = await runOnReference('std', program);
    const ours = Buffer.from(pictureToPpm(picture()));
    const header = (file: Buffer): string =>
      file.subarray(0, 15).toString('latin1').split('\n').slice(0, 3).join(' ');
    t.is(header(ours), header(ppm));
    // The reference fills the low bits of components in all depths but 15.
    const kept = name.includes('15 bits') ? 0xf8 : 0xff;
    const different = ours.findIndex((byte, index) => ((byte ^ (ppm[index] ?? 0)) & kept) !== 0);
    t.is(different, -1, `first differing byte: ours ${ours[different]}, the reference's ${ppm[different]}`);
  });
}

test('reads of planar memory agree with the reference in both read modes', async (t) => {
  if (!hasReference) {
    t.pass('no reference on this machine');
    return;
  }
  const { board, to } = create();
  const reads: number[] = [];
  const program = (target: VgaTarget, read: (address: number) => void): void => {
    modes.setMode(target, modes.PLANAR);
    fillPlanar(target);
    const next = modes.noise(5);
    for (let count = 0; count < 60; count += 1) {
      target.outw(0x3ce, 0x0005 | ((next() & 8) << 8));
      target.outw(0x3ce, 0x0004 | ((next() & 3) << 8));
      target.outw(0x3ce, 0x0002 | ((next() & 15) << 8));
      target.outw(0x3ce, 0x0007 | ((next() & 15) << 8));
      read(WINDOW + next() * 140);
    }
  };
  program(to, (address) => reads.push(board.memory.read(address, 4)));
  const { values } = await runOnReference('std', (target) =>
    program(target, (address) => target.readl(address)),
  );
  t.deepEqual(reads, [...values]);
});

test('the cursor covers its lines of its character, and can be off', (t) => {
  const { picture, to } = create();
  modes.setMode(to, modes.TEXT);
  modes.setPalette(to);
  to.writeb(TEXT_WINDOW + 161, 0x17);
  to.outw(0x3d4, 0x0d0a);
  to.outw(0x3d4, 0x0e0b);
  to.outw(0x3d4, 0x000e);
  to.outw(0x3d4, 0x500f);
  const shown = picture();
  const background = pixel(shown, 4, 16 + 12);
  const foreground = pixel(shown, 4, 16 + 13);
  t.not(background, foreground);
  t.is(pixel(shown, 8, 16 + 14), foreground);
  t.is(pixel(shown, 4, 16 + 15), background);
  to.outw(0x3d4, 0x2d0a);
  t.is(pixel(picture(), 4, 16 + 13), background);
});

test('the ninth dot repeats the eighth of line drawing characters only, and blinking takes a background bit', (t) => {
  const { picture, to } = create();
  fillText(to);
  to.writeb(TEXT_WINDOW, 0xc4);
  to.writeb(TEXT_WINDOW + 2, 0xb4);
  to.writeb(TEXT_WINDOW + 1, 0x87);
  to.outw(0x3c4, 0x0402);
  to.outw(0x3c4, 0x0704);
  to.outw(0x3ce, 0x0005);
  to.outw(0x3ce, 0x0406);
  to.writeb(WINDOW + 0xc4 * 32, 0x01);
  to.writeb(WINDOW + 0xb4 * 32, 0x01);
  const shown = picture();
  t.is(pixel(shown, 8, 0), pixel(shown, 7, 0));
  t.not(pixel(shown, 17, 0), pixel(shown, 16, 0));
  to.outw(0x3ce, 0x0e06);
});

test('a text window is mapped, and its characters are in the planes whenever someone looks', (t) => {
  const { board, device, picture, to } = create();
  fillText(to);
  const isMapped = (): boolean =>
    board.memory.claims.find(({ first }) => first === TEXT_WINDOW)?.options.name === 'video memory';
  t.true(isMapped());
  to.writeb(TEXT_WINDOW + 6, 0x41);
  const shown = picture();
  const saved = device.save();
  // Through the planes: read map 0 without odd and even.
  to.outw(0x3ce, 0x0005);
  t.false(isMapped());
  to.outw(0x3ce, 0x0406);
  t.is(board.memory.read(WINDOW + 6, 1), 0x41);
  to.writeb(WINDOW + 6, 0x42);
  to.outw(0x3ce, 0x0e06);
  to.outw(0x3ce, 0x1005);
  t.is(board.memory.read(TEXT_WINDOW + 6, 1), 0x42);
  device.restore(saved);
  t.is(board.memory.read(TEXT_WINDOW + 6, 1), 0x41);
  t.true(Buffer.compare(picture().rgb, shown.rgb) === 0);
});

test('a 256-colour or linear window is mapped for the guest, a planar one asks', (t) => {
  const { board, to } = create();
  const isMapped = (): boolean =>
    board.memory.claims.find(({ first }) => first === WINDOW)?.options.name === 'video memory';
  modes.setMode(to, modes.PLANAR);
  t.false(isMapped());
  modes.setMode(to, modes.CHAIN_4);
  t.true(isMapped());
  to.writeb(WINDOW + 5, 0x99);
  t.is(board.memory.read((BASES[0] ?? 0) + 5, 1), 0x99);
  to.outw(0x3ce, 0x0108);
  t.false(isMapped());
  t.is(board.memory.read(WINDOW + 5, 1), 0x99);
});

test('the retrace bits follow the clock: 70 frames a second in text mode', (t) => {
  const { board, to } = create();
  modes.setMode(to, modes.TEXT);
  let retraces = 0;
  let before = 0;
  for (let step = 0; step < 10_000; step += 1) {
    board.advance(10_000);
    const retrace = board.in8(0x3da) & 8;
    if (retrace !== 0 && before === 0) retraces += 1;
    before = retrace;
  }
  t.is(retraces, 7);
});

test('the Bochs interface tells its version, its limits and its memory, and holds its mode while it is on', (t) => {
  const { board, to } = create();
  const get = (index: number): number => {
    to.outw(0x1ce, index);
    return board.in16(0x1cf);
  };
  const set = (index: number, value: number): void => {
    to.outw(0x1ce, index);
    to.outw(0x1cf, value);
  };
  t.is(get(0), 0xb0c5);
  t.is(get(10), 16);
  set(4, 2);
  t.deepEqual([get(1), get(2), get(3)], [16000, 12000, 32]);
  set(4, 0);
  set(1, 1024);
  set(2, 768);
  set(3, 8);
  set(4, 0x41);
  t.deepEqual([get(6), get(7)], [1024, 1024]);
  set(1, 800);
  t.is(get(1), 1024);
  // The same registers are in the second BAR.
  t.is(board.memory.read((BASES[2] ?? 0) + 0x502, 2), 1024);
  board.memory.write((BASES[2] ?? 0) + 0x512, 2, 7);
  t.is(get(9), 7);
  t.is(board.memory.read((BASES[2] ?? 0) + 0x40c, 1), board.in8(0x3cc));
});

test('no mode is larger than memory, whatever the guest asks for', (t) => {
  const { picture, to } = create();
  modes.setMode(to, modes.CHAIN_4);
  for (const [index, value] of [
    [1, 16000],
    [2, 12000],
    [3, 32],
    [4, 0x41],
  ] as const) {
    to.outw(0x1ce, index);
    to.outw(0x1cf, value);
  }
  const { width, height } = picture();
  t.deepEqual([width, height], [16000, 16]);
});

test('a screen that is turned off is black and keeps its size', (t) => {
  const { board, picture, to } = create();
  fillText(to);
  board.in8(0x3da);
  to.outb(0x3c0, 0);
  const { width, height, rgb } = picture();
  t.deepEqual([width, height, rgb.some((byte) => byte !== 0)], [720, 400, false]);
});
