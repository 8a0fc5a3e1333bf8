/** Completion of the word before the cursor, from the command table. */
import { readdir } from 'node:fs/promises';
import type { HumanArgumentSpec, HumanContext } from './command.ts';
import type { CommandTable } from './command-table.ts';
import { isBlank, LineScanner } from './line-scanner.ts';

/** More candidates than this are not offered. */
const MAX_CANDIDATES = 256;
const MIN_COLUMN = 10;

export interface Completion {
  /** The word so far. */
  readonly word: string;
  /** Whole words that start with it, sorted. */
  readonly candidates: readonly string[];
}

/** @param text the line up to the cursor */
export async function completeLine(context: HumanContext, text: string): Promise<Completion> {
  const words = splitWords(text);
  const word = words.at(-1) ?? '';
  let found: readonly string[];
  try {
    found = await findCandidates(context, context.table, words);
  } catch {
    // Whatever keeps the candidates from being found (an actor is gone, a folder cannot be read), there are none.
    found = [];
  }
  const candidates = [...new Set(found)].filter((candidate) => candidate.startsWith(word)).sort();
  return { word, candidates: candidates.slice(0, MAX_CANDIDATES) };
}

/** What the candidates have in common from their beginning. */
export function commonPrefix(candidates: readonly string[]): string {
  let prefix = candidates[0] ?? '';
  for (const candidate of candidates) {
    while (!candidate.startsWith(prefix)) prefix = prefix.slice(0, -1);
  }
  return prefix;
}

/**
 * Lays candidates out in columns.
 * @param width columns of the terminal
 */
export function columnLines(candidates: readonly string[], width: number): string[] {
  const longest = Math.max(...candidates.map((candidate) => candidate.length));
  const column = Math.min(Math.max(longest + 2, MIN_COLUMN), width);
  const perLine = Math.max(Math.floor(width / column), 1);
  const lines: string[] = [];
  for (let start = 0; start < candidates.length; start += perLine) {
    const row = candidates.slice(start, start + perLine);
    lines.push(row.map((candidate) => candidate.padEnd(column)).join(''));
  }
  return lines;
}

/** The words of the text; the last one is '' behind a blank or at the beginning. */
function splitWords(text: string): string[] {
  const scanner = new LineScanner(text);
  const words: string[] = [];
  try {
    for (let word = scanner.word(); word !== undefined; word = scanner.word()) words.push(word);
  } catch {
    // An open quote: no word to complete.
    return [];
  }
  if (words.length === 0 || isBlank(text.charAt(text.length - 1))) words.push('');
  return words;
}

async function findCandidates(
  context: HumanContext,
  table: CommandTable,
  words: readonly string[],
): Promise<readonly string[]> {
  const [name, ...rest] = words;
  if (name === undefined) return [];
  if (rest.length === 0) return table.names;
  const command = table.find(name);
  if (command === undefined) return [];
  if (command.subCommands !== undefined) return findCandidates(context, command.subCommands, rest);
  const spec = argumentAt(command.arguments, rest);
  const word = rest.at(-1) ?? '';
  if (spec === undefined) return [];
  if (spec.candidates !== undefined) return spec.candidates(context, word, rest.slice(0, -1));
  return spec.kind === 'filename' ? fileNames(word) : [];
}

/** The argument that the last of `words` belongs to; flags may be left out, the rest of a line is any of its words. */
function argumentAt(
  specs: readonly HumanArgumentSpec[],
  words: readonly string[],
): HumanArgumentSpec | undefined {
  const valueWords = words.filter((word) => !word.startsWith('-')).length;
  const values = specs.filter((spec) => spec.kind !== 'flag' && spec.kind !== 'format');
  const last = values.at(-1);
  return values[valueWords - 1] ?? (last?.kind === 'rest' ? last : undefined);
}

/** Files whose path starts with `prefix`; a folder's ends in a slash. */
async function fileNames(prefix: string): Promise<string[]> {
  const folder = prefix.slice(0, prefix.lastIndexOf('/') + 1);
  const entries = await readdir(folder === '' ? '.' : folder, { withFileTypes: true });
  return entries.map((entry) => `${folder}${entry.name}${entry.isDirectory() ? '/' : ''}`);
}
