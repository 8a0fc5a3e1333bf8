import type { BlockNode } from '../../block/block-node.ts';
import { fillSpace, type Preallocation } from '../../block/preallocation.ts';
import { Qcow2Node } from '../../block/qcow2/qcow2-node.ts';
import { RawNode } from '../../block/raw-node.ts';
import type { CommandWords } from '../command-words.ts';
import type { CommandOutput, ImageCommand } from '../image-command.ts';
import { failed, wrongUsage } from '../image-command-error.ts';
import { OPEN_OPTIONS, withImage } from '../open-for-command.ts';
import { parseImageSize } from '../size-text.ts';

const SECTOR_BYTES = 512;
const MODES: readonly Preallocation[] = ['off', 'metadata', 'falloc', 'full'];

function preallocationOf(words: CommandWords): Preallocation {
  const text = words.value('preallocation') ?? 'off';
  const mode = MODES.find((each) => each === text);
  if (mode === undefined) throw failed(`Invalid preallocation mode '${text}'`);
  return mode;
}

/** `+1G`, `-1G` or the whole length. */
function newLength(text: string, before: number): number {
  const sign = /^[+-]/.exec(text)?.[0];
  const amount = parseImageSize(sign === undefined ? text : text.slice(1));
  const bytes = sign === undefined ? amount : sign === '+' ? before + amount : before - amount;
  if (bytes <= 0) throw failed('New image size must be positive');
  return Math.ceil(bytes / SECTOR_BYTES) * SECTOR_BYTES;
}

async function grow(node: BlockNode, bytes: number, mode: Preallocation): Promise<void> {
  const before = node.bytes;
  const isPossible =
    mode === 'off' || node instanceof Qcow2Node || (node instanceof RawNode && mode !== 'metadata');
  if (!isPossible) throw failed(`Unsupported preallocation mode: ${mode}`);
  await node.resize(bytes);
  if (mode === 'off') return;
  if (!(node instanceof Qcow2Node)) return fillSpace(node.file ?? node, before, bytes - before, mode);
  const { file, clusterBytes } = node;
  const from = Math.ceil(before / clusterBytes) * clusterBytes;
  if (from < bytes) {
    await node.preallocate(from, bytes - from, (place, length) => fillSpace(file, place, length, mode));
  }
}

async function resize(node: BlockNode, bytes: number, words: CommandWords, output: CommandOutput) {
  const mode = preallocationOf(words);
  if (bytes > node.bytes) return grow(node, bytes, mode);
  if (mode !== 'off') throw failed('Preallocation can only be used for growing images');
  if (bytes === node.bytes) return;
  if (!words.has('shrink')) {
    output.warn(
      "warning: Shrinking an image will delete all data beyond the shrunken image's end. Before performing such an operation, make sure there is no important data there.",
    );
    throw failed('Use the --shrink option to perform a shrink operation.');
  }
  if (node instanceof Qcow2Node) await node.shrink(bytes);
  else await node.resize(bytes);
}

export const RESIZE: ImageCommand = {
  name: 'resize',
  usage:
    'resize [--object objectdef] [--image-opts] [-f fmt] [--preallocation=prealloc] [-q] [--shrink] filename [+ | -]size',
  options: ['f:', 'q', 'preallocation:', 'shrink', ...OPEN_OPTIONS],
  run: async (words, output) => {
    preallocationOf(words);
    const [fileName, size, ...rest] = words.operands;
    if (fileName === undefined || size === undefined) throw wrongUsage('Not enough arguments');
    if (rest.length > 0) throw wrongUsage('Expecting image file name and size');
    return withImage(words, fileName, { format: words.value('f'), readOnly: false }, async (node) => {
      await resize(node, newLength(size, node.bytes), words, output);
      if (!words.has('q')) output.write('Image resized.\n');
      return 0;
    });
  },
};
