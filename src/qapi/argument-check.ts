/**
 * Checks of a command's arguments before its handler runs: first against the letters of the command table (rows 8 to
 * 10 of protocol.md's table), then against the schema's types (rows 11 to 13), so that nothing has happened yet when
 * a request is refused.
 */
import type { QmpJson, QmpObject } from './json-value.ts';
import { QapiError } from './qapi-error.ts';
import { qmpSchema, type SchemaMember } from './schema-file.ts';
import { checkValue, isInteger, isNumber, ownMember } from './value-check.ts';
import { wireKeys } from './wire-order.ts';

type TableType = 'string' | 'int' | 'number' | 'bool' | 'any';

const LETTERS: Readonly<Record<string, TableType>> = {
  s: 'string',
  B: 'string',
  F: 'string',
  i: 'int',
  l: 'int',
  M: 'int',
  o: 'int',
  T: 'number',
  b: 'bool',
  q: 'any',
  O: 'any',
};

/** Table types of arguments that only the schema knows (`alsoAccept`). */
const SCHEMA_TYPES: Readonly<Record<string, TableType>> = {
  str: 'string',
  int: 'int',
  size: 'int',
  number: 'number',
  bool: 'bool',
};

const MATCHES: Readonly<Record<TableType, (value: QmpJson) => boolean>> = {
  string: (value) => typeof value === 'string',
  int: isInteger,
  number: isNumber,
  bool: (value) => typeof value === 'boolean',
  any: () => true,
};

/** The rules for one command's arguments. */
export class ArgumentCheck {
  readonly #table = new Map<string, TableType>();
  readonly #mandatory: readonly string[];
  /** Integers that may also come as the digits of one (`numbersAsText`). */
  readonly #asText: ReadonlySet<string>;
  /** The table has an O letter: further arguments are the handler's business. */
  readonly #open: boolean;
  /** What the table's letters leave to be checked, in the schema's order. */
  readonly #nested: readonly (readonly [name: string, member: SchemaMember])[];

  /**
   * @param command a command of the schema
   * @param alsoAccept arguments that the schema documents but the reference's table refuses, to be accepted here
   * @param numbersAsText integers that the command's documentation shows as strings: both are accepted
   */
  constructor(command: string, alsoAccept: readonly string[] = [], numbersAsText: readonly string[] = []) {
    const schema = qmpSchema.commands[command];
    if (schema === undefined) {
      throw new RangeError(`The schema has no command '${command}'`);
    }
    const entries = schema.table === '' ? [] : schema.table.split(',');
    this.#asText = new Set(numbersAsText);
    this.#open = entries.some((entry) => entry.endsWith(':O'));
    for (const entry of entries) {
      const [name = '', letter = ''] = entry.split(':');
      this.#table.set(name, letter.startsWith('-') ? 'bool' : (LETTERS[letter.charAt(0)] ?? 'any'));
    }
    for (const name of alsoAccept) {
      const type = schema.args[name]?.type;
      this.#table.set(name, (typeof type === 'string' ? SCHEMA_TYPES[type] : undefined) ?? 'any');
    }
    this.#mandatory = schema.mandatoryCheckOrder ?? [];
    // A command with free arguments ('*') reads them itself.
    this.#nested =
      '*' in schema.args ? [] : Object.entries(schema.args).filter(([, member]) => needsVisit(member));
  }

  /** Throws `ERR_QAPI_ARGUMENT` with the text of the first rule that `args` break. */
  check(args: QmpObject): void {
    for (const name of this.#mandatory) {
      if (!Object.hasOwn(args, name)) {
        throw new QapiError('ERR_QAPI_ARGUMENT', `Parameter '${name}' is missing`);
      }
    }
    for (const name of wireKeys(args)) {
      this.#checkAgainstTable(name, args[name]);
    }
    for (const [name, member] of this.#nested) {
      const value = ownMember(args, name);
      if (value !== undefined || member.optional !== true) {
        checkValue(name, member.type, value);
      }
    }
  }

  #checkAgainstTable(name: string, value: QmpJson | undefined): void {
    const type = this.#table.get(name);
    if (type === undefined) {
      if (this.#open) {
        return;
      }
      throw new QapiError('ERR_QAPI_ARGUMENT', `Invalid parameter '${name}'`);
    }
    if (this.#asText.has(name) && typeof value === 'string' && /^-?\d+$/.test(value)) {
      return;
    }
    if (value !== undefined && !MATCHES[type](value)) {
      throw new QapiError('ERR_QAPI_ARGUMENT', `Invalid parameter type for '${name}', expected: ${type}`);
    }
  }
}

/** The letters check plain types fully; lists, enums, structs, unions and narrow integers need a visit. */
function needsVisit(member: SchemaMember): boolean {
  return typeof member.type !== 'string' || (!(member.type in SCHEMA_TYPES) && member.type !== 'any');
}
