/** A drive as a disk controller sees it, on the machine actor's thread. Made by the board over the storage actor. */
import type { SharedPiece } from '../block/shared-piece.ts';
import type { MediumInfo, Outcome } from '../block/storage-contract.ts';

/** Called on the machine's thread when a request is done; 0 or a positive errno. */
export type Done = (outcome: Outcome) => void;

/** What a device is to its drive, as far as monitors can see it. */
export interface FrontEnd {
  /** Its medium can be taken out and changed. */
  readonly removable: boolean;
  /** It has a tray that opens and closes; without one it always counts as closed. */
  readonly tray: boolean;
  /** It keeps a request that failed under `rerror=stop` or `werror=stop`, so that query-block shows an io-status. */
  readonly ioStatus: boolean;
}

export interface BlockBackend {
  /** The drive's id. */
  readonly id: string;
  /** Says what the device is; until then a drive that a device has is a fixed disk that shows an io-status. */
  describeFrontEnd(frontEnd: FrontEnd): void;
  /** Undefined while there is no medium. */
  readonly medium: MediumInfo | undefined;
  /** `serial=` of the drive, or undefined. */
  readonly serial: string | undefined;
  /** Whether writes are to be acknowledged only when they are on disk. */
  readonly writeThrough: boolean;
  /**
   * Transfers between the medium and shared memory. Guest RAM written by `read` is noted as written (code generations, dirty
   * bits). Error policy (rerror, werror) is applied here: with `stop` the request is kept, tried again after `cont`, and
   * `done` is called then; with `ignore` the outcome is 0.
   */
  read(offset: number, pieces: readonly SharedPiece[], done: Done): void;
  write(offset: number, pieces: readonly SharedPiece[], done: Done): void;
  flush(done: Done): void;
  discard(offset: number, bytes: number, done: Done): void;
  writeZeroes(offset: number, bytes: number, done: Done): void;
  /** Calls back when a medium comes, goes or changes its size, and when a monitor wants the tray open or closed. */
  onMedium(changed: () => void): void;
  /** A removable drive's tray as the guest set it: DEVICE_TRAY_MOVED when it changes. */
  setTray(open: boolean): void;
  /** Where the guest or a monitor has left the tray. A drive without one: false. */
  readonly trayOpen: boolean;
  /** The guest holds the medium (PREVENT ALLOW MEDIUM REMOVAL). */
  setLocked(locked: boolean): void;
  readonly locked: boolean;
  /** A monitor asks a locked tray to open: the device reports an eject request to the guest. */
  onEjectRequest(requested: (force: boolean) => void): void;
  /** Allocates `bytes` of shared memory outside guest RAM, for controllers that buffer (PIO, ATAPI). */
  buffer(bytes: number): SharedPiece & { readonly view: Uint8Array };
}
