/** What the command line knows of one option. The table of them is in option-table.ts. */
import type { CommandLineDraft } from './draft.ts';

/** A text that takes loading more of the program. */
export type LateText = () => Promise<string>;

export interface OptionNaming {
  readonly name: string;
  readonly aliases: readonly string[];
  /** Placeholder of its value in -h; undefined for an option without one. */
  readonly value: string | undefined;
  readonly help: string;
  /** Text to print, then exit 0, instead of carrying the option out (`-cpu help`); undefined for other values. */
  readonly describe?: (value: string, draft: CommandLineDraft) => string | LateText | undefined;
}

export interface ImplementedOption extends OptionNaming {
  readonly status: 'implemented';
  /** Carries the option out on the draft. Throws on a wrong value, without naming the option. */
  readonly apply: (draft: CommandLineDraft, value: string) => void;
}

/** Known and checked, then refused: it needs something that this version does not have. */
export interface LaterOption extends OptionNaming {
  readonly status: 'later';
  readonly check?: (value: string) => void;
}

export type OptionDefinition = ImplementedOption | LaterOption;

export interface OptionTableSection {
  readonly title: string;
  readonly options: readonly OptionDefinition[];
}

type Extras = Partial<Pick<OptionNaming, 'aliases' | 'describe'>>;

/** `'machine TYPE'` → name and placeholder. */
function naming(usage: string, help: string, extras: Extras): OptionNaming {
  const space = usage.indexOf(' ');
  return {
    name: space === -1 ? usage : usage.slice(0, space),
    value: space === -1 ? undefined : usage.slice(space + 1),
    help,
    aliases: [],
    ...extras,
  };
}

/** An option of this version. `usage` is its name and, after a blank, the placeholder of its value. */
export function implemented(
  usage: string,
  help: string,
  apply: ImplementedOption['apply'],
  extras: Extras = {},
): ImplementedOption {
  return { status: 'implemented', apply, ...naming(usage, help, extras) };
}

/** An option that a later version brings. */
export function later(
  usage: string,
  help: string,
  check?: NonNullable<LaterOption['check']>,
  extras: Extras = {},
): LaterOption {
  const definition: LaterOption = { status: 'later', ...naming(usage, help, extras) };
  return check === undefined ? definition : { ...definition, check };
}
