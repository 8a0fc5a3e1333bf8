import test from 'ava';
import fc from 'fast-check';
import type { Device } from '../../../src/devices/device-class.ts';
import { cirrusVga, isaCirrusVga } from '../../../src/devices/display/cirrus-vga.ts';
import { pictureToPpm } from '../../../src/devices/display/portable-pixmap.ts';
import { testDeviceContract } from '../support/device-contract.ts';
import type { FakeBoard } from '../support/fake-board.ts';
import { BASES, displayBoard, plugged, target } from './display-board.ts';
import { type Blit, naiveBlit, ROPS } from './naive-blit.ts';
import { hasReference, runOnReference } from './reference-display.ts';
import type { VgaTarget } from './vga-modes.ts';
import * as modes from './vga-modes.ts';

const VALUES = {
  vgamem_mb: 8,
  addr: -1,
  romfile: '',
  rombar: 1,
  multifunction: false,
  command_serr_enable: true,
};
const WINDOW = 0xa0000;
const [LINEAR = 0, MMIO = 0] = BASES;
const TRANSFERS = LINEAR + 16 * 1024 * 1024;
const BLITTER = MMIO + 0x100;
const AREA = 32768;

function plug(board: FakeBoard): Device {
  return cirrusVga.create(board, VALUES);
}

const create = () => plugged(plug);

function sequencer(to: VgaTarget, index: number, value: number): void {
  to.outw(0x3c4, index | (value << 8));
}

function graphics(to: VgaTarget, index: number, value: number): void {
  to.outw(0x3ce, index | (value << 8));
}

function crtc(to: VgaTarget, index: number, value: number): void {
  to.outw(0x3d4, index | (value << 8));
}

/** 640 × 480 linear; `select` goes to SR7. */
function setLinear(to: VgaTarget, select: number, pitch: number): void {
  modes.setMode(to, modes.PLANAR);
  sequencer(to, 0x06, 0x12);
  sequencer(to, 0x07, select);
  graphics(to, 0x05, 0x40);
  graphics(to, 0x06, 0x05);
  crtc(to, 0x13, (pitch >> 3) & 0xff);
  crtc(to, 0x1b, 0x02 | ((pitch >> 7) & 0x10));
}

function setHiddenDac(to: VgaTarget & { inb(port: number): void }, value: number): void {
  for (let count = 0; count < 4; count += 1) to.inb(0x3c6);
  to.outb(0x3c6, value);
}

/** Programs a transfer without starting it. */
function programBlit(to: VgaTarget, blit: Blit, mode = 0): void {
  const wide = (index: number, value: number, bytes: number): void => {
    for (let byte = 0; byte < bytes; byte += 1) graphics(to, index + byte, (value >> (8 * byte)) & 0xff);
  };
  wide(0x20, blit.width - 1, 2);
  wide(0x22, blit.height - 1, 2);
  wide(0x24, blit.destinationPitch, 2);
  wide(0x26, blit.sourcePitch, 2);
  wide(0x28, blit.destination, 3);
  wide(0x2c, blit.source, 3);
  graphics(to, 0x2f, blit.depth === 3 ? blit.skip * 3 : blit.skip);
  graphics(to, 0x32, blit.rop);
  graphics(to, 0x33, (blit.invert ? 2 : 0) | (blit.solid ? 4 : 0));
  for (const [index, bytes] of [
    [0, blit.background],
    [1, blit.foreground],
  ] as const) {
    bytes.forEach((value, byte) => {
      graphics(to, byte === 0 ? index : 0x0e + 2 * byte + index, value);
    });
  }
  blit.key.forEach((value, byte) => {
    graphics(to, 0x34 + byte, value);
  });
  graphics(
    to,
    0x30,
    mode |
      (blit.backwards ? 1 : 0) |
      (blit.transparent ? 8 : 0) |
      ((blit.depth - 1) << 4) |
      (blit.pattern ? 0x40 : 0) |
      (blit.expand ? 0x80 : 0),
  );
}

function startBlit(to: VgaTarget): void {
  graphics(to, 0x31, 2);
}

type Shape = 'copy' | 'backwards' | 'key' | 'pattern' | 'expand' | 'expanded pattern' | 'fill';
const SHAPES: readonly Shape[] = [
  'copy',
  'backwards',
  'key',
  'pattern',
  'expand',
  'expanded pattern',
  'fill',
];

