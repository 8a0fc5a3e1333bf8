/** A VGA with the Bochs display interface, whatever bus it is on: ports, window, picture, state. */
import type { BoardServices, Region, RegionHandler, RegionOptions } from '../board-services.ts';
import type { DeviceState } from '../device-class.ts';
import { stateLike, stateOf } from '../saved-state.ts';
import { BochsDispi, DISPI_INDEX } from './bochs-dispi.ts';
import type { Picture } from './display-contract.ts';
import { linearPicture } from './linear-picture.ts';
import { fieldsOf, packMemory, unpackMemory } from './saved-memory.ts';
import { attributeColours, dacColours } from './vga-colours.ts';
import { VgaMemory } from './vga-memory.ts';
import { blankPicture, isBlank, unpackPlanar, vgaPicture } from './vga-picture.ts';
import { claimVgaPorts } from './vga-port-claims.ts';
import { VgaPorts } from './vga-ports.ts';
import * as vga from './vga-registers.ts';
import { vgaPowerOnState } from './vga-state.ts';
import { TextWindow } from './vga-text-window.ts';
import { inputStatus1 } from './vga-timing.ts';
import {
  byteHandler,
  isPlainChain4,
  MappedPiece,
  WINDOW_BYTES,
  WINDOW_FIRST,
  type WindowMapping,
  windowPart,
} from './vga-window.ts';

const DISPI_PORTS = 4;
const OPEN_BUS = 0xff;
const BANK_WINDOW_BYTES = 0x10000;
const PLANAR_GROUP = 8;

const COUNTS = { sr: vga.SR_COUNT, gr: vga.GR_COUNT, cr: vga.CR_COUNT };

export class VgaAdapter {
  readonly video: { readonly host: number; readonly view: Uint8Array };
  readonly dispi: BochsDispi;
  readonly #memory: VgaMemory;
  readonly #registers: VgaPorts;
  readonly #window: MappedPiece;
  readonly #text: TextWindow;
  readonly #claims: readonly Region[];
  readonly #name: string;

