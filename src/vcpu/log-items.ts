/** What vCPUs can be asked to log (`-d`, the human monitor's `log`). */
import { VcpuError } from './vcpu-error.ts';

interface LogItemDefinition {
  readonly name: string;
  readonly help: string;
}

/** What there is; each is written when a region is translated. */
export const LOG_ITEMS = [
  { name: 'out_asm', help: 'WebAssembly text of each region that is translated' },
  { name: 'in_asm', help: 'guest assembly of each region that is translated' },
  { name: 'op', help: 'basic blocks of each region that is translated, and where they lead' },
] as const satisfies readonly LogItemDefinition[];

export type LogItem = (typeof LOG_ITEMS)[number]['name'];

/** Items of the reference that this emulator does not have. */
const MISSING_ITEMS = [
  'op_opt',
  'int',
  'exec',
  'cpu',
  'pcall',
  'cpu_reset',
  'ioport',
  'unimp',
  'guest_errors',
] as const;
const ALL = 'all';
const HELP_COLUMN = 10;

export interface LogSettings {
  readonly items: readonly LogItem[];
  /** Path; standard error when undefined. */
  readonly file: string | undefined;
}

export const LOG_NOTHING: LogSettings = { items: [], file: undefined };

/** A list of the items, a line each. */
export function describeLogItems(): string {
  const lines = LOG_ITEMS.map(({ name, help }) => `${name.padEnd(HELP_COLUMN)} ${help}\n`);
  return `Log items (comma separated):\n${lines.join('')}`;
}

/**
 * Reads items separated by commas; `all` stands for all that there are.
 * @throws VcpuError ERR_VCPU_LOG_ITEM for one that nobody knows, ERR_VCPU_LOG_MISSING for one that only the reference has
 */
export function parseLogItems(text: string): readonly LogItem[] {
  const items = new Set<LogItem>();
  for (const word of text.split(',')) {
    const known = LOG_ITEMS.filter(({ name }) => word === ALL || name === word);
    if (known.length === 0) throw unknownItem(word);
    for (const { name } of known) items.add(name);
  }
  return [...items];
}

function unknownItem(word: string): VcpuError {
  const expected = `expected ${LOG_ITEMS.map(({ name }) => name).join(', ')} or ${ALL}`;
  return MISSING_ITEMS.some((name) => name === word)
    ? new VcpuError(
        'ERR_VCPU_LOG_MISSING',
        `log item '${word}' is not available in this version; ${expected}`,
      )
    : new VcpuError('ERR_VCPU_LOG_ITEM', `unknown log item '${word}'; ${expected}`);
}
