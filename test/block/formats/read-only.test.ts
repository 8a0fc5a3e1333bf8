/** Formats that are read and never written: images of them are made here, and read by qemu-img, too. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { deflateSync } from 'node:zlib';
import test, { type ExecutionContext } from 'ava';
import { directory, equal, KiB, MiB, pattern, tool } from '../support/images.ts';
import { contentsOf, fuzz, open } from './image-tools.ts';

const CLOOP_SCRIPT = '#!/bin/sh\n#V2.0 Format\nmodprobe cloop file=$0 && mount -r -t iso9660 /dev/cloop $1\n';

function cloopImage(contents: Uint8Array, blockBytes: number): Uint8Array {
  const blocks = contents.length / blockBytes;
  const packed = Array.from({ length: blocks }, (_, index) =>
    deflateSync(contents.subarray(index * blockBytes, (index + 1) * blockBytes)),
  );
  const head = Buffer.alloc(136 + (blocks + 1) * 8);
  head.write(CLOOP_SCRIPT);
  head.writeUInt32BE(blockBytes, 128);
  head.writeUInt32BE(blocks, 132);
  let at = head.length;
  packed.forEach((block, index) => {
    head.writeBigUInt64BE(BigInt(at), 136 + index * 8);
    at += block.length;
  });
  head.writeBigUInt64BE(BigInt(at), 136 + blocks * 8);
  return Uint8Array.from(Buffer.concat([head, ...packed]));
}

/** Two extents of 4 KiB, with some of their sectors, in an order that is not the disk's. */
function bochsImage(version: 1 | 2): { image: Uint8Array; contents: Uint8Array } {
  const contents = new Uint8Array(16 * KiB);
  const image = Buffer.alloc(512 + 16 + 2 * (512 + 4 * KiB));
  image.write('Bochs Virtual HD Image', 0);
  image.write('Redolog', 32);
  image.write('Growing', 48);
  const fields = [version << 16, 512, 4, 1, 4 * KiB];
  for (const [index, value] of fields.entries()) image.writeUInt32LE(value, 64 + index * 4);
  image.writeBigUInt64LE(BigInt(contents.length), version === 1 ? 84 : 88);
  const catalog = [0xffffffff, 1, 0xffffffff, 0];
  for (const [index, entry] of catalog.entries()) image.writeUInt32LE(entry, 512 + index * 4);
  for (const [extent, place, bits] of [
    [1, 1, 0b10100001],
    [3, 0, 0b00011110],
  ] as const) {
    const start = 528 + place * (512 + 4 * KiB);
    image[start] = bits;
    for (let sector = 0; sector < 8; sector++) {
      if ((bits & (1 << sector)) === 0) continue;
      const part = pattern(512, extent * 8 + sector);
      image.set(part, start + 512 + sector * 512);
      contents.set(part, extent * 4 * KiB + sector * 512);
    }
  }
  return { image: Uint8Array.from(image), contents };
}

/** A raw, a packed, a zero and an ignored chunk. */
function dmgImage(type = 0x80000005): { image: Uint8Array; contents: Uint8Array } {
  const contents = new Uint8Array(4 * 64 * KiB);
  contents.set(pattern(64 * KiB, 1));
  contents.set(pattern(64 * KiB, 2), 128 * KiB);
  const packed = deflateSync(contents.subarray(128 * KiB, 192 * KiB));
  const chunks = [
    [1, 0, 128, 0, 64 * KiB],
    [0, 128, 128, 0, 0],
    [type, 256, 128, 64 * KiB, packed.length],
    [2, 384, 128, 0, 0],
    [0xffffffff, 512, 0, 0, 0],
  ] as const;
  const table = Buffer.alloc(204 + chunks.length * 40);
  table.write('mish');
  table.writeUInt32BE(1, 4);
  table.writeBigUInt64BE(512n, 16);
  table.writeUInt32BE(chunks.length, 200);
  chunks.forEach(([kind, ...fields], index) => {
    table.writeUInt32BE(kind, 204 + index * 40);
    for (const [at, value] of fields.entries())
      table.writeBigUInt64BE(BigInt(value), 212 + index * 40 + at * 8);
  });
  const list = Buffer.from(
    `<plist><dict><key>blkx</key><data>\n${table.toString('base64')}\n</data></dict></plist>`,
  );
  const trailer = Buffer.alloc(512);
  trailer.write('koly');
  const dataBytes = 64 * KiB + packed.length;
  for (const [at, value] of [
    [32, dataBytes],
    [216, dataBytes],
    [224, list.length],
    [492, 512],
  ] as const) {
    trailer.writeBigUInt64BE(BigInt(value), at);
  }
  const data = contents.subarray(0, 64 * KiB);
  return { image: Uint8Array.from(Buffer.concat([data, packed, list, trailer])), contents };
}

async function readsTheSame(
  t: ExecutionContext,
  format: string,
  image: Uint8Array,
  contents: Uint8Array,
): Promise<void> {
  const folder = directory(t);
  const path = join(folder, `a.${format}`);
  writeFileSync(path, image);
  const node = await open(path, undefined);
  t.is(node.driver, format);
  const part = new Uint8Array(1000);
  await node.read(700, [part.subarray(0, 100), part.subarray(100)]);
  t.true(equal(part, contents.subarray(700, 1700)));
  await node.close();
  t.true(equal(await contentsOf(path, format), contents));
  const raw = join(folder, 'model.raw');
  writeFileSync(raw, contents);
  t.regex(tool('qemu-img', 'compare', '-f', 'raw', '-F', format, raw, path), /identical/);
  await t.throwsAsync(open(path, format, false), { code: 'ERR_BLOCK_READ_ONLY' });
}

test('cloop', async (t) => {
  const contents = pattern(MiB, 3);
  const image = cloopImage(contents, 64 * KiB);
  await readsTheSame(t, 'cloop', image, contents);
  await fuzz(t, [image], { format: 'cloop', places: [128, 136, 400], writable: false });
});

test('bochs, both versions', async (t) => {
  const images = [bochsImage(1), bochsImage(2)];
  for (const { image, contents } of images) await readsTheSame(t, 'bochs', image, contents);
  const bytes = images.map(({ image }) => image);
  await fuzz(t, bytes, { format: 'bochs', places: [0, 64, 512, 528], writable: false });
});

test('dmg', async (t) => {
  const { image, contents } = dmgImage();
  await readsTheSame(t, 'dmg', image, contents);
  await fuzz(t, [image], {
    format: 'dmg',
    places: [image.length - 512, image.length - 1600],
    writable: false,
  });
  const path = join(directory(t), 'a.dmg');
  writeFileSync(path, dmgImage(0x80000006).image);
  await t.throwsAsync(open(path, undefined), { message: /chunks packed with bzip2 are not supported/ });
});
