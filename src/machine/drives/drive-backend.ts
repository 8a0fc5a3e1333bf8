/** A drive on the machine's side: what a disk controller talks to, over the storage actor. */
import type { ActorRef } from '../../actors/contract.ts';
import type { DirtyBitmap } from '../../block/dirty-bitmap.ts';
import type { SharedPiece } from '../../block/shared-piece.ts';
import type {
  DriveConfig,
  DriveStatistics,
  MediumInfo,
  Outcome,
  StorageContract,
} from '../../block/storage-contract.ts';
import type { BlockBackend, Done, FrontEnd } from '../../devices/block-backend.ts';
import type { EmitQmpEvent } from '../run-control.ts';
import { canStop, errorAction, type IoStatus, ioStatusOf } from './error-policy.ts';

/** Disks of the host may take their time; a request has none of its own. */
const NO_DEADLINE = { deadlineMs: Number.POSITIVE_INFINITY };
const EIO = 5;
const ENOMEDIUM = 123;

/** A drive that no device has counts as removable (schema.json, BlockInfo). */
const NO_FRONT_END: FrontEnd = { removable: true, tray: false, ioStatus: false };
const FIXED_DISK: FrontEnd = { removable: false, tray: false, ioStatus: true };

export interface DriveHost {
  readonly storage: ActorRef<StorageContract>;
  readonly emit: EmitQmpEvent;
  /** Asks for the io-error run-state (MachinePower's deferred stop). */
  readonly stopForIoError: () => void;
  /** Guest RAM, or a buffer of a device, was written: GuestMemory.noteWrite. */
  readonly noteWrite: (pieces: readonly SharedPiece[]) => void;
  /** Shared memory outside guest RAM. */
  readonly allocate: (bytes: number) => SharedPiece & { readonly view: Uint8Array };
}

interface Request {
  readonly writing: boolean;
  readonly send: () => Promise<Outcome>;
  readonly done: Done;
}

export class DriveBackend implements BlockBackend {
  readonly id: string;
  readonly serial: string | undefined;
  readonly writeThrough: boolean;
  readonly config: DriveConfig;
  /** What a mirror has not copied yet, while there is one. */
  tracked: DirtyBitmap | undefined;
  readonly #host: DriveHost;
  /** Requests that failed under a stop policy and wait for `cont`. */
  #held: Request[] = [];
  #isGone = false;
  #inFlight = 0;
  #idle: (() => void)[] = [];
  #medium: MediumInfo | undefined;
  #frontEnd: FrontEnd | undefined;
  #trayOpen = false;
  #locked = false;
  #ioStatus: IoStatus = 'ok';
  #mediumChanged: () => void = () => undefined;
  #ejectRequested: (force: boolean) => void = () => undefined;

  constructor(config: DriveConfig, serial: string | undefined, medium: MediumInfo | null, host: DriveHost) {
    this.id = config.id;
    this.serial = serial;
    this.writeThrough = config.cache === 'writethrough' || config.cache === 'directsync';
    this.config = config;
    this.#host = host;
    this.#medium = medium ?? undefined;
  }

  get medium(): MediumInfo | undefined {
    return this.#medium;
  }

  get trayOpen(): boolean {
    return this.#trayOpen;
  }

  get locked(): boolean {
    return this.#locked;
  }

  get frontEnd(): FrontEnd {
    return this.#frontEnd ?? NO_FRONT_END;
  }

  /** Undefined where query-block shows none. */
  get ioStatus(): IoStatus | undefined {
    return this.frontEnd.ioStatus && canStop(this.config) ? this.#ioStatus : undefined;
  }

  /** Whether a device has it. */
  get attached(): boolean {
    return this.#frontEnd !== undefined;
  }

  attach(): void {
    this.#frontEnd = FIXED_DISK;
    this.#ioStatus = 'ok';
  }

  /** The device is gone. */
  detach(): void {
    this.#frontEnd = undefined;
    this.#locked = false;
    this.#mediumChanged = () => undefined;
    this.#ejectRequested = () => undefined;
  }

  describeFrontEnd(frontEnd: FrontEnd): void {
    this.#frontEnd = frontEnd;
  }

