/** `--object secret,id=ID,data=TEXT` or `file=PATH`: passwords that options refer to by their id. */
import { readFileSync } from 'node:fs';
import { splitOptionList } from '../options/option-list.ts';
import { stringValue } from '../options/option-values.ts';
import type { CommandWords } from './command-words.ts';
import { failed } from './image-command-error.ts';

/** The passwords by their ids. Throws ImageCommandError. */
export function secretsOf(words: CommandWords): ReadonlyMap<string, string> {
  const secrets = new Map<string, string>();
  for (const text of words.values('object')) {
    const pairs = splitOptionList(text, 'qom-type');
    const type = stringValue(pairs, 'qom-type');
    if (type !== 'secret') throw failed(`Invalid object type '${type ?? ''}': expecting 'secret'`);
    const id = stringValue(pairs, 'id');
    if (id === undefined) throw failed("Parameter 'id' is missing");
    const [data, file] = [stringValue(pairs, 'data'), stringValue(pairs, 'file')];
    if ((data === undefined) === (file === undefined)) {
      throw failed(`Secret '${id}' needs one of 'data' and 'file'`);
    }
    const isBase64 = stringValue(pairs, 'format') === 'base64';
    const given = data ?? read(file ?? '');
    secrets.set(id, isBase64 ? Buffer.from(given, 'base64').toString() : given);
  }
  return secrets;
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (cause) {
    throw failed(`Unable to read ${path}: ${cause instanceof Error ? cause.message : String(cause)}`, {
      cause,
    });
  }
}

/** The password called `id`. */
export function secretCalled(secrets: ReadonlyMap<string, string>, id: string): string {
  const secret = secrets.get(id);
  if (secret === undefined) throw failed(`No secret with id '${id}'`);
  return secret;
}
