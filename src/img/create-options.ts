/** `-o`: options of the format that an image is made in. */
import { BlockError } from '../block/block-error.ts';
import { findCreator } from '../block/create-image.ts';
import type { ImageCreator } from '../block/image-creator.ts';
import { type OptionPair, splitOptionList } from '../options/option-list.ts';
import type { CommandWords } from './command-words.ts';
import { failed } from './image-command-error.ts';

const HELP = ['help', '?'];
const TYPES = { str: '<str>', size: '<size>', num: '<num>', bool: '<bool (on/off)>' } as const;
const COLUMN = 24;

/** All of the options that were given. */
export function createOptionsOf(words: CommandWords): readonly OptionPair[] {
  return words.values('o').flatMap((text) => splitOptionList(text));
}

export function asksForHelp(words: CommandWords): boolean {
  return createOptionsOf(words).some(([key]) => HELP.includes(key));
}

/** How images of a format are made. Throws ImageCommandError, or BlockError for a format that is only read. */
export function creatorOf(format: string): ImageCreator {
  try {
    return findCreator(format);
  } catch (cause) {
    if (!(cause instanceof BlockError) || cause.code !== 'ERR_BLOCK_FORMAT') throw cause;
    throw failed(`Unknown file format '${format}'`, { cause });
  }
}

/** The options of a format, one a line. */
export function optionHelp(format: string): string {
  const lines = creatorOf(format).options.map(({ name, type, help }) => {
    const left = `  ${name}=${TYPES[type]}`;
    return `${left.padEnd(COLUMN)} - ${help}`;
  });
  return `${[`Supported ${format} options:`, ...lines].join('\n')}\n`;
}
