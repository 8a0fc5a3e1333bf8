/** What a human monitor command takes, and the reading of it from the command line (hmp.md §1). */
import { evaluateExpression, type RegisterSource } from './expression.ts';
import { type FormatMemory, type FormatSpec, readFormatSpec } from './format-spec.ts';
import { HmpError, syntaxError } from './hmp-error.ts';
import type { LineScanner } from './line-scanner.ts';
import { readSeconds, readSize } from './quantity.ts';

/** The kinds of arguments and what a handler gets for each. */
export interface ArgumentKinds {
  /** `s` A word or a quoted string. */
  string: string;
  /** `F` The same, completed to a file's name. */
  filename: string;
  /** `B` The same, naming a block device. */
  'block-device': string;
  /** `O` One word of `key=value,...`, not yet taken apart; '' when it is left out. */
  options: string;
  /** The line from here to its end. */
  rest: string;
  /** `i` An expression whose upper 32 bits are zero. */
  int32: bigint;
  /** `l` An expression of 64 bits, signed. */
  int64: bigint;
  /** `M` An expression that counts MiB, 0 or more; in bytes. */
  mebibytes: bigint;
  /** `o` A size with a unit suffix; in bytes. */
  size: bigint;
  /** `T` A time; in seconds. */
  seconds: number;
  /** `b` */
  'on-off': boolean;
  /** `-x` Whether the flag was given. */
  flag: boolean;
  /** `/` */
  format: FormatSpec;
}

export type ArgumentKind = keyof ArgumentKinds;

/**
 * What completion asks a command's argument for: the candidates for a word that starts with `prefix`.
 * @param before the words between the command and this one
 */
export type CandidateFinder<Context> = (
  context: Context,
  prefix: string,
  before: readonly string[],
) => readonly string[] | Promise<readonly string[]>;

export interface ArgumentSpec<Context = never> {
  readonly name: string;
  readonly kind: ArgumentKind;
  /** `?`: may be left out at the end of the line. `.`: is there only behind a point. Required when absent. */
  readonly presence?: 'optional' | 'after-point';
  /** The flag's letter. */
  readonly letter?: string;
  readonly candidates?: CandidateFinder<Context>;
}

type ValueOf<S extends ArgumentSpec> = S extends { readonly presence: 'optional' | 'after-point' }
  ? ArgumentKinds[S['kind']] | undefined
  : ArgumentKinds[S['kind']];

/** The values of a command's arguments by their names. */
export type ArgumentValues<A extends readonly ArgumentSpec[]> = {
  readonly [S in A[number] as S['name']]: ValueOf<S>;
};

export type AnyArgumentValue = ArgumentKinds[ArgumentKind];

/** What reading arguments needs beside the line. */
export interface ReadingEnvironment {
  readonly registers: RegisterSource;
  readonly formatMemory: FormatMemory;
}

/**
 * Reads a command's arguments up to the end of the line.
 * @param name the command's name as it was typed, for messages
 * @returns the arguments that are there, by name
 * @throws HmpError with the text to print
 */
export function readArguments(
  scanner: LineScanner,
  name: string,
  specs: readonly ArgumentSpec[],
  environment: ReadingEnvironment,
): Record<string, AnyArgumentValue> {
  const values: Record<string, AnyArgumentValue> = {};
  for (const spec of specs) {
    scanner.skipBlanks();
    if (isLeftOut(scanner, spec)) continue;
    values[spec.name] =
      spec.kind === 'flag'
        ? readFlag(scanner, name, spec, specs)
        : VALUE_READERS[spec.kind](scanner, name, environment);
  }
  scanner.skipBlanks();
  if (!scanner.atEnd) throw syntaxError(`${name}: extraneous characters at the end of line`);
  return values;
}

/** Whether the argument is not on the line; steps over the point that introduces it when it is. */
function isLeftOut(scanner: LineScanner, spec: ArgumentSpec): boolean {
  if (spec.presence === 'optional') return scanner.atEnd;
  if (spec.presence !== 'after-point') return false;
  if (scanner.current !== '.') return true;
  scanner.skipToken();
  return false;
}

function readFlag(
  scanner: LineScanner,
  name: string,
  spec: ArgumentSpec,
  specs: readonly ArgumentSpec[],
): boolean {
  if (scanner.current !== '-') return false;
  const letter = scanner.text.charAt(scanner.position + 1);
  if (letter === spec.letter) {
    scanner.position += 2;
    return true;
  }
  if (specs.some((other) => other.kind === 'flag' && other.letter === letter)) return false;
  throw syntaxError(`${name}: unsupported option -${letter}`);
}

type ValueReader<K extends ArgumentKind> = (
  scanner: LineScanner,
  name: string,
  environment: ReadingEnvironment,
) => ArgumentKinds[K];

const VALUE_READERS: { readonly [K in Exclude<ArgumentKind, 'flag'>]: ValueReader<K> } = {
  string: (scanner, name) => readWord(scanner, `${name}: string expected`),
  filename: (scanner, name) => readWord(scanner, `${name}: filename expected`),
  'block-device': (scanner, name) => readWord(scanner, `${name}: block device name expected`),
  options: (scanner) => scanner.word() ?? '',
  rest: (scanner) => scanner.match(/.*/sy) ?? '',
  int32: (scanner, name, { registers }) => {
    const value = evaluateExpression(scanner, registers);
    if (value >> 32n !== 0n) throw syntaxError(`'${name}' has failed: integer is for 32-bit values`);
    return value;
  },
  int64: (scanner, _name, { registers }) => evaluateExpression(scanner, registers),
  mebibytes: (scanner, _name, { registers }) => {
    const value = evaluateExpression(scanner, registers);
    if (value < 0n) throw syntaxError('enter a positive value');
    return BigInt.asIntN(64, value << 20n);
  },
  size: readSize,
  seconds: readSeconds,
  'on-off': (scanner) => {
    const word = scanner.match(/[!-~]*/y);
    if (word !== 'on' && word !== 'off') throw syntaxError("Expected 'on' or 'off'");
    return word === 'on';
  },
  format: (scanner, _name, { formatMemory }) => readFormatSpec(scanner, formatMemory),
};

/** A word; where there is none, or one whose quotes are broken, `expectation` is all that is said. */
function readWord(scanner: LineScanner, expectation: string): string {
  let word: string | undefined;
  try {
    word = scanner.word();
  } catch (error) {
    if (!(error instanceof HmpError)) throw error;
  }
  if (word === undefined) throw syntaxError(expectation);
  return word;
}
