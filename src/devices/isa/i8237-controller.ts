/** One 8237A: four channels (data sheet 231466). Requests are served at once, as long as the device has something to move. */
import type { DeviceState } from '../device-class.ts';
import { stateLike, stateOf } from '../saved-state.ts';
import type { DmaChannel } from './isa-contract.ts';

/** Memory as a channel reaches it; addresses in units of the channel, `unit` bytes each. */
export interface ChannelMemory {
  readonly unit: number;
  read(address: number, bytes: number): Uint8Array;
  write(address: number, bytes: Uint8Array): void;
}

type Transfer = Parameters<DmaChannel['onTransfer']>[0];

const CHANNELS = 4;
/** Registers from 8 on (figure 6); below are address and count of each channel. */
const COMMAND = 0x8;
const REQUEST = 0x9;
const SINGLE_MASK = 0xa;
const MODE = 0xb;
const CLEAR_POINTER = 0xc;
const MASTER_CLEAR = 0xd;
const CLEAR_MASK = 0xe;
const ALL_MASK = 0xf;

const COMMAND_DISABLE = 0x04;
const CHANNEL_BITS = 0x03;
const SET_BIT = 0x04;
const ALL_CHANNELS = 0x0f;

/** Fields of a mode register (figure 5). */
const MODE_TYPE = 0x0c;
const MODE_TYPE_WRITE = 0x04;
const MODE_TYPE_READ = 0x08;
const MODE_AUTOINITIALIZE = 0x10;
const MODE_DECREMENT = 0x20;
const MODE_CASCADE = 0xc0;

const ADDRESS_RANGE = 0x10000;
/** The most that a device is asked for in one call. */
const CHUNK_BYTES = 65536;

function powerOnChannel() {
  return {
    mode: 0,
    baseAddress: 0,
    baseCount: 0,
    address: 0,
    count: 0,
    requested: false,
  };
}

type ChannelRegisters = ReturnType<typeof powerOnChannel>;

function powerOn() {
  return {
    command: 0,
    mask: ALL_CHANNELS,
    /** Software requests, and channels that have reached terminal count since the status was read. */
    requests: 0,
    terminal: 0,
    temporary: 0,
    /** The next access to an address or count is to its high byte. */
    highByte: false,
    channels: Array.from({ length: CHANNELS }, powerOnChannel),
  };
}

export class DmaController {
  #state = powerOn();
  readonly #memoryOf: (channel: number) => ChannelMemory;
  readonly #transfers: (Transfer | undefined)[] = [];
  /** A device may lower or raise its request while it is served. */
  #isServing = false;

  constructor(memoryOf: (channel: number) => ChannelMemory) {
    this.#memoryOf = memoryOf;
  }

  channel(index: number): DmaChannel {
    return {
      request: (asserted) => {
        this.#registers(index).requested = asserted;
        if (asserted) this.#serve(index);
      },
      onTransfer: (transfer) => {
        this.#transfers[index] = transfer;
      },
    };
  }

  reset(): void {
    this.#masterClear();
    for (const channel of this.#state.channels) Object.assign(channel, powerOnChannel());
  }

  save(): DeviceState {
    return stateOf(this.#state);
  }

  restore(state: DeviceState): void {
    this.#state = stateLike(powerOn(), state, 'i8237');
  }

  read(register: number): number {
    if (register < COMMAND) return this.#readHalf(register);
    switch (register) {
      case COMMAND:
        return this.#status();
      case MASTER_CLEAR:
        return this.#state.temporary;
      case ALL_MASK:
        return this.#state.mask;
      default:
        return 0;
    }
  }

  write(register: number, value: number): void {
    const state = this.#state;
    if (register < COMMAND) {
      this.#writeHalf(register, value);
      return;
    }
    const bit = 1 << (value & CHANNEL_BITS);
    switch (register) {
      case COMMAND:
        state.command = value;
        break;
      case REQUEST:
        state.requests = (value & SET_BIT) !== 0 ? state.requests | bit : state.requests & ~bit;
        break;
      case SINGLE_MASK:
        state.mask = (value & SET_BIT) !== 0 ? state.mask | bit : state.mask & ~bit;
        break;
      case MODE:
        this.#registers(value & CHANNEL_BITS).mode = value & ~CHANNEL_BITS;
        break;
      case CLEAR_POINTER:
        state.highByte = false;
        break;
      case MASTER_CLEAR:
        this.#masterClear();
        break;
      case CLEAR_MASK:
        state.mask = 0;
        break;
      case ALL_MASK:
        state.mask = value & ALL_CHANNELS;
        break;
      default:
    }
    for (let index = 0; index < CHANNELS; index++) this.#serve(index);
  }

  /** Addresses, counts and modes stay (data sheet, "Master Clear"). */
  #masterClear(): void {
    const { channels } = this.#state;
    this.#state = { ...powerOn(), channels };
  }

  #registers(index: number): ChannelRegisters {
    const registers = this.#state.channels[index];
    if (registers === undefined) throw new RangeError(`A DMA controller has no channel ${index}`);
    return registers;
  }

