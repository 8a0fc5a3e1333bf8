/** Real QEMU, as a second opinion on what a client has to cope with. */
import { existsSync } from 'node:fs';

import { type LaunchOptions, launch } from '../../src/client/launch.ts';
import type { Machine } from '../../src/client/machine.ts';

const QEMU = '/usr/bin/qemu-system-x86_64';

export const hasQemu = existsSync(QEMU);

/** A stopped machine without devices. */
export function launchQemu(options: LaunchOptions = {}): Promise<Machine> {
  return launch({
    ...options,
    command: QEMU,
    args: ['-S', '-nodefaults', '-machine', 'none', '-display', 'none', ...(options.args ?? [])],
  });
}
