/** A CD and DVD reader on an IDE cable: the PACKET protocol (ATA/ATAPI-6, 9.8 and 9.9) and the state of its tray and medium. */
import type { Outcome } from '../../../block/storage-contract.ts';
import type { BlockBackend } from '../../block-backend.ts';
import type { DeviceState } from '../../device-class.ts';
import { PendingAnswers } from '../../pending-answers.ts';
import { stateLike } from '../../saved-state.ts';
import {
  ERROR_ABRT,
  REASON_COMMAND,
  REASON_TO_HOST,
  STATUS_BSY,
  STATUS_DRDY,
  STATUS_DRQ,
  STATUS_DSC,
  STATUS_ERR,
} from '../ata-registers.ts';
import type { DmaPlan } from '../bus-master.ts';
import type { IdeConnection, IdeDevice } from '../ide-device.ts';
import type { PioState } from '../pio-port.ts';
import { TaskFile } from '../task-file.ts';
import { TransferModes } from '../transfer-modes.ts';
import { ATA_COMMANDS_OF_PACKET_DEVICES } from './ata-commands.ts';
import { BLOCK_BYTES, type DataSource } from './data-source.ts';
import { RAW_BYTES, RAW_DATA_OFFSET, rawHeader } from './disc-answers.ts';
import { MediaEvents } from './media-events.ts';
import { executePacket } from './packet-commands.ts';
import {
  MEDIUM_CHANGED,
  NO_MEDIUM,
  NO_MEDIUM_TRAY_OPEN,
  NO_SENSE,
  POWERED_ON,
  type Sense,
  UNRECOVERED_READ,
} from './sense.ts';

const PACKET_BYTES = 12;
const READY = STATUS_DRDY | STATUS_DSC;
/** The byte count that stands for "as much as you like" (ATA/ATAPI-6, 8.23). */
const MOST_BYTES = 0xfffe;
/** Blocks that are loaded at a time: they fit in the buffer raw too. */
const LOADED_BLOCKS = 24;
const SENSE_KEY_SHIFT = 4;

type Phase = 'idle' | 'packet' | 'loading' | 'data-in' | 'data-out' | 'dma';

interface Progress {
  phase: Phase;
  dma: boolean;
  /** Most bytes of a chunk through the data register. */
  limit: number;
  /** What lies in the buffer and has not been offered. */
  start: number;
  end: number;
}

export interface PacketIdentity {
  readonly model: string;
  readonly serial: string;
  readonly version: string;
}

export class PacketDevice implements IdeDevice {
  readonly taskFile = new TaskFile();
  readonly modes = new TransferModes();
  readonly events = new MediaEvents();
  readonly drive: BlockBackend;
  readonly identity: PacketIdentity;
  readonly #answers = new PendingAnswers();
  readonly #connection: IdeConnection;
  #source: DataSource | undefined;
  #progress: Progress = { phase: 'idle', dma: false, limit: 0, start: 0, end: 0 };
  #sense: Sense = NO_SENSE;
  #attention: Sense = POWERED_ON;
  #hadMedium: boolean;

