/** Transfer modes as SET FEATURES chooses them and IDENTIFY shows them (ATA/ATAPI-6, table 47; words 62, 63, 88). */

export const FEATURE_TRANSFER_MODE = 0x03;

const MODE_MASK = 0xf8;
const NUMBER_MASK = 0x07;
const PIO_DEFAULT = 0x00;
const PIO_FLOW_CONTROL = 0x08;
const SINGLE_WORD_DMA = 0x10;
const MULTI_WORD_DMA = 0x20;
const ULTRA_DMA = 0x40;
/** Modes 0 to 2; of Ultra DMA 0 to 5. */
const MULTI_WORD_MODES = 0x07;
const ULTRA_MODES = 0x3f;
const SELECTED_SHIFT = 8;

export interface TransferModeState {
  multiWord: number;
  ultra: number;
}

/** One mode is chosen at a time; Ultra DMA 5 after power-on. */
export class TransferModes {
  readonly state: TransferModeState = { multiWord: MULTI_WORD_MODES, ultra: 0 };

  reset(): void {
    this.state.multiWord = MULTI_WORD_MODES;
    this.state.ultra = ULTRA_MODES | (0x20 << SELECTED_SHIFT);
  }

  /** The sector count register says which mode. @returns whether there is such a mode */
  choose(value: number): boolean {
    const number = value & NUMBER_MASK;
    switch (value & MODE_MASK) {
      case PIO_DEFAULT:
      case PIO_FLOW_CONTROL:
        return this.#set(0, 0);
      case SINGLE_WORD_DMA:
        return this.#set(0, 0);
      case MULTI_WORD_DMA:
        return ((MULTI_WORD_MODES >> number) & 1) !== 0 && this.#set(1 << number, 0);
      case ULTRA_DMA:
        return ((ULTRA_MODES >> number) & 1) !== 0 && this.#set(0, 1 << number);
      default:
        return false;
    }
  }

  #set(multiWord: number, ultra: number): true {
    this.state.multiWord = MULTI_WORD_MODES | (multiWord << SELECTED_SHIFT);
    this.state.ultra = ULTRA_MODES | (ultra << SELECTED_SHIFT);
    return true;
  }
}
