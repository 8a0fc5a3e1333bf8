/**
 * SMBus host controller of the PIIX4 (82371AB data sheet, section 7.4) with eight memory-module EEPROMs of zeroes on its bus.
 * Transfers are over at once.
 */
import type { RegionHandler } from '../board-services.ts';
import type { DeviceState } from '../device-class.ts';
import { stateLike, stateOf } from '../saved-state.ts';

export const SMBUS_BYTES = 64;

const HOST_STATUS = 0;
const HOST_CONTROL = 2;
const HOST_COMMAND = 3;
const HOST_ADDRESS = 4;
const HOST_DATA0 = 5;
const HOST_DATA1 = 6;
const BLOCK_DATA = 7;

const STATUS_INTERRUPT = 0x02;
const STATUS_DEVICE_ERROR = 0x04;
const STATUS_CLEARABLE = 0x1e;
const CONTROL_START = 0x40;
const CONTROL_PROTOCOL_SHIFT = 2;
const CONTROL_PROTOCOL_MASK = 7;
const ADDRESS_READ = 0x01;

/** SMB_CMD_PROT values. */
const PROTOCOL = { quick: 0, byte: 1, byteData: 2, wordData: 3, blockData: 5 } as const;

const FIRST_EEPROM = 0x50;
const EEPROMS = 8;
const EEPROM_BYTES = 256;
const BLOCK_BYTES = 32;

function powerOn() {
  return {
    status: 0,
    control: 0,
    command: 0,
    address: 0,
    data0: 0,
    data1: 0,
    block: new Uint8Array(BLOCK_BYTES),
    blockIndex: 0,
    eeproms: new Uint8Array(EEPROMS * EEPROM_BYTES),
    /** Next byte of each EEPROM. */
    pointers: new Uint8Array(EEPROMS),
  };
}

export class SmbusHost implements RegionHandler {
  #state = powerOn();

  /** The controller only: EEPROMs keep what they have. */
  reset(): void {
    const { eeproms, pointers } = this.#state;
    this.#state = { ...powerOn(), eeproms, pointers };
  }

  save(): DeviceState {
    return stateOf(this.#state);
  }

  restore(state: DeviceState): void {
    this.#state = stateLike(powerOn(), state, 'PIIX4_PM');
  }

  read(offset: number): number {
    const state = this.#state;
    switch (offset) {
      case HOST_STATUS:
        return state.status;
      case HOST_CONTROL:
        // Reading it puts the block data pointer back (section 7.4.3).
        state.blockIndex = 0;
        return state.control;
      case HOST_COMMAND:
        return state.command;
      case HOST_ADDRESS:
        return state.address;
      case HOST_DATA0:
        return state.data0;
      case HOST_DATA1:
        return state.data1;
      case BLOCK_DATA:
        return state.block[this.#nextBlockIndex()] ?? 0;
      default:
        return 0;
    }
  }

  write(offset: number, _size: number, value: number): void {
    const state = this.#state;
    switch (offset) {
      case HOST_STATUS:
        state.status &= ~(value & STATUS_CLEARABLE);
        break;
      case HOST_CONTROL:
        state.control = value & ~CONTROL_START;
        if ((value & CONTROL_START) !== 0) this.#transfer();
        break;
      case HOST_COMMAND:
        state.command = value;
        break;
      case HOST_ADDRESS:
        state.address = value;
        break;
      case HOST_DATA0:
        state.data0 = value;
        break;
      case HOST_DATA1:
        state.data1 = value;
        break;
      case BLOCK_DATA:
        state.block[this.#nextBlockIndex()] = value;
        break;
      default:
    }
  }

  #nextBlockIndex(): number {
    const index = this.#state.blockIndex;
    this.#state.blockIndex = (index + 1) % BLOCK_BYTES;
    return index;
  }

  #transfer(): void {
    const state = this.#state;
    const eeprom = (state.address >> 1) - FIRST_EEPROM;
    if (eeprom < 0 || eeprom >= EEPROMS) {
      state.status |= STATUS_DEVICE_ERROR;
      return;
    }
    const protocol = (state.control >> CONTROL_PROTOCOL_SHIFT) & CONTROL_PROTOCOL_MASK;
    if ((state.address & ADDRESS_READ) !== 0) this.#receive(protocol, eeprom);
    else this.#send(protocol, eeprom);
    state.status |= STATUS_INTERRUPT;
  }

  #receive(protocol: number, eeprom: number): void {
    const state = this.#state;
    if (protocol !== PROTOCOL.quick && protocol !== PROTOCOL.byte) state.pointers[eeprom] = state.command;
    switch (protocol) {
      case PROTOCOL.byte:
      case PROTOCOL.byteData:
        state.data0 = this.#next(eeprom);
        break;
      case PROTOCOL.wordData:
        state.data0 = this.#next(eeprom);
        state.data1 = this.#next(eeprom);
        break;
      case PROTOCOL.blockData:
        state.data0 = Math.min(this.#next(eeprom), BLOCK_BYTES);
        for (let index = 0; index < state.data0; index++) state.block[index] = this.#next(eeprom);
        state.blockIndex = 0;
        break;
      default:
    }
  }

  #send(protocol: number, eeprom: number): void {
    const state = this.#state;
    if (protocol === PROTOCOL.quick) return;
    state.pointers[eeprom] = state.command;
    switch (protocol) {
      case PROTOCOL.byteData:
        this.#store(eeprom, [state.data0]);
        break;
      case PROTOCOL.wordData:
        this.#store(eeprom, [state.data0, state.data1]);
        break;
      case PROTOCOL.blockData:
        this.#store(eeprom, [...state.block.subarray(0, Math.min(state.data0, BLOCK_BYTES))]);
        break;
      default:
    }
  }

  #next(eeprom: number): number {
    const { eeproms, pointers } = this.#state;
    const pointer = pointers[eeprom] ?? 0;
    pointers[eeprom] = pointer + 1;
    return eeproms[eeprom * EEPROM_BYTES + pointer] ?? 0;
  }

  #store(eeprom: number, bytes: readonly number[]): void {
    const { eeproms, pointers } = this.#state;
    for (const byte of bytes) {
      const pointer = pointers[eeprom] ?? 0;
      eeproms[eeprom * EEPROM_BYTES + pointer] = byte;
      pointers[eeprom] = pointer + 1;
    }
  }
}
