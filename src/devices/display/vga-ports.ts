/** The VGA's registers as the guest reaches them: indices, write protection, the attribute flip-flop, the DAC. */

import * as vga from './vga-registers.ts';
import type { VgaState } from './vga-state.ts';

/** What an adapter does otherwise than a VGA. An undefined answer means: as a VGA does. */
export interface VgaExtension {
  readSequencer?(index: number): number | undefined;
  /** True when the extension has taken the write. */
  writeSequencer?(index: number, value: number): boolean;
  readGraphics?(index: number): number | undefined;
  writeGraphics?(index: number, value: number): boolean;
  readCrtc?(index: number): number | undefined;
  writeCrtc?(index: number, value: number): boolean;
  readDacMask?(): number | undefined;
  writeDacMask?(value: number): boolean;
  /** True for another palette behind the DAC's data port. */
  readDacData?(index: number, component: number): number | undefined;
  writeDacEntry?(index: number, rgb: readonly number[]): boolean;
}

export interface VgaPortsOptions {
  readonly extension: VgaExtension;
  /** Input status register 1 now. */
  readonly status: () => number;
  /** A register has been written that decides how memory is seen. */
  readonly memoryChanged: () => void;
}

const NOTHING = 0xff;
const COMPONENTS = 3;
const SIX_BITS = 0x3f;

export class VgaPorts {
  state: VgaState;
  readonly #options: VgaPortsOptions;

  constructor(state: VgaState, options: VgaPortsOptions) {
    this.state = state;
    this.#options = options;
  }

  read(port: number): number {
    if (this.#isHidden(port)) {
      return NOTHING;
    }
    const { state } = this;
    const { extension } = this.#options;
    switch (port) {
      case vga.ATTRIBUTE:
        return state.arData ? 0 : state.arIndex;
      case vga.ATTRIBUTE_READ:
        return state.ar[state.arIndex & vga.AR_INDEX_MASK] ?? 0;
      case vga.MISC_WRITE:
        return vga.STATUS_0_SWITCH_SENSE;
      case vga.SEQUENCER_INDEX:
        return state.srIndex;
      case vga.SEQUENCER_DATA:
        return extension.readSequencer?.(state.srIndex) ?? state.sr[state.srIndex] ?? 0;
      case vga.FEATURE_READ:
        return state.feature;
      case vga.MISC_READ:
        return state.misc;
      case vga.GRAPHICS_INDEX:
        return state.grIndex;
      case vga.GRAPHICS_DATA:
        return extension.readGraphics?.(state.grIndex) ?? state.gr[state.grIndex] ?? 0;
      case vga.MONO_CRTC_INDEX:
      case vga.COLOUR_CRTC_INDEX:
        return state.crIndex;
      case vga.MONO_CRTC_DATA:
      case vga.COLOUR_CRTC_DATA:
        return extension.readCrtc?.(state.crIndex) ?? state.cr[state.crIndex] ?? 0;
      case vga.MONO_STATUS:
      case vga.COLOUR_STATUS:
        state.arData = false;
        return this.#options.status();
      default:
        return this.#readDac(port);
    }
  }

  write(port: number, value: number): void {
    if (this.#isHidden(port)) {
      return;
    }
    const { state } = this;
    switch (port) {
      case vga.ATTRIBUTE:
        this.#writeAttribute(value);
        break;
      case vga.MISC_WRITE:
        state.misc = value;
        this.#options.memoryChanged();
        break;
      case vga.SEQUENCER_INDEX:
        state.srIndex = value;
        break;
      case vga.SEQUENCER_DATA:
        this.#writeSequencer(value);
        break;
      case vga.GRAPHICS_INDEX:
        state.grIndex = value;
        break;
      case vga.GRAPHICS_DATA:
        this.#writeGraphics(value);
        break;
      case vga.MONO_CRTC_INDEX:
      case vga.COLOUR_CRTC_INDEX:
        state.crIndex = value;
        break;
      case vga.MONO_CRTC_DATA:
      case vga.COLOUR_CRTC_DATA:
        this.#writeCrtc(value);
        break;
      case vga.MONO_STATUS:
      case vga.COLOUR_STATUS:
        state.feature = value & 3;
        break;
      default:
        this.#writeDac(port, value);
        break;
    }
  }

