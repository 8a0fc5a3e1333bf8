import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { demoGuest } from '../../src/quickstart/demo/demo-guest.ts';
import { hasQemu, QEMU } from '../machine/firmware/qemu-platform.ts';

const oracle = hasQemu() ? test : test.skip;

/** Waits until the guest has said what matches, from where the last wait ended. */
function listener(guest: ChildProcess): (pattern: RegExp) => Promise<string> {
  let heard = '';
  guest.stdout?.setEncoding('latin1').on('data', (text: string) => {
    heard += text;
  });
  return async (pattern) => {
    for (;;) {
      const match = pattern.exec(heard);
      if (match !== null) {
        const said = heard.slice(0, match.index + match[0].length);
        heard = heard.slice(said.length);
        return said;
      }
      await once(guest.stdout ?? guest, 'data');
    }
  };
}

oracle('the demo guest does on QEMU what its menu says', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'troupe-demo-'));
  t.teardown(() => rmSync(folder, { recursive: true, force: true }));
  const image = join(folder, 'demo');
  writeFileSync(image, demoGuest());
  const args = [
    '-accel',
    'tcg',
    '-smp',
    '2',
    '-m',
    '16',
    '-display',
    'none',
    '-serial',
    'stdio',
    '-kernel',
    image,
  ];
  const guest = spawn(QEMU, [...args, '-no-reboot'], { stdio: ['pipe', 'pipe', 'ignore'] });
  t.teardown(() => guest.kill('SIGKILL'));
  const heard = listener(guest);
  t.regex(await heard(/> /), /processor 1 is here.*processors: 2\r/s);
  guest.stdin?.write('c');
  t.regex(await heard(/> /), /2000000 of 2000000 increments/);
  guest.stdin?.write('m');
  t.regex(await heard(/> /), /12\d{3} KiB tested, 0 words wrong/);
  guest.stdin?.write('b');
  await once(guest, 'exit');
  t.is(guest.exitCode, 0);
});
