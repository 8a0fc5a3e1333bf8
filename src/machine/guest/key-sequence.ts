/** Keys that a monitor presses for a while (send-key): downs in order, ups in reverse order when the time is over. */
import type { DeviceClock, DeviceTimer } from '../../devices/board-services.ts';
import type { KeyName } from './guest-asks.ts';

const NS_PER_MS = 1e6;

export class KeySequence {
  readonly #press: (key: KeyName, down: boolean) => void;
  readonly #clock: DeviceClock;
  readonly #release: DeviceTimer;
  #held: readonly KeyName[] = [];

  /** @param clock the guest's: keys of a stopped machine stay down */
  constructor(clock: DeviceClock, press: (key: KeyName, down: boolean) => void) {
    this.#press = press;
    this.#clock = clock;
    this.#release = clock.timer(() => this.#releaseAll());
  }

  /** Keys that are still held are released first. */
  send(keys: readonly KeyName[], holdMs: number): void {
    this.#releaseAll();
    this.#held = keys;
    for (const key of keys) this.#press(key, true);
    this.#release.arm(this.#clock.now() + holdMs * NS_PER_MS);
  }

  #releaseAll(): void {
    this.#release.cancel();
    const held = this.#held;
    this.#held = [];
    for (const key of held.toReversed()) this.#press(key, false);
  }
}