  /** The CRT controller and status registers are at 3Bx or at 3Dx, as the miscellaneous output register says. */
  #isHidden(port: number): boolean {
    const isColour = (this.state.misc & vga.MISC_COLOUR_ADDRESS) !== 0;
    return isColour ? port < vga.ATTRIBUTE : port >= vga.COLOUR_CRTC_INDEX;
  }

  /** 3C0 takes an index and a value in turn; reading input status 1 makes the next write an index. */
  #writeAttribute(value: number): void {
    const { state } = this;
    if (!state.arData) {
      state.arIndex = value & (vga.AR_INDEX_MASK | vga.AR_DISPLAY);
    } else {
      const index = state.arIndex & vga.AR_INDEX_MASK;
      if (index < vga.AR_COUNT) {
        state.ar[index] = value & (attributeMasks[index] ?? SIX_BITS);
      }
    }
    state.arData = !state.arData;
  }

  #writeSequencer(value: number): void {
    const { srIndex, sr } = this.state;
    if (this.#options.extension.writeSequencer?.(srIndex, value) !== true && srIndex < vga.SR_COUNT) {
      sr[srIndex] = value & (vga.SR_MASKS[srIndex] ?? 0);
    }
    this.#options.memoryChanged();
  }

  #writeGraphics(value: number): void {
    const { grIndex, gr } = this.state;
    if (this.#options.extension.writeGraphics?.(grIndex, value) !== true && grIndex < vga.GR_COUNT) {
      gr[grIndex] = value & (vga.GR_MASKS[grIndex] ?? 0);
    }
    this.#options.memoryChanged();
  }

  #writeCrtc(value: number): void {
    const { crIndex, cr } = this.state;
    const isProtected = ((cr[vga.CR_VERTICAL_RETRACE_END] ?? 0) & vga.CR_PROTECT) !== 0;
    if (isProtected && crIndex <= vga.CR_LAST_PROTECTED) {
      if (crIndex === vga.CR_OVERFLOW) {
        const kept = (cr[crIndex] ?? 0) & ~vga.OVERFLOW_LINE_COMPARE;
        cr[crIndex] = kept | (value & vga.OVERFLOW_LINE_COMPARE);
      }
    } else if (this.#options.extension.writeCrtc?.(crIndex, value) !== true && crIndex < vga.CR_COUNT) {
      cr[crIndex] = value;
    }
  }

  #readDac(port: number): number {
    const { state } = this;
    switch (port) {
      case vga.DAC_MASK:
        return this.#options.extension.readDacMask?.() ?? state.dacMask;
      case vga.DAC_READ_INDEX:
        return state.dacState;
      case vga.DAC_WRITE_INDEX:
        return state.dacWriteIndex;
      case vga.DAC_DATA:
        return this.#readDacData();
      default:
        return NOTHING;
    }
  }

  #readDacData(): number {
    const { state } = this;
    const { dacReadIndex: index, dacComponent: component } = state;
    const other = this.#options.extension.readDacData?.(index, component);
    state.dacComponent = (component + 1) % COMPONENTS;
    if (state.dacComponent === 0) {
      state.dacReadIndex = (index + 1) % vga.DAC_ENTRIES;
    }
    return other ?? state.palette[index * COMPONENTS + component] ?? 0;
  }

  #writeDac(port: number, value: number): void {
    const { state } = this;
    switch (port) {
      case vga.DAC_MASK:
        if (this.#options.extension.writeDacMask?.(value) !== true) {
          state.dacMask = value;
        }
        break;
      case vga.DAC_READ_INDEX:
        state.dacReadIndex = value;
        state.dacComponent = 0;
        state.dacState = vga.DAC_STATE_READ;
        break;
      case vga.DAC_WRITE_INDEX:
        state.dacWriteIndex = value;
        state.dacComponent = 0;
        state.dacState = 0;
        break;
      case vga.DAC_DATA:
        this.#writeDacData(value);
        break;
    }
  }

  /** An entry changes when its third component has come. */
  #writeDacData(value: number): void {
    const { state } = this;
    const component = state.dacComponent;
    state.dacComponent = (component + 1) % COMPONENTS;
    if (component < COMPONENTS - 1) {
      state.dacPending[component] = value;
      return;
    }
    const rgb = [...state.dacPending, value].map((part) => (state.dac8Bits ? part : part & SIX_BITS));
    if (this.#options.extension.writeDacEntry?.(state.dacWriteIndex, rgb) !== true) {
      state.palette.set(rgb, state.dacWriteIndex * COMPONENTS);
    }
    state.dacWriteIndex = (state.dacWriteIndex + 1) % vga.DAC_ENTRIES;
  }
}

/** Which bits of AR10 and above exist; the palette's entries have six. */
const attributeMasks: readonly number[] = Array.from({ length: vga.AR_COUNT }, (_, index) => {
  switch (index) {
    case vga.AR_MODE:
      return 0xef;
    case vga.AR_OVERSCAN:
      return 0xff;
    case vga.AR_PANNING:
    case vga.AR_COLOUR_SELECT:
      return 0x0f;
    default:
      return SIX_BITS;
  }
});