  /** Reading it clears the terminal-count bits. */
  #status(): number {
    const state = this.#state;
    const requests = state.channels.reduce(
      (bits, { requested }, index) => bits | (requested ? 1 << index : 0),
      state.requests,
    );
    const status = (requests << 4) | state.terminal;
    state.terminal = 0;
    return status;
  }

  /** Half of a channel's address (even registers) or count (odd ones), low byte first. */
  #readHalf(register: number): number {
    const registers = this.#registers(register >> 1);
    const value = register % 2 === 0 ? registers.address : registers.count;
    this.#state.highByte = !this.#state.highByte;
    return this.#state.highByte ? value & 0xff : value >> 8;
  }

  #writeHalf(register: number, value: number): void {
    const registers = this.#registers(register >> 1);
    const isHigh = this.#state.highByte;
    this.#state.highByte = !isHigh;
    const put = (old: number): number => (isHigh ? (old & 0x00ff) | (value << 8) : (old & 0xff00) | value);
    if (register % 2 === 0) {
      registers.baseAddress = put(registers.baseAddress);
      registers.address = registers.baseAddress;
    } else {
      registers.baseCount = put(registers.baseCount);
      registers.count = registers.baseCount;
    }
  }

  /** Moves what the device has, until it lets go of its request or the count has run out. */
  #serve(index: number): void {
    const transfer = this.#transfers[index];
    if (this.#isServing || transfer === undefined) return;
    this.#isServing = true;
    try {
      while (this.#mayRun(index) && this.#moveOnce(index, transfer)) {
        // The device says by its request and its count whether there is more.
      }
    } finally {
      this.#isServing = false;
    }
  }

  #mayRun(index: number): boolean {
    const { mask, command } = this.#state;
    const { requested, mode } = this.#registers(index);
    const isEnabled = (command & COMMAND_DISABLE) === 0 && (mask & (1 << index)) === 0;
    return requested && isEnabled && (mode & MODE_CASCADE) !== MODE_CASCADE;
  }

  /** One piece. False when the device took or gave less than it could have. */
  #moveOnce(index: number, transfer: Transfer): boolean {
    const registers = this.#registers(index);
    const memory = this.#memoryOf(index);
    const bytes = (registers.count + 1) * memory.unit;
    const room = bytesBeforeWrap(registers, memory.unit);
    const wanted = Math.min(bytes, room, CHUNK_BYTES);
    const type = registers.mode & MODE_TYPE;
    const toDevice = type === MODE_TYPE_READ;
    const buffer = toDevice ? this.#fetch(registers, memory, wanted) : new Uint8Array(wanted);
    const moved = Math.min(transfer(buffer, toDevice, wanted === bytes), wanted);
    const units = Math.floor(moved / memory.unit);
    if (type === MODE_TYPE_WRITE) this.#store(registers, memory, buffer.subarray(0, units * memory.unit));
    this.#advance(index, units);
    return units * memory.unit === wanted;
  }

  #fetch(registers: ChannelRegisters, memory: ChannelMemory, bytes: number): Uint8Array {
    if ((registers.mode & MODE_DECREMENT) === 0) return memory.read(registers.address, bytes).slice();
    return reversed(memory.read(registers.address - bytes / memory.unit + 1, bytes), memory.unit);
  }

  #store(registers: ChannelRegisters, memory: ChannelMemory, bytes: Uint8Array): void {
    if ((registers.mode & MODE_DECREMENT) === 0) memory.write(registers.address, bytes);
    else {
      const first = registers.address - bytes.length / memory.unit + 1;
      memory.write(first, reversed(bytes, memory.unit));
    }
  }

  #advance(index: number, units: number): void {
    const registers = this.#registers(index);
    const step = (registers.mode & MODE_DECREMENT) === 0 ? units : -units;
    registers.address = (registers.address + step + ADDRESS_RANGE) % ADDRESS_RANGE;
    if (units <= registers.count) {
      registers.count -= units;
      return;
    }
    this.#state.terminal |= 1 << index;
    this.#state.requests &= ~(1 << index);
    if ((registers.mode & MODE_AUTOINITIALIZE) !== 0) {
      registers.address = registers.baseAddress;
      registers.count = registers.baseCount;
    } else {
      registers.count = ADDRESS_RANGE - 1;
      this.#state.mask |= 1 << index;
    }
  }
}

/** The address counts within its 16 bits: what lies before that wraps. */
function bytesBeforeWrap({ mode, address }: ChannelRegisters, unit: number): number {
  return ((mode & MODE_DECREMENT) === 0 ? ADDRESS_RANGE - address : address + 1) * unit;
}

function reversed(bytes: Uint8Array, unit: number): Uint8Array {
  const result = new Uint8Array(bytes.length);
  for (let from = 0; from < bytes.length; from += unit) {
    result.set(bytes.subarray(from, from + unit), bytes.length - unit - from);
  }
  return result;
}
