/**
 * Configuration files (`-readconfig`, `-writeconfig`): `[group "id"]` or `[group]` sections of `key = "value"` lines,
 * `#` comments and empty lines. There is no escape for a double quote or a line end inside a value.
 */
import { OptionError } from './option-error.ts';
import type { OptionPair } from './option-list.ts';
import type { OptionItem, OptionStore } from './option-store.ts';

/** The head line of a written file. */
const HEADER = '# qemu config file\n\n';

const SECTION_WITH_ID = /^\[([^\]\s"]+)\s+"([^"]+)"\]\s*$/;
const SECTION = /^\[([^\]"]+)\]\s*$/;
const ASSIGNMENT = /^\s*([^\s=]+)\s*=\s*"([^"]*)"\s*$/;

function located(origin: string, error: unknown): unknown {
  if (error instanceof OptionError) {
    const hint = error.hint === undefined ? {} : { hint: error.hint };
    return new OptionError(error.code, `${origin}: ${error.message}`, { cause: error, ...hint });
  }
  return error;
}

/**
 * Reads a configuration file into `store`. Errors are prefixed `fileName:line: `: what the store throws, `parse error`,
 * and `no group defined` for a value before the first section.
 */
export function parseConfigFile(text: string, fileName: string, store: OptionStore): void {
  let item: OptionItem | undefined;
  for (const [index, line] of text.split('\n').entries()) {
    const origin = `${fileName}:${index + 1}`;
    try {
      item = parseLine(line, item, origin, store);
    } catch (error) {
      throw located(origin, error);
    }
  }
}

function parseLine(
  line: string,
  item: OptionItem | undefined,
  origin: string,
  store: OptionStore,
): OptionItem | undefined {
  if (line.trim() === '' || line.startsWith('#')) {
    return item;
  }
  const section = SECTION_WITH_ID.exec(line) ?? SECTION.exec(line);
  if (section !== null) {
    return store.create(section[1] ?? '', section[2], origin);
  }
  const assignment = ASSIGNMENT.exec(line);
  if (assignment === null) {
    throw new OptionError(
      'ERR_OPTION_SYNTAX',
      `parse error: expected [group], [group "id"] or key = "value"`,
    );
  }
  if (item === undefined) {
    throw new OptionError('ERR_OPTION_SYNTAX', 'no group defined');
  }
  store.set(item, assignment[1] ?? '', assignment[2] ?? '');
  return item;
}

/** What a written file needs to know of an item. */
export interface ConfigSection {
  readonly group: string;
  readonly id: string | undefined;
  readonly values: readonly OptionPair[];
}

function formatValue(group: string, [key, value]: OptionPair): string {
  if (/["\n]/.test(value)) {
    throw new OptionError(
      'ERR_OPTION_BAD_VALUE',
      `[${group}] ${key}: a configuration file cannot hold the value '${value}', which has a double quote or a line end`,
    );
  }
  return `  ${key} = "${value}"\n`;
}

/**
 * Writes a configuration file that `parseConfigFile` reads back to the same sections, ordered by group as registered.
 * Throws `ERR_OPTION_BAD_VALUE` for a value that the syntax cannot express.
 */
export function formatConfigFile(sections: readonly ConfigSection[], groupOrder: readonly string[]): string {
  const ordered = groupOrder.flatMap((group) => sections.filter((section) => section.group === group));
  const blocks = ordered.map(({ group, id, values }) => {
    const head = id === undefined ? `[${group}]\n` : `[${group} "${id}"]\n`;
    return `${head}${values.map((pair) => formatValue(group, pair)).join('')}\n`;
  });
  return HEADER + blocks.join('');
}
