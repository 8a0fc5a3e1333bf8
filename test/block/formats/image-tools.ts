/** What the tests of image formats have in common: Debian's qemu-img and qemu-io on one side, our nodes on the other. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ExecutionContext } from 'ava';
import fc from 'fast-check';
import type { BlockNode } from '../../../src/block/block-node.ts';
import { openImage } from '../../../src/block/open-image.ts';
import { TroupeError } from '../../../src/errors/troupe-error.ts';
import { runImageCommand } from '../../../src/img/image-commands.ts';
import { directory, equal, KiB, MiB, pattern, tool } from '../support/images.ts';

/** What a command of ours prints. */
export async function ours(...words: readonly string[]): Promise<string> {
  let text = '';
  await runImageCommand(words, {
    write: (part) => {
      text += part;
    },
    warn: () => undefined,
  });
  return text;
}

export function open(fileName: string, format: string | undefined, readOnly = true): Promise<BlockNode> {
  return openImage(fileName, { format, readOnly, driverOptions: [] });
}

export async function contentsOf(fileName: string, format: string | undefined): Promise<Uint8Array> {
  const node = await open(fileName, format);
  const contents = new Uint8Array(node.bytes);
  if (contents.length > 0) await node.read(0, [contents]);
  await node.close();
  return contents;
}

/** Pieces of a disk, aligned and not, near its beginning and at its end. */
export function pieces(bytes: number): readonly (readonly [offset: number, contents: Uint8Array])[] {
  return [
    [0, pattern(64 * KiB, 1)],
    [300 * KiB + 512, pattern(3 * 512, 2)],
    [MiB - 4 * KiB, pattern(9 * KiB, 3)],
    [2 * MiB - 512, pattern(MiB + KiB, 4)],
    [bytes - 5 * 512, pattern(5 * 512, 5)],
    [10 * KiB, pattern(20 * KiB, 6)],
  ];
}

/** The same as pieces in a file for `qemu-img convert`. */
export function rawFile(folder: string, bytes: number): { path: string; contents: Uint8Array } {
  const contents = new Uint8Array(bytes);
  for (const [offset, part] of pieces(bytes)) contents.set(part, offset);
  const path = join(folder, 'model.raw');
  writeFileSync(path, contents);
  return { path, contents };
}

/** An image that qemu-img made, with these options, reads as what it was made of; written by qemu-io and read again, too. */
export async function readsTheirs(
  t: ExecutionContext,
  format: string,
  options: string,
  bytes = 6 * MiB,
): Promise<void> {
  const folder = directory(t);
  const { path, contents } = rawFile(folder, bytes);
  const image = join(folder, `theirs.${format}`);
  t.is(
    tool(
      'qemu-img',
      'convert',
      '-f',
      'raw',
      '-O',
      format,
      ...(options === '' ? [] : ['-o', options]),
      path,
      image,
    ),
    '',
  );
  const read = await contentsOf(image, format);
  t.true(equal(read.subarray(0, bytes), contents), `${format} ${options}`);
  t.true(read.subarray(bytes).every((byte) => byte === 0));
  t.is(
    JSON.parse(tool('qemu-img', 'info', '-f', format, '--output=json', image))['virtual-size'],
    read.length,
  );
}

/** An image that we make and write is the same to qemu-img, after closing and reopening, and qemu-io's changes are seen. */
export async function writesForThem(
  t: ExecutionContext,
  format: string,
  options: string,
  { bytes = 6 * MiB, check = true } = {},
): Promise<void> {
  const folder = directory(t);
  const model = new Uint8Array(bytes);
  const image = join(folder, `ours.${format}`);
  const words = ['create', '-f', format, ...(options === '' ? [] : ['-o', options])];
  t.is(
    await ours(...words, image, String(bytes)),
    tool('qemu-img', ...words, join(folder, `theirs.${format}`), String(bytes)).replaceAll('theirs', 'ours'),
  );
  const theirBytes = JSON.parse(
    tool('qemu-img', 'info', '-f', format, '--output=json', join(folder, `theirs.${format}`)),
  )['virtual-size'];
  for (const half of [0, 1]) {
    const node = await open(image, format, false);
    t.is(node.driver, format);
    t.is(node.bytes, theirBytes);
    const own = pieces(bytes).filter((_, index) => index % 2 === half);
    await Promise.all(
      own.map(([offset, part]) => node.write(offset, [part.subarray(0, 512), part.subarray(512)])),
    );
    for (const [offset, part] of own) model.set(part, offset);
    await node.writeZeroes(40 * KiB, 3 * KiB, { mayUnmap: true });
    model.fill(0, 40 * KiB, 43 * KiB);
    const read = new Uint8Array(bytes);
    await node.read(0, [read]);
    t.true(equal(read, model), 'what we wrote');
    await node.close();
  }
  const raw = join(folder, 'model.raw');
  writeFileSync(raw, model);
  t.regex(tool('qemu-img', 'compare', '-f', 'raw', '-F', format, raw, image), /Images are identical/);
  if (check) t.regex(tool('qemu-img', 'check', '-f', format, image), /No errors were found/);
  t.regex(tool('qemu-io', '-f', format, '-c', 'write -P 9 4M 70k', '-c', 'write -P 7 0 1k', image), /wrote/);
  model.fill(9, 4 * MiB, 4 * MiB + 70 * KiB);
  model.fill(7, 0, KiB);
  t.true(equal((await contentsOf(image, format)).subarray(0, bytes), model), 'what qemu-io wrote then');
}