/** A transfer within AREA whose source does not overlap its destination. */
function blitOf(shape: Shape, random: () => number): Blit {
  const isKey = shape === 'key';
  const depth = isKey ? 1 + (random() & 1) : 1 + (random() & 3);
  const columns = 1 + (random() % 24);
  const height = 1 + (random() % 12);
  const width = columns * depth;
  const backwards = shape === 'backwards' || (isKey && random() > 127);
  const expand = shape === 'expand' || shape === 'expanded pattern' || shape === 'fill';
  const pattern = shape === 'pattern' || shape === 'expanded pattern' || shape === 'fill';
  const source = pattern ? (random() % 32) * 256 : random() * 20;
  const end = (start: number, pitch: number): number => start + pitch * (height - 1) + width - 1;
  // Pixels of two and four bytes lie where such pixels do: what the chip makes of others is nobody's business.
  const pitch = (): number => (width + (random() % 64) + 3) & ~3;
  const destinationPitch = pitch();
  const sourcePitch = pitch();
  const destination = 12288 + random() * 40;
  const rops = Object.keys(ROPS).map(Number);
  const transparent = isKey || (expand && shape !== 'fill' && random() > 127);
  // Of opaque pixels of three bytes the reference skips others than of transparent ones.
  const skips = expand && shape !== 'fill' && (depth !== 3 || transparent);
  const bytes = (): number[] => Array.from({ length: 4 }, () => random());
  return {
    width,
    height,
    destinationPitch,
    sourcePitch,
    destination: backwards ? end(destination, destinationPitch) : destination,
    source: backwards ? end(source, sourcePitch) : source,
    depth,
    backwards,
    transparent,
    pattern,
    expand,
    solid: shape === 'fill',
    invert: expand && random() > 127,
    skip: skips ? (random() % 8) % columns : 0,
    // Plain copies are the ones that happen.
    rop: random() < 64 ? 0x0d : (rops[random() % rops.length] ?? 0),
    foreground: bytes(),
    background: bytes(),
    key: bytes()
      .slice(0, 2)
      .map((byte) => (isKey ? (byte & 1 ? 0 : 0xff) : byte)),
  };
}

testDeviceContract(test, {
  name: 'cirrus-vga',
  board: displayBoard,
  create: plug,
  exercise: (board) => {
    const to = target(board);
    setLinear(to, 0x01, 640);
    sequencer(to, 0x12, 0x03);
    to.outb(0x3c8, 15);
    for (const value of [1, 2, 3]) to.outb(0x3c9, value);
    programBlit(to, blitOf('copy', modes.noise(9)), 0x04);
    startBlit(to);
    to.writeb(WINDOW, 0x42);
  },
});

testDeviceContract(test, {
  name: 'isa-cirrus-vga',
  board: displayBoard,
  create: (board) => isaCirrusVga.create(board, { vgamem_mb: 8 }),
  exercise: (board) => modes.setMode(target(board), modes.TEXT),
});

for (const shape of SHAPES) {
  test(`the blitter does what the plain model does: ${shape}`, (t) => {
    const { board, to } = create();
    setLinear(to, 0x01, 640);
    const read = (): Uint8Array =>
      Uint8Array.from({ length: AREA }, (_, at) => board.memory.read(LINEAR + at, 1));
    fc.assert(
      fc.property(fc.integer(), (seed) => {
        const random = modes.noise(seed);
        for (let at = 0; at < AREA; at += 4) {
          board.memory.write(LINEAR + at, 4, Math.imul(at + seed, 0x9e3779b1) >>> 0);
        }
        const before = read();
        const blit = blitOf(shape, random);
        programBlit(to, blit);
        startBlit(to);
        return Buffer.compare(read(), naiveBlit(before, blit)) === 0;
      }),
      { numRuns: 40 },
    );
    t.is(board.memory.read(BLITTER + 0x40, 1), 0);
  });
}

test('a long walk of transfers leaves the same memory as on the reference', async (t) => {
  if (!hasReference) {
    t.pass('no reference on this machine');
    return;
  }
  const ours: number[] = [];
  const program = (to: VgaTarget, read: (address: number) => void): void => {
    setLinear(to, 0x01, 640);
    for (let at = 0; at < AREA; at += 4) to.writel(WINDOW + at, Math.imul(at + 77, 0x9e3779b1) >>> 0);
    for (const shape of SHAPES) {
      const random = modes.noise(shape.length);
      for (let count = 0; count < 25; count += 1) {
        programBlit(to, blitOf(shape, random));
        startBlit(to);
      }
      for (let at = 0; at < AREA; at += 4) read(WINDOW + at);
    }
  };
  const { board, to } = create();
  program(to, (address) => ours.push(board.memory.read(address, 4)));
  const { values } = await runOnReference('cirrus', (to) => program(to, (address) => to.readl(address)));
  const words = AREA / 4;
  for (const [index, shape] of SHAPES.entries()) {
    const part = (all: readonly number[]): string => all.slice(index * words, (index + 1) * words).join(' ');
    t.true(part(ours) === part([...values]), shape);
  }
});

