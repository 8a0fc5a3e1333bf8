/** The sixteen ISA interrupt lines: what several sources on a line come to, and who hears it. */
import type { Wire } from '../../devices/board-services.ts';

export const ISA_IRQS = 16;

export class IrqLines {
  /** How many sources assert each line. */
  readonly #asserted: number[] = Array.from({ length: ISA_IRQS }, () => 0);
  readonly #listeners: ((line: number, asserted: boolean) => void)[] = [];

  /** A source of its own on that line: the line is asserted while any source asserts it. */
  source(line: number): Wire {
    let level = false;
    return {
      set: (asserted) => {
        if (asserted === level) return;
        level = asserted;
        this.#count(line, asserted ? 1 : -1);
      },
    };
  }

  isAsserted(line: number): boolean {
    return (this.#asserted[line] ?? 0) > 0;
  }

  /** Tells of every change of a line's level, in the order of listening. */
  onLevel(listener: (line: number, asserted: boolean) => void): void {
    this.#listeners.push(listener);
  }

  #count(line: number, change: 1 | -1): void {
    const before = this.#asserted[line] ?? 0;
    this.#asserted[line] = before + change;
    if (before !== 0 && before + change !== 0) return;
    for (const listener of this.#listeners) listener(line, before === 0);
  }
}
