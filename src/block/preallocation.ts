/** Space that an image takes before it is used. */
import type { BlockNode } from './block-node.ts';
import { invalidOption } from './image-creator.ts';

/** None; only the tables; blocks of the host too; blocks that have been written with zeros. */
export type Preallocation = 'off' | 'metadata' | 'falloc' | 'full';

const CHUNK_BYTES = 2 * 1024 * 1024;

/** Throws BlockError for a mode that is none, or not one of `allowed`. */
export function parsePreallocation(text: string, allowed: readonly Preallocation[]): Preallocation {
  const mode = (['off', 'metadata', 'falloc', 'full'] as const).find((each) => each === text);
  if (mode === undefined) throw invalidOption(`Parameter 'preallocation' does not accept value '${text}'`);
  if (!allowed.includes(mode)) throw invalidOption(`Unsupported preallocation mode: ${mode}`);
  return mode;
}

/** Lets a range of a file read as zeros, with as much behind it as `mode` says. */
export async function fillSpace(
  file: BlockNode,
  offset: number,
  bytes: number,
  mode: Preallocation,
): Promise<void> {
  if (mode === 'full') {
    const zeroes = new Uint8Array(Math.min(bytes, CHUNK_BYTES));
    for (let done = 0; done < bytes; done += zeroes.length) {
      await file.write(offset + done, [zeroes.subarray(0, bytes - done)]);
    }
  } else if (mode === 'falloc') {
    await file.writeZeroes(offset, bytes, { mayUnmap: false });
  } else {
    // What lies behind the end of the file is zeros anyway.
    const there = Math.min(bytes, file.bytes - offset);
    if (there > 0) await file.writeZeroes(offset, there, { mayUnmap: true });
  }
}
