/** The registers of the CL-GD5446 beside those of the VGA, and how they are reached. */
import * as cirrus from './cirrus-registers.ts';
import type { VgaExtension } from './vga-ports.ts';
import * as vga from './vga-registers.ts';
import { type VgaState, vgaPowerOnState } from './vga-state.ts';

/** What tells one chip of the family, on one bus, from another. */
export interface CirrusIdentity {
  readonly videoBytes: number;
  /** CR27. */
  readonly id: number;
  readonly isPci: boolean;
}

const COUNTS = { sr: cirrus.SR_COUNT, gr: cirrus.GR_COUNT, cr: cirrus.CR_COUNT };
const TWO_MEBIBYTES = 2 * 1024 * 1024;
/** After four reads of the DAC's mask in a row the fifth access is to the hidden register. */
const HIDDEN_DAC_READS = 4;
const CURSOR_COLOURS = 16;
const CURSOR_INDEX_MASK = 0x0f;
const COMPONENTS = 3;
/** Indices 10H to F0H and 11H to F1H: the low five bits are the register, the others belong to the coordinate. */
const CURSOR_REGISTER_MASK = 0x1f;
const CURSOR_FRACTION_SHIFT = 5;
const NOTHING = 0xff;

function powerOn({ videoBytes, id, isPci }: CirrusIdentity): VgaState {
  const state = vgaPowerOnState(COUNTS);
  const isLarge = videoBytes > TWO_MEBIBYTES;
  state.sr[cirrus.SR_UNLOCK] = cirrus.LOCKED;
  state.sr[cirrus.SR_DRAM_CONTROL] = isLarge ? 0x98 : 0x18;
  state.sr[cirrus.SR_MEMORY_SIZE] = isLarge ? 4 : 3;
  state.sr[cirrus.SR_CONFIGURATION] = isPci ? cirrus.CONFIGURATION_PCI : cirrus.CONFIGURATION_ISA;
  state.sr[cirrus.SR_MCLK] = isLarge ? 0x2d : 0x22;
  state.gr[cirrus.GR_MEMORY_TIMING] = 0x0f;
  state.cr[cirrus.CR_ID] = id;
  return state;
}

export class CirrusRegisters implements VgaExtension {
  vga: VgaState;
  readonly #identity: CirrusIdentity;
  readonly #controlBlitter: (before: number, value: number) => void;
  #own = { hiddenDac: 0, maskReads: 0, cursorX: 0, cursorY: 0, cursorPalette: new Uint8Array(48) };

  /** @param controlBlitter takes writes to GR31 */
  constructor(identity: CirrusIdentity, controlBlitter: (before: number, value: number) => void) {
    this.#identity = identity;
    this.#controlBlitter = controlBlitter;
    this.vga = powerOn(identity);
  }

  get hiddenDac(): number {
    return this.#own.hiddenDac;
  }