/** Source data from the processor: 8-bit pixels in lines of doublewords, bits, a pattern. */
function sendTransfers(to: VgaTarget, base: number): void {
  const random = modes.noise(21);
  for (let count = 0; count < 12; count += 1) {
    const expand = count % 3 !== 0;
    const blit = {
      ...blitOf(expand ? 'expand' : 'copy', random),
      skip: 0,
      depth: 1,
      width: 21,
      transparent: false,
    };
    programBlit(to, blit, 0x04);
    startBlit(to);
    const bytes = blit.height * (expand ? 3 : 24);
    for (let sent = 0; sent < bytes; sent += 1) to.writeb(base + sent, random());
  }
}

test('source data that the processor sends arrive as on the reference', async (t) => {
  if (!hasReference) {
    t.pass('no reference on this machine');
    return;
  }
  const ours: number[] = [];
  const program = (to: VgaTarget, read: (address: number) => void): void => {
    setLinear(to, 0x01, 640);
    for (let at = 0; at < AREA; at += 4) to.writel(WINDOW + at, Math.imul(at + 78, 0x9e3779b1) >>> 0);
    sendTransfers(to, WINDOW);
    for (let at = 0; at < AREA; at += 4) read(WINDOW + at);
  };
  const { board, to } = create();
  program(to, (address) => ours.push(board.memory.read(address, 4)));
  const { values } = await runOnReference('cirrus', (to) => program(to, (address) => to.readl(address)));
  t.true(ours.join(' ') === values.join(' '));
});

test('source data may go to the window, the frame buffer or the aperture, and what is too much is dropped', (t) => {
  const results = [WINDOW, LINEAR + 0x100, TRANSFERS].map((base) => {
    const { board, to } = create();
    setLinear(to, 0x01, 640);
    sendTransfers(to, base);
    const bytes = Uint8Array.from({ length: AREA }, (_, at) => board.memory.read(LINEAR + at, 1));
    // Three bytes fill a line of 21 bits: the fourth of a doubleword belongs to nothing.
    const blit = {
      ...blitOf('expand', modes.noise(3)),
      skip: 0,
      depth: 1,
      width: 21,
      height: 1,
      transparent: false,
    };
    programBlit(to, { ...blit, rop: 0x0d }, 0x04);
    startBlit(to);
    board.memory.write(base, 4, 0xffffffff);
    t.is(board.memory.read(BLITTER + 0x40, 1), 0);
    return Buffer.from(bytes).toString('hex');
  });
  t.true(results[0] === results[1] && results[1] === results[2]);
});

for (const [name, select, hiddenDac, bytes] of [
  ['8', 0x01, 0x00, 1],
  ['15', 0x07, 0xf0, 2],
  ['16', 0x07, 0xe1, 2],
  ['24', 0x05, 0xe5, 3],
  ['32', 0x09, 0xe5, 4],
] as const) {
  test(`the picture of a linear mode is the reference's: ${name} bits`, async (t) => {
    if (!hasReference) {
      t.pass('no reference on this machine');
      return;
    }
    const program = (to: VgaTarget & { inb(port: number): void }): void => {
      setLinear(to, select, 640 * bytes);
      modes.setPalette(to);
      setHiddenDac(to, hiddenDac);
      crtc(to, 0x0d, 0x11);
      for (let bank = 0; bank < 10; bank += 1) {
        graphics(to, 0x09, bank * 16);
        for (let at = 0; at < 65536; at += 68) to.writel(WINDOW + at, Math.imul(at + bank, 0x9e3779b1) >>> 0);
      }
    };
    const { board, picture, to } = create();
    program({ ...to, inb: (port) => void board.in8(port) });
    const { ppm } = await runOnReference('cirrus', program);
    const ours = Buffer.from(pictureToPpm(picture()));
    t.is(ours.subarray(0, 15).toString('latin1'), ppm.subarray(0, 15).toString('latin1'));
    // The reference leaves the low bits of narrow components clear here.
    const kept = bytes === 2 ? 0xf8 : 0xff;
    t.is(
      ours.findIndex((byte, index) => ((byte ^ (ppm[index] ?? 0)) & kept) !== 0),
      -1,
    );
  });
}