  read(offset: number, pieces: readonly SharedPiece[], done: Done): void {
    const { storage, noteWrite } = this.#host;
    this.#start({
      writing: false,
      send: () => storage.ask('read', { drive: this.id, offset, pieces }, NO_DEADLINE),
      done: (outcome) => {
        noteWrite(pieces);
        done(outcome);
      },
    });
  }

  write(offset: number, pieces: readonly SharedPiece[], done: Done): void {
    const { storage } = this.#host;
    const send = () => storage.ask('write', { drive: this.id, offset, pieces }, NO_DEADLINE);
    this.#start({ writing: true, send, done });
  }

  flush(done: Done): void {
    const { storage } = this.#host;
    this.#start({ writing: true, send: () => storage.ask('flush', { drive: this.id }, NO_DEADLINE), done });
  }

  discard(offset: number, bytes: number, done: Done): void {
    const { storage } = this.#host;
    const send = () => storage.ask('discard', { drive: this.id, offset, bytes }, NO_DEADLINE);
    this.#start({ writing: true, send, done });
  }

  writeZeroes(offset: number, bytes: number, done: Done): void {
    const { storage } = this.#host;
    const send = () => storage.ask('writeZeroes', { drive: this.id, offset, bytes }, NO_DEADLINE);
    this.#start({ writing: true, send, done });
  }

  onMedium(changed: () => void): void {
    this.#mediumChanged = changed;
  }

  setTray(open: boolean): void {
    if (open !== this.#trayOpen) {
      this.#trayOpen = open;
      this.emitTray(open);
    }
  }

  setLocked(locked: boolean): void {
    this.#locked = locked;
  }

  onEjectRequest(requested: (force: boolean) => void): void {
    this.#ejectRequested = requested;
  }

  /** Tells the device that somebody wants its medium; `force` unlocks it. */
  requestEject(force: boolean): void {
    this.#ejectRequested(force);
  }

  buffer(bytes: number): SharedPiece & { readonly view: Uint8Array } {
    return this.#host.allocate(bytes);
  }

  emitTray(open: boolean): void {
    this.#host.emit('DEVICE_TRAY_MOVED', { device: this.id, 'tray-open': open });
  }

  /** The same contents lie in another image from now on; the guest need not know. */
  imageChanged(medium: MediumInfo): void {
    this.#medium = medium;
  }

  /** Storage has changed the medium's size. */
  mediumResized(medium: MediumInfo): void {
    this.#medium = medium;
    this.#mediumChanged();
  }

  /**
   * A monitor has taken the medium out, or put one in: the tray follows, with its events. A tray that was closed is seen to
   * open; one that gets a medium is seen to close. A drive that has no tray shows the same events each time.
   */
  mediumMoved(medium: MediumInfo | undefined): void {
    const { removable, tray } = this.frontEnd;
    const wasClosed = !this.#trayOpen;
    this.#medium = medium;
    this.#trayOpen = tray && medium === undefined;
    this.#mediumChanged();
    if (!this.attached || !removable) {
      return;
    }
    if (wasClosed) {
      this.emitTray(true);
    }
    if (medium !== undefined) {
      this.emitTray(false);
    }
  }

  statistics(): Promise<DriveStatistics> {
    return this.#host.storage.ask('statistics', { drive: this.id });
  }

  /** The limits that are in force. */
  limits(): Promise<DriveConfig['throttle']> {
    return this.#host.storage.ask('limits', { drive: this.id });
  }

  setLimits(limits: DriveConfig['throttle']): Promise<void> {
    return this.#host.storage.ask('setLimits', { drive: this.id, limits });
  }

  clearIoStatus(): void {
    this.#ioStatus = 'ok';
  }

  /** A monitor has removed the drive: whoever has it still gets ENOMEDIUM, and nobody is told. */
  gone(): void {
    this.#isGone = true;
    this.#medium = undefined;
    const held = this.#held;
    this.#held = [];
    for (const request of held) request.done(ENOMEDIUM);
    this.#mediumChanged();
  }

  /** Tries again what failed under a stop policy. */
  resume(): void {
    this.clearIoStatus();
    const held = this.#held;
    this.#held = [];
    for (const request of held) {
      this.#start(request);
    }
  }

  /** Resolves when storage has answered everything; what is held for `cont` stays held. */
  settled(): Promise<void> {
    return this.#inFlight === 0 ? Promise.resolve() : new Promise((resolve) => this.#idle.push(resolve));
  }

  #start(request: Request): void {
    if (this.#isGone) {
      setImmediate(() => request.done(ENOMEDIUM));
      return;
    }
    this.#inFlight += 1;
    request.send().then(
      (outcome) => this.#ended(request, outcome),
      // The storage actor is gone: the supervisor reports it, and the guest sees a broken disk.
      () => this.#ended(request, EIO),
    );
  }

  #ended(request: Request, outcome: Outcome): void {
    if (outcome === 0 || this.#isGone) {
      request.done(outcome);
    } else {
      this.#failed(request, outcome);
    }
    this.#inFlight -= 1;
    if (this.#inFlight === 0) {
      const waiting = this.#idle;
      this.#idle = [];
      for (const resolve of waiting) resolve();
    }
  }

  #failed(request: Request, outcome: Outcome): void {
    const action = errorAction(this.config, request.writing, outcome);
    const operation = request.writing ? 'write' : 'read';
    this.#host.emit('BLOCK_IO_ERROR', { device: this.id, operation, action });
    if (action === 'stop') {
      if (this.#ioStatus === 'ok') {
        this.#ioStatus = ioStatusOf(outcome);
      }
      this.#held.push(request);
      this.#host.stopForIoError();
      return;
    }
    request.done(action === 'ignore' ? 0 : outcome);
  }
}
