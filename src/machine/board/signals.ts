/** What devices can ask of the machine as a whole. */
import type { MachineSignals } from '../../devices/board-services.ts';
import { DELIVERY_SMI } from '../../memory/layout.ts';
import type { MachinePower } from '../machine-power.ts';
import type { EmitQmpEvent } from '../run-control.ts';
import type { Hardware } from './hardware.ts';

type WakeCause = Parameters<Parameters<MachineSignals['onWakeup']>[0]>[0];

const BOOTSTRAP_PROCESSOR = 0;

export interface SignalsOptions {
  readonly power: MachinePower;
  readonly hardware: Hardware;
  readonly emit: EmitQmpEvent;
  /** The process is to end with that status. */
  readonly exit: (status: number) => void;
}

export class BoardSignals {
  readonly signals: MachineSignals;
  readonly #woken: ((cause: WakeCause) => void)[] = [];
  #cause: WakeCause = 'other';

  constructor({ power, hardware, emit, exit }: SignalsOptions) {
    this.signals = {
      requestReset: () => power.requestReset(),
      guestSoftOff: () => power.guestSoftOff(),
      guestSuspend: () => power.guestSuspend(),
      guestSuspendToDisk: () => power.guestSuspendToDisk(),
      guestPanicked: () => power.guestPanicked(),
      wakeup: (cause) => {
        power.requestWakeup(() => {
          this.#cause = cause ?? 'other';
        });
      },
      exit,
      emit,
      onPowerButton: (pressed) => power.onPowerButton(pressed),
      onWakeup: (woken) => {
        this.#woken.push(woken);
      },
      pulseNmi: () => hardware.interrupts.pulseNmi(),
      raiseSmi: () => hardware.interrupts.deliver(BOOTSTRAP_PROCESSOR, DELIVERY_SMI, 0, false),
      setA20: (enabled) => hardware.setA20(enabled),
    };
  }

  /** A sleeping guest has been woken, and its devices are reset: they learn the cause. */
  announceWakeup(): void {
    const cause = this.#cause;
    this.#cause = 'other';
    for (const woken of this.#woken) woken(cause);
  }
}