  constructor(drive: BlockBackend, identity: PacketIdentity, connection: IdeConnection) {
    this.drive = drive;
    this.identity = identity;
    this.#connection = connection;
    this.#hadMedium = this.hasMedium;
    drive.describeFrontEnd({ removable: true, tray: true, ioStatus: true });
    drive.onMedium(() => this.#mediumMoved());
    drive.onEjectRequest((force) => {
      if (force) drive.setLocked(false);
      else this.events.ejectRequested();
    });
  }

  /** Whether there is a disc that can be read. */
  get hasMedium(): boolean {
    return this.drive.medium !== undefined && !this.drive.trayOpen;
  }

  /** Blocks of 2048 bytes. */
  get blocks(): number {
    return Math.floor((this.drive.medium?.bytes ?? 0) / BLOCK_BYTES);
  }

  /** The sense data of the last failure; it is told once. */
  takeSense(): Sense {
    const sense = this.#sense;
    this.#sense = NO_SENSE;
    return sense;
  }

  /** A condition that the next command has to be told of. */
  takeAttention(): Sense | undefined {
    const attention = this.#attention;
    this.#attention = NO_SENSE;
    return attention.key === 0 ? undefined : attention;
  }

  execute(command: number): void {
    const handler = ATA_COMMANDS_OF_PACKET_DEVICES.get(command);
    this.taskFile.state.error = 0;
    if (handler === undefined) this.abort();
    else handler(this);
  }

  /** DEVICE RESET and SRST. A disc stays locked. */
  softReset(): void {
    this.#cancel();
    this.taskFile.setSignature(true, 0);
  }

  reset(): void {
    this.modes.reset();
    this.#sense = NO_SENSE;
    this.#attention = POWERED_ON;
    this.events.state.pending = 0;
    this.drive.setLocked(false);
    this.softReset();
  }

  dmaAborted(): void {
    if (this.#progress.phase === 'dma') {
      this.#cancel();
      this.taskFile.state.status = READY;
    }
  }

  /** An ATA command is done. */
  succeed(): void {
    this.#finish(READY, 0);
  }

  /** An ATA command is not known. */
  abort(): void {
    this.#finish(STATUS_DRDY | STATUS_ERR, ERROR_ABRT);
  }

  /** Gives 512 bytes as an ATA command does. */
  replyToAta(bytes: Uint8Array): void {
    this.#connection.pio.view.set(bytes);
    this.#connection.pio.offer(this, 0, bytes.length, () => this.#finish(READY, 0, false));
    this.taskFile.state.status = READY | STATUS_DRQ;
    this.#connection.interrupt();
  }

  /** PACKET: waits for the command in the data register. It is not announced by an interrupt. */
  acceptPacket(): void {
    const { features, lbaMid, lbaHigh } = this.taskFile.state;
    const count = (lbaHigh << 8) | lbaMid || MOST_BYTES;
    const limit = Math.min(count % 2 === 1 ? count - 1 : count, MOST_BYTES);
    this.#progress = {
      phase: 'packet',
      dma: (features & 1) !== 0,
      limit: Math.max(limit, 2),
      start: 0,
      end: 0,
    };
    this.taskFile.state.sectorCount = REASON_COMMAND;
    this.taskFile.state.status = READY | STATUS_DRQ;
    this.#connection.pio.accept(this, PACKET_BYTES, () => this.#packetCame());
  }

  /** A packet command is done. */
  packetDone(): void {
    this.taskFile.state.sectorCount = REASON_COMMAND | REASON_TO_HOST;
    this.#finish(READY, 0);
  }

  /** A packet command has failed. */
  packetFailed(sense: Sense): void {
    this.#sense = sense;
    this.taskFile.state.sectorCount = REASON_COMMAND | REASON_TO_HOST;
    this.#finish(STATUS_DRDY | STATUS_ERR, sense.key << SENSE_KEY_SHIFT);
  }

  /** Gives an answer, cut to what the command allocates for it. */
  send(bytes: Uint8Array, allocated: number): void {
    this.#begin({ kind: 'reply', bytes: bytes.slice(0, allocated), position: 0 });
  }

  sendBlocks(block: number, count: number, raw: boolean): void {
    this.#begin({ kind: 'blocks', block, left: count, raw });
  }

