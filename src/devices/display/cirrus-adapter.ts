/** The CL-GD5446 whatever bus it is on: registers, windows, blitter, cursor, picture, state. */
import type { BoardServices, Region } from '../board-services.ts';
import type { DeviceState } from '../device-class.ts';
import { stateLike, stateOf } from '../saved-state.ts';
import { CirrusBlitter } from './cirrus-blitter.ts';
import { drawCursor } from './cirrus-cursor.ts';
import { BANK_BYTES, bankOffset, CirrusMemory, isPlain } from './cirrus-memory.ts';
import { cirrusMode } from './cirrus-mode.ts';
import * as cirrus from './cirrus-registers.ts';
import { type CirrusIdentity, CirrusRegisters } from './cirrus-state.ts';
import type { Picture } from './display-contract.ts';
import { linearPicture } from './linear-picture.ts';
import { fieldsOf, packMemory, unpackMemory } from './saved-memory.ts';
import { dacColours, widenComponent } from './vga-colours.ts';
import { VgaMemory } from './vga-memory.ts';
import { blankPicture, isBlank, vgaPicture } from './vga-picture.ts';
import { claimVgaPorts } from './vga-port-claims.ts';
import { VgaPorts } from './vga-ports.ts';
import * as vga from './vga-registers.ts';
import { TextWindow } from './vga-text-window.ts';
import { inputStatus1 } from './vga-timing.ts';
import {
  byteHandler,
  isPlainChain4,
  MappedPiece,
  WINDOW_BYTES,
  WINDOW_FIRST,
  windowPart,
} from './vga-window.ts';

const OPEN_BUS = 0xff;
const EXTENDED_WINDOW_BYTES = 2 * BANK_BYTES;
/** Where the blitter's registers are in the window, when SR17 says so. */
const WINDOW_MMIO = 0x18000;
const MMIO_BYTES = 0x100;
const NO_ADDRESS = -1;

export class CirrusAdapter {
  readonly video: { readonly host: number; readonly view: Uint8Array };
  readonly #name: string;
  readonly #registers: CirrusRegisters;
  readonly #ports: VgaPorts;
  readonly #planar: VgaMemory;
  readonly #memory: CirrusMemory;
  readonly #blitter: CirrusBlitter;
  readonly #halves: readonly MappedPiece[];
  readonly #linear: MappedPiece;
  readonly #text: TextWindow;
  #linearAddress = NO_ADDRESS;
  readonly #claims: readonly Region[];

