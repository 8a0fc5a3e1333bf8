/** An ATA disk (ATA/ATAPI-6): transfers between its medium and the host. What else it can do is in ata-commands.ts. */
import type { Outcome } from '../../block/storage-contract.ts';
import type { BlockBackend } from '../block-backend.ts';
import type { DeviceState } from '../device-class.ts';
import { PendingAnswers } from '../pending-answers.ts';
import { stateLike } from '../saved-state.ts';
import { ATA_COMMANDS } from './ata-commands.ts';
import { type DiskIdentity, MOST_MULTIPLE } from './ata-identify.ts';
import {
  ERROR_ABRT,
  ERROR_IDNF,
  ERROR_UNC,
  STATUS_BSY,
  STATUS_DRDY,
  STATUS_DRQ,
  STATUS_DSC,
  STATUS_ERR,
} from './ata-registers.ts';
import type { DmaPlan } from './bus-master.ts';
import { defaultGeometry } from './disk-geometry.ts';
import type { IdeConnection, IdeDevice } from './ide-device.ts';
import type { PioState } from './pio-port.ts';
import { type Geometry, TaskFile } from './task-file.ts';
import { TransferModes } from './transfer-modes.ts';

export const SECTOR_BYTES = 512;
const READY = STATUS_DRDY | STATUS_DSC;

type TransferKind =
  | 'none'
  | 'pio-read'
  | 'pio-write'
  | 'dma-read'
  | 'dma-write'
  | 'reply'
  | 'flush'
  | 'ranges';

/** What is being moved. Sectors. */
interface Transfer {
  kind: TransferKind;
  /** First sector that is still to be moved. */
  sector: number;
  left: number;
  /** Sectors a block of the data register. */
  block: number;
  extended: boolean;
}

/** What a command sets and a reset does not always clear. */
export interface DiskSettings {
  multiple: number;
  writeCache: boolean;
  smartEnabled: boolean;
  smartAutosave: boolean;
  /** STANDBY, IDLE or active: what CHECK POWER MODE shows. */
  powerMode: number;
  /** SET FEATURES: settings stay over a soft reset. */
  keepsSettings: boolean;
}

export const POWER_ACTIVE = 0xff;

const NO_TRANSFER: Transfer = { kind: 'none', sector: 0, left: 0, block: 1, extended: false };

export interface DiskOptions extends DiskIdentity {
  readonly geometry: Geometry | undefined;
}

export class AtaDisk implements IdeDevice {
  readonly taskFile = new TaskFile();
  readonly modes = new TransferModes();
  readonly identity: DiskIdentity;
  readonly drive: BlockBackend;
  readonly settings: DiskSettings;
  geometry: Geometry;
  currentGeometry: Geometry;
  readonly #answers = new PendingAnswers();
  readonly #connection: IdeConnection;
  #transfer: Transfer = { ...NO_TRANSFER };

  constructor(drive: BlockBackend, options: DiskOptions, connection: IdeConnection) {
    this.drive = drive;
    this.identity = options;
    this.#connection = connection;
    this.geometry = options.geometry ?? defaultGeometry(this.sectors);
    this.currentGeometry = this.geometry;
    this.settings = this.#powerOnSettings();
    drive.onMedium(() => {
      this.geometry = options.geometry ?? defaultGeometry(this.sectors);
    });
  }

  /** Sectors of the medium. */
  get sectors(): number {
    return Math.floor((this.drive.medium?.bytes ?? 0) / SECTOR_BYTES);
  }

  execute(command: number): void {
    const handler = ATA_COMMANDS.get(command);
    this.taskFile.state.error = 0;
    if (handler === undefined) {
      this.abort();
    } else {
      handler(this);
    }
  }

  softReset(): void {
    this.#cancel();
    if (!this.settings.keepsSettings) {
      this.settings.multiple = MOST_MULTIPLE;
    }
    this.settings.powerMode = POWER_ACTIVE;
    this.taskFile.setSignature(false, READY);
  }

