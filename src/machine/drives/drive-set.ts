/** All drives of a machine, in the order of their creation. */
import type { ActorRef } from '../../actors/contract.ts';
import type { MediumInfo, StorageContract } from '../../block/storage-contract.ts';
import type { BlockBackend } from '../../devices/block-backend.ts';
import type { BoardDrive } from '../machine-config.ts';
import type { RunStateListener } from '../run-control.ts';
import type { SnapshotAction } from './drive-asks.ts';
import { DriveBackend, type DriveHost } from './drive-backend.ts';
import { DrivePlaces } from './drive-description.ts';
import { DriveError, driveEncrypted, driveNotFound } from './drive-error.ts';

/** Disks of the host may take their time. */
const NO_DEADLINE = { deadlineMs: Number.POSITIVE_INFINITY };

export class DriveSet implements RunStateListener {
  readonly role = 'storage';
  readonly #host: DriveHost;
  readonly #drives = new Map<string, DriveBackend>();
  readonly #boards = new Map<string, BoardDrive>();

  private constructor(host: DriveHost) {
    this.#host = host;
  }

  /** Opens every drive. Rejects with BlockError naming the file that cannot be opened. */
  static async open(drives: readonly BoardDrive[], host: DriveHost): Promise<DriveSet> {
    const set = new DriveSet(host);
    for (const drive of drives) {
      await set.add(drive);
    }
    return set;
  }

  /** Adds one more drive. Rejects as `open` does. */
  async add(board: BoardDrive): Promise<DriveBackend> {
    const { drive, serial } = board;
    const medium = await this.#host.storage.ask('addDrive', drive);
    const backend = new DriveBackend(drive, serial, medium, this.#host);
    this.#drives.set(drive.id, backend);
    this.#boards.set(drive.id, board);
    return backend;
  }

  /** Closes a drive. A device that has it gets errors from it from now on; the name is free again. */
  async remove(drive: DriveBackend): Promise<void> {
    this.#drives.delete(drive.id);
    this.#boards.delete(drive.id);
    drive.gone();
    await drive.settled();
    await this.#host.storage.ask('removeDrive', { drive: drive.id }, NO_DEADLINE);
  }

  has(id: string): boolean {
    return this.#drives.has(id);
  }

  /** Where drives are on the board. */
  get places(): DrivePlaces {
    return new DrivePlaces([...this.#boards.values()]);
  }

  get storage(): ActorRef<StorageContract> {
    return this.#host.storage;
  }

  /** Throws DriveError DeviceNotFound. */
  get(id: string): DriveBackend {
    const drive = this.#drives.get(id);
    if (drive === undefined) {
      throw driveNotFound(id);
    }
    return drive;
  }

  all(): readonly DriveBackend[] {
    return [...this.#drives.values()];
  }

  /** The drive for a device that is being made: BoardServices.drive. Throws DriveError. */
  take(id: string): BlockBackend {
    const drive = this.#drives.get(id);
    if (drive === undefined) {
      throw new DriveError('ERR_DRIVE_NOT_FOUND', `Property 'drive' can't find value '${id}'`);
    }
    if (drive.attached) {
      throw new DriveError('ERR_DRIVE_TAKEN', `Property 'drive' can't take value '${id}', it's in use`);
    }
    drive.attach();
    return drive;
  }

  /**
   * Before the machine goes on by `cont`: what stopped it is forgotten, and every medium must be readable.
   * Throws DriveError DeviceEncrypted.
   */
  beforeCont(): void {
    for (const drive of this.#drives.values()) drive.clearIoStatus();
    for (const { id, medium } of this.#drives.values()) {
      if (medium?.keyMissing === true) throw driveEncrypted(id, medium.file);
    }
  }

  started(): void {
    for (const drive of this.#drives.values()) {
      drive.resume();
    }
  }

  /** Resolves when nothing is under way and everything that the guest has written is on disk. */
  async stopped(): Promise<void> {
    await this.#host.storage.ask('letWaitingGo', undefined, NO_DEADLINE);
    await Promise.all(this.all().map((drive) => drive.settled()));
    await this.#host.storage.ask('flushAll', undefined, NO_DEADLINE);
  }

  /** The process ends: media are seen to leave their drives (schema.json, quit). */
  announceEnd(): void {
    for (const drive of this.#drives.values()) {
      if (drive.attached && drive.frontEnd.removable && !drive.trayOpen) {
        drive.emitTray(true);
      }
    }
  }

  /** Closes the medium and opens another one. If that fails the drive is left empty. Rejects with BlockError. */
  async replaceMedium(drive: DriveBackend, file: string, format: string | undefined): Promise<void> {
    const medium = await this.#changeMedium(drive, file, format ?? null);
    drive.mediumMoved(medium ?? undefined);
  }

  async removeMedium(drive: DriveBackend): Promise<void> {
    await this.#changeMedium(drive, null, null);
    drive.mediumMoved(undefined);
  }

  /** @param bytes the new length. Rejects with BlockError with the texts of block_resize. */
  async resize(drive: DriveBackend, bytes: number): Promise<void> {
    drive.mediumResized(await this.#host.storage.ask('resize', { drive: drive.id, bytes }));
  }

  /** Puts new images on top, on all drives or on none. Rejects with BlockError, texts as of blockdev-snapshot-sync. */
  async snapshot(actions: readonly SnapshotAction[]): Promise<void> {
    const requests = actions.map(({ device, file, format, mode }) => ({
      drive: device,
      file,
      format,
      exists: mode === 'existing',
    }));
    const media = await this.#host.storage.ask('snapshot', { actions: requests }, NO_DEADLINE);
    actions.forEach(({ device }, index) => {
      const medium = media[index];
      if (medium !== undefined) this.get(device).imageChanged(medium);
    });
  }

  /** Rejects with BlockError, texts as of block_passwd. The guest sees the medium as one that was just put in. */
  async setPassword(drive: DriveBackend, password: string): Promise<void> {
    const wasMissing = drive.medium?.keyMissing === true;
    const medium = await this.#host.storage.ask('setPassword', { drive: drive.id, password });
    if (wasMissing && !medium.keyMissing) drive.mediumMoved(medium);
    else drive.imageChanged(medium);
  }

  /** Rejects with BlockError `Device 'D' is in use`. */
  checkFree(drive: DriveBackend): Promise<void> {
    return this.#host.storage.ask('checkFree', { drive: drive.id });
  }

  #changeMedium(drive: DriveBackend, file: string | null, format: string | null): Promise<MediumInfo | null> {
    return this.#host.storage.ask('changeMedium', { drive: drive.id, file, format });
  }
}
