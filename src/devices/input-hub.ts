/** The keyboards and pointers of a machine, and the way in for those who press and move them. */
import type { InputHub, KeyboardSink, PointerHandle, PointerSink, QKeyCode } from './input-contract.ts';

/** An entry of query-mice. */
export interface MouseInfo {
  readonly name: string;
  readonly index: number;
  readonly current: boolean;
  readonly absolute: boolean;
}

interface Pointer {
  readonly index: number;
  readonly sink: PointerSink;
}

export class InputRegistry implements InputHub {
  readonly #isListening: () => boolean;
  #keyboard: KeyboardSink | undefined;
  /** The current one first. */
  #pointers: Pointer[] = [];
  #nextIndex = 0;
  #buttons = 0;
  /** Where an absolute pointer is. */
  #position = { x: 0, y: 0 };

  /** @param isListening whether the guest can take input now (running or suspended); what comes otherwise is dropped */
  constructor(isListening: () => boolean) {
    this.#isListening = isListening;
  }

  addKeyboard(sink: KeyboardSink): void {
    this.#keyboard = sink;
  }

  /** Numbers are not given again. */
  addPointer(sink: PointerSink): PointerHandle {
    const pointer = { index: this.#nextIndex++, sink };
    this.#pointers.unshift(pointer);
    return {
      remove: () => {
        this.#pointers = this.#pointers.filter((each) => each !== pointer);
      },
    };
  }

  /** A key goes down or up: its name or its PC scancode. */
  key(code: QKeyCode | number, down: boolean): void {
    if (this.#isListening()) {
      this.#keyboard?.key(code, down);
    }
  }

  /** Moves the current pointer; the buttons stay. Relative counts, or 0 to 32767 for an absolute one. */
  move(x: number, y: number, dz: number): void {
    this.#position = { x, y };
    this.#motion(x, y, dz);
  }

  /** Sets the buttons: bit 0 left, bit 1 right, bit 2 middle. */
  setButtons(buttons: number): void {
    this.#buttons = buttons;
    const { x, y } = this.#pointers[0]?.sink.absolute === true ? this.#position : { x: 0, y: 0 };
    this.#motion(x, y, 0);
  }

  /** Makes a pointer the current one. False when there is none of that index. */
  select(index: number): boolean {
    const chosen = this.#pointers.find((pointer) => pointer.index === index);
    if (chosen === undefined) {
      return false;
    }
    this.#pointers = [chosen, ...this.#pointers.filter((pointer) => pointer !== chosen)];
    return true;
  }

  /** What query-mice and `info mice` show. */
  mice(): readonly MouseInfo[] {
    return this.#pointers.map(({ index, sink: { name, absolute } }, place) => ({
      name,
      index,
      current: place === 0,
      absolute,
    }));
  }

  #motion(x: number, y: number, dz: number): void {
    if (this.#isListening()) {
      this.#pointers[0]?.sink.motion(x, y, dz, this.#buttons);
    }
  }
}
