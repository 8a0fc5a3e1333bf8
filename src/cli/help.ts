/** The texts of -h and -version. */
import type { OptionDefinition, OptionTableSection } from './option-definition.ts';

/** What scripts look for at the start of `-version`: the version of the reference that Troupe is compatible with. */
const REFERENCE_VERSION = 'QEMU emulator version 1.5.50';

/** The text of -version: the level of compatibility first, because scripts match that line, then Troupe itself. */
export function formatVersion(version: string): string {
  return `${REFERENCE_VERSION} (the command line and QMP that this program is compatible with)\nTroupe version ${version}\n`;
}

const HELP_COLUMN = 28;

function formatOption(option: OptionDefinition): string {
  const names = [option.name, ...option.aliases].map((name) => `-${name}`).join(', ');
  const usage = option.value === undefined ? names : `${names} ${option.value}`;
  return usage.length < HELP_COLUMN
    ? `${usage.padEnd(HELP_COLUMN)}${option.help}\n`
    : `${usage}\n${' '.repeat(HELP_COLUMN)}${option.help}\n`;
}

const LINE_WIDTH = 78;

/** The names of the options that a later version brings, in lines. */
function formatLater(options: readonly OptionDefinition[]): string {
  let lines = '';
  let line = '';
  for (const { name } of options) {
    if (line.length + name.length + 2 > LINE_WIDTH) {
      lines += `${line}\n`;
      line = '';
    }
    line += line === '' ? `-${name}` : ` -${name}`;
  }
  return `${lines}${line}\n`;
}

/** The text of -h: usage, the options of this version by section, and the names of those that it refuses. */
export function formatHelp(sections: readonly OptionTableSection[]): string {
  const all = sections.flatMap((section) => section.options);
  const blocks = sections
    .map(({ title, options }) => ({
      title,
      options: options.filter(({ status }) => status === 'implemented'),
    }))
    .filter(({ options }) => options.length > 0)
    .map(({ title, options }) => `${title}:\n${options.map(formatOption).join('')}\n`);
  return [
    'usage: troupe [options] [disk_image]\n',
    'An x86-64 PC emulator; options as those of QEMU 1.5.50. One or two leading dashes are equal.\n\n',
    ...blocks,
    'Known, but not available in this version:\n',
    formatLater(all.filter(({ status }) => status === 'later')),
  ].join('');
}