  reset(): void {
    Object.assign(this.settings, this.#powerOnSettings());
    this.currentGeometry = this.geometry;
    this.modes.reset();
    this.softReset();
  }

  dmaAborted(): void {
    if (this.#transfer.kind === 'dma-read' || this.#transfer.kind === 'dma-write') {
      this.#cancel();
      this.taskFile.state.status = READY;
    }
  }

  save(): DeviceState {
    const port = this.#connection.pio;
    const pio = port.save(this);
    const isWriting = this.#transfer.kind === 'pio-write' && pio === undefined;
    return {
      taskFile: { ...this.taskFile.state },
      modes: { ...this.modes.state },
      settings: { ...this.settings },
      currentGeometry: { ...this.currentGeometry },
      transfer: { ...this.#transfer },
      pio: pio === undefined ? false : { ...pio },
      // A block that the host has filled and the medium has not taken yet.
      block: isWriting ? port.view.slice(0, this.#blockSectors * SECTOR_BYTES) : false,
    };
  }

  restore(state: DeviceState): void {
    this.#cancel();
    const { pio, block, ...fields } = state as { pio: DeviceState; block: DeviceState };
    const saved = stateLike(
      {
        taskFile: this.taskFile.state,
        modes: this.modes.state,
        settings: this.settings,
        currentGeometry: this.currentGeometry,
        transfer: this.#transfer,
      },
      fields as DeviceState,
      'ide-hd',
    );
    Object.assign(this.taskFile.state, saved.taskFile);
    Object.assign(this.modes.state, saved.modes);
    Object.assign(this.settings, saved.settings);
    this.currentGeometry = saved.currentGeometry;
    this.#transfer = saved.transfer;
    if (block instanceof Uint8Array) this.#connection.pio.view.set(block);
    this.#resume(typeof pio === 'object' ? (pio as unknown as PioState) : undefined);
  }

  /** The command is done: no error, an interrupt. */
  succeed(): void {
    this.#finish(READY, 0);
  }

  /** The same for a command that lets the disk rest. */
  rest(): void {
    this.#finish(STATUS_DRDY, 0);
  }

  /** The command is not known, or not possible. */
  abort(): void {
    this.#finish(STATUS_DRDY | STATUS_ERR, ERROR_ABRT);
  }

  /** Gives the host `bytes` through the data register. */
  reply(bytes: Uint8Array): void {
    const { pio } = this.#connection;
    pio.view.set(bytes);
    this.#transfer = { ...NO_TRANSFER, kind: 'reply' };
    this.#offer(bytes.length, () => this.#finish(READY, 0, false));
  }

  readByPio(extended: boolean, block: number): void {
    if (this.#begin('pio-read', extended, block)) this.#readBlock();
  }

  writeByPio(extended: boolean, block: number): void {
    if (this.#begin('pio-write', extended, block)) this.#awaitBlock(false);
  }

  readByDma(extended: boolean): void {
    if (this.#begin('dma-read', extended, 1)) this.#requestDma();
  }

  writeByDma(extended: boolean): void {
    if (this.#begin('dma-write', extended, 1)) this.#requestDma();
  }

  /** Checks that sectors can be read; nothing is moved. */
  verify(extended: boolean): void {
    if (this.#begin('none', extended, 1)) this.succeed();
  }

  /** DATA SET MANAGEMENT: gets `blocks` sectors of ranges by DMA and discards them. */
  trim(blocks: number): void {
    this.#transfer = { ...NO_TRANSFER, kind: 'ranges', left: blocks };
    this.#requestDma();
  }

  flush(): void {
    this.#transfer = { ...NO_TRANSFER, kind: 'flush' };
    this.taskFile.state.status = STATUS_BSY;
    this.drive.flush(this.#answers.expect((outcome) => (outcome === 0 ? this.succeed() : this.abort())));
  }

  #powerOnSettings(): DiskSettings {
    return {
      multiple: MOST_MULTIPLE,
      writeCache: !this.drive.writeThrough,
      smartEnabled: true,
      smartAutosave: true,
      powerMode: POWER_ACTIVE,
      keepsSettings: false,
    };
  }

  #cancel(): void {
    this.#answers.cancel();
    this.#transfer = { ...NO_TRANSFER };
    this.#connection.pio.end(this);
    this.#connection.busMaster?.cancel();
  }

  #finish(status: number, error: number, interrupts = true): void {
    this.#transfer = { ...NO_TRANSFER };
    this.taskFile.state.error = error;
    this.taskFile.state.status = status;
    if (interrupts) this.#connection.interrupt();
  }

  /** Reads the address off the registers. @returns false when the command has ended with an error */
  #begin(kind: TransferKind, extended: boolean, block: number): boolean {
    const sector = this.taskFile.address(extended, this.currentGeometry);
    const left = this.taskFile.sectors(extended);
    this.settings.powerMode = POWER_ACTIVE;
    if (sector < 0 || sector + left > this.sectors) {
      this.#finish(READY | STATUS_ERR, ERROR_IDNF);
      return false;
    }
    this.#transfer = { kind, sector, left, block, extended };
    return true;
  }

  get #blockSectors(): number {
    return Math.min(this.#transfer.block, this.#transfer.left);
  }

  #readBlock(): void {
    const { pio } = this.#connection;
    const bytes = this.#blockSectors * SECTOR_BYTES;
    this.taskFile.state.status = STATUS_BSY;
    const offset = this.#transfer.sector * SECTOR_BYTES;
    const done = (outcome: Outcome) => {
      if (outcome === 0) this.#offer(bytes, () => this.#blockRead());
      else this.#mediumError(ERROR_UNC);
    };
    this.drive.read(offset, pio.pieces(bytes), this.#answers.expect(done));
  }

  #offer(bytes: number, taken: () => void): void {
    this.#connection.pio.offer(this, 0, bytes, taken);
    this.taskFile.state.status = READY | STATUS_DRQ;
    this.#connection.interrupt();
  }

  #blockRead(): void {
    if (this.#advance(this.#blockSectors)) this.#readBlock();
    else this.#finish(READY, 0, false);
  }

  /** Waits for the host to fill the data register's block. The first one is not announced (9.6). */
  #awaitBlock(interrupts: boolean): void {
    this.#connection.pio.accept(this, this.#blockSectors * SECTOR_BYTES, () => this.#writeBlock());
    this.taskFile.state.status = READY | STATUS_DRQ;
    if (interrupts) this.#connection.interrupt();
  }

  #writeBlock(): void {
    const sectors = this.#blockSectors;
    const pieces = this.#connection.pio.pieces(sectors * SECTOR_BYTES);
    this.taskFile.state.status = STATUS_BSY;
    const done = (outcome: Outcome) => {
      if (outcome !== 0) this.#mediumError(ERROR_ABRT);
      else if (this.#advance(sectors)) this.#awaitBlock(true);
      else this.#written();
    };
    this.drive.write(this.#transfer.sector * SECTOR_BYTES, pieces, this.#answers.expect(done));
  }

  /** @returns whether more is to be moved */
  #advance(sectors: number): boolean {
    this.#transfer.sector += sectors;
    this.#transfer.left -= sectors;
    return this.#transfer.left > 0;
  }

  /** Without a write cache the data has to be on disk before the command ends. */
  #written(): void {
    if (this.settings.writeCache || this.drive.writeThrough) this.succeed();
    else this.flush();
  }

  #mediumError(error: number): void {
    const { sector, extended } = this.#transfer;
    this.taskFile.setAddress(sector, extended, this.currentGeometry);
    this.#finish(READY | STATUS_ERR, error);
  }

  #requestDma(): void {
    const { busMaster } = this.#connection;
    if (busMaster === undefined) {
      this.abort();
      return;
    }
    this.taskFile.state.status = READY | STATUS_DRQ;
    const toMemory = this.#transfer.kind === 'dma-read';
    const bytes = this.#transfer.left * SECTOR_BYTES;
    busMaster.request(bytes, toMemory, (plan) => this.#runDma(plan, bytes));
  }

  #runDma(plan: DmaPlan | undefined, wanted: number): void {
    this.taskFile.state.status = STATUS_BSY;
    const whole = (plan?.bytes ?? 0) - ((plan?.bytes ?? 0) % SECTOR_BYTES);
    if (plan === undefined || whole === 0) {
      this.#connection.busMaster?.finish({ hasMore: false, failed: true });
      this.abort();
      return;
    }
    const { kind, sector } = this.#transfer;
    const done = this.#answers.expect((outcome) => this.#dmaDone(outcome, plan, wanted));
    const offset = sector * SECTOR_BYTES;
    if (kind === 'dma-read') {
      this.drive.read(offset, plan.pieces, done);
    } else if (kind === 'dma-write') {
      this.drive.write(offset, plan.pieces, done);
    } else {
      this.#discardRanges(plan, done);
    }
  }