/** A few in CI; TROUPE_FUZZ_RUNS=100000 for a campaign by hand. */
const RUNS = Number(process.env['TROUPE_FUZZ_RUNS'] ?? 150);
const MOST_MEMORY = 1024 * MiB;
const MOST_SECONDS = 60;

export interface FuzzOptions {
  readonly format: string;
  /** Places that mean something: headers and tables. */
  readonly places: readonly number[];
  readonly writable?: boolean;
  /** Of the file's name. */
  readonly suffix?: string;
}

async function use(fileName: string, format: string, writable: boolean): Promise<unknown> {
  try {
    const node = await open(fileName, format, !writable);
    try {
      node.setKey?.('x');
      const bytes = Math.min(256 * KiB, node.bytes);
      if (bytes === 0) return undefined;
      await node.status(0, bytes);
      await node.read(0, [new Uint8Array(bytes)]);
      await node.read(node.bytes - Math.min(bytes, 4 * KiB), [new Uint8Array(Math.min(bytes, 4 * KiB))]);
      if (writable) {
        await node.write(0, [new Uint8Array(Math.min(bytes, 4 * KiB))]);
        await node.writeZeroes(node.bytes - Math.min(bytes, 1024), Math.min(bytes, 1024), { mayUnmap: true });
      }
    } finally {
      await node.close();
    }
    return undefined;
  } catch (error) {
    return error instanceof TroupeError ? undefined : error;
  }
}

/** Mutated images are used or refused with an error of ours, in bounded time and memory. */
export async function fuzz(
  t: ExecutionContext,
  images: readonly Uint8Array[],
  options: FuzzOptions,
): Promise<void> {
  const { format, places, writable = true, suffix = format } = options;
  const path = join(directory(t), `fuzzed.${suffix}`);
  const mutation = fc.record({
    place: fc.constantFrom(...places),
    offset: fc.oneof(fc.nat({ max: 100 }), fc.nat({ max: 1024 })),
    bytes: fc.oneof(
      fc.uint8Array({ minLength: 1, maxLength: 8 }),
      fc.constantFrom(new Uint8Array(8).fill(255), new Uint8Array(8), new Uint8Array([0x7f, 255, 255, 255])),
    ),
  });
  const before = process.memoryUsage().arrayBuffers;
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom(...images),
      fc.array(mutation, { minLength: 1, maxLength: 4 }),
      fc.option(fc.nat({ max: 4096 }), { freq: 8, nil: undefined }),
      async (image, mutations, cut) => {
        const mutated = image.slice(0, cut);
        for (const { place, offset, bytes } of mutations) {
          const at = Math.min(place + offset, mutated.length - bytes.length);
          if (at >= 0) mutated.set(bytes, at);
        }
        writeFileSync(path, mutated);
        const start = process.hrtime.bigint();
        const strange = await use(path, format, writable);
        if (strange !== undefined) throw strange;
        if (Number(process.hrtime.bigint() - start) / 1e9 > MOST_SECONDS) throw new Error('it took too long');
        if (process.memoryUsage().arrayBuffers - before > MOST_MEMORY) throw new Error('it took much memory');
      },
    ),
    { numRuns: RUNS },
  );
  t.pass();
}

/** The bytes of a small image that qemu-img made. */
export function theirImage(
  t: ExecutionContext,
  format: string,
  options: string,
  bytes = 3 * MiB,
): Uint8Array {
  const image = join(directory(t), `theirs.${format}`);
  tool(
    'qemu-img',
    'create',
    '-q',
    '-f',
    format,
    ...(options === '' ? [] : ['-o', options]),
    image,
    String(bytes),
  );
  tool('qemu-io', '-f', format, '-c', 'write -P 3 0 20k', image);
  return Uint8Array.from(readFileSync(image));
}
