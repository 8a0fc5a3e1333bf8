/** Input as devices take it from monitors and displays. */

/** schema.json's QKeyCode. */
export type QKeyCode = string;

export interface KeyboardSink {
  /** A key went down or up: its name, or its PC scancode (80H and above: what follows the prefix E0H, + 80H). */
  key(code: QKeyCode | number, down: boolean): void;
}

export interface PointerSink {
  /** For `query-mice`. */
  readonly name: string;
  readonly absolute: boolean;
  /** Relative motion in counts, or absolute position 0..32767; `dz` is the wheel. `buttons`: bit 0 left, 1 right, 2 middle. */
  motion(x: number, y: number, dz: number, buttons: number): void;
}

/** A pointer among those of the machine. */
export interface PointerHandle {
  /** The one before it is the current one again. */
  remove(): void;
}

/** Where devices announce themselves; the last one registered is the current one. */
export interface InputHub {
  addKeyboard(sink: KeyboardSink): void;
  addPointer(sink: PointerSink): PointerHandle;
}
