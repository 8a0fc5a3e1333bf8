/** The words of one command: options of one letter or of two dashes, and what is left. */
import { parseArgs } from 'node:util';
import { failed, ImageCommandError } from './image-command-error.ts';

export interface CommandWords {
  /** Whether a flag was given. */
  has(name: string): boolean;
  /** The last value of an option. */
  value(name: string): string | undefined;
  /** All values of an option that may be repeated. */
  values(name: string): readonly string[];
  readonly operands: readonly string[];
}

/** Names of more than one letter that have a letter, too. */
const LETTERS: Readonly<Record<string, string>> = {
  'start-offset': 's',
  'max-length': 'l',
  'force-share': 'U',
};

/** `f:` is an option with a value, `p` a flag; a name of more than one letter takes two dashes (`output:`). */
export function parseWords(words: readonly string[], names: readonly string[]): CommandWords {
  const options = Object.fromEntries(
    names.map((name) => {
      const hasValue = name.endsWith(':');
      const bare = hasValue ? name.slice(0, -1) : name;
      const type = hasValue ? ('string' as const) : ('boolean' as const);
      const short = bare.length === 1 ? bare : LETTERS[bare];
      return [bare, { type, multiple: true as const, ...(short === undefined ? {} : { short }) }];
    }),
  );
  try {
    const { values, positionals } = parseArgs({
      args: joinValues(words, names),
      options,
      allowPositionals: true,
    });
    const given = (name: string) => (values[name] ?? []) as readonly (string | boolean)[];
    const texts = (name: string) => given(name).filter((value) => typeof value === 'string');
    return {
      has: (name) => given(name).length > 0,
      value: (name) => texts(name).at(-1),
      values: texts,
      operands: positionals,
    };
  } catch (error) {
    throw new ImageCommandError('ERR_IMAGE_USAGE', error instanceof Error ? error.message : String(error), {
      cause: error,
    });
  }
}

/** `-b ''` and `-s -1` have values, which parseArgs would not take for them in a word of their own. */
function joinValues(words: readonly string[], names: readonly string[]): string[] {
  const joined: string[] = [];
  for (let index = 0; index < words.length; index++) {
    const word = words[index] ?? '';
    if (word === '--') return [...joined, ...words.slice(index)];
    const name = word.startsWith('--') ? word.slice(2) : /^-.$/.test(word) ? word.slice(1) : undefined;
    const takesValue = name !== undefined && names.includes(`${name}:`);
    const next = words[index + 1];
    if (takesValue && next !== undefined) {
      joined.push(name.length === 1 ? `--${name}=${next}` : `${word}=${next}`);
      index += 1;
    } else {
      joined.push(word);
    }
  }
  return joined;
}

/** Throws unless there are as many operands as `count` says. */
export function operandsOf(words: CommandWords, count: number, expected: string): readonly string[] {
  if (words.operands.length !== count) {
    throw new ImageCommandError('ERR_IMAGE_USAGE', `Expecting ${expected}`);
  }
  return words.operands;
}

/** `--output`. */
export function wantsJson(words: CommandWords): boolean {
  const output = words.value('output') ?? 'human';
  if (output !== 'human' && output !== 'json') {
    throw failed('--output must be used with human or json as argument.');
  }
  return output === 'json';
}

const CACHE_MODES = ['none', 'off', 'writeback', 'writethrough', 'directsync', 'unsafe'];

/** The cache modes of `-t` and `-T`. What was written is on disk when a command ends, whatever they say. */
export function checkCacheModes(words: CommandWords): void {
  for (const [name, what] of [
    ['t', 'cache option'],
    ['T', 'source cache option'],
  ] as const) {
    const mode = words.value(name);
    if (mode !== undefined && !CACHE_MODES.includes(mode)) throw failed(`Invalid ${what}: ${mode}`);
  }
}
