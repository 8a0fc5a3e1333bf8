import { prepareImage } from '../../block/create-image.ts';
import { formatOptionList } from '../../options/option-list.ts';
import { sizeValue, stringValue } from '../../options/option-values.ts';
import type { CommandWords } from '../command-words.ts';
import { asksForHelp, createOptionsOf, creatorOf, optionHelp } from '../create-options.ts';
import type { CommandOutput, ImageCommand } from '../image-command.ts';
import { failed, wrongUsage } from '../image-command-error.ts';
import { secretCalled, secretsOf } from '../secrets.ts';
import { parseImageSize } from '../size-text.ts';

async function create(
  words: CommandWords,
  fileName: string,
  size: number | undefined,
  output: CommandOutput,
) {
  const format = words.value('f') ?? 'raw';
  const pairs = createOptionsOf(words);
  creatorOf(format);
  const sizeOption = sizeValue(pairs, 'size');
  if (sizeOption !== undefined && size !== undefined) {
    throw failed('The image size must be specified only once');
  }
  const secret = stringValue(pairs, 'encrypt.key-secret');
  if (secret !== undefined) secretCalled(secretsOf(words), secret);
  const image = await prepareImage({
    fileName,
    format,
    bytes: size ?? sizeOption,
    backingFile: words.value('b'),
    backingFormat: words.value('F'),
    unsafe: words.has('u'),
    formatOptions: pairs,
  });
  if (!words.has('q')) {
    const described = image.description.map((pair) => formatOptionList([pair])).join(' ');
    output.write(`Formatting '${fileName}', fmt=${format} ${described}\n`);
  }
  await image.write();
}

export const CREATE: ImageCommand = {
  name: 'create',
  usage:
    'create [--object objectdef] [-q] [-f fmt] [-b backing_file [-F backing_fmt]] [-u] [-o options] filename [size]',
  options: ['f:', 'o:', 'b:', 'F:', 'u', 'q', 'object:'],
  run: async (words, output) => {
    const [fileName, size, ...rest] = words.operands;
    if (asksForHelp(words)) {
      output.write(optionHelp(words.value('f') ?? 'raw'));
      return 0;
    }
    if (fileName === undefined) throw wrongUsage('Expecting image file name');
    if (rest.length > 0) throw wrongUsage(`Unexpected argument: ${rest[0]}`);
    const bytes = size === undefined ? undefined : parseImageSize(size);
    try {
      await create(words, fileName, bytes, output);
    } catch (error) {
      throw error instanceof Error ? failed(`${fileName}: ${error.message}`, { cause: error }) : error;
    }
    return 0;
  },
};
