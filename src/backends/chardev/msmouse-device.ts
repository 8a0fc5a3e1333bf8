/**
 * `msmouse`: a serial mouse on the guest's port. It speaks the Microsoft protocol: three bytes a packet, only the first
 * with bit 6 set, and a fourth byte, as Logitech added it, while the middle button is involved.
 *
 *   1 L R Y7 Y6 X7 X6   |   0 X5…X0   |   0 Y5…Y0   |   (0 M 0 0 0 0 0)
 */
import { CharDeviceBase } from './char-device-base.ts';

const SYNC = 0x40;
const LEFT = 0x20;
const RIGHT = 0x10;
const MIDDLE = 0x20;
const MOTION_LIMIT = 127;
/** Button changes that wait for the front end; older ones are lost when the guest does not listen. */
const QUEUE_LIMIT = 32;

export interface MouseButtons {
  readonly left: boolean;
  readonly right: boolean;
  readonly middle: boolean;
}

interface Motion {
  dx: number;
  dy: number;
  readonly buttons: MouseButtons;
}

function clamp(motion: number): number {
  return Math.max(-MOTION_LIMIT, Math.min(MOTION_LIMIT, motion));
}

function sameButtons(a: MouseButtons, b: MouseButtons): boolean {
  return a.left === b.left && a.right === b.right && a.middle === b.middle;
}

export class MsmouseDevice extends CharDeviceBase {
  readonly #motions: Motion[] = [];
  #bytes: number[] = [];
  #middleShown = false;

  write(): void {}

  /**
   * The pointer moved by `dx` (right is positive) and `dy` (down is positive) counts, with these buttons held.
   * Movement that the guest is too slow to take adds up; button changes keep their order.
   */
  move(dx: number, dy: number, buttons: MouseButtons): void {
    const last = this.#motions.at(-1);
    if (last !== undefined && sameButtons(last.buttons, buttons)) {
      last.dx += dx;
      last.dy += dy;
    } else {
      if (this.#motions.length === QUEUE_LIMIT) {
        this.#motions.shift();
      }
      this.#motions.push({ dx, dy, buttons });
    }
    this.resume();
  }

  override resume(): void {
    while (this.busy && this.wanted > 0 && (this.#bytes.length > 0 || this.#motions.length > 0)) {
      if (this.#bytes.length === 0) {
        this.#bytes = this.#nextPacket();
      }
      this.deliver(Uint8Array.from(this.#bytes.splice(0, this.wanted)));
    }
  }

  /** Takes as much of the oldest motion as one packet can say. */
  #nextPacket(): number[] {
    const motion = this.#motions[0];
    if (motion === undefined) {
      return [];
    }
    const dx = clamp(motion.dx);
    const dy = clamp(motion.dy);
    motion.dx -= dx;
    motion.dy -= dy;
    if (motion.dx === 0 && motion.dy === 0) {
      this.#motions.shift();
    }
    const { left, right, middle } = motion.buttons;
    const packet = [
      SYNC | (left ? LEFT : 0) | (right ? RIGHT : 0) | ((dy >> 4) & 0x0c) | ((dx >> 6) & 0x03),
      dx & 0x3f,
      dy & 0x3f,
    ];
    if (middle || this.#middleShown) {
      packet.push(middle ? MIDDLE : 0);
    }
    this.#middleShown = middle;
    return packet;
  }
}