  /**
   * @param videoBytes a power of two, at least 256 KiB
   * @param name for `info mtree` and messages: the driver's name
   */
  constructor(ports: BoardServices, videoBytes: number, name: string) {
    this.#name = name;
    this.video = ports.videoMemory(videoBytes);
    this.#memory = new VgaMemory(this.video.view);
    this.#window = new MappedPiece(ports, this.video.host);
    this.#text = new TextWindow(ports, this.video.view);
    this.dispi = new BochsDispi({ memory: this.video.view, changed: () => this.#dispiChanged() });
    const { virtual } = ports.clocks;
    this.#registers = new VgaPorts(vgaPowerOnState(COUNTS), {
      extension: {},
      status: () => inputStatus1(this.#registers.state, virtual.now()),
      memoryChanged: () => this.#mapWindow(),
    });
    const window = byteHandler(
      (offset) => this.#readWindow(offset),
      (offset, value) => this.#writeWindow(offset, value),
    );
    this.#claims = [
      ...claimVgaPorts(ports.ports, this.#registers),
      ports.ports.claim(DISPI_INDEX, DISPI_PORTS, this.#dispiHandler(), { name: 'vbe', widest: 2 }),
      ports.memory.claim(WINDOW_FIRST, WINDOW_BYTES, window, WINDOW_OPTIONS),
    ];
    ports.display.add({ picture: () => this.picture() });
  }

  reset(): void {
    this.#registers.state = vgaPowerOnState(COUNTS);
    this.dispi.reset();
    this.#mapWindow();
  }

  readPort(port: number): number {
    return this.#registers.read(port);
  }

  writePort(port: number, value: number): void {
    this.#registers.write(port, value);
  }

  save(): DeviceState {
    this.#text.store();
    return { ...fieldsOf(stateOf(this.#saved())), memory: packMemory(this.video.view) };
  }

  restore(state: DeviceState): void {
    const { memory } = fieldsOf(state);
    const { dispi, ...registers } = stateLike(this.#saved(), state, this.#name);
    unpackMemory(this.video.view, memory, this.#name);
    this.#registers.state = registers;
    this.#text.load();
    this.dispi.restore(dispi);
    this.#mapWindow();
  }

  release(): void {
    this.#window.set(undefined);
    this.#text.release();
    for (const claim of this.#claims) {
      claim.remove();
    }
  }

  /** What a monitor would show now. */
  picture(): Picture {
    const { state } = this.#registers;
    if (!this.dispi.isEnabled) {
      this.#text.store();
      return vgaPicture(state, this.#memory);
    }
    const { mode } = this.dispi;
    if (isBlank(state)) {
      return blankPicture(mode.width, mode.height);
    }
    return this.dispi.isPlanar
      ? this.#planarPicture()
      : linearPicture(mode, this.video.view, dacColours(state));
  }

  #saved() {
    return { ...this.#registers.state, dispi: this.dispi.save() };
  }

  #dispiChanged(): void {
    this.#registers.state.dac8Bits = this.dispi.dac8Bits;
    this.#mapWindow();
  }

  /** Sixteen colours in any size: eight pixels a byte of each plane. */
  #planarPicture(): Picture {
    const { width, height, start, pitch } = this.dispi.mode;
    const picture = blankPicture(width, height);
    const colours = attributeColours(this.#registers.state);
    const planes = this.#registers.state.ar[vga.AR_PLANE_ENABLE] ?? 0;
    const dots = new Uint8Array(PLANAR_GROUP);
    for (let y = 0; y < height; y += 1) {
      for (let x = 0; x < width; x += 1) {
        if (x % PLANAR_GROUP === 0) {
          unpackPlanar(this.#memory.word(start + y * pitch + x / PLANAR_GROUP), dots, 0, planes);
        }
        const colour = colours[dots[x % PLANAR_GROUP] ?? 0] ?? 0;
        picture.rgb.set([colour, colour >> 8, colour >> 16], (y * width + x) * 3);
      }
    }
    return picture;
  }

  get #isLinear(): boolean {
    return this.dispi.isEnabled && !this.dispi.isPlanar;
  }

  #mapWindow(): void {
    const mapping = this.#mapping();
    this.#window.set(mapping && { ...mapping, first: WINDOW_FIRST + mapping.first });
    this.#text.update(this.#registers.state, !this.dispi.isEnabled);
  }

  #mapping(): WindowMapping | undefined {
    const { state } = this.#registers;
    if ((state.misc & vga.MISC_RAM_ENABLE) === 0) {
      return undefined;
    }
    if (this.#isLinear) {
      return { first: 0, bytes: BANK_WINDOW_BYTES, offset: this.dispi.bankOffset };
    }
    return isPlainChain4(state) ? { ...windowPart(state), offset: 0 } : undefined;
  }

  #readWindow(offset: number): number {
    const { state } = this.#registers;
    const mapping = this.#mapping();
    const { first, bytes } = mapping ?? windowPart(state);
    if (offset < first || offset >= first + bytes || (state.misc & vga.MISC_RAM_ENABLE) === 0) {
      return OPEN_BUS;
    }
    if (mapping !== undefined) {
      return this.video.view[mapping.offset + offset - first] ?? OPEN_BUS;
    }
    const text = this.#text.bytes;
    return text === undefined
      ? this.#memory.read(state, offset - first, this.dispi.bankOffset)
      : (text[offset - first] ?? OPEN_BUS);
  }

  #writeWindow(offset: number, value: number): void {
    const { state } = this.#registers;
    const mapping = this.#mapping();
    const { first, bytes } = mapping ?? windowPart(state);
    if (offset < first || offset >= first + bytes || (state.misc & vga.MISC_RAM_ENABLE) === 0) {
      return;
    }
    const text = this.#text.bytes;
    if (mapping !== undefined) {
      this.video.view[mapping.offset + offset - first] = value;
    } else if (text !== undefined) {
      text[offset - first] = value;
    } else {
      this.#memory.write(state, offset - first, this.dispi.bankOffset, value);
    }
  }

  /** 1CE is the index, 1CF and 1D0 the data: 16-bit ports that overlap. */
  #dispiHandler(): RegionHandler {
    return {
      read: (offset, size) => {
        const value = offset === 0 ? this.dispi.readIndex() : this.dispi.readData();
        return size === 1 ? value & 0xff : value;
      },
      write: (offset, _size, value) => {
        if (offset === 0) {
          this.dispi.writeIndex(value);
        } else {
          this.dispi.writeData(value);
        }
      },
    };
  }
}

/** Writes are posted: only a later access can tell that the picture has changed. */
const WINDOW_OPTIONS: RegionOptions = { name: 'vga-lowmem', posted: true };
