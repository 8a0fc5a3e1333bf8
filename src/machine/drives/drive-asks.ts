/** What monitors ask the machine about its drives; the machine's contract takes these in. */
import type { SocketAddress } from '../../backends/chardev/chardev-config.ts';
import type {
  DriveConfig,
  DriveStatistics,
  ImageDescription,
  MediumInfo,
} from '../../block/storage-contract.ts';
import type { IoStatus } from './error-policy.ts';

/** One entry of query-block. */
export interface BlockDescription {
  readonly device: string;
  readonly removable: boolean;
  readonly locked: boolean;
  /** Undefined for a drive that is not removable. */
  readonly trayOpen: boolean | undefined;
  /** Undefined where there is none to show. */
  readonly ioStatus: IoStatus | undefined;
  /** `inserted`; undefined for an empty drive. */
  readonly medium: MediumInfo | undefined;
  /** Bytes that a mirror has not copied yet; undefined while there is none. */
  readonly dirty: { readonly bytes: number; readonly granularity: number } | undefined;
  /** What `inserted` shows of the limits. */
  readonly limits: DriveConfig['throttle'];
}

/** One entry of query-blockstats; `statistics.file` is its `parent`. */
export interface BlockStatistics {
  readonly device: string;
  readonly statistics: DriveStatistics;
}

/** One blockdev-snapshot-sync. */
export interface SnapshotAction {
  readonly device: string;
  readonly file: string;
  readonly format: string;
  readonly mode: 'existing' | 'absolute-paths';
}

/** Errors are TroupeErrors with the texts and classes of schema.json. */
export interface DriveAsks {
  /** In the order of creation. */
  queryBlock(argument: undefined): readonly BlockDescription[];
  queryBlockStatistics(argument: undefined): readonly BlockStatistics[];
  /** The images of a drive's medium from the top down. */
  queryImages(argument: { readonly device: string }): readonly ImageDescription[];
  ejectMedium(argument: { readonly device: string; readonly force: boolean }): void;
  changeMedium(argument: {
    readonly device: string;
    readonly target: string;
    readonly format: string | undefined;
  }): void;
  /** Bytes. */
  resizeMedium(argument: { readonly device: string; readonly bytes: number }): void;
  /** blockdev-snapshot-sync and transaction: on all of these drives, or on none. */
  snapshotMedia(argument: { readonly actions: readonly SnapshotAction[] }): void;
  /** block_set_io_throttle: 0 is no limit. */
  setLimits(argument: { readonly device: string; readonly limits: DriveConfig['throttle'] }): void;
  /** drive_add: a drive from the text of a -drive option. Answers with what the human monitor prints. */
  addDrive(argument: { readonly options: string }): string;
  /** drive_del: the drive is drained and closed; a device that has it is left with a drive that answers nothing. */
  removeDrive(argument: { readonly device: string }): void;
  /** nbd-server-start; `fd` as in StorageAsks. */
  nbdStart(argument: { readonly address: SocketAddress; readonly fd?: number }): void;
  nbdAdd(argument: { readonly device: string; readonly writable: boolean }): void;
  nbdStop(argument: undefined): void;
  setMediumPassword(argument: { readonly device: string; readonly password: string }): void;
}
