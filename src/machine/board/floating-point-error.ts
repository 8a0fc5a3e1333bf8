/**
 * How a PC reports x87 errors while CR0.NE is 0: FERR# raises IRQ 13, and a write to port F0H lowers it and asserts IGNNE#
 * until FERR# falls (82371SB data sheet, 2.5.7 "Coprocessor error register"; SDM vol. 1, 8.7.2).
 */

import type { Wire } from '../../devices/board-services.ts';
import type { Device, DeviceState } from '../../devices/device-class.ts';
import type { IsaPorts } from '../../devices/isa/isa-contract.ts';
import { stateLike } from '../../devices/saved-state.ts';

const COPROCESSOR_ERROR_PORT = 0xf0;
const COPROCESSOR_IRQ = 13;
const POWER_ON = { asserted: false, ignored: false };

export class FloatingPointErrors implements Device {
  readonly #irq: Wire;
  #state = { ...POWER_ON };

  constructor(ports: Pick<IsaPorts, 'ports' | 'irq'>) {
    this.#irq = ports.irq(COPROCESSOR_IRQ);
    ports.ports.claim(
      COPROCESSOR_ERROR_PORT,
      1,
      {
        read: () => 0,
        write: () => {
          this.#state.ignored = this.#state.asserted;
          this.#irq.set(false);
        },
      },
      { name: 'ferr', widest: 1 },
    );
  }

  /** The FERR# pin of a processor. Whether IGNNE# is asserted. */
  drive(asserted: boolean): boolean {
    this.#state.asserted = asserted;
    if (!asserted) this.#state.ignored = false;
    this.#irq.set(asserted && !this.#state.ignored);
    return this.#state.ignored;
  }

  reset(): void {
    this.#state = { ...POWER_ON };
    this.#irq.set(false);
  }

  save(): DeviceState {
    return { ...this.#state };
  }

  restore(state: DeviceState): void {
    this.#state = stateLike(POWER_ON, state, 'ferr');
    this.#irq.set(this.#state.asserted && !this.#state.ignored);
  }
}
