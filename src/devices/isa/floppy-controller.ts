/** The Intel 82078 floppy disk controller (data sheet 290475): registers, command and result phases, transfers. */
import type { Outcome } from '../../block/storage-contract.ts';
import type { Wire } from '../board-services.ts';
import type { DeviceState } from '../device-class.ts';
import { PendingAnswers } from '../pending-answers.ts';
import { stateLike } from '../saved-state.ts';
import { floppyCommand } from './fdc-commands.ts';
import {
  CMD_MULTI_TRACK,
  DIR_CHANGED,
  DOR_DMA,
  DOR_DRIVE,
  DOR_NOT_RESET,
  DSR_RESET,
  FDC_DIR,
  FDC_DOR,
  FDC_FIFO,
  FDC_MSR,
  FDC_SRA,
  FDC_SRB,
  FDC_TDR,
  MSR_BUSY,
  MSR_NON_DMA,
  MSR_REQUEST,
  MSR_TO_HOST,
  RATE_MASK,
  SRA_INTERRUPT,
  SRA_NOT_SECOND_DRIVE,
  SRA_NOT_TRACK0,
  SRB_ALWAYS,
  ST0_ABNORMAL,
  ST0_NOT_READY,
  ST0_READY_CHANGED,
  ST0_SEEK_END,
  ST1_DATA_ERROR,
  ST1_END_OF_CYLINDER,
  ST1_MISSING_MARK,
  ST1_NO_DATA,
  ST1_NOT_WRITABLE,
} from './fdc-registers.ts';
import type { FloppyDrive } from './floppy-drive.ts';
import type { FloppyFormat } from './floppy-geometry.ts';
import {
  advance,
  diskOffset,
  FLOPPY_SECTOR_BYTES,
  type FloppyTransfer,
  SIZE_CODE_512,
  sectorsLeft,
} from './floppy-transfer.ts';
import type { DmaChannel } from './isa-contract.ts';

/** Sense interrupts that a reset asks for: one a possible drive. */
const RESET_INTERRUPTS = 4;
/** A side of a 2.88 MB disk's track, with room for the longest formats. */
export const TRACK_BYTES = 48 * FLOPPY_SECTOR_BYTES;
const RATE_500 = 0;

type Phase = 'command' | 'reading' | 'writing' | 'to-host' | 'to-disk' | 'format' | 'result';
type TransferKind = 'read' | 'write' | 'verify' | 'format';

interface ControllerState {
  dor: number;
  tdr: number;
  dsr: number;
  rate: number;
  phase: Phase;
  kind: TransferKind;
  /** Bytes of the command, or of its result. */
  fifo: number[];
  /** Results that have been read, or bytes of the buffer that have been moved. */
  position: number;
  /** Bytes of the buffer that belong to the transfer. */
  length: number;
  unit: number;
  terminal: boolean;
  interrupt: boolean;
  resetInterrupts: number;
  status0: number;
  /** A seek or reset waits to be asked after. */
  senses: boolean;
  locked: boolean;
  config: number;
  precompensation: number;
  perpendicular: number;
  timer0: number;
  timer1: number;
  lastSector: number;
}

const POWER_ON: ControllerState = {
  dor: DOR_NOT_RESET | DOR_DMA,
  tdr: 0,
  dsr: 0,
  rate: RATE_500,
  phase: 'command',
  kind: 'read',
  fifo: [],
  position: 0,
  length: 0,
  unit: 0,
  terminal: false,
  interrupt: false,
  resetInterrupts: 0,
  status0: 0,
  senses: false,
  locked: false,
  config: 0x60,
  precompensation: 0,
  perpendicular: 0,
  timer0: 0,
  timer1: 0,
  lastSector: 0,
};

const NO_TRANSFER: FloppyTransfer = { cylinder: 0, head: 0, sector: 1, lastSector: 0, multiTrack: false };

export interface FloppyMemory {
  readonly host: number;
  readonly view: Uint8Array;
}

export interface FloppyControllerOptions {
  readonly drives: readonly FloppyDrive[];
  readonly irq: Wire;
  readonly dma: DmaChannel;
  /** TRACK_BYTES of shared memory; undefined while no drive is connected. */
  readonly buffer: FloppyMemory | undefined;
  readonly checkMediaRate: boolean;
}

