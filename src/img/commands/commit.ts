import { basename } from 'node:path';
import { reasonOf } from '../../block/block-error.ts';
import type { BlockNode } from '../../block/block-node.ts';
import { commitImage } from '../../block/commit-image.ts';
import { backingPath } from '../../block/protocol-names.ts';
import { checkCacheModes, operandsOf } from '../command-words.ts';
import type { ImageCommand } from '../image-command.ts';
import { failed } from '../image-command-error.ts';
import { OPEN_OPTIONS, withImage } from '../open-for-command.ts';
import { progressOf } from '../progress.ts';

/** The image below `top` that is called `name`, as its own name or as the one that counts from the image above it. */
function findBase(top: BlockNode, name: string): BlockNode | undefined {
  let above = top;
  for (let node = top.backing; node !== undefined; node = node.backing) {
    const names = [node.fileName, backingPath(name, above.fileName)];
    if (node.fileName === name || names[0] === names[1]) return node;
    above = node;
  }
  return undefined;
}

export const COMMIT: ImageCommand = {
  name: 'commit',
  usage:
    'commit [--object objectdef] [--image-opts] [-q] [-f fmt] [-t cache] [-b base] [-r rate_limit] [-d] [-p] filename',
  options: ['f:', 't:', 'b:', 'r:', 'd', 'p', 'q', ...OPEN_OPTIONS],
  run: (words, output) => {
    checkCacheModes(words);
    const [fileName = ''] = operandsOf(words, 1, 'one image file name');
    const baseName = words.value('b');
    return withImage(words, fileName, { format: words.value('f'), readOnly: false }, async (top) => {
      if (top.backing === undefined) throw failed('Image does not have a backing file');
      const base = baseName === undefined ? top.backing : findBase(top, baseName);
      if (base === undefined) {
        throw failed(`Did not find '${baseName}' in the backing chain of '${basename(fileName)}'`);
      }
      const progress = progressOf(words, output);
      try {
        await base.setReadOnly?.(false);
        await commitImage(top, base, progress.step);
      } catch (cause) {
        throw failed(`Could not commit '${fileName}': ${reasonOf(cause)}`, { cause });
      }
      // Those in between, if there are any, do not fit any more, so what is above them stays as it is.
      if (!words.has('d') && baseName === undefined) await top.makeEmpty?.();
      progress.end();
      if (!words.has('q')) output.write('Image committed.\n');
      return 0;
    });
  },
};
