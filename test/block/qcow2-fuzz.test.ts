import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import fc from 'fast-check';
import { Qcow2Node } from '../../src/block/qcow2/qcow2-node.ts';
import { TroupeError } from '../../src/errors/troupe-error.ts';
import { directory, KiB, tool } from './support/images.ts';
import { VolatileFile } from './support/volatile-file.ts';

const READ_BYTES = 256 * KiB;

/** A byte, or a whole field, of the first clusters: header, refcounts, L1 and L2 tables. */
const mutation = fc.record({
  offset: fc.oneof(fc.nat({ max: 112 }), fc.nat({ max: 24 * 512 })),
  bytes: fc.uint8Array({ minLength: 1, maxLength: 8 }),
});

/** Opens and uses an image. @returns what it ended with, if that is not an error of ours */
async function use(image: Uint8Array): Promise<unknown> {
  const file = new VolatileFile(image);
  try {
    const node = await Qcow2Node.open(file, undefined, await Qcow2Node.header(file));
    const bytes = Math.min(READ_BYTES, node.bytes);
    await node.read(0, [new Uint8Array(bytes)]);
    await node.write(0, [new Uint8Array(Math.min(4096, node.bytes))]);
    await node.status(0, Math.max(1, bytes));
    await node.close();
    return undefined;
  } catch (error) {
    return error instanceof TroupeError ? undefined : error;
  }
}

test('a mutated image is used, or refused with an error of ours', async (t) => {
  const path = join(directory(t), 'a.qcow2');
  tool('qemu-img', 'create', '-f', 'qcow2', '-o', 'cluster_size=512', path, '2M');
  tool('qemu-io', '-c', 'write 0 64k', '-c', 'write 100k 10k', path);
  const image = Uint8Array.from(readFileSync(path));
  await fc.assert(
    fc.asyncProperty(fc.array(mutation, { minLength: 1, maxLength: 4 }), async (mutations) => {
      const mutated = image.slice();
      for (const { offset, bytes } of mutations) mutated.set(bytes, offset);
      const strange = await use(mutated);
      if (strange !== undefined) throw strange;
    }),
    { numRuns: 400 },
  );
  t.pass();
});
