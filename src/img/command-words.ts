/** The words of one command: options of one letter or of two dashes, and what is left. */
import { parseArgs } from 'node:util';
import { ImageCommandError } from './image-command-error.ts';

export interface CommandWords {
  /** Whether a flag was given. */
  has(name: string): boolean;
  /** The last value of an option. */
  value(name: string): string | undefined;
  /** All values of an option that may be repeated. */
  values(name: string): readonly string[];
  readonly operands: readonly string[];
}

/** `f:` is an option with a value, `p` a flag; a name of more than one letter takes two dashes (`output:`). */
export function parseWords(words: readonly string[], names: readonly string[]): CommandWords {
  const options = Object.fromEntries(
    names.map((name) => {
      const hasValue = name.endsWith(':');
      const bare = hasValue ? name.slice(0, -1) : name;
      const type = hasValue ? ('string' as const) : ('boolean' as const);
      return [bare, { type, multiple: true as const, ...(bare.length === 1 ? { short: bare } : {}) }];
    }),
  );
  try {
    const { values, positionals } = parseArgs({ args: [...words], options, allowPositionals: true });
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

/** Throws unless there are as many operands as `names` says. */
export function operandsOf(words: CommandWords, ...names: readonly string[]): readonly string[] {
  if (words.operands.length !== names.length) {
    throw new ImageCommandError('ERR_IMAGE_USAGE', `Expecting ${names.join(' ')}`);
  }
  return words.operands;
}
