/**
 * One channel of a bus-master IDE controller ("Programming Interface for Bus Master IDE Controller", revision 1.0): command,
 * status and the table of physical regions, whose entries of 8 bytes say where in memory the data goes.
 */
import type { SharedPiece } from '../../block/shared-piece.ts';
import type { GuestMemory } from '../board-services.ts';

export const BM_COMMAND = 0;
export const BM_STATUS = 2;
export const BM_TABLE = 4;

const COMMAND_START = 0x01;
/** Set: from the device to memory. */
const COMMAND_TO_MEMORY = 0x08;
const STATUS_ACTIVE = 0x01;
const STATUS_ERROR = 0x02;
const STATUS_INTERRUPT = 0x04;
/** Drives capable of DMA: the BIOS notes them here. */
const STATUS_CAPABLE = 0x60;

const ENTRY_BYTES = 8;
const ENTRY_LENGTH = 4;
const LAST_ENTRY = 0x8000;
const LARGEST_REGION = 0x10000;
/** A table does not cross a 64 KiB boundary. */
const MOST_ENTRIES = 8192;

interface MemoryRegion {
  readonly address: number;
  readonly bytes: number;
}

/** What the table gives room for. */
export interface DmaPlan {
  readonly pieces: readonly SharedPiece[];
  /** The same in guest-physical memory. */
  readonly regions: readonly MemoryRegion[];
  /** Bytes of `pieces`: at most what was asked for. */
  readonly bytes: number;
  /** The table has room for more than was asked for. */
  readonly hasMore: boolean;
}

/** Waits until the host starts the transfer; gets undefined when the table leads to where no memory is. */
export type DmaStarted = (plan: DmaPlan | undefined) => void;

interface Pending {
  readonly bytes: number;
  readonly toMemory: boolean;
  readonly started: DmaStarted;
}

export interface BusMasterState {
  command: number;
  status: number;
  table: number;
}

export class BusMaster {
  readonly #guest: GuestMemory;
  readonly #mayMaster: () => boolean;
  readonly #aborted: () => void;
  readonly #state: BusMasterState = { command: 0, status: 0, table: 0 };
  #pending: Pending | undefined;

  /**
   * @param mayMaster whether the controller is allowed to (PCI command register)
   * @param aborted told when the host stops a transfer that is under way
   */
  constructor(guest: GuestMemory, mayMaster: () => boolean, aborted: () => void) {
    this.#guest = guest;
    this.#mayMaster = mayMaster;
    this.#aborted = aborted;
  }

  /** A device wants to move `bytes`; `started` is called when the host has set the transfer going, perhaps at once. */
  request(bytes: number, toMemory: boolean, started: DmaStarted): void {
    this.#pending = { bytes, toMemory, started };
    this.#begin();
  }

  /** Writes `bytes` to where the plan has its bytes from `start` on; what there is no room for is dropped. */
  store(plan: DmaPlan, start: number, bytes: Uint8Array): void {
    let position = 0;
    for (const region of plan.regions) {
      const from = Math.max(start - position, 0);
      const to = Math.min(start + bytes.length - position, region.bytes);
      if (from < to) {
        const part = bytes.subarray(position + from - start, position + to - start);
        this.#guest.write(region.address + from, part);
      }
      position += region.bytes;
    }
  }

  /** The device has moved everything, or given up. */
  finish(options: { readonly hasMore: boolean; readonly failed: boolean }): void {
    if (!options.hasMore) {
      this.#state.status &= ~STATUS_ACTIVE;
    }
    if (options.failed) {
      this.#state.status |= STATUS_ERROR;
    }
  }

  /** The channel's interrupt line has gone up. */
  interrupt(): void {
    this.#state.status |= STATUS_INTERRUPT;
  }

  /** Drops what waits: the device has been reset. */
  cancel(): void {
    this.#pending = undefined;
  }

  reset(): void {
    this.cancel();
    Object.assign(this.#state, { command: 0, status: 0, table: 0 });
  }

  readCommand(): number {
    return this.#state.command;
  }

  readStatus(): number {
    return this.#state.status;
  }

  readTable(): number {
    return this.#state.table >>> 0;
  }

  writeTable(value: number): void {
    this.#state.table = (value & ~3) >>> 0;
  }

  writeStatus(value: number): void {
    const cleared = value & (STATUS_ERROR | STATUS_INTERRUPT);
    this.#state.status = (this.#state.status & ~cleared & ~STATUS_CAPABLE) | (value & STATUS_CAPABLE);
  }

  writeCommand(value: number): void {
    const wasStarted = (this.#state.command & COMMAND_START) !== 0;
    const isStarted = (value & COMMAND_START) !== 0;
    this.#state.command = value & (COMMAND_START | COMMAND_TO_MEMORY);
    if (isStarted && !wasStarted) {
      this.#state.status |= STATUS_ACTIVE;
      this.#begin();
    } else if (!isStarted && wasStarted) {
      const wasActive = (this.#state.status & STATUS_ACTIVE) !== 0;
      this.#state.status &= ~STATUS_ACTIVE;
      if (wasActive) this.#aborted();
    }
  }

  save(): BusMasterState {
    return { ...this.#state };
  }

  /** What a device asked for before it was told of the state begins now. */
  restore(state: BusMasterState): void {
    Object.assign(this.#state, state);
    this.#begin();
  }

  #begin(): void {
    const pending = this.#pending;
    if (pending === undefined || (this.#state.command & COMMAND_START) === 0) {
      return;
    }
    this.#pending = undefined;
    pending.started(this.#mayMaster() ? this.#plan(pending) : undefined);
  }

  #plan({ bytes, toMemory }: Pending): DmaPlan | undefined {
    const pieces: SharedPiece[] = [];
    const regions: MemoryRegion[] = [];
    let planned = 0;
    for (let index = 0; index < MOST_ENTRIES; index++) {
      const entry = this.#state.table + index * ENTRY_BYTES;
      const address = (this.#guest.readU32(entry) & ~1) >>> 0;
      const length = this.#guest.readU32(entry + ENTRY_LENGTH);
      const isLast = (length >>> 16) & LAST_ENTRY;
      const region = length & (LARGEST_REGION - 2) || LARGEST_REGION;
      const count = Math.min(region, bytes - planned);
      const found = this.#guest.pieces(address, count, toMemory);
      if (found === undefined) {
        return undefined;
      }
      pieces.push(...found);
      regions.push({ address, bytes: count });
      planned += count;
      if (planned === bytes) {
        return { pieces, regions, bytes, hasMore: !isLast || count < region };
      }
      if (isLast) {
        break;
      }
    }
    return { pieces, regions, bytes: planned, hasMore: false };
  }
}
