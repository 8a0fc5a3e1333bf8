/** What troupe-img can do: one entry a command, with its options, its effect and its exit status. */
import { statSync } from 'node:fs';
import type { BlockNode } from '../block/block-node.ts';
import { copyImage, firstDifference, type Progress } from '../block/copy-image.ts';
import { createImage } from '../block/create-image.ts';
import { openImage } from '../block/open-image.ts';
import { backingPath, hostPath } from '../block/protocol-names.ts';
import { Qcow2Node } from '../block/qcow2/qcow2-node.ts';
import { splitOptionList } from '../options/option-list.ts';
import { parseSize } from '../options/option-values.ts';
import { type CommandWords, operandsOf, parseWords } from './command-words.ts';
import { ImageCommandError } from './image-command-error.ts';
import { imageMap, mapJson, mapText } from './image-map.ts';

export interface CommandOutput {
  /** Writes text as it is. */
  write(text: string): void;
}

export interface ImageCommand {
  readonly name: string;
  readonly usage: string;
  /** Options: see parseWords. */
  readonly options: readonly string[];
  /** @returns the exit status */
  run(words: CommandWords, output: CommandOutput): Promise<number>;
}

const BLOCK_BYTES = 512;
const DIFFERENT = 1;

async function withImage<T>(
  fileName: string,
  format: string | undefined,
  readOnly: boolean,
  use: (node: BlockNode) => Promise<T>,
): Promise<T> {
  const node = await openImage(fileName, { format, readOnly, driverOptions: [] });
  try {
    return await use(node);
  } finally {
    await node.close();
  }
}

function formatOptions(words: CommandWords) {
  return words.values('o').flatMap((text) => splitOptionList(text));
}

function progressOf(words: CommandWords, output: CommandOutput): Progress {
  if (!words.has('p')) return () => undefined;
  return (done, total) => {
    const percent = (total === 0 ? 100 : (done / total) * 100).toFixed(2);
    output.write(`    (${percent}/100%)\r${done === total ? '\n' : ''}`);
  };
}

const SUFFIXES = ['', 'K', 'M', 'G', 'T'];

/** `8.0M`, as people read sizes. */
function humanSize(bytes: number): string {
  const step = bytes === 0 ? 0 : Math.min(Math.floor(Math.log2(bytes) / 10), SUFFIXES.length - 1);
  const amount = bytes / 2 ** (10 * step);
  return `${amount < 10 && step > 0 ? amount.toFixed(1) : Math.round(amount)}${SUFFIXES[step]}`;
}

/** schema.json, ImageInfo. */
function describe(fileName: string, node: BlockNode): Record<string, string | number | boolean> {
  const header = node instanceof Qcow2Node ? node.header : undefined;
  const backing = header?.backingFile;
  return {
    'virtual-size': node.bytes,
    filename: fileName,
    ...(header === undefined ? {} : { 'cluster-size': 2 ** header.clusterBits }),
    format: node.driver,
    'actual-size': statSync(hostPath(fileName)).blocks * BLOCK_BYTES,
    ...(backing === undefined
      ? {}
      : { 'full-backing-filename': backingPath(backing, fileName), 'backing-filename': backing }),
    ...(header?.backingFormat === undefined ? {} : { 'backing-filename-format': header.backingFormat }),
    'dirty-flag': false,
  };
}

function infoText(info: Record<string, string | number | boolean>): string {
  const virtual = Number(info['virtual-size']);
  const lines = [
    `image: ${info['filename']}`,
    `file format: ${info['format']}`,
    `virtual size: ${humanSize(virtual)} (${virtual} bytes)`,
    `disk size: ${humanSize(Number(info['actual-size']))}`,
  ];
  if (info['cluster-size'] !== undefined) lines.push(`cluster_size: ${info['cluster-size']}`);
  const backing = info['backing-filename'];
  if (backing !== undefined) {
    const full = info['full-backing-filename'];
    lines.push(`backing file: ${backing}${full === backing ? '' : ` (actual path: ${full})`}`);
  }
  if (info['backing-filename-format'] !== undefined) {
    lines.push(`backing file format: ${info['backing-filename-format']}`);
  }
  return `${lines.join('\n')}\n`;
}

function isJson(words: CommandWords): boolean {
  const output = words.value('output') ?? 'human';
  if (output !== 'human' && output !== 'json') {
    throw new ImageCommandError('ERR_IMAGE_USAGE', '--output must be used with human or json as argument.');
  }
  return output === 'json';
}

const create: ImageCommand = {
  name: 'create',
  usage: 'create [-q] [-f fmt] [-o options] [-b backing_file] [-F backing_fmt] filename [size]',
  options: ['f:', 'o:', 'b:', 'F:', 'q'],
  run: async (words, output) => {
    const [fileName, size, ...rest] = words.operands;
    if (fileName === undefined || rest.length > 0) {
      throw new ImageCommandError('ERR_IMAGE_USAGE', 'Expecting image file name');
    }
    const format = words.value('f') ?? 'raw';
    const bytes = await createImage({
      fileName,
      format,
      bytes: size === undefined ? undefined : Number(parseSize('size', size)),
      backingFile: words.value('b'),
      backingFormat: words.value('F'),
      formatOptions: formatOptions(words),
    });
    const backing = words.value('b') === undefined ? '' : ` backing_file='${words.value('b')}'`;
    if (!words.has('q')) output.write(`Formatting '${fileName}', fmt=${format} size=${bytes}${backing}\n`);
    return 0;
  },
};

