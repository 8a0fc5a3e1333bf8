/**
 * The window of a text mode as plain memory. There, characters and attributes take turns, but in the planes they lie apart;
 * so while the mode lasts they are kept a second time as the guest sees them, where vCPUs can map them, and the planes are
 * brought up to date when someone looks.
 */
import type { BoardServices } from '../board-services.ts';
import * as vga from './vga-registers.ts';
import type { VgaState } from './vga-state.ts';
import { MappedPiece, WINDOW_FIRST, windowPart } from './vga-window.ts';

/** The windows of text modes: B0000H and B8000H. */
const TEXT_BYTES = 0x8000;
const CHARACTER_AND_ATTRIBUTE = 0x03;
const ALL_BITS = 0xff;
const PLANES = 4;

/** Whether even bytes are plane 0 and odd ones plane 1, and a write changes nothing but its byte. */
function isPlainText(state: VgaState): boolean {
  const { misc, sr, gr } = state;
  const memoryMode = sr[vga.SR_MEMORY_MODE] ?? 0;
  const mode = gr[vga.GR_MODE] ?? 0;
  return (
    (misc & vga.MISC_RAM_ENABLE) !== 0 &&
    windowPart(state).bytes === TEXT_BYTES &&
    (memoryMode & (vga.MEMORY_MODE_CHAIN_4 | vga.MEMORY_MODE_SEQUENTIAL)) === 0 &&
    sr[vga.SR_MAP_MASK] === CHARACTER_AND_ATTRIBUTE &&
    ((gr[vga.GR_MISC] ?? 0) & vga.GR_MISC_CHAIN_ODD_EVEN) !== 0 &&
    (mode & (vga.MODE_WRITE_MASK | vga.MODE_READ_COMPARE | vga.MODE_ODD_EVEN)) === vga.MODE_ODD_EVEN &&
    ((gr[vga.GR_READ_MAP] ?? 0) & 2) === 0 &&
    gr[vga.GR_ENABLE_SET_RESET] === 0 &&
    gr[vga.GR_ROTATE] === 0 &&
    gr[vga.GR_BIT_MASK] === ALL_BITS
  );
}

export class TextWindow {
  readonly #planes: Uint8Array;
  readonly #text: Uint8Array;
  readonly #piece: MappedPiece;
  #isActive = false;

  /** @param planes the adapter's video memory */
  constructor(ports: BoardServices, planes: Uint8Array) {
    this.#planes = planes;
    const { host, view } = ports.videoMemory(TEXT_BYTES);
    this.#text = view;
    this.#piece = new MappedPiece(ports, host);
  }

  /** What the window shows, while it is that of a text mode. */
  get bytes(): Uint8Array | undefined {
    return this.#isActive ? this.#text : undefined;
  }

  /** To be called when what decides about it may have changed; `allowed` false: the adapter is in a mode of its own. */
  update(state: VgaState, allowed: boolean): void {
    const isWanted = allowed && isPlainText(state);
    if (!isWanted && this.#isActive) {
      this.#piece.set(undefined);
      this.store();
      this.#isActive = false;
    }
    if (isWanted) {
      if (!this.#isActive) {
        this.load();
        this.#isActive = true;
      }
      const first = WINDOW_FIRST + windowPart(state).first;
      this.#piece.set({ first, bytes: TEXT_BYTES, offset: 0 });
    }
  }

  /** Brings the planes up to date. */
  store(): void {
    if (!this.#isActive) {
      return;
    }
    for (let at = 0; at < TEXT_BYTES; at += 2) {
      this.#planes[at * PLANES] = this.#text[at] ?? 0;
      this.#planes[at * PLANES + 1] = this.#text[at + 1] ?? 0;
    }
  }

  /** The planes have been filled by someone else. */
  load(): void {
    for (let at = 0; at < TEXT_BYTES; at += 2) {
      this.#text[at] = this.#planes[at * PLANES] ?? 0;
      this.#text[at + 1] = this.#planes[at * PLANES + 1] ?? 0;
    }
  }

  release(): void {
    this.#piece.set(undefined);
  }
}