test('the cursor lies over the picture in both its sizes', async (t) => {
  const { board, picture, to } = create();
  setLinear(to, 0x01, 640);
  modes.setPalette(to);
  sequencer(to, 0x12, 0x02);
  for (const [entry, value] of [
    [0, 0x3f],
    [15, 0x15],
  ] as const) {
    to.outb(0x3c8, entry);
    for (let component = 0; component < 3; component += 1) to.outb(0x3c9, value);
  }
  const patterns = LINEAR + 4 * 1024 * 1024 - 16 * 1024;
  // Of the first line of a small pattern: planes 1010… and 1100….
  board.memory.write(patterns + 256, 1, 0xaa);
  board.memory.write(patterns + 256 + 128, 1, 0xcc);
  sequencer(to, 0x13, 0x01);
  sequencer(to, 0x10 | (4 << 5), 12);
  sequencer(to, 0x11 | (2 << 5), 1);
  sequencer(to, 0x12, 0x01);
  const dot = (x: number, y: number): number => picture().rgb[(y * 640 + x) * 3] ?? -1;
  const below = dot(103, 11);
  t.deepEqual([dot(100, 10), dot(101, 10), dot(102, 10), dot(103, 10)], [0x57, 0xff, ~below & 0xff, below]);
  // Of a large one, the second plane is eight bytes behind.
  board.memory.write(patterns + 1024, 1, 0x80);
  board.memory.write(patterns + 1024 + 8, 1, 0x40);
  sequencer(to, 0x13, 0x04);
  sequencer(to, 0x12, 0x05);
  t.deepEqual([dot(100, 10), dot(101, 10), dot(102, 10)], [~below & 0xff, 0xff, below]);
});

test('write modes 4 and 5 make eight pixels of a byte, and addresses count by eight', async (t) => {
  if (!hasReference) {
    t.pass('no reference on this machine');
    return;
  }
  const program = (to: VgaTarget, read: (address: number) => void): void => {
    setLinear(to, 0x01, 640);
    const random = modes.noise(31);
    for (const [extensions, mode] of [
      [0x06, 4],
      [0x06, 5],
      [0x16, 4],
      [0x16, 5],
    ] as const) {
      for (const index of [0, 1, 0x10, 0x11]) graphics(to, index, random());
      graphics(to, 0x0b, extensions);
      graphics(to, 0x05, 0x40 | mode);
      for (let count = 0; count < 50; count += 1) to.writeb(WINDOW + random(), random());
      graphics(to, 0x05, 0x40);
      graphics(to, 0x0b, 0);
    }
    for (let at = 0; at < 4096; at += 4) read(WINDOW + at);
  };
  const ours: number[] = [];
  const { board, to } = create();
  program(to, (address) => ours.push(board.memory.read(address, 4)));
  const { values } = await runOnReference('cirrus', (to) => program(to, (address) => to.readl(address)));
  t.deepEqual(ours, [...values]);
});

test('the extensions are found as drivers look for them', (t) => {
  const { board, to } = create();
  const read = (index: number, value: number): number => {
    board.out8(index, value);
    return board.in8(index + 1);
  };
  modes.setMode(to, modes.TEXT);
  t.is(read(0x3c4, 0x06), 0x0f);
  sequencer(to, 0x06, 0x12);
  t.is(read(0x3c4, 0x06), 0x12);
  t.is(read(0x3d4, 0x27), 0xb8);
  t.is(read(0x3c4, 0x15), 4);
  setHiddenDac({ ...to, inb: (port) => void board.in8(port) }, 0xe1);
  for (let count = 0; count < 4; count += 1) t.is(board.in8(0x3c6), 0xff);
  t.is(board.in8(0x3c6), 0xe1);
  t.is(board.in8(0x3c6), 0xff);
});

test('the frame buffer is mapped while it is plain memory, and follows its base address', (t) => {
  const { board, to } = create();
  const isMapped = (address: number): boolean =>
    board.memory.claims.find(({ first, bytes }) => address >= first && address < first + bytes)?.options
      .name === 'video memory';
  setLinear(to, 0x01, 640);
  t.true(isMapped(LINEAR));
  t.true(isMapped(WINDOW));
  graphics(to, 0x0b, 0x02);
  t.false(isMapped(LINEAR) || isMapped(WINDOW));
  graphics(to, 0x0b, 0x01);
  graphics(to, 0x0a, 0x10);
  board.memory.write(WINDOW + 0x8003, 1, 0x77);
  t.is(board.memory.read(LINEAR + 0x10003, 1), 0x77);
  const [pci] = board.functions;
  if (pci !== undefined && 'writeConfig' in pci && typeof pci.writeConfig === 'function') {
    pci.writeConfig(0x10, 4, 0xf0000000);
  }
  t.true(isMapped(0xf0000000));
  t.false(isMapped(LINEAR));
});

test('registers in memory start transfers, by themselves when asked', (t) => {
  const { board, to } = create();
  setLinear(to, 0x01, 640);
  board.memory.write(LINEAR, 1, 0x5a);
  programBlit(to, {
    ...blitOf('copy', modes.noise(1)),
    width: 1,
    height: 1,
    depth: 1,
    source: 0,
    destination: 0,
    rop: 0x0d,
  });
  board.memory.write(BLITTER + 0x40, 1, 0x80);
  board.memory.write(BLITTER + 0x10, 4, 0x2345);
  t.is(board.memory.read(LINEAR + 0x2345, 1), 0x5a);
  t.is(board.memory.read(MMIO + 0x0c, 1), board.in8(0x3cc));
});