const info: ImageCommand = {
  name: 'info',
  usage: 'info [-f fmt] [--output=human|json] filename',
  options: ['f:', 'output:'],
  run: (words, output) => {
    const [fileName = ''] = operandsOf(words, 'image file name');
    const asJson = isJson(words);
    return withImage(fileName, words.value('f'), true, async (node) => {
      const facts = describe(fileName, node);
      output.write(asJson ? `${JSON.stringify(facts, undefined, 4)}\n` : infoText(facts));
      return 0;
    });
  },
};

const convert: ImageCommand = {
  name: 'convert',
  usage: 'convert [-p] [-q] [-f fmt] [-O output_fmt] [-o options] filename output_filename',
  options: ['f:', 'O:', 'o:', 'p', 'q'],
  run: async (words, output) => {
    const [from = '', to = ''] = operandsOf(words, 'filename', 'output_filename');
    const format = words.value('O') ?? 'raw';
    await withImage(from, words.value('f'), true, async (source) => {
      await createImage({
        fileName: to,
        format,
        bytes: source.bytes,
        backingFile: undefined,
        backingFormat: undefined,
        formatOptions: formatOptions(words),
      });
      await withImage(to, format, false, (target) => copyImage(source, target, progressOf(words, output)));
    });
    return 0;
  },
};

const compare: ImageCommand = {
  name: 'compare',
  usage: 'compare [-f fmt] [-F fmt] [-p] [-q] [-s] filename1 filename2',
  options: ['f:', 'F:', 'p', 'q', 's'],
  run: (words, output) => {
    const [first = '', second = ''] = operandsOf(words, 'filename1', 'filename2');
    const say = (text: string) => words.has('q') || output.write(`${text}\n`);
    return withImage(first, words.value('f'), true, (one) =>
      withImage(second, words.value('F'), true, async (other) => {
        if (one.bytes !== other.bytes && words.has('s')) {
          say('Strict mode: Image size mismatch!');
          return DIFFERENT;
        }
        const difference = await firstDifference(one, other, progressOf(words, output));
        if (difference !== undefined) {
          say(`Content mismatch at offset ${difference}!`);
          return DIFFERENT;
        }
        if (one.bytes !== other.bytes) say('Warning: Image size mismatch!');
        say('Images are identical.');
        return 0;
      }),
    );
  },
};

const resize: ImageCommand = {
  name: 'resize',
  usage: 'resize [-q] [-f fmt] filename [+ | -]size',
  options: ['f:', 'q'],
  run: (words, output) => {
    const [fileName = '', size = ''] = operandsOf(words, 'filename', 'size');
    const sign = /^[+-]/.exec(size)?.[0];
    const amount = Number(parseSize('size', sign === undefined ? size : size.slice(1)));
    return withImage(fileName, words.value('f'), false, async (node) => {
      const bytes = sign === undefined ? amount : node.bytes + (sign === '+' ? amount : -amount);
      if (bytes <= 0) throw new ImageCommandError('ERR_IMAGE_FAILED', 'New image size must be positive');
      await node.resize(bytes);
      if (!words.has('q')) output.write('Image resized.\n');
      return 0;
    });
  },
};

const map: ImageCommand = {
  name: 'map',
  usage: 'map [-f fmt] [--output=human|json] filename',
  options: ['f:', 'output:'],
  run: (words, output) => {
    const [fileName = ''] = operandsOf(words, 'image file name');
    const asJson = isJson(words);
    return withImage(fileName, words.value('f'), true, async (node) => {
      const extents = await imageMap(node);
      output.write(asJson ? mapJson(extents) : mapText(extents));
      return 0;
    });
  },
};

export const IMAGE_COMMANDS: readonly ImageCommand[] = [compare, convert, create, info, map, resize];

/** Runs the command that the words begin with. Throws TroupeErrors. */
export async function runImageCommand(words: readonly string[], output: CommandOutput): Promise<number> {
  const [name = '', ...rest] = words;
  const command = IMAGE_COMMANDS.find((each) => each.name === name);
  if (command === undefined) {
    const usages = IMAGE_COMMANDS.map(({ usage }) => `  ${usage}\n`).join('');
    if (['', '-h', '--help'].includes(name)) {
      output.write(`usage: troupe-img command [command options]\n\nCommand syntax:\n${usages}`);
      return name === '' ? 1 : 0;
    }
    throw new ImageCommandError('ERR_IMAGE_USAGE', `Command not found: ${name}`);
  }
  return command.run(parseWords(rest, command.options), output);
}