  get cursor(): { readonly x: number; readonly y: number } {
    return { x: this.#own.cursorX, y: this.#own.cursorY };
  }

  /** Background and foreground, six bits a component. */
  get cursorColours(): readonly [background: number[], foreground: number[]] {
    const { cursorPalette } = this.#own;
    const last = (CURSOR_COLOURS - 1) * COMPONENTS;
    return [[...cursorPalette.subarray(0, COMPONENTS)], [...cursorPalette.subarray(last)]];
  }

  reset(): void {
    this.vga = powerOn(this.#identity);
    this.#own = { hiddenDac: 0, maskReads: 0, cursorX: 0, cursorY: 0, cursorPalette: new Uint8Array(48) };
  }

  save() {
    return { ...this.vga, ...this.#own };
  }

  restore(saved: ReturnType<CirrusRegisters['save']>): void {
    const { hiddenDac, maskReads, cursorX, cursorY, cursorPalette, ...state } = saved;
    this.#own = { hiddenDac, maskReads, cursorX, cursorY, cursorPalette };
    this.vga = state;
  }

  readSequencer(index: number): number | undefined {
    const register = this.#cursorRegister(index);
    if (register !== undefined) {
      return this.vga.sr[register] ?? 0;
    }
    return index < cirrus.SR_COUNT ? undefined : NOTHING;
  }

  writeSequencer(index: number, value: number): boolean {
    if (index < vga.SR_COUNT) {
      return false;
    }
    const { sr } = this.vga;
    const register = this.#cursorRegister(index);
    if (register !== undefined) {
      sr[register] = value;
      const coordinate = (value << 3) | (index >> CURSOR_FRACTION_SHIFT);
      this.#own[register === cirrus.SR_CURSOR_X ? 'cursorX' : 'cursorY'] = coordinate;
    } else if (index === cirrus.SR_UNLOCK) {
      const isKey = (value & cirrus.UNLOCK_MASK) === cirrus.UNLOCK_KEY;
      sr[index] = isKey ? cirrus.UNLOCK_KEY : cirrus.LOCKED;
    } else if (index === cirrus.SR_CONFIGURATION) {
      const bus = (sr[index] ?? 0) & cirrus.CONFIGURATION_BUS_MASK;
      sr[index] = bus | (value & ~cirrus.CONFIGURATION_BUS_MASK);
    } else if (index < cirrus.SR_COUNT) {
      sr[index] = value;
    }
    return true;
  }

  readGraphics(index: number): number {
    return this.vga.gr[index] ?? NOTHING;
  }

  writeGraphics(index: number, value: number): boolean {
    const { gr } = this.vga;
    if (index === cirrus.GR_BLT_STATUS) {
      this.#controlBlitter(gr[index] ?? 0, value);
      return true;
    }
    if (index === vga.GR_MODE) {
      gr[index] = (value & (vga.GR_MASKS[index] ?? 0)) | (value & cirrus.WRITE_MODE_MASK);
      return true;
    }
    if (index > cirrus.GR_FOREGROUND && index < vga.GR_COUNT) {
      return false;
    }
    if (index < cirrus.GR_COUNT) {
      gr[index] = value & (cirrus.GR_MASKS.get(index) ?? NOTHING);
    }
    const status = gr[cirrus.GR_BLT_STATUS] ?? 0;
    if (index === cirrus.GR_DESTINATION_TOP && (status & cirrus.STATUS_AUTOSTART) !== 0) {
      this.#controlBlitter(status & ~cirrus.STATUS_START, status | cirrus.STATUS_START);
    }
    return true;
  }

  readCrtc(index: number): number | undefined {
    const { vga: state } = this;
    switch (index) {
      case cirrus.CR_LATCH:
        return (state.latch >>> (8 * ((state.gr[vga.GR_READ_MAP] ?? 0) & 3))) & 0xff;
      case cirrus.CR_ATTRIBUTE_STATE:
        return state.arData ? cirrus.FLIP_FLOP_IS_DATA : 0;
      case cirrus.CR_ATTRIBUTE_INDEX:
        return state.arIndex;
      default:
        return index < cirrus.CR_COUNT ? undefined : NOTHING;
    }
  }

  writeCrtc(index: number, value: number): boolean {
    if (index < vga.CR_COUNT) {
      return false;
    }
    if (index <= cirrus.LAST_WRITABLE_CR) {
      this.vga.cr[index] = value;
    }
    return true;
  }

  readDacMask(): number | undefined {
    if (this.#own.maskReads < HIDDEN_DAC_READS) {
      this.#own.maskReads += 1;
      return undefined;
    }
    this.#own.maskReads = 0;
    return this.#own.hiddenDac;
  }

  writeDacMask(value: number): boolean {
    const isHidden = this.#own.maskReads === HIDDEN_DAC_READS;
    this.#own.maskReads = 0;
    if (isHidden) {
      this.#own.hiddenDac = value;
    }
    return isHidden;
  }

  readDacData(index: number, component: number): number | undefined {
    this.#own.maskReads = 0;
    return this.#reachesCursorPalette
      ? this.#own.cursorPalette[(index & CURSOR_INDEX_MASK) * COMPONENTS + component]
      : undefined;
  }

  writeDacEntry(index: number, rgb: readonly number[]): boolean {
    this.#own.maskReads = 0;
    if (this.#reachesCursorPalette) {
      this.#own.cursorPalette.set(rgb, (index & CURSOR_INDEX_MASK) * COMPONENTS);
    }
    return this.#reachesCursorPalette;
  }

  get #reachesCursorPalette(): boolean {
    return ((this.vga.sr[cirrus.SR_CURSOR_ATTRIBUTES] ?? 0) & cirrus.CURSOR_PALETTE) !== 0;
  }

  #cursorRegister(index: number): number | undefined {
    const register = index & CURSOR_REGISTER_MASK;
    return register === cirrus.SR_CURSOR_X || register === cirrus.SR_CURSOR_Y ? register : undefined;
  }
}
