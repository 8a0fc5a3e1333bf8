/** A limit of bytes a second, kept by waiting between pieces: on the average exactly, whatever the length of the pieces. */

const MS_A_SECOND = 1000;
/** As much time as a job that was late may make up for. */
const MOST_MADE_UP_MS = 100;

export class RateLimit {
  #speed = 0;
  /** When the next piece may begin, in ms. */
  #next = Number.NEGATIVE_INFINITY;

  /** Bytes a second; 0 is no limit. It holds from now on: what was waited for under the old one is forgotten. */
  setSpeed(bytes: number): void {
    this.#speed = bytes;
    this.#next = Number.NEGATIVE_INFINITY;
  }

  /** ms until the next piece may begin. */
  waitMs(now: number): number {
    return this.#speed === 0 ? 0 : Math.max(0, this.#next - now);
  }

  /** A piece begins, or has been done. */
  charge(bytes: number, now: number): void {
    if (this.#speed > 0) {
      this.#next = Math.max(this.#next, now - MOST_MADE_UP_MS) + (bytes / this.#speed) * MS_A_SECOND;
    }
  }
}