export class FloppyController {
  readonly state: ControllerState = { ...POWER_ON, fifo: [] };
  readonly #answers = new PendingAnswers();
  readonly #options: FloppyControllerOptions;
  #transfer: FloppyTransfer = { ...NO_TRANSFER };
  #filler = 0;

  constructor(options: FloppyControllerOptions) {
    this.#options = options;
    options.dma.onTransfer((buffer, toDevice, terminal) => this.#dma(buffer, toDevice, terminal));
  }

  /** Offsets from the controller's first port. */
  read(register: number): number {
    switch (register) {
      case FDC_SRA:
        return this.#statusA();
      case FDC_SRB:
        return SRB_ALWAYS | ((this.state.dor & DOR_DRIVE) === 1 ? 0x20 : 0) | ((this.state.dor >> 4) & 3);
      case FDC_DOR:
        return this.state.dor;
      case FDC_TDR:
        return this.state.tdr;
      case FDC_MSR:
        return this.#mainStatus();
      case FDC_FIFO:
        return this.#readFifo();
      case FDC_DIR:
        return this.#selected?.state.changed === true ? DIR_CHANGED : 0;
      default:
        return 0xff;
    }
  }

  write(register: number, value: number): void {
    switch (register) {
      case FDC_DOR:
        this.#writeDor(value);
        break;
      case FDC_TDR:
        this.state.tdr = value & 3;
        break;
      case FDC_MSR:
        this.#writeDsr(value);
        break;
      case FDC_FIFO:
        if ((this.state.dor & DOR_NOT_RESET) !== 0) this.#writeFifo(value);
        break;
      case FDC_DIR:
        this.state.rate = value & RATE_MASK;
        break;
    }
  }

  /** Power-on. */
  reset(): void {
    for (const drive of this.#options.drives) drive.reset();
    this.#cancel();
    Object.assign(this.state, POWER_ON, { fifo: [] });
    this.#transfer = { ...NO_TRANSFER };
    this.#filler = 0;
    this.#options.irq.set(false);
    this.#options.dma.request(false);
  }

  save(): DeviceState {
    const { buffer, drives } = this.#options;
    return {
      state: { ...this.state, fifo: [...this.state.fifo] },
      transfer: { ...this.#transfer },
      filler: this.#filler,
      drives: drives.map(({ state }) => ({ ...state })),
      buffer: buffer?.view.slice(0, this.state.length) ?? new Uint8Array(0),
    };
  }

  restore(state: DeviceState): void {
    this.#cancel();
    const { buffer, state: registers, ...rest } = state as Record<'buffer' | 'state', DeviceState>;
    const { fifo, ...plain } = registers as { fifo: DeviceState };
    const { fifo: _own, ...template } = this.state;
    Object.assign(this.state, stateLike(template, plain as DeviceState, 'isa-fdc'));
    this.state.fifo = [...(fifo as readonly number[])];
    const saved = stateLike(
      {
        transfer: this.#transfer,
        filler: this.#filler,
        drives: this.#options.drives.map((drive) => drive.state),
      },
      rest as DeviceState,
      'isa-fdc',
    );
    this.#transfer = saved.transfer;
    this.#filler = saved.filler;
    this.#options.drives.forEach((drive, index) => {
      Object.assign(drive.state, saved.drives[index]);
    });
    if (buffer instanceof Uint8Array) this.#options.buffer?.view.set(buffer);
    this.#resume();
  }

  /** Shows what the last command found: its result phase, with an interrupt. */
  finish(status0: number, status1: number, status2: number): void {
    const { cylinder, head, sector } = this.#transfer;
    const unit = this.state.unit | (head << 2);
    this.result([status0 | unit, status1, status2, cylinder, head, sector, SIZE_CODE_512]);
    this.raise();
  }

  /** Begins a result phase; an empty result ends the command. */
  result(bytes: readonly number[]): void {
    this.#options.dma.request(false);
    Object.assign(this.state, {
      phase: bytes.length === 0 ? 'command' : 'result',
      fifo: [...bytes],
      position: 0,
      length: 0,
    });
  }

  raise(): void {
    this.state.interrupt = true;
    this.#options.irq.set(true);
  }

  lower(): void {
    this.state.interrupt = false;
    this.#options.irq.set(false);
  }

  drive(unit: number): FloppyDrive | undefined {
    return this.#options.drives[unit & 3];
  }

  /** SEEK and RECALIBRATE: SENSE INTERRUPT STATUS tells of their end. */
  seek(unit: number, track: number): void {
    this.state.unit = unit & 3;
    const drive = this.drive(unit);
    drive?.seek(track);
    const isThere = drive?.backend !== undefined;
    this.result([]);
    this.state.senses = true;
    this.state.status0 = ST0_SEEK_END | this.state.unit | (isThere ? 0 : ST0_ABNORMAL);
    this.raise();
  }

  /** READ, WRITE, VERIFY: the parameters are the nine bytes of the command. */
  transfer(kind: TransferKind, bytes: readonly number[]): void {
    const [command = 0, select = 0, cylinder = 0, head = 0, sector = 1, size = 0, lastSector = 0] = bytes;
    this.state.unit = select & 3;
    this.state.kind = kind;
    this.state.lastSector = lastSector;
    this.#transfer = { cylinder, head, sector, lastSector, multiTrack: (command & CMD_MULTI_TRACK) !== 0 };
    const format = this.#usable(kind);
    if (format === undefined) return;
    const isPlace =
      cylinder < format.tracks && head < format.heads && sector >= 1 && sector <= format.sectors;
    if (size !== SIZE_CODE_512 || !isPlace) {
      this.finish(ST0_ABNORMAL, ST1_NO_DATA, 0);
      return;
    }
    const drive = this.drive(this.state.unit);
    if (drive !== undefined) Object.assign(drive.state, { track: cylinder, head });
    this.#nextSide();
  }

  /** FORMAT TRACK: four bytes of identification a sector come from the host; what they say is that of a usual track. */
  format(bytes: readonly number[]): void {
    const [, select = 0, size = 0, sectors = 0, , filler = 0] = bytes;
    const drive = this.drive(select);
    this.state.unit = select & 3;
    this.state.kind = 'format';
    this.#filler = filler;
    const head = (select >> 2) & 1;
    const cylinder = drive?.state.track ?? 0;
    this.#transfer = { cylinder, head, sector: 1, lastSector: sectors, multiTrack: false };
    const format = this.#usable('format');
    if (format === undefined) return;
    if (size !== SIZE_CODE_512 || sectors !== format.sectors || cylinder >= format.tracks) {
      this.finish(ST0_ABNORMAL, ST1_NO_DATA, 0);
      return;
    }
    this.#ask('format', sectors * 4);
  }

  /** READ ID: the first sector that passes the head. */
  readId(select: number): void {
    this.state.unit = select & 3;
    const drive = this.drive(select);
    const head = (select >> 2) & 1;
    this.#transfer = { ...NO_TRANSFER, cylinder: drive?.state.track ?? 0, head };
    const format = this.#usable('read');
    if (format === undefined) return;
    if (head >= format.heads) this.finish(ST0_ABNORMAL, ST1_MISSING_MARK, 0);
    else this.finish(0, 0, 0);
  }

  get #selected(): FloppyDrive | undefined {
    return this.#options.drives[this.state.dor & DOR_DRIVE];
  }

