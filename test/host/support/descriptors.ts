/** What /proc says about this process's descriptors: an oracle for leaks. */
import { readdirSync, readlinkSync } from 'node:fs';

/** Every open descriptor with what it refers to; the one that lists the directory itself is left out. */
export function openDescriptors(): Map<number, string> {
  const open = new Map<number, string>();
  for (const name of readdirSync('/proc/self/fd')) {
    try {
      open.set(Number(name), readlinkSync(`/proc/self/fd/${name}`));
    } catch {
      // The descriptor of the directory that was being read.
    }
  }
  return open;
}
