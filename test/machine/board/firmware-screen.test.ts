import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { type LiveMachine, startMachine } from './support/live-machine.ts';

const FIRMWARE = '/usr/share/seabios/bios-256k.bin';
/** As much of it as shows below 1 MiB. */
const ISA_FIRMWARE = '/usr/share/seabios/bios.bin';
const WIDTH = 640;
const HEIGHT = 480;
const POLL_MS = 100;

/** The colour that the splash picture has at a place, as [red, green, blue]. */
function colourAt(x: number, y: number): readonly number[] {
  return [(x ^ y) & 0xff, y >> 1, x >> 2];
}

/** An uncompressed 24-bit BMP, bottom line first. */
function splash(): Buffer {
  const header = Buffer.alloc(54);
  header.write('BM', 0, 'latin1');
  header.writeUInt32LE(54 + WIDTH * HEIGHT * 3, 2);
  header.writeUInt32LE(54, 10);
  header.writeUInt32LE(40, 14);
  header.writeInt32LE(WIDTH, 18);
  header.writeInt32LE(HEIGHT, 22);
  header.writeUInt16LE(1, 26);
  header.writeUInt16LE(24, 28);
  header.writeUInt32LE(WIDTH * HEIGHT * 3, 34);
  const pixels = Buffer.alloc(WIDTH * HEIGHT * 3);
  for (let y = 0; y < HEIGHT; y += 1) {
    for (let x = 0; x < WIDTH; x += 1) {
      pixels.set([...colourAt(x, y)].reverse(), ((HEIGHT - 1 - y) * WIDTH + x) * 3);
    }
  }
  return Buffer.concat([header, pixels]);
}

/** Takes pictures until one is as wanted. */
async function seen(machine: LiveMachine, isWanted: (size: string, rgb: Buffer) => boolean): Promise<void> {
  const filename = join(machine.folder, 'screen.ppm');
  for (;;) {
    await machine.qmp.execute('screendump', { filename });
    const file = readFileSync(filename);
    const [, size = ''] = file.toString('latin1', 0, 32).split('\n');
    if (isWanted(size, file.subarray(`P6\n${size}\n255\n`.length))) return;
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
}

function isSplash(size: string, rgb: Buffer): boolean {
  return (
    size === `${WIDTH} ${HEIGHT}` &&
    rgb.every((value, at) => {
      const pixel = Math.floor(at / 3);
      return value === colourAt(pixel % WIDTH, Math.floor(pixel / WIDTH))[at % 3];
    })
  );
}

for (const vga of ['std', 'cirrus']) {
  test.serial(
    `SeaBIOS draws its picture in a linear mode, and ESC brings its menu in text: ${vga}`,
    async (t) => {
      if (!existsSync(FIRMWARE)) {
        t.pass('no SeaBIOS on this machine');
        return;
      }
      t.timeout(110_000);
      const folder = await mkdtemp(join(tmpdir(), 'troupe-splash-'));
      const file = join(folder, 'splash.bmp');
      writeFileSync(file, splash());
      try {
        const boot = `menu=on,splash=${file},splash-time=65000`;
        await using machine = await startMachine(readFileSync(FIRMWARE), [
          '-m',
          '64',
          '-vga',
          vga,
          '-boot',
          boot,
        ]);
        await seen(machine, isSplash);
        await machine.qmp.execute('send-key', { keys: [{ type: 'qcode', data: 'esc' }] });
        await seen(machine, (size, rgb) => size === '720 400' && rgb.some((value) => value !== 0));
        t.pass();
      } finally {
        await rm(folder, { recursive: true, force: true });
      }
    },
  );
}

test.serial(
  'a PC without PCI comes up: SeaBIOS finds no device to boot, and says so on the screen',
  async (t) => {
    if (!existsSync(ISA_FIRMWARE)) {
      t.pass('no SeaBIOS on this machine');
      return;
    }
    t.timeout(110_000);
    await using machine = await startMachine(readFileSync(ISA_FIRMWARE), ['-M', 'isapc', '-vga', 'std']);
    await seen(machine, (size, rgb) => size === '720 400' && rgb.some((value) => value !== 0));
    t.deepEqual(await machine.qmp.execute('query-pci'), []);
  },
);