  /** The disk's format; undefined when the command has ended because the disk cannot be used like that. */
  #usable(kind: TransferKind): FloppyFormat | undefined {
    const drive = this.drive(this.state.unit);
    const format = drive?.format;
    if (drive === undefined || format === undefined) {
      this.finish(ST0_ABNORMAL | ST0_NOT_READY, ST1_MISSING_MARK, 0);
      return undefined;
    }
    if (this.#options.checkMediaRate && format.rate !== this.state.rate) {
      this.finish(ST0_ABNORMAL, ST1_MISSING_MARK, 0);
      return undefined;
    }
    if ((kind === 'write' || kind === 'format') && drive.writeProtected) {
      this.finish(ST0_ABNORMAL, ST1_NOT_WRITABLE, 0);
      return undefined;
    }
    return format;
  }

  #cancel(): void {
    this.#answers.cancel();
  }

  /** Loads the sectors that are left on this side, or waits for the host to give them. */
  #nextSide(): void {
    const drive = this.drive(this.state.unit);
    const { buffer } = this.#options;
    const format = drive?.format;
    if (drive?.backend === undefined || format === undefined || buffer === undefined) {
      this.finish(ST0_ABNORMAL | ST0_NOT_READY, ST1_MISSING_MARK, 0);
      return;
    }
    const bytes = sectorsLeft(this.#transfer, format) * FLOPPY_SECTOR_BYTES;
    if (bytes === 0) {
      this.finish(ST0_ABNORMAL, ST1_END_OF_CYLINDER, 0);
    } else if (this.state.kind === 'write') {
      this.#ask('to-disk', bytes);
    } else {
      this.state.phase = 'reading';
      this.state.length = bytes;
      const done = this.#answers.expect((outcome) => this.#loaded(outcome, bytes));
      drive.backend.read(diskOffset(this.#transfer, format), [{ host: buffer.host, bytes }], done);
    }
  }

  #loaded(outcome: Outcome, bytes: number): void {
    if (outcome !== 0) {
      this.finish(ST0_ABNORMAL, ST1_DATA_ERROR, ST1_DATA_ERROR);
    } else if (this.state.kind === 'verify') {
      this.#sideDone(bytes);
    } else {
      this.#ask('to-host', bytes);
    }
  }

  /** Moves bytes between the buffer and the host, by DMA or byte by byte. */
  #ask(phase: Phase, bytes: number): void {
    Object.assign(this.state, { phase, position: 0, length: bytes, terminal: false });
    if (this.#usesDma) this.#options.dma.request(true);
    else this.raise();
  }

  get #usesDma(): boolean {
    // SPECIFY: ND.
    return (this.state.dor & DOR_DMA) !== 0 && (this.state.timer1 & 1) === 0;
  }

  get #moves(): boolean {
    const { phase } = this.state;
    return phase === 'to-host' || phase === 'to-disk' || phase === 'format';
  }

  #dma(data: Uint8Array, toDevice: boolean, terminal: boolean): number {
    const { buffer } = this.#options;
    const { phase, position, length } = this.state;
    if (buffer === undefined || !this.#moves || toDevice === (phase === 'to-host')) {
      return 0;
    }
    const count = Math.min(data.length, length - position);
    if (toDevice) buffer.view.set(data.subarray(0, count), position);
    else data.set(buffer.view.subarray(position, position + count));
    this.state.position += count;
    this.state.terminal = terminal && count === data.length;
    if (this.state.position === length || this.state.terminal) {
      this.#options.dma.request(false);
      this.#moved();
    }
    return count;
  }

  /** The host has taken or given all of this side, or said that it is enough. */
  #moved(): void {
    const { phase, position } = this.state;
    if (phase === 'to-host') {
      this.#sideDone(position);
    } else if (phase === 'format') {
      this.#writeTrack();
    } else {
      this.#writeOut();
    }
  }

  /** A sector that the host has filled in part is filled up with zeros (82078 data sheet, 5.2.4). */
  #writeOut(): void {
    const { buffer } = this.#options;
    const bytes = Math.ceil(this.state.position / FLOPPY_SECTOR_BYTES) * FLOPPY_SECTOR_BYTES;
    buffer?.view.fill(0, this.state.position, bytes);
    this.state.length = bytes;
    this.#writeBuffer(bytes);
  }

  #writeTrack(): void {
    const bytes =
      this.state.lastSector * FLOPPY_SECTOR_BYTES || this.#transfer.lastSector * FLOPPY_SECTOR_BYTES;
    this.#options.buffer?.view.fill(this.#filler, 0, bytes);
    this.state.length = bytes;
    this.#writeBuffer(bytes);
  }

  #writeBuffer(bytes: number): void {
    const drive = this.drive(this.state.unit);
    const { buffer } = this.#options;
    const format = drive?.format;
    this.state.phase = 'writing';
    if (drive?.backend === undefined || format === undefined || buffer === undefined) {
      this.finish(ST0_ABNORMAL | ST0_NOT_READY, ST1_MISSING_MARK, 0);
      return;
    }
    const done = this.#answers.expect((outcome) => {
      if (outcome !== 0) this.finish(ST0_ABNORMAL, ST1_NOT_WRITABLE, 0);
      else if (this.state.kind === 'format') this.finish(0, 0, 0);
      else this.#sideDone(bytes);
    });
    drive.backend.write(diskOffset(this.#transfer, format), [{ host: buffer.host, bytes }], done);
  }

  /** Goes on with the other side, or ends: well when the host has said so, else at the end of the cylinder. */
  #sideDone(bytes: number): void {
    const format = this.drive(this.state.unit)?.format;
    if (format === undefined) {
      this.finish(ST0_ABNORMAL | ST0_NOT_READY, ST1_MISSING_MARK, 0);
      return;
    }
    const hasMore = advance(this.#transfer, Math.ceil(bytes / FLOPPY_SECTOR_BYTES), format);
    if (this.state.terminal) {
      this.finish(0, 0, 0);
    } else if (hasMore) {
      this.#nextSide();
    } else if (this.#usesDma && this.state.kind !== 'verify') {
      this.finish(ST0_ABNORMAL, ST1_END_OF_CYLINDER, 0);
    } else {
      this.finish(0, 0, 0);
    }
  }

  #statusA(): number {
    const track0 = this.#selected?.state.track === 0 ? 0 : SRA_NOT_TRACK0;
    return (this.state.interrupt ? SRA_INTERRUPT : 0) | SRA_NOT_SECOND_DRIVE | track0;
  }

  #mainStatus(): number {
    const { phase, fifo, dor } = this.state;
    if ((dor & DOR_NOT_RESET) === 0) return 0;
    switch (phase) {
      case 'command':
        return MSR_REQUEST | (fifo.length > 0 ? MSR_BUSY : 0);
      case 'result':
        return MSR_REQUEST | MSR_TO_HOST | MSR_BUSY;
      case 'to-host':
        return MSR_BUSY | (this.#usesDma ? 0 : MSR_REQUEST | MSR_TO_HOST | MSR_NON_DMA);
      case 'to-disk':
      case 'format':
        return MSR_BUSY | (this.#usesDma ? 0 : MSR_REQUEST | MSR_NON_DMA);
      default:
        return MSR_BUSY;
    }
  }

  #readFifo(): number {
    const { phase, fifo, position } = this.state;
    if (phase === 'result') {
      const value = fifo[position] ?? 0;
      this.lower();
      this.state.position += 1;
      if (this.state.position >= fifo.length) this.result([]);
      return value;
    }
    if (phase === 'to-host' && !this.#usesDma) {
      const value = this.#options.buffer?.view[position] ?? 0;
      this.#moveByte();
      return value;
    }
    return 0;
  }

  #writeFifo(value: number): void {
    const { phase, fifo } = this.state;
    if (phase === 'command') {
      fifo.push(value);
      const command = floppyCommand(fifo[0] ?? 0);
      if (fifo.length >= command.bytes) {
        const bytes = [...fifo];
        this.state.fifo = [];
        command.run(this, bytes);
      }
    } else if ((phase === 'to-disk' || phase === 'format') && !this.#usesDma) {
      const view = this.#options.buffer?.view;
      if (view !== undefined) view[this.state.position] = value;
      this.#moveByte();
    }
  }

  #moveByte(): void {
    this.state.position += 1;
    if (this.state.position === this.state.length) {
      this.lower();
      this.#moved();
    }
  }

  #writeDor(value: number): void {
    const wasReset = (this.state.dor & DOR_NOT_RESET) === 0;
    const isReset = (value & DOR_NOT_RESET) === 0;
    this.state.dor = value;
    if (isReset && !wasReset) this.#softReset();
    if (!isReset && wasReset) this.#announceReset();
  }

  #writeDsr(value: number): void {
    this.state.rate = value & RATE_MASK;
    this.state.dsr = value & ~DSR_RESET;
    if ((value & DSR_RESET) !== 0) {
      this.#softReset();
      this.#announceReset();
    }
  }

  /** What LOCK protects stays (82078 data sheet, 5.3.7). */
  #softReset(): void {
    this.#cancel();
    this.result([]);
    this.lower();
    Object.assign(this.state, { senses: false, resetInterrupts: 0, status0: 0, terminal: false });
    if (!this.state.locked) Object.assign(this.state, { config: POWER_ON.config, precompensation: 0 });
  }

  #announceReset(): void {
    this.state.resetInterrupts = RESET_INTERRUPTS;
    this.state.status0 = ST0_READY_CHANGED;
    this.raise();
  }

  /** Goes on with what the saved state was in the middle of. */
  #resume(): void {
    this.#options.irq.set(this.state.interrupt);
    if (this.state.phase === 'reading') this.#nextSide();
    else if (this.state.phase === 'writing') this.#writeBuffer(this.state.length);
    else this.#options.dma.request(this.#moves && this.#usesDma);
  }
}
