/** A wire that remembers what was done to it. */
import type { Wire } from '../../../src/devices/board-services.ts';

export class FakeWire implements Wire {
  level = false;
  /** How often it went up. */
  rises = 0;
  readonly #changed: (level: boolean) => void;

  /** @param changed told of every change */
  constructor(changed: (level: boolean) => void = () => undefined) {
    this.#changed = changed;
  }

  set(asserted: boolean): void {
    if (asserted === this.level) return;
    this.level = asserted;
    if (asserted) this.rises += 1;
    this.#changed(asserted);
  }
}
