/** The interrupt outputs of devices, which a test may listen to instead of the board (qtest's irq_intercept_out). */
import type { BoardServices, Wire } from '../../devices/board-services.ts';
import type { LineTap } from './interrupt-wiring.ts';

interface Outputs {
  /** What they are wired to, in the order in which they were taken. */
  readonly lines: number[];
  tap: LineTap | undefined;
}

export class OutputTaps {
  readonly #outputs = new WeakMap<BoardServices, Outputs>();

  /** Ports whose wires from `irq` can be tapped; outputs are numbered in the order in which the device takes them. */
  wrap<T extends BoardServices & { irq(line: number): Wire }>(ports: T): T {
    const outputs: Outputs = { lines: [], tap: undefined };
    const wrapped: T = {
      ...ports,
      irq: (line: number): Wire => {
        const wire = ports.irq(line);
        const number = outputs.lines.push(line) - 1;
        return {
          set: (asserted) => {
            if (outputs.tap === undefined) wire.set(asserted);
            else outputs.tap(number, asserted);
          },
        };
      },
    };
    this.#outputs.set(wrapped, outputs);
    return wrapped;
  }

  /** The lines that the device which has these ports drives. */
  linesOf(ports: BoardServices): readonly number[] {
    return this.#outputs.get(ports)?.lines ?? [];
  }

  /** The outputs of the device that has these ports are told to `tap` from now on. */
  tap(ports: BoardServices, tap: LineTap): void {
    const outputs = this.#outputs.get(ports);
    if (outputs === undefined) return;
    // Only changes are told.
    const levels = new Map<number, boolean>();
    outputs.tap = (line, asserted) => {
      if ((levels.get(line) ?? false) === asserted) return;
      levels.set(line, asserted);
      tap(line, asserted);
    };
  }
}
