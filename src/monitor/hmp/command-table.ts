import type { HumanCommand } from './command.ts';

/** Commands by their names and aliases, and in the order of their names. */
export class CommandTable {
  readonly commands: readonly HumanCommand[];
  readonly #byName = new Map<string, HumanCommand>();

  constructor(commands: readonly HumanCommand[]) {
    this.commands = commands.toSorted((a, b) => (a.name < b.name ? -1 : 1));
    for (const command of commands) {
      for (const name of [command.name, ...command.aliases]) this.#byName.set(name, command);
    }
  }

  find(name: string): HumanCommand | undefined {
    return this.#byName.get(name);
  }

  /** Every name and alias. */
  get names(): readonly string[] {
    return [...this.#byName.keys()];
  }
}
