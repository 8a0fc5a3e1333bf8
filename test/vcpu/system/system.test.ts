import { spawnSync } from 'node:child_process';
import test from 'ava';
import { readGolden } from './golden.ts';
import { assembleGuest, comparable, splitReport } from './guest.ts';
import { systemGuests } from './guests.ts';
import { runOnCore, runOnQemu } from './machines.ts';

const TOOLS = ['as', 'ld', 'qemu-system-x86_64'];
const hasTools = TOOLS.every((tool) => spawnSync(tool, ['--version']).status === 0);
const secondOpinion = hasTools ? test.serial : test.serial.skip;
const seed = Number(process.env['TROUPE_SYSTEM_SEED'] ?? 0);

for (const guest of systemGuests()) {
  test.serial(`${guest.name}: the core reports what is on record`, async (t) => {
    const { image, report } = await readGolden(guest.name);
    t.deepEqual((await runOnCore(image)).split('\n'), report.split('\n'));
  });
}

for (const guest of systemGuests(seed)) {
  if (guest.cases.every(({ deviation }) => deviation)) continue;
  secondOpinion(`${guest.name}: QEMU agrees where it follows the manual`, async (t) => {
    const image = assembleGuest(guest);
    const core = splitReport(await runOnCore(image));
    const qemu = splitReport(await runOnQemu(image));
    t.is(core.length, guest.cases.length);
    t.is(qemu.length, guest.cases.length);
    guest.cases.forEach((entry, index) => {
      if (entry.deviation) return;
      t.is(comparable(core[index] ?? '', entry), comparable(qemu[index] ?? '', entry), entry.name);
    });
  });
}
