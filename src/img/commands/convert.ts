import { reasonOf } from '../../block/block-error.ts';
import type { BlockNode } from '../../block/block-node.ts';
import { type CopyOptions, copyImages } from '../../block/copy-image.ts';
import { createImage } from '../../block/create-image.ts';
import { Qcow2Node } from '../../block/qcow2/qcow2-node.ts';
import { type OptionPair, splitOptionList } from '../../options/option-list.ts';
import { booleanValue, stringValue } from '../../options/option-values.ts';
import { type CommandWords, checkCacheModes } from '../command-words.ts';
import { asksForHelp, createOptionsOf, creatorOf, optionHelp } from '../create-options.ts';
import type { CommandOutput, ImageCommand } from '../image-command.ts';
import { failed } from '../image-command-error.ts';
import { OPEN_OPTIONS, openForCommand } from '../open-for-command.ts';
import { progressOf } from '../progress.ts';
import { secretCalled, secretsOf } from '../secrets.ts';
import { parseImageSize } from '../size-text.ts';

const DEFAULT_SPARSE_BYTES = 4096;
const SECTOR_BYTES = 512;
const MOST_SPARSE_BYTES = 16 * 1024 * 1024;
const MOST_COROUTINES = 16;

interface Plan {
  readonly sources: readonly string[];
  readonly target: string;
  readonly format: string;
  readonly pairs: readonly OptionPair[];
  readonly backingFile: string | undefined;
  readonly sparseBytes: number;
}

function sparseBytesOf(words: CommandWords): number {
  const text = words.value('S');
  if (text === undefined) return DEFAULT_SPARSE_BYTES;
  const what = 'buffer size for sparse output';
  const bytes = parseImageSize(text, what);
  if (bytes % SECTOR_BYTES !== 0 || bytes > MOST_SPARSE_BYTES) {
    throw failed(
      `Invalid ${what} specified. Valid sizes are multiples of ${SECTOR_BYTES} up to ${MOST_SPARSE_BYTES}. Select 0 to disable sparse detection (fully allocates output).`,
    );
  }
  return bytes;
}

function checkCoroutines(words: CommandWords): void {
  const text = words.value('m');
  if (text === undefined) return;
  const count = Number(text);
  if (!Number.isInteger(count) || count < 1 || count > MOST_COROUTINES) {
    throw failed(
      `Invalid number of coroutines. Allowed number of coroutines is between 1 and ${MOST_COROUTINES}`,
    );
  }
}

/** What contradicts itself among the options. */
function checkTogether(
  words: CommandWords,
  pairs: readonly OptionPair[],
  backingFile: string | undefined,
): void {
  const isNew = !words.has('n');
  if (words.has('target-is-zero') && isNew) throw failed('--target-is-zero requires use of -n flag');
  if (words.has('C') && words.has('S')) throw failed('Cannot enable copy offloading when -S is used');
  if (words.has('C') && words.has('c')) throw failed('Cannot enable copy offloading when -c is used');
  if (words.has('bitmaps')) throw failed('--bitmaps: not available in this version');
  if (words.has('F') && backingFile === undefined) throw failed('-F can only be used when -B is given');
  const hasFormat = words.has('F') || stringValue(pairs, 'backing_fmt') !== undefined;
  if (isNew && backingFile !== undefined && !hasFormat) {
    throw failed('Use of backing file requires explicit backing format');
  }
  if (!words.has('c')) return;
  if (stringValue(pairs, 'encrypt.format') !== undefined || booleanValue(pairs, 'encryption') === true) {
    throw failed('Compression and encryption not supported at the same time');
  }
  if ((stringValue(pairs, 'preallocation') ?? 'off') !== 'off') {
    throw failed('Compression and preallocation not supported at the same time');
  }
}

function planOf(words: CommandWords): Plan {
  checkCacheModes(words);
  checkCoroutines(words);
  const pairs = createOptionsOf(words);
  const backingFile = words.value('B') ?? stringValue(pairs, 'backing_file');
  checkTogether(words, pairs, backingFile);
  const sources = words.operands.slice(0, -1);
  const target = words.operands.at(-1);
  if (target === undefined || sources.length === 0) throw failed('Must specify image file name');
  if (backingFile !== undefined && sources.length > 1) {
    throw failed(
      'Having a backing file for the target makes no sense when concatenating multiple input images',
    );
  }
  const format = words.value('O') ?? 'raw';
  if (!words.has('n')) creatorOf(format);
  return { sources, target, format, pairs, backingFile, sparseBytes: sparseBytesOf(words) };
}