  #dmaDone(outcome: Outcome, plan: DmaPlan, wanted: number): void {
    const { busMaster } = this.#connection;
    busMaster?.finish({ hasMore: plan.hasMore, failed: outcome !== 0 });
    if (outcome !== 0) {
      this.#mediumError(this.#transfer.kind === 'dma-read' ? ERROR_UNC : ERROR_ABRT);
    } else if (plan.bytes < wanted) {
      // The table was too short: neither active nor an interrupt (Bus Master IDE 1.0, section 3.1, table of bit states).
      this.#finish(READY, 0, false);
    } else if (this.#transfer.kind === 'dma-write') {
      this.#written();
    } else {
      this.succeed();
    }
  }

  /** Ranges of 8 bytes: 48 bits of address, 16 of length; a length of 0 is nothing (ACS-2, 7.10.3). */
  #discardRanges({ pieces }: DmaPlan, done: (outcome: Outcome) => void): void {
    const ranges = this.#connection.pio.copy(pieces).flatMap(readRanges);
    const next = (outcome: Outcome): void => {
      const range = ranges.shift();
      if (outcome !== 0 || range === undefined) {
        done(outcome);
      } else if (range.sector + range.sectors > this.sectors) {
        this.#finish(READY | STATUS_ERR, ERROR_IDNF);
      } else {
        this.drive.discard(range.sector * SECTOR_BYTES, range.sectors * SECTOR_BYTES, next);
      }
    };
    next(0);
  }

  /** Goes on with what the saved state was in the middle of. */
  #resume(pio: PioState | undefined): void {
    const { kind } = this.#transfer;
    const port = this.#connection.pio;
    if (pio !== undefined) {
      const done: Partial<Record<TransferKind, () => void>> = {
        'pio-read': () => this.#blockRead(),
        'pio-write': () => this.#writeBlock(),
        reply: () => this.#finish(READY, 0, false),
      };
      port.restore(this, pio, done[kind] ?? (() => undefined));
    } else if (kind === 'pio-read') {
      this.#readBlock();
    } else if (kind === 'pio-write') {
      this.#writeBlock();
    } else if (kind === 'flush') {
      this.flush();
    } else if (kind !== 'none' && kind !== 'reply') {
      this.#requestDma();
    }
  }
}

interface Range {
  readonly sector: number;
  readonly sectors: number;
}

function readRanges(bytes: Uint8Array): Range[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const ranges: Range[] = [];
  for (let at = 0; at + 8 <= bytes.byteLength; at += 8) {
    const sectors = view.getUint16(at + 6, true);
    if (sectors > 0) {
      ranges.push({ sector: view.getUint32(at, true) + view.getUint16(at + 4, true) * 2 ** 32, sectors });
    }
  }
  return ranges;
}
