import { readFileSync } from 'node:fs';
import test from 'ava';
import { Drive } from '../../src/block/drive.ts';
import { driveConfig, equal, imageFile, MiB, pattern } from './support/images.ts';

/** Memory that begins at a page, as guest RAM does. */
function pages(bytes: number): Uint8Array {
  const memory = new WebAssembly.Memory({ initial: bytes / 65536, maximum: bytes / 65536, shared: true });
  return new Uint8Array(memory.buffer);
}

for (const cache of ['none', 'directsync'] as const) {
  test(`cache=${cache}: aligned and other requests see each other’s data`, async (t) => {
    const contents = pattern(MiB + 700);
    const file = imageFile(t, contents);
    const drive = new Drive(driveConfig({ id: 'd', file, format: 'raw', cache }));
    t.teardown(() => drive.close());
    await drive.changeMedium(file, 'raw');
    const memory = pages(2 * MiB);
    const rounded = Math.ceil(contents.length / 512) * 512;
    const expected = new Uint8Array(rounded);
    expected.set(contents);
    for (let step = 0; step < 60; step++) {
      const isAligned = step % 2 === 0;
      const offset = isAligned ? ((step * 7) % 256) * 4096 : ((step * 131) % 2049) * 512;
      const bytes = isAligned ? 4096 : 512;
      const at = isAligned ? MiB : MiB + 512 + step;
      const view = memory.subarray(at, at + bytes);
      view.set(pattern(bytes, step));
      expected.set(pattern(bytes, step), offset);
      t.is(await drive.write(offset, [view], bytes), 0);
      const back = memory.subarray(0, 8192);
      const from = Math.min(Math.floor(offset / 4096) * 4096, rounded - 8192 - ((rounded - 8192) % 4096));
      t.is(await drive.read(from, [back], 8192), 0);
      t.true(equal(Uint8Array.from(back), expected.slice(from, from + 8192)));
    }
    t.is(await drive.flush(), 0);
    await drive.close();
    t.true(equal(readFileSync(file), expected.subarray(0, readFileSync(file).length)));
  });
}
