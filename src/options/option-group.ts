/** What an option group is: the parameters that `-drive`, `-chardev`, `[machine]`… take, and how they are checked. */
import { unknownParameter } from './option-error.ts';
import type { OptionList, OptionPair } from './option-list.ts';
import { parseOptionList } from './option-list.ts';
import { parseBoolean, parseNumber, parseSize } from './option-values.ts';

/** The values of schema.json's CommandLineParameterType. */
export type ParameterType = 'string' | 'boolean' | 'number' | 'size';

export interface OptionParameter {
  readonly name: string;
  readonly type: ParameterType;
  readonly help?: string;
  /** False for a parameter that the reference does not know: accepted, but left out of query-command-line-options. */
  readonly listed?: false;
}

export interface OptionGroup {
  readonly name: string;
  /** The key that a bare first word is the value of. */
  readonly impliedKey?: string;
  /** All uses without an id add up to one item (`-machine pc -machine accel=tcg`). */
  readonly mergesItems?: true;
  /** Keys beyond `parameters` are accepted as text (device properties, block driver options). */
  readonly acceptsAny?: true;
  readonly parameters: readonly OptionParameter[];
}

/** Throws `Invalid parameter 'k'` or `Parameter 'k' expects …` unless the group takes this pair. */
export function checkParameter(group: OptionGroup, [key, value]: OptionPair): void {
  const parameter = group.parameters.find(({ name }) => name === key);
  if (parameter === undefined) {
    if (group.acceptsAny) {
      return;
    }
    throw unknownParameter(key);
  }
  switch (parameter.type) {
    case 'boolean':
      parseBoolean(key, value);
      break;
    case 'number':
      parseNumber(key, value);
      break;
    case 'size':
      parseSize(key, value);
      break;
    case 'string':
      break;
  }
}

/**
 * Parses and checks the option list of one item of `group`: `socket,id=c0,path=/tmp/q,server`.
 * Throws OptionError with the reference's text.
 */
export function parseGroupText(group: OptionGroup, text: string): OptionList {
  const list = parseOptionList(text, group.impliedKey);
  for (const pair of list.values) {
    checkParameter(group, pair);
  }
  return list;
}
