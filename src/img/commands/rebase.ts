import { reasonOf } from '../../block/block-error.ts';
import type { BlockNode } from '../../block/block-node.ts';
import { findFormat } from '../../block/image-formats.ts';
import { backingPath } from '../../block/protocol-names.ts';
import { keepContents } from '../../block/rebase-image.ts';
import { type CommandWords, checkCacheModes, operandsOf } from '../command-words.ts';
import type { ImageCommand } from '../image-command.ts';
import { failed, wrongUsage } from '../image-command-error.ts';
import { OPEN_OPTIONS, openForCommand, withImage } from '../open-for-command.ts';
import { progressOf } from '../progress.ts';

async function openNewBacking(
  words: CommandWords,
  imageName: string,
  backingName: string,
): Promise<BlockNode | undefined> {
  if (backingName === '') return undefined;
  const path = backingPath(backingName, imageName);
  try {
    return await openForCommand({ ...words, has: () => false }, path, {
      format: words.value('F'),
      readOnly: true,
    });
  } catch (cause) {
    throw failed(`Could not open new backing file '${backingName}': ${reasonOf(cause)}`, { cause });
  }
}

async function change(node: BlockNode, name: string | undefined, format: string | undefined): Promise<void> {
  const complaint = `Could not change the backing file to '${name ?? ''}'`;
  if (node.changeBacking === undefined) throw failed(`${complaint}: Operation not supported`);
  const hasName = name !== undefined && name !== '';
  if (hasName && format === undefined) throw failed(`${complaint}: backing format must be specified`);
  try {
    await node.changeBacking(hasName ? name : undefined, format);
  } catch (cause) {
    throw failed(`${complaint}: ${reasonOf(cause)}`, { cause });
  }
}

export const REBASE: ImageCommand = {
  name: 'rebase',
  usage:
    'rebase [--object objectdef] [--image-opts] [-U] [-q] [-f fmt] [-t cache] [-T src_cache] [-p] [-u] -b backing_file [-F backing_fmt] filename',
  options: ['f:', 'F:', 'b:', 'u', 'p', 'q', 't:', 'T:', ...OPEN_OPTIONS],
  run: (words, output) => {
    const [fileName = ''] = operandsOf(words, 1, 'one image file name');
    const isUnsafe = words.has('u');
    const [name, format] = [words.value('b'), words.value('F')];
    if (!isUnsafe && name === undefined) {
      throw wrongUsage('Must specify backing file (-b) or use unsafe mode (-u)');
    }
    checkCacheModes(words);
    const request = { format: words.value('f'), readOnly: false, noBacking: isUnsafe };
    return withImage(words, fileName, request, async (node) => {
      if (format !== undefined) checkFormat(format);
      if (!isUnsafe) {
        const progress = progressOf(words, output);
        const backing = await openNewBacking(words, node.fileName, name ?? '');
        try {
          await keepContents(node, backing, progress.step);
        } finally {
          await backing?.close();
        }
        progress.end();
      }
      await change(node, name, format);
      return 0;
    });
  },
};

function checkFormat(format: string): void {
  try {
    findFormat(format);
  } catch (cause) {
    throw failed(`Invalid format name: '${format}'`, { cause });
  }
}