  /** @param name for messages: the driver's name */
  constructor(ports: BoardServices, identity: CirrusIdentity, name: string) {
    this.#name = name;
    this.video = ports.videoMemory(identity.videoBytes);
    const { host, view } = this.video;
    this.#planar = new VgaMemory(view);
    this.#memory = new CirrusMemory(view);
    this.#halves = [new MappedPiece(ports, host), new MappedPiece(ports, host)];
    this.#linear = new MappedPiece(ports, host);
    this.#text = new TextWindow(ports, view);
    this.#blitter = new CirrusBlitter(view, () => this.#registers.vga.gr);
    this.#registers = new CirrusRegisters(identity, (before, value) => this.#controlBlitter(before, value));
    this.#ports = new VgaPorts(this.#registers.vga, {
      extension: this.#registers,
      status: () => inputStatus1(this.#registers.vga, ports.clocks.virtual.now()),
      memoryChanged: () => this.#map(),
    });
    const window = byteHandler(
      (offset) => this.#readWindow(offset),
      (offset, value) => this.#writeWindow(offset, value),
    );
    this.#claims = [
      ...claimVgaPorts(ports.ports, this.#ports),
      ports.memory.claim(WINDOW_FIRST, WINDOW_BYTES, this.#transfers(window), {
        name: 'cirrus-low-memory',
        posted: true,
      }),
    ];
    ports.display.add({ picture: () => this.picture() });
  }

  reset(): void {
    this.#registers.reset();
    this.#ports.state = this.#registers.vga;
    this.#blitter.reset();
    this.#map();
  }

  /** What answers in the linear frame buffer while it is not mapped. */
  get linearHandler() {
    const memory = byteHandler(
      (offset) =>
        this.#isLinearMmio(offset)
          ? this.readMmio(offset % MMIO_BYTES)
          : this.#memory.read(this.#registers.vga.gr, offset),
      (offset, value) => {
        if (this.#isLinearMmio(offset)) {
          this.writeMmio(offset % MMIO_BYTES, value);
        } else {
          this.#memory.write(this.#registers.vga.gr, offset, value);
        }
      },
    );
    return this.#transfers(memory);
  }

  /** Takes the blitter's source data, wherever in the aperture they are written, and drops what it does not want. */
  get transferHandler() {
    return this.#transfers({ read: (_offset, size) => 2 ** (8 * size) - 1, write: () => undefined });
  }

  /** Says where the linear frame buffer is; undefined while it is nowhere. */
  moveLinear(address: number | undefined): void {
    this.#linearAddress = address ?? NO_ADDRESS;
    this.#map();
  }

  readPort(port: number): number {
    return this.#ports.read(port);
  }

  writePort(port: number, value: number): void {
    this.#ports.write(port, value);
  }

  readMmio(offset: number): number {
    const index = cirrus.MMIO_REGISTERS.get(offset);
    return index === undefined ? OPEN_BUS : this.#registers.readGraphics(index);
  }

  writeMmio(offset: number, value: number): void {
    const index = cirrus.MMIO_REGISTERS.get(offset);
    if (index !== undefined) {
      this.#registers.writeGraphics(index, value);
    }
  }

  save(): DeviceState {
    this.#text.store();
    return { ...fieldsOf(stateOf(this.#saved())), memory: packMemory(this.video.view) };
  }

  restore(state: DeviceState): void {
    const { memory } = fieldsOf(state);
    const { registers, blitter } = stateLike(this.#saved(), state, this.#name);
    unpackMemory(this.video.view, memory, this.#name);
    this.#registers.restore(registers);
    this.#ports.state = this.#registers.vga;
    this.#text.load();
    this.#blitter.restore(blitter);
    this.#map();
  }

  release(): void {
    for (const piece of [...this.#halves, this.#linear]) {
      piece.set(undefined);
    }
    this.#text.release();
    for (const claim of this.#claims) {
      claim.remove();
    }
  }

  /** What a monitor would show now. */
  picture(): Picture {
    const { vga: state, cursor } = this.#registers;
    const mode = cirrusMode(state, this.#registers.hiddenDac);
    if (mode === undefined) {
      this.#text.store();
      return vgaPicture(state, this.#planar);
    }
    if (isBlank(state)) {
      return blankPicture(mode.width, mode.height);
    }
    const picture = linearPicture(mode, this.video.view, dacColours(state));
    const [background, foreground] = this.#registers.cursorColours;
    drawCursor(picture, state.sr, this.video.view, {
      ...cursor,
      background: background.map(widenComponent),
      foreground: foreground.map(widenComponent),
    });
    return picture;
  }

  #saved() {
    return { registers: this.#registers.save(), blitter: this.#blitter.save() };
  }

  get #isExtended(): boolean {
    return ((this.#registers.vga.sr[cirrus.SR_EXTENDED_MODE] ?? 0) & cirrus.EXTENDED) !== 0;
  }

  get #isRamEnabled(): boolean {
    return (this.#registers.vga.misc & vga.MISC_RAM_ENABLE) !== 0;
  }

  #controlBlitter(before: number, value: number): void {
    this.#blitter.control(before, value);
    this.#map();
  }

  /** While a transfer waits for data, every write to video memory is data; what exceeds them ends with the access. */
  #transfers(memory: ReturnType<typeof byteHandler>): ReturnType<typeof byteHandler> {
    return {
      read: memory.read,
      write: (offset, size, value) => {
        if (!this.#blitter.isFed) {
          memory.write(offset, size, value);
          return;
        }
        for (let index = 0; index < size && this.#blitter.isFed; index += 1) {
          this.#blitter.feed((value >>> (8 * index)) & 0xff);
        }
        if (!this.#blitter.isFed) {
          this.#map();
        }
      },
    };
  }

  /** Maps what is plain memory now: the halves of the window, and the linear frame buffer. */
  #map(): void {
    const { vga: state } = this.#registers;
    const isOpen = !this.#blitter.isFed && isPlain(state.gr);
    const mapsLinear = isOpen && this.#linearAddress !== NO_ADDRESS && !this.#hasLinearMmio;
    this.#linear.set(
      mapsLinear ? { first: this.#linearAddress, bytes: this.video.view.length, offset: 0 } : undefined,
    );
    this.#text.update(state, isOpen && !this.#isExtended);
    this.#halves.forEach((piece, half) => {
      piece.set(isOpen && this.#isRamEnabled ? this.#half(half) : undefined);
    });
  }

  #half(half: number): { first: number; bytes: number; offset: number } | undefined {
    const { vga: state } = this.#registers;
    if (!this.#isExtended) {
      const { first, bytes } = windowPart(state);
      const isMapped = half === 0 && isPlainChain4(state);
      return isMapped ? { first: WINDOW_FIRST + first, bytes, offset: 0 } : undefined;
    }
    const offset = bankOffset(state.gr, half);
    const fits = offset + BANK_BYTES <= this.video.view.length;
    return fits ? { first: WINDOW_FIRST + half * BANK_BYTES, bytes: BANK_BYTES, offset } : undefined;
  }

  get #hasLinearMmio(): boolean {
    const both = cirrus.CONFIGURATION_MMIO | cirrus.CONFIGURATION_MMIO_LINEAR;
    return ((this.#registers.vga.sr[cirrus.SR_CONFIGURATION] ?? 0) & both) === both;
  }

  #isLinearMmio(offset: number): boolean {
    const { length } = this.video.view;
    return this.#hasLinearMmio && offset % length >= length - MMIO_BYTES;
  }

  #isWindowMmio(offset: number): boolean {
    const both = cirrus.CONFIGURATION_MMIO | cirrus.CONFIGURATION_MMIO_LINEAR;
    const configuration = (this.#registers.vga.sr[cirrus.SR_CONFIGURATION] ?? 0) & both;
    const isThere = offset >= WINDOW_MMIO && offset < WINDOW_MMIO + MMIO_BYTES;
    return isThere && configuration === cirrus.CONFIGURATION_MMIO;
  }

  #readWindow(offset: number): number {
    const { vga: state } = this.#registers;
    if (this.#isExtended) {
      if (this.#isWindowMmio(offset)) {
        return this.readMmio(offset - WINDOW_MMIO);
      }
      return offset < EXTENDED_WINDOW_BYTES ? this.#memory.read(state.gr, this.#banked(offset)) : OPEN_BUS;
    }
    const { first, bytes } = windowPart(state);
    const isInside = offset >= first && offset < first + bytes && this.#isRamEnabled;
    if (!isInside) {
      return OPEN_BUS;
    }
    return this.#text.bytes?.[offset - first] ?? this.#planar.read(state, offset - first, 0);
  }

  #writeWindow(offset: number, value: number): void {
    const { vga: state } = this.#registers;
    if (this.#isExtended) {
      if (this.#isWindowMmio(offset)) {
        this.writeMmio(offset - WINDOW_MMIO, value);
      } else if (offset < EXTENDED_WINDOW_BYTES) {
        this.#memory.write(state.gr, this.#banked(offset), value);
      }
      return;
    }
    const { first, bytes } = windowPart(state);
    if (offset < first || offset >= first + bytes || !this.#isRamEnabled) {
      return;
    }
    const text = this.#text.bytes;
    if (text === undefined) {
      this.#planar.write(state, offset - first, 0, value);
    } else {
      text[offset - first] = value;
    }
  }

  #banked(offset: number): number {
    const half = Math.floor(offset / BANK_BYTES);
    return bankOffset(this.#registers.vga.gr, half) + (offset % BANK_BYTES);
  }
}
