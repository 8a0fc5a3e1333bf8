/** A drive over an array. Requests wait until the test finishes them. */
import type { SharedPiece } from '../../../src/block/shared-piece.ts';
import type { MediumInfo } from '../../../src/block/storage-contract.ts';
import type { BlockBackend, Done, FrontEnd } from '../../../src/devices/block-backend.ts';

export interface FakeRequest {
  readonly operation: 'read' | 'write' | 'flush' | 'discard' | 'writeZeroes';
  readonly offset: number;
  readonly bytes: number;
}

interface PendingRequest extends FakeRequest {
  readonly act: () => void;
  readonly done: Done;
}

const EIO = 5;

export class FakeDrive implements BlockBackend {
  readonly id: string;
  serial: string | undefined;
  writeThrough = false;
  trayOpen = false;
  locked = false;
  readOnly = false;
  /** What the device has said that it is. */
  frontEnd: FrontEnd | undefined;
  /** The next request to finish ends with this errno. */
  nextOutcome = 0;
  /** Contents of the medium; undefined is an empty drive. Tests use `insert` and `remove`. */
  contents: Uint8Array | undefined;
  /** Every request, in the order in which the device made them. */
  readonly requests: FakeRequest[] = [];
  readonly #shared: SharedArrayBuffer;
  readonly #allocate: (bytes: number) => number;
  readonly #pending: PendingRequest[] = [];
  #mediumChanged: () => void = () => undefined;
  #ejectRequested: (force: boolean) => void = () => undefined;

  /** @param allocate gives the host address of that many bytes of `shared` */
  constructor(id: string, shared: SharedArrayBuffer, allocate: (bytes: number) => number) {
    this.id = id;
    this.#shared = shared;
    this.#allocate = allocate;
  }

  describeFrontEnd(frontEnd: FrontEnd): void {
    this.frontEnd = frontEnd;
  }

  get medium(): MediumInfo | undefined {
    if (this.contents === undefined) return undefined;
    return {
      file: `${this.id}.img`,
      format: 'raw',
      bytes: this.contents.length,
      readOnly: this.readOnly,
      encrypted: false,
      keyMissing: false,
      backingFile: undefined,
      backingDepth: 0,
    };
  }

  read(offset: number, pieces: readonly SharedPiece[], done: Done): void {
    this.#add('read', offset, total(pieces), done, () => {
      let from = offset;
      for (const piece of pieces) {
        this.#view(piece).set(this.#slice(from, piece.bytes));
        from += piece.bytes;
      }
    });
  }

  write(offset: number, pieces: readonly SharedPiece[], done: Done): void {
    this.#add('write', offset, total(pieces), done, () => {
      let to = offset;
      for (const piece of pieces) {
        this.contents?.set(this.#view(piece), to);
        to += piece.bytes;
      }
    });
  }

  flush(done: Done): void {
    this.#add('flush', 0, 0, done, () => undefined);
  }

  discard(offset: number, bytes: number, done: Done): void {
    this.#add('discard', offset, bytes, done, () => this.contents?.fill(0, offset, offset + bytes));
  }

  writeZeroes(offset: number, bytes: number, done: Done): void {
    this.#add('writeZeroes', offset, bytes, done, () => this.contents?.fill(0, offset, offset + bytes));
  }

  onMedium(changed: () => void): void {
    this.#mediumChanged = changed;
  }

  setTray(open: boolean): void {
    this.trayOpen = open;
  }

  setLocked(locked: boolean): void {
    this.locked = locked;
  }

  onEjectRequest(requested: (force: boolean) => void): void {
    this.#ejectRequested = requested;
  }

  buffer(bytes: number): SharedPiece & { readonly view: Uint8Array } {
    const piece = { host: this.#allocate(bytes), bytes };
    return { ...piece, view: this.#view(piece) };
  }

  insert(contents: Uint8Array): void {
    this.contents = contents;
    this.#mediumChanged();
  }

  remove(): void {
    this.contents = undefined;
    this.#mediumChanged();
  }

  requestEject(force: boolean): void {
    this.#ejectRequested(force);
  }

  /** How many requests wait. */
  get waiting(): number {
    return this.#pending.length;
  }

  /** Finishes the oldest request. */
  finishOne(): void {
    const request = this.#pending.shift();
    if (request === undefined) return;
    const end = request.offset + request.bytes;
    const outcome = this.nextOutcome || (end > (this.contents?.length ?? 0) ? EIO : 0);
    this.nextOutcome = 0;
    if (outcome === 0) request.act();
    request.done(outcome);
  }

  /** Finishes requests until none waits, those included that the device makes meanwhile. */
  finish(): void {
    while (this.#pending.length > 0) this.finishOne();
  }

  #add(
    operation: FakeRequest['operation'],
    offset: number,
    bytes: number,
    done: Done,
    act: () => void,
  ): void {
    this.requests.push({ operation, offset, bytes });
    this.#pending.push({ operation, offset, bytes, act, done });
  }

  #view({ host, bytes }: SharedPiece): Uint8Array {
    return new Uint8Array(this.#shared, host, bytes);
  }

  #slice(offset: number, bytes: number): Uint8Array {
    return (this.contents ?? new Uint8Array(0)).subarray(offset, offset + bytes);
  }
}

function total(pieces: readonly SharedPiece[]): number {
  return pieces.reduce((sum, { bytes }) => sum + bytes, 0);
}
