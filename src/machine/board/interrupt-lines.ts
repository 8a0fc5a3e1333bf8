/** Interrupt lines with several sources each: what these come to, and who hears it. */
import type { Wire } from '../../devices/board-services.ts';

export const ISA_IRQS = 16;

export class InterruptLines {
  /** How many sources assert each line. */
  readonly #asserted: number[];
  readonly #listeners: ((line: number, asserted: boolean) => void)[] = [];

  constructor(count: number) {
    this.#asserted = Array.from({ length: count }, () => 0);
  }

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
    const now = before + change;
    this.#asserted[line] = now;
    if (before !== 0 && now !== 0) return;
    for (const listener of this.#listeners) listener(line, now !== 0);
  }
}
