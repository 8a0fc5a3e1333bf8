/**
 * The syntax of option lists: `k=v,k=v`. A comma inside a value is doubled; a bare key means `key=on`, or
 * `key=off` when it starts with `no`; a bare first word may be the value of an implied key (cli.md, head).
 */
import { badValue, OptionError } from './option-error.ts';

/** One `key=value` as written. Keys may repeat; the last one counts, except where a group says that it collects. */
export type OptionPair = readonly [key: string, value: string];

export interface OptionList {
  /** The value of the first `id` key: it names the item and is not a parameter. */
  readonly id: string | undefined;
  readonly values: readonly OptionPair[];
}

const IDENTIFIER_HINT = "Identifiers consist of letters, digits, '-', '.', '_', starting with a letter.";

const WELL_FORMED_ID = /^[A-Za-z][A-Za-z0-9\-._]*$/;

/** Whether `id` starts with a letter and goes on with letters, digits, `-`, `.` and `_`. */
export function isWellFormedId(id: string): boolean {
  return WELL_FORMED_ID.test(id);
}

/** Throws `Parameter 'id' expects an identifier` unless the id is well formed. */
export function checkId(id: string): void {
  if (!isWellFormedId(id)) {
    throw badValue('id', 'an identifier', IDENTIFIER_HINT);
  }
}

/** Reads a value from `start` up to a single comma; `,,` stands for a comma. */
function readValue(text: string, start: number): { value: string; end: number } {
  let value = '';
  let position = start;
  while (position < text.length) {
    if (text[position] === ',') {
      if (text[position + 1] !== ',') {
        break;
      }
      position += 1;
    }
    value += text[position];
    position += 1;
  }
  return { value, end: position };
}

function bareKey(word: string): OptionPair {
  return word.startsWith('no') ? [word.slice('no'.length), 'off'] : [word, 'on'];
}

/**
 * Splits an option list into its pairs, in the order written, `id` included.
 * @param impliedKey the key that a bare first word is the value of; without it that word is a bare key
 */
export function splitOptionList(text: string, impliedKey?: string): OptionPair[] {
  const pairs: OptionPair[] = [];
  let position = 0;
  while (position < text.length) {
    const equals = text.indexOf('=', position);
    const comma = text.indexOf(',', position);
    const isPair = equals !== -1 && (comma === -1 || equals < comma);
    if (isPair) {
      const { value, end } = readValue(text, equals + 1);
      pairs.push([text.slice(position, equals), value]);
      position = end;
    } else if (position === 0 && impliedKey !== undefined) {
      const { value, end } = readValue(text, 0);
      pairs.push([impliedKey, value]);
      position = end;
    } else {
      const end = comma === -1 ? text.length : comma;
      pairs.push(bareKey(text.slice(position, end)));
      position = end;
    }
    position += 1;
  }
  return pairs;
}

/** Splits an option list and takes its `id` out. Throws when the id is malformed. */
export function parseOptionList(text: string, impliedKey?: string): OptionList {
  const pairs = splitOptionList(text, impliedKey);
  const id = pairs.find(([key]) => key === 'id')?.[1];
  if (id !== undefined) {
    checkId(id);
  }
  return { id, values: pairs.filter(([key]) => key !== 'id') };
}

/** Writes pairs so that `splitOptionList` reads the same pairs again. Keys must not contain `,` or `=`. */
export function formatOptionList(pairs: readonly OptionPair[]): string {
  return pairs
    .map(([key, value]) => {
      if (/[,=]/.test(key)) {
        throw new OptionError('ERR_OPTION_SYNTAX', `Option key '${key}' must contain neither ',' nor '='`);
      }
      return `${key}=${value.replaceAll(',', ',,')}`;
    })
    .join(',');
}
