/** Drives of a machine in the formats of other programs. */
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { launch } from '../../src/client/troupe.ts';
import { scratch } from './process.ts';

const MiB = 1024 * 1024;
const FORMATS = ['vdi', 'vmdk', 'vpc', 'qcow', 'parallels'];

test('query-block names the formats, guessed or given; a snapshot builds on each', async (t) => {
  await using folder = await scratch();
  const raw = join(folder.path, 'model.raw');
  const model = new Uint8Array(2 * MiB);
  for (let index = 0; index < MiB; index++) model[index] = (index >>> 9) + index;
  writeFileSync(raw, model);
  const file = (name: string) => join(folder.path, name);
  for (const format of FORMATS) {
    execFileSync('qemu-img', ['convert', '-f', 'raw', '-O', format, raw, file(`a.${format}`)]);
  }
  const drives = FORMATS.flatMap((format) => ['-drive', `file=${file(`a.${format}`)},if=none,id=${format}`]);
  await using machine = await launch(['-S', '-nodefaults', ...drives]);
  const shown = async () =>
    Object.fromEntries(
      (await machine.execute('query-block')).map(({ device, inserted }) => [device, inserted?.drv]),
    );
  t.deepEqual(await shown(), Object.fromEntries(FORMATS.map((format) => [format, format])));
  for (const device of FORMATS) {
    await machine.execute('blockdev-snapshot-sync', { device, 'snapshot-file': file(`${device}.qcow2`) });
  }
  t.deepEqual(await shown(), Object.fromEntries(FORMATS.map((format) => [format, 'qcow2'])));
  t.is((await machine.quit()).code, 0);
  for (const format of FORMATS) {
    const words = ['convert', '-O', 'raw', file(`${format}.qcow2`), file('back.raw')];
    execFileSync('qemu-img', words);
    const back = execFileSync('qemu-io', ['-r', '-f', 'raw', '-c', 'read -v 512 32', file('back.raw')], {
      encoding: 'utf8',
    });
    t.regex(back, /01 02 03 04/, format);
  }
});
