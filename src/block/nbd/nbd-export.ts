/** A drive under a name of its own, as clients of the NBD server see it. */

import type { ChainStatus } from '../chain-status.ts';
import { chainStatus } from '../chain-status.ts';
import type { Drive } from '../drive.ts';
import { RangeLock } from '../range-lock.ts';
import type { Outcome } from '../storage-contract.ts';
import { EXPORT_FLAG } from './wire.ts';

/** Drives are read and written by whole sectors; clients may ask for any bytes. */
const SECTOR_BYTES = 512;
const PREFERRED_BYTES = 4096;

interface Around {
  /** Beginning of the sectors that a range touches. */
  readonly start: number;
  readonly bytes: number;
}

function sectorsAround(offset: number, bytes: number): Around {
  const start = Math.floor(offset / SECTOR_BYTES) * SECTOR_BYTES;
  return { start, bytes: Math.ceil((offset + bytes) / SECTOR_BYTES) * SECTOR_BYTES - start };
}

function isAligned(offset: number, bytes: number): boolean {
  return offset % SECTOR_BYTES === 0 && bytes % SECTOR_BYTES === 0;
}

export class NbdExport {
  readonly name: string;
  readonly drive: Drive;
  readonly readOnly: boolean;
  /** Smallest request that is served without reading more than was asked for, and what suits the drive. */
  readonly blockBytes = { smallest: 1, preferred: PREFERRED_BYTES };
  readonly #parts = new RangeLock();

  /** @param writable whether clients may write, unless the medium is read-only */
  constructor(drive: Drive, writable: boolean) {
    this.name = drive.config.id;
    this.drive = drive;
    this.readOnly = !writable || drive.node?.readOnly !== false;
  }

  get bytes(): number {
    return this.drive.node?.bytes ?? 0;
  }

  /** Transmission flags; what depends on the client's choices is not in them. */
  get flags(): number {
    const { hasFlags, readOnly, flush, fua, trim, writeZeroes, multiConnection, cache } = EXPORT_FLAG;
    // All connections go to one drive: a flush of one covers what others have written.
    const always = hasFlags | flush | multiConnection | cache;
    return always | (this.readOnly ? readOnly : fua | trim | writeZeroes);
  }

  read(offset: number, view: Uint8Array): Promise<Outcome> {
    const { access } = this.drive;
    if (isAligned(offset, view.byteLength)) return access.read(offset, [view], view.byteLength);
    const { start, bytes } = sectorsAround(offset, view.byteLength);
    const sectors = new Uint8Array(bytes);
    return access.read(start, [sectors], bytes).then((outcome) => {
      view.set(sectors.subarray(offset - start, offset - start + view.byteLength));
      return outcome;
    });
  }

  write(offset: number, view: Uint8Array): Promise<Outcome> {
    const { access } = this.drive;
    return this.#change(offset, view.byteLength, {
      whole: () => access.write(offset, [view], view.byteLength),
      part: (sectors, at) => sectors.set(view, at),
    });
  }

  writeZeroes(offset: number, bytes: number, mayUnmap: boolean): Promise<Outcome> {
    const { access } = this.drive;
    return this.#change(offset, bytes, {
      whole: () => access.writeZeroes(offset, bytes, mayUnmap),
      part: (sectors, at) => sectors.fill(0, at, at + bytes),
    });
  }

  /** Only whole sectors are given back. */
  trim(offset: number, bytes: number): Promise<Outcome> {
    const start = Math.ceil(offset / SECTOR_BYTES) * SECTOR_BYTES;
    const end = Math.floor((offset + bytes) / SECTOR_BYTES) * SECTOR_BYTES;
    return end > start ? this.drive.access.discard(start, end - start) : Promise.resolve(0);
  }

  flush(): Promise<Outcome> {
    return this.drive.access.flush();
  }

  status(offset: number, bytes: number): Promise<ChainStatus> {
    return this.drive.access.beside((node) => chainStatus(node, offset, bytes));
  }

  /** Writes whole sectors at once; of others the rest is read first, and kept from other clients meanwhile. */
  #change(
    offset: number,
    bytes: number,
    how: { readonly whole: () => Promise<Outcome>; readonly part: (sectors: Uint8Array, at: number) => void },
  ): Promise<Outcome> {
    if (isAligned(offset, bytes)) return this.#parts.share(offset, bytes, how.whole);
    const { access } = this.drive;
    const around = sectorsAround(offset, bytes);
    return this.#parts.exclude(around.start, around.bytes, async () => {
      const sectors = new Uint8Array(around.bytes);
      const outcome = await access.read(around.start, [sectors], around.bytes);
      if (outcome !== 0) return outcome;
      how.part(sectors, offset - around.start);
      return access.write(around.start, [sectors], around.bytes);
    });
  }
}
