/** The machine as devices see it: everything asked of it is noted. */
import type { MachineSignals } from '../../../src/devices/board-services.ts';
import type { QmpJson } from '../../../src/qapi/json-value.ts';

export class FakeMachine implements MachineSignals {
  /** What was asked, oldest first: `reset`, `soft-off`, `suspend`, `suspend-disk`, `panicked`, `wakeup rtc`, `exit 3`, `nmi`, `smi`, `a20 off`. */
  readonly asked: string[] = [];
  readonly events: { readonly name: string; readonly data: QmpJson | undefined }[] = [];
  readonly #powerButton: (() => void)[] = [];
  readonly #wakeup: ((cause: 'other' | 'rtc' | 'pm-timer') => void)[] = [];

  requestReset(): void {
    this.asked.push('reset');
  }

  guestSoftOff(): void {
    this.asked.push('soft-off');
  }

  guestSuspend(): void {
    this.asked.push('suspend');
  }

  guestSuspendToDisk(): void {
    this.asked.push('suspend-disk');
  }

  guestPanicked(): void {
    this.asked.push('panicked');
  }

  wakeup(cause?: 'rtc' | 'pm-timer'): void {
    this.asked.push(cause === undefined ? 'wakeup' : `wakeup ${cause}`);
  }

  exit(status: number): void {
    this.asked.push(`exit ${status}`);
  }

  emit(name: string, data?: QmpJson): void {
    this.events.push({ name, data });
  }

  onPowerButton(pressed: () => void): void {
    this.#powerButton.push(pressed);
  }

  onWakeup(woken: (cause: 'other' | 'rtc' | 'pm-timer') => void): void {
    this.#wakeup.push(woken);
  }

  pulseNmi(): void {
    this.asked.push('nmi');
  }

  raiseSmi(): void {
    this.asked.push('smi');
  }

  setA20(enabled: boolean): void {
    this.asked.push(`a20 ${enabled ? 'on' : 'off'}`);
  }

  /** A monitor asks for system_powerdown. */
  pressPowerButton(): void {
    for (const pressed of this.#powerButton) pressed();
  }

  /** A sleeping guest is woken. */
  wake(cause: 'other' | 'rtc' | 'pm-timer'): void {
    for (const woken of this.#wakeup) woken(cause);
  }
}