/** `-l NAME`, `-l snapshot.id=1` or `-l snapshot.name=one`. */
async function showSnapshot(node: BlockNode, parameter: string): Promise<void> {
  const snapshots = node instanceof Qcow2Node ? node.snapshots : [];
  const pairs = parameter.startsWith('snapshot.') ? splitOptionList(parameter) : [];
  const id = stringValue(pairs, 'snapshot.id');
  const name = stringValue(pairs, 'snapshot.name');
  const snapshot =
    pairs.length === 0
      ? (snapshots.find((each) => each.id === parameter) ?? snapshots.find((each) => each.name === parameter))
      : snapshots.find(
          (each) => (id === undefined || each.id === id) && (name === undefined || each.name === name),
        );
  if (snapshot === undefined || !(node instanceof Qcow2Node)) {
    throw failed("Failed to load snapshot: Can't find snapshot");
  }
  await node.showSnapshot(snapshot);
}

async function openSources(words: CommandWords, plan: Plan, opened: BlockNode[]): Promise<void> {
  const snapshot = words.value('l');
  for (const name of plan.sources) {
    const node = await openForCommand(words, name, { format: words.value('f'), readOnly: true });
    opened.push(node);
    if (snapshot !== undefined) await showSnapshot(node, snapshot);
  }
}

async function openTarget(words: CommandWords, plan: Plan, bytes: number): Promise<BlockNode> {
  const { target, format, pairs, backingFile } = plan;
  if (!words.has('n')) {
    await createImage({
      fileName: target,
      format,
      bytes,
      backingFile,
      backingFormat: words.value('F'),
      formatOptions: pairs,
    });
  }
  const asNamed = words.has('target-image-opts') ? words : { ...words, has: () => false };
  const node = await openForCommand(asNamed, target, { format, readOnly: false });
  const secret = stringValue(pairs, 'encrypt.key-secret');
  if (secret !== undefined) node.setKey?.(secretCalled(secretsOf(words), secret));
  return node;
}

async function copy(
  words: CommandWords,
  plan: Plan,
  sources: readonly BlockNode[],
  target: BlockNode,
  output: CommandOutput,
): Promise<void> {
  const bytes = sources.reduce((sum, source) => sum + source.bytes, 0);
  if (target.bytes < bytes) throw failed('output file is smaller than input file');
  if (words.has('c') && target.writeCompressed === undefined) {
    throw failed('Compression not supported for this file format');
  }
  const progress = progressOf(words, output);
  const options: CopyOptions = {
    progress: progress.step,
    sparseBytes: plan.sparseBytes,
    compressed: words.has('c'),
    targetIsZero: plan.backingFile === undefined && (!words.has('n') || words.has('target-is-zero')),
    sharesBacking: plan.backingFile !== undefined,
  };
  try {
    await copyImages(sources, target, options);
  } catch (cause) {
    throw failed(`error while converting ${plan.format}: ${reasonOf(cause)}`, { cause });
  }
  progress.end();
}

async function convert(words: CommandWords, plan: Plan, output: CommandOutput): Promise<void> {
  const opened: BlockNode[] = [];
  try {
    await openSources(words, plan, opened);
    const sources = [...opened];
    if (words.has('c') && !words.has('n') && plan.format === 'raw') {
      throw failed('Compression not supported for this file format');
    }
    const bytes = sources.reduce((sum, source) => sum + source.bytes, 0);
    const target = await openTarget(words, plan, bytes);
    opened.push(target);
    await copy(words, plan, sources, target, output);
    opened.pop();
    await target.close();
  } finally {
    for (const node of opened.reverse()) await node.close().catch(() => undefined);
  }
}

export const CONVERT: ImageCommand = {
  name: 'convert',
  usage:
    'convert [--object objectdef] [--image-opts] [--target-image-opts] [--target-is-zero] [-U] [-C] [-c] [-p] [-q] [-n] [-f fmt] [-t cache] [-T src_cache] [-O output_fmt] [-B backing_file [-F backing_fmt]] [-o options] [-l snapshot_param] [-S sparse_size] [-r rate_limit] [-m num_coroutines] [-W] [--salvage] filename [filename2 [...]] output_filename',
  options: [
    ...['f:', 'O:', 'o:', 'B:', 'F:', 'l:', 'S:', 'r:', 'm:', 't:', 'T:'],
    ...['c', 'p', 'q', 'n', 'C', 'W', 'salvage', 'bitmaps', 'target-is-zero', 'target-image-opts'],
    ...OPEN_OPTIONS,
  ],
  run: async (words, output) => {
    if (asksForHelp(words)) {
      output.write(optionHelp(words.value('O') ?? 'raw'));
      return 0;
    }
    await convert(words, planOf(words), output);
    return 0;
  },
};
