/** The `/[count][format][size]` argument of print, x, xp and i (hmp.md §1). */
import { syntaxError } from './hmp-error.ts';
import { isBlank, type LineScanner } from './line-scanner.ts';

/** Octal, hexadecimal, unsigned, signed, character, instruction. */
export type ValueFormat = 'o' | 'x' | 'u' | 'd' | 'c' | 'i';

export interface FormatSpec {
  readonly count: number;
  readonly format: ValueFormat;
  /** Bytes an item; undefined for instructions whose size was not given (the current code size). */
  readonly size: 1 | 2 | 4 | 8 | undefined;
}

const FORMATS: ReadonlySet<string> = new Set<ValueFormat>(['o', 'x', 'u', 'd', 'c', 'i']);
const SIZES: ReadonlyMap<string, 1 | 2 | 4 | 8> = new Map([
  ['b', 1],
  ['h', 2],
  ['w', 4],
  ['g', 8],
  ['L', 8],
]);
const MAX_COUNT = 0x7fff_ffff;

/** The format and size that the last `/` argument left behind; one for all human monitors of a process. */
export class FormatMemory {
  format: ValueFormat = 'x';
  size: 1 | 2 | 4 | 8 = 4;
}

/**
 * Reads the argument when there is a slash here, and remembers what it said; otherwise gives what is remembered.
 * @throws HmpError for a letter that is neither a format nor a size
 */
export function readFormatSpec(scanner: LineScanner, memory: FormatMemory): FormatSpec {
  scanner.skipBlanks();
  if (scanner.current !== '/') {
    return { count: 1, format: memory.format, size: memory.format === 'i' ? undefined : memory.size };
  }
  scanner.position += 1;
  const digits = scanner.match(/[0-9]+/y);
  const count = digits === undefined ? 1 : Math.min(Number(digits), MAX_COUNT);
  const letters = readLetters(scanner);
  const format = letters.format ?? memory.format;
  memory.format = format;
  if (format === 'i') return { count, format, size: letters.size };
  memory.size = letters.size ?? memory.size;
  return { count, format, size: memory.size };
}

function readLetters(scanner: LineScanner): {
  format: ValueFormat | undefined;
  size: 1 | 2 | 4 | 8 | undefined;
} {
  let format: ValueFormat | undefined;
  let size: 1 | 2 | 4 | 8 | undefined;
  for (; !scanner.atEnd && !isBlank(scanner.current); scanner.position += 1) {
    const letter = scanner.current;
    if (isValueFormat(letter)) format = letter;
    else if (SIZES.has(letter)) size = SIZES.get(letter);
    else throw syntaxError(`invalid char in format: '${letter}'`);
  }
  return { format, size };
}

function isValueFormat(letter: string): letter is ValueFormat {
  return FORMATS.has(letter);
}
