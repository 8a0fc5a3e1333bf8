/** The storage actor: every drive of one machine. */
import { setTimeout } from 'node:timers/promises';
import type { ActorBehaviour, ActorContext } from '../actors/contract.ts';
import { defineActor } from '../actors/define-actor.ts';
import { VirtualClock } from '../memory/virtual-clock.ts';
import { BlockError, noDrive, reasonOf } from './block-error.ts';
import { Drive } from './drive.ts';
import { NbdServer } from './nbd/nbd-server.ts';
import { OperationSet } from './operations/operation-set.ts';
import type { SharedPiece } from './shared-piece.ts';
import { snapshotDrives } from './snapshot-drives.ts';
import type {
  MediumInfo,
  Outcome,
  StorageActorConfig,
  StorageContract,
  Transfer,
} from './storage-contract.ts';
import type { ThrottleClock } from './throttle.ts';

/** Limits are counted in the guest's time: while the machine stands still, nothing may begin that has to wait. */
function guestThrottleClock(memory: WebAssembly.Memory): ThrottleClock {
  const clock = new VirtualClock(memory);
  return { now: () => clock.now(), delay: (ms) => setTimeout(ms) };
}

class Drives {
  readonly #drives = new Map<string, Drive>();

  add(drive: Drive): void {
    const { id } = drive.config;
    if (this.#drives.has(id)) {
      throw new BlockError('ERR_BLOCK_DUPLICATE_DRIVE', `Duplicate ID '${id}' for drive`);
    }
    this.#drives.set(id, drive);
  }

  find(id: string): Drive | undefined {
    return this.#drives.get(id);
  }

  /** Throws BlockError DeviceNotFound. */
  get(id: string): Drive {
    const drive = this.#drives.get(id);
    if (drive === undefined) throw noDrive(id);
    return drive;
  }

  remove(id: string): void {
    this.#drives.delete(id);
  }

  all(): readonly Drive[] {
    return [...this.#drives.values()];
  }
}

function mediumOf({ medium, config }: Drive): MediumInfo {
  if (medium === null) {
    throw new BlockError('ERR_BLOCK_NO_MEDIUM', `Device '${config.id}' has no medium`);
  }
  return medium;
}

/** Rejects with the first failure after everything has been tried. */
async function forAll(drives: readonly Drive[], work: (drive: Drive) => Promise<void>): Promise<void> {
  const results = await Promise.allSettled(drives.map(work));
  const failed = results.find((result) => result.status === 'rejected');
  if (failed !== undefined) {
    throw failed.reason;
  }
}

/** The behaviour of a storage actor without drives. */
export function createStorage(
  context: ActorContext<StorageContract>,
  { memory }: StorageActorConfig,
): ActorBehaviour<StorageContract> {
  const drives = new Drives();
  const operations = new OperationSet((id) => drives.get(id));
  const nbd = new NbdServer({
    find: (id) => drives.find(id),
    failed: (error) => process.emitWarning(`NBD server: ${reasonOf(error)}`),
  });
  const throttleClock = memory === undefined ? undefined : guestThrottleClock(memory);
  const shared = memory?.buffer ?? new ArrayBuffer(0);
  const viewOf = ({ host, bytes }: SharedPiece) => new Uint8Array(shared, host, bytes);
  const announce = (drive: Drive): MediumInfo | null => {
    const { medium } = drive;
    context.emit('mediumChanged', { drive: drive.config.id, medium });
    return medium;
  };
  const transfer = (kind: 'read' | 'write', { drive, offset, pieces }: Transfer): Promise<Outcome> => {
    const views = pieces.map(viewOf);
    const bytes = pieces.reduce((sum, piece) => sum + piece.bytes, 0);
    return drives.get(drive)[kind](offset, views, bytes);
  };
  return {
    asks: {
      addDrive: async (config) => {
        const drive = new Drive(config, throttleClock === undefined ? {} : { throttle: throttleClock });
        drives.add(drive);
        try {
          const { file, format, driverOptions } = config;
          // The keys alone may say what is to be opened.
          await drive.changeMedium(file ?? (driverOptions.length > 0 ? '' : null), format, driverOptions);
        } catch (error) {
          drives.remove(config.id);
          throw error;
        }
        return drive.medium;
      },
      removeDrive: async ({ drive: id }) => {
        const drive = drives.get(id);
        drives.remove(id);
        await operations.endAll(drive);
        await drive.close();
      },
      changeMedium: async ({ drive: id, file, format }) => {
        const drive = drives.get(id);
        try {
          await drive.changeMedium(file, format ?? undefined);
        } finally {
          announce(drive);
        }
        return drive.medium;
      },
      read: (argument) => transfer('read', argument),
      write: (argument) => transfer('write', argument),
      flush: ({ drive }) => drives.get(drive).flush(),
      discard: ({ drive, offset, bytes }) => drives.get(drive).discard(offset, bytes),
      writeZeroes: ({ drive, offset, bytes }) => drives.get(drive).writeZeroes(offset, bytes),
      resize: async ({ drive: id, bytes }) => {
        const drive = drives.get(id);
        await drive.resize(bytes);
        announce(drive);
        return mediumOf(drive);
      },
      snapshot: async ({ actions }) => {
        await snapshotDrives(
          actions.map(({ drive, file, format, exists }) => ({
            device: drive,
            drive: drives.find(drive),
            image: { name: file, format, exists },
          })),
        );
        return actions.map(({ drive }) => mediumOf(drives.get(drive)));
      },
      setPassword: async ({ drive: id, password }) => {
        const drive = drives.get(id);
        await drive.setPassword(password);
        announce(drive);
        return mediumOf(drive);
      },
      checkFree: ({ drive }) => drives.get(drive).checkFree(),
      medium: ({ drive }) => drives.get(drive).medium,
      images: ({ drive }) => drives.get(drive).images(),
      setLimits: ({ drive, limits }) => drives.get(drive).setLimits(limits),
      limits: ({ drive }) => drives.get(drive).limits,
      statistics: ({ drive }) => drives.get(drive).statistics(),
      nbdStart: ({ address, fd }) => nbd.start(address, fd),
      nbdAdd: ({ drive, writable }) => nbd.add(drive, writable),
      nbdStop: () => nbd.stop(),
      letWaitingGo: () => {
        for (const drive of drives.all()) drive.letWaitingGo();
      },
      flushAll: () => forAll(drives.all(), (drive) => drive.drain()),
      ...operations.asks,
    },
    tells: {},
    stop: async () => {
      nbd.stop();
      await operations.endAll();
      await forAll(drives.all(), (drive) => drive.close());
    },
  };
}

export const storageActor = defineActor<StorageContract, StorageActorConfig>({
  module: import.meta.url,
  exportName: 'storageActor',
  create: createStorage,
});
