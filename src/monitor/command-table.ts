/** The commands that work, in the reference's order: what `query-commands`, dispatch and completion are made of. */
import { QapiError } from '../qapi/qapi-error.ts';
import { qmpSchema } from '../qapi/schema-file.ts';
import type { CommandEntry } from './command-definition.ts';

export class CommandTable {
  readonly #byName = new Map<string, CommandEntry>();
  /** In the order of the reference's table. */
  readonly entries: readonly CommandEntry[];

  /** Throws RangeError when two families define one command. */
  constructor(families: readonly (readonly CommandEntry[])[]) {
    for (const entry of families.flat()) {
      if (this.#byName.has(entry.name)) {
        throw new RangeError(`The command '${entry.name}' is defined twice`);
      }
      this.#byName.set(entry.name, entry);
    }
    const order = Object.keys(qmpSchema.commands);
    this.entries = [...this.#byName.values()].sort((a, b) => order.indexOf(a.name) - order.indexOf(b.name));
  }

  /** Throws `ERR_QAPI_COMMAND_NOT_FOUND`. */
  find(name: string): CommandEntry {
    const entry = this.#byName.get(name);
    if (entry === undefined) {
      throw commandNotFound(name);
    }
    return entry;
  }
}

export function commandNotFound(name: string): QapiError {
  const message = `The command ${name} has not been found`;
  return new QapiError('ERR_QAPI_COMMAND_NOT_FOUND', message, 'CommandNotFound');
}