  /** Takes `bytes` bytes of parameters from the host and drops them: nothing can be set. */
  takeParameters(bytes: number): void {
    if (bytes === 0) {
      this.packetDone();
      return;
    }
    const count = Math.min(bytes, this.#progress.limit);
    this.#progress.phase = 'data-out';
    this.#announce(count, 0);
    this.#connection.pio.accept(this, count, () => this.packetDone());
  }

  save(): DeviceState {
    const pio = this.#connection.pio.save(this);
    return {
      taskFile: { ...this.taskFile.state },
      modes: { ...this.modes.state },
      events: { ...this.events.state },
      progress: { ...this.#progress },
      sense: { ...this.#sense },
      attention: { ...this.#attention },
      hadMedium: this.#hadMedium,
      source: this.#source === undefined ? false : structuredClone({ ...this.#source }),
      buffer: this.#connection.pio.view.slice(0, this.#progress.end),
      pio: pio === undefined ? false : { ...pio },
    };
  }

  restore(state: DeviceState): void {
    this.#cancel();
    const { source, buffer, pio, ...fields } = state as Record<'source' | 'buffer' | 'pio', DeviceState>;
    const template = {
      taskFile: this.taskFile.state,
      modes: this.modes.state,
      events: this.events.state,
      progress: this.#progress,
      sense: this.#sense,
      attention: this.#attention,
      hadMedium: this.#hadMedium,
    };
    const saved = stateLike(template, fields as DeviceState, 'ide-cd');
    Object.assign(this.taskFile.state, saved.taskFile);
    Object.assign(this.modes.state, saved.modes);
    Object.assign(this.events.state, saved.events);
    this.#sense = saved.sense;
    this.#attention = saved.attention;
    this.#hadMedium = saved.hadMedium;
    this.#progress = saved.progress;
    this.#source =
      typeof source === 'object' ? (structuredClone(source) as unknown as DataSource) : undefined;
    if (buffer instanceof Uint8Array) this.#connection.pio.view.set(buffer);
    this.#resume(typeof pio === 'object' ? (pio as unknown as PioState) : undefined);
  }

  #mediumMoved(): void {
    const { hasMedium } = this;
    if (hasMedium) {
      this.#attention = MEDIUM_CHANGED;
      this.events.mediumCame();
    } else if (this.#hadMedium) {
      this.events.mediumWent();
    }
    this.#hadMedium = hasMedium;
  }

  /** The guest has opened or closed the tray. */
  trayMoved(): void {
    this.#mediumMoved();
  }

  /** Why the medium cannot be used; undefined when it can. */
  notReady(): Sense | undefined {
    if (this.hasMedium) {
      return undefined;
    }
    return this.drive.trayOpen ? NO_MEDIUM_TRAY_OPEN : NO_MEDIUM;
  }

  #cancel(): void {
    this.#answers.cancel();
    this.#source = undefined;
    this.#progress = { phase: 'idle', dma: false, limit: 0, start: 0, end: 0 };
    this.#connection.pio.end(this);
    this.#connection.busMaster?.cancel();
  }

  #finish(status: number, error: number, interrupts = true): void {
    this.#source = undefined;
    this.#progress = { phase: 'idle', dma: false, limit: 0, start: 0, end: 0 };
    this.taskFile.state.error = error;
    this.taskFile.state.status = status;
    if (interrupts) this.#connection.interrupt();
  }

  #packetCame(): void {
    const packet = this.#connection.pio.view.slice(0, PACKET_BYTES);
    this.taskFile.state.status = STATUS_BSY;
    executePacket(this, packet);
  }

  #begin(source: DataSource): void {
    const bytes = bytesOf(source);
    if (bytes === 0) {
      this.packetDone();
      return;
    }
    this.#source = source;
    if (!this.#progress.dma) {
      this.#next();
      return;
    }
    const { busMaster } = this.#connection;
    if (busMaster === undefined) {
      this.abort();
      return;
    }
    this.#progress.phase = 'dma';
    this.taskFile.state.sectorCount = REASON_TO_HOST;
    this.taskFile.state.status = READY | STATUS_DRQ;
    busMaster.request(bytes, true, (plan) => this.#runDma(plan, source, bytes));
  }

