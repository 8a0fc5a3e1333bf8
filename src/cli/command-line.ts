/** The command line as a whole: from the words after the program's name to a machine, or to a text to print. */
import type { MachineConfig } from '../machine/machine-config.ts';
import { CommandLineError, located, unavailable } from './command-line-error.ts';
import { CommandLineDraft } from './draft.ts';
import { type CommandLineEnvironment, hostEnvironment } from './environment.ts';
import { buildMachineConfig } from './machine-builder.ts';
import type { LateText, OptionDefinition } from './option-definition.ts';
import { findOption } from './option-table.ts';

export type CommandLineResult =
  | {
      readonly action: 'run';
      readonly config: MachineConfig;
      /** One line each, for standard error. */
      readonly warnings: readonly string[];
    }
  | { readonly action: 'print'; readonly text: string | LateText; readonly exitCode: 0 };

/** One option as given. */
interface GivenOption {
  readonly definition: OptionDefinition;
  /** The option without its value: `-chardev`. */
  readonly word: string;
  /** `''` for an option without value. */
  readonly value: string;
}

/** Throws CommandLineError for a name that no option has. */
function requiredOption(name: string, given = `-${name}`): OptionDefinition {
  const definition = findOption(name);
  if (definition === undefined) {
    throw new CommandLineError('ERR_CLI_UNKNOWN_OPTION', `${given}: invalid option (-h lists all options)`);
  }
  return definition;
}

/** A word without a dash is the image of the first hard disk. */
function* givenOptions(argv: readonly string[]): Generator<GivenOption> {
  const words = argv[Symbol.iterator]();
  for (const given of words) {
    if (!given.startsWith('-')) {
      yield { definition: requiredOption('hda'), word: '-hda', value: given };
      continue;
    }
    const name = given.replace(/^--?/, '');
    const word = `-${name}`;
    const definition = requiredOption(name, given);
    if (definition.value === undefined) {
      yield { definition, word, value: '' };
      continue;
    }
    const next = words.next();
    if (next.done) {
      throw new CommandLineError(
        'ERR_CLI_MISSING_VALUE',
        `${word}: requires an argument: ${word} ${definition.value}`,
      );
    }
    yield { definition, word, value: next.value };
  }
}

/** Carries out one option; returns a text when it asked for one to be printed. */
function applyOption(
  draft: CommandLineDraft,
  { definition, word, value }: GivenOption,
): string | LateText | undefined {
  draft.origin = definition.value === undefined ? word : `${word} ${value}`;
  const text = definition.describe?.(value, draft);
  if (text !== undefined) {
    return text;
  }
  if (definition.status === 'later') {
    located(draft.origin, () => definition.check?.(value));
    return located(word, () => {
      throw unavailable();
    });
  }
  located(draft.origin, () => definition.apply(draft, value));
  return undefined;
}

/**
 * Reads a command line, without the program's name. Reading has no effect besides those of -readconfig and
 * -writeconfig, which go through `environment`.
 * Throws CommandLineError; its message is meant for the user as it is.
 */
export function parseCommandLine(
  argv: readonly string[],
  environment: CommandLineEnvironment = hostEnvironment,
): CommandLineResult {
  const draft = new CommandLineDraft(environment);
  for (const option of givenOptions(argv)) {
    const text = applyOption(draft, option);
    if (text !== undefined) {
      return { action: 'print', text, exitCode: 0 };
    }
  }
  const config = buildMachineConfig(draft);
  return { action: 'run', config, warnings: draft.warnings };
}
