/** Makes the committed records again; `golden.test.ts` and `qemu.test.ts` judge them. */
import { writeGolden } from './golden.ts';
import { assembleGuest } from './guest.ts';
import { systemGuests } from './guests.ts';
import { runOnCore } from './machines.ts';

async function makeAll(): Promise<void> {
  for (const guest of systemGuests()) {
    const image = assembleGuest(guest);
    await writeGolden(guest.name, { image, report: await runOnCore(image) });
  }
}

void makeAll();