  /** The next chunk: from what is loaded, else from the source, else there is none. */
  #next(): void {
    const { start, end, limit } = this.#progress;
    if (start < end) {
      const count = Math.min(end - start, limit);
      this.#progress.phase = 'data-in';
      this.#progress.start = start + count;
      this.#connection.pio.offer(this, start, start + count, () => this.#next());
      this.#announce(count, REASON_TO_HOST);
      return;
    }
    const source = this.#source;
    if (source === undefined || bytesOf(source) === 0) {
      this.packetDone();
      return;
    }
    this.#load(source, (loaded) => {
      this.#progress.start = 0;
      this.#progress.end = loaded;
      this.#next();
    });
  }

  #announce(count: number, reason: number): void {
    Object.assign(this.taskFile.state, {
      lbaMid: count & 0xff,
      lbaHigh: count >> 8,
      sectorCount: reason,
      status: READY | STATUS_DRQ,
    });
    this.#connection.interrupt();
  }

  /** Fills the buffer from the source. */
  #load(source: DataSource, loaded: (bytes: number) => void): void {
    const { pio } = this.#connection;
    this.#progress.phase = 'loading';
    this.taskFile.state.status = STATUS_BSY;
    if (source.kind === 'reply') {
      const part = source.bytes.subarray(source.position);
      pio.view.set(part);
      source.position += part.length;
      loaded(part.length);
      return;
    }
    const count = Math.min(source.left, LOADED_BLOCKS);
    const bytes = source.raw ? RAW_BYTES : BLOCK_BYTES;
    const { block } = source;
    const done = (outcome: Outcome): void => {
      if (outcome !== 0) {
        this.packetFailed(UNRECOVERED_READ);
        return;
      }
      source.block += count;
      source.left -= count;
      if (source.raw) {
        for (let index = 0; index < count; index++) {
          pio.view.fill(0, index * bytes + RAW_DATA_OFFSET + BLOCK_BYTES, (index + 1) * bytes);
          pio.view.set(rawHeader(block + index), index * bytes);
        }
      }
      loaded(count * bytes);
    };
    const pieces = source.raw
      ? pio.spread(count, RAW_DATA_OFFSET, BLOCK_BYTES, RAW_BYTES)
      : pio.pieces(count * BLOCK_BYTES);
    this.drive.read(block * BLOCK_BYTES, pieces, this.#answers.expect(done));
  }

  #runDma(plan: DmaPlan | undefined, source: DataSource, wanted: number): void {
    this.taskFile.state.status = STATUS_BSY;
    const { busMaster } = this.#connection;
    if (plan === undefined || busMaster === undefined) {
      busMaster?.finish({ hasMore: false, failed: true });
      this.abort();
      return;
    }
    const end = (outcome: Outcome): void => {
      busMaster.finish({ hasMore: plan.hasMore, failed: outcome !== 0 });
      if (outcome !== 0) this.packetFailed(UNRECOVERED_READ);
      else if (plan.bytes < wanted) this.#finish(READY, 0, false);
      else this.packetDone();
    };
    if (source.kind === 'blocks' && !source.raw) {
      this.drive.read(source.block * BLOCK_BYTES, plan.pieces, this.#answers.expect(end));
      return;
    }
    const store = (stored: number): void => {
      if (stored >= plan.bytes || bytesOf(source) === 0) {
        end(0);
        return;
      }
      this.#load(source, (loaded) => {
        this.#progress.phase = 'dma';
        busMaster.store(plan, stored, this.#connection.pio.view.subarray(0, loaded));
        store(stored + loaded);
      });
    };
    store(0);
  }

  #resume(pio: PioState | undefined): void {
    const { phase } = this.#progress;
    const port = this.#connection.pio;
    if (pio !== undefined) {
      const done: Partial<Record<Phase, () => void>> = {
        idle: () => this.#finish(READY, 0, false),
        packet: () => this.#packetCame(),
        'data-in': () => this.#next(),
        'data-out': () => this.packetDone(),
      };
      port.restore(this, pio, done[phase] ?? (() => undefined));
    } else if (phase === 'loading') {
      this.#next();
    } else if (phase === 'dma' && this.#source !== undefined) {
      const { status } = this.taskFile.state;
      this.#begin(this.#source);
      this.taskFile.state.status = status;
    }
  }
}

/** Bytes that a source has still to give. */
function bytesOf(source: DataSource): number {
  if (source.kind === 'reply') {
    return source.bytes.length - source.position;
  }
  return source.left * (source.raw ? RAW_BYTES : BLOCK_BYTES);
}
