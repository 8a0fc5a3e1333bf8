/** `vc`: a virtual console. Without a display it is a screen of text that keeps what was written. */
import { CharDeviceBase } from './char-device-base.ts';
import type { ChardevConfig } from './chardev-config.ts';
import type { ChardevCreation } from './chardev-environment.ts';
import { TextScreen } from './text-screen.ts';

const DEFAULT_COLUMNS = 80;
const DEFAULT_ROWS = 24;
/** Pixels of a character cell, for sizes that are given in pixels. */
const CELL_WIDTH = 8;
const CELL_HEIGHT = 16;
/** Largest screen in either direction, in characters: bounds what a configuration can make us allocate. */
const LARGEST_SIDE = 1000;
/** Keys that wait for a front end that does not read. */
const INPUT_LIMIT_BYTES = 256;

function side(
  characters: number | undefined,
  pixels: number | undefined,
  cell: number,
  absent: number,
): number {
  const wanted = characters ?? (pixels === undefined ? absent : Math.floor(pixels / cell));
  return Math.max(1, Math.min(LARGEST_SIDE, wanted || absent));
}

export class VcDevice extends CharDeviceBase {
  readonly screen: TextScreen;
  #input: Uint8Array = new Uint8Array(0);

  constructor(creation: ChardevCreation, config: Extract<ChardevConfig, { kind: 'vc' }>) {
    super(creation.label, creation.filename);
    this.screen = new TextScreen(
      side(config.cols, config.width, CELL_WIDTH, DEFAULT_COLUMNS),
      side(config.rows, config.height, CELL_HEIGHT, DEFAULT_ROWS),
    );
  }

  write(bytes: Uint8Array): void {
    this.screen.write(bytes);
  }

  /** Bytes that keys of the console's keyboard stand for; those that nobody takes are lost beyond a small limit. */
  type(bytes: Uint8Array): void {
    const room = INPUT_LIMIT_BYTES - this.#input.length;
    this.#input = Buffer.concat([this.#input, bytes.subarray(0, room)]);
    this.resume();
  }

  override resume(): void {
    while (this.#input.length > 0 && this.wanted > 0) {
      const part = this.#input.subarray(0, this.wanted);
      this.#input = this.#input.subarray(part.length);
      this.deliver(part);
    }
  }
}
