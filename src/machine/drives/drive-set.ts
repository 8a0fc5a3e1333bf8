/** All drives of a machine, in the order of their creation. */
import type { MediumInfo } from '../../block/storage-contract.ts';
import type { BlockBackend } from '../../devices/block-backend.ts';
import type { BoardDrive } from '../machine-config.ts';
import type { RunStateListener } from '../run-control.ts';
import { DriveBackend, type DriveHost } from './drive-backend.ts';
import { DriveError, driveNotFound } from './drive-error.ts';

export class DriveSet implements RunStateListener {
  readonly role = 'storage';
  readonly #host: DriveHost;
  readonly #drives = new Map<string, DriveBackend>();

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
  async add({ drive, serial }: Pick<BoardDrive, 'drive' | 'serial'>): Promise<DriveBackend> {
    const medium = await this.#host.storage.ask('addDrive', drive);
    const backend = new DriveBackend(drive, serial, medium, this.#host);
    this.#drives.set(drive.id, backend);
    return backend;
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

  started(): void {
    for (const drive of this.#drives.values()) {
      drive.resume();
    }
  }

  /** Resolves when nothing is under way and everything that the guest has written is on disk. */
  async stopped(): Promise<void> {
    await Promise.all(this.all().map((drive) => drive.settled()));
    await this.#host.storage.ask('flushAll', undefined, { deadlineMs: Number.POSITIVE_INFINITY });
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

  /** Puts a new image on top. Rejects with BlockError with the texts of blockdev-snapshot-sync. */
  async snapshot(drive: DriveBackend, file: string, format: string, exists: boolean): Promise<void> {
    const argument = { drive: drive.id, file, format, exists };
    drive.imageChanged(
      await this.#host.storage.ask('snapshot', argument, { deadlineMs: Number.POSITIVE_INFINITY }),
    );
  }

  #changeMedium(drive: DriveBackend, file: string | null, format: string | null): Promise<MediumInfo | null> {
    return this.#host.storage.ask('changeMedium', { drive: drive.id, file, format });
  }
}
