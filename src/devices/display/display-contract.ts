/** What a display adapter shows, for screendump and, later, for remote displays. */

/** A picture: `width * height` pixels of 3 bytes (red, green, blue), top line first. */
export interface Picture {
  readonly width: number;
  readonly height: number;
  readonly rgb: Uint8Array;
}

/** A display adapter as the rest of the machine sees it. */
export interface DisplayAdapter {
  /** What a monitor would show now, in any mode, text included. */
  picture(): Picture;
}

/** Where adapters announce themselves; the first is the primary one. */
export interface DisplayHub {
  add(adapter: DisplayAdapter): void;
}
