/** Operations on a drive with a guest that writes all the while, held against a model in memory. */
import { join } from 'node:path';
import type { ExecutionContext } from 'ava';
import { createImage } from '../../../src/block/create-image.ts';
import { DirtyBitmap } from '../../../src/block/dirty-bitmap.ts';
import { Drive } from '../../../src/block/drive.ts';
import type { OperationPlan } from '../../../src/block/operations/operation-contract.ts';
import { OperationSet } from '../../../src/block/operations/operation-set.ts';
import { directory, driveConfig, equal, KiB } from '../support/images.ts';

export const DISK_BYTES = 2048 * KiB;
const SECTOR = 512;

/** Numbers that follow from a seed. */
export class Dice {
  #state: number;

  constructor(seed: number) {
    this.#state = seed >>> 0;
  }

  /** From 0 to `below` - 1. */
  roll(below: number): number {
    this.#state = (Math.imul(this.#state, 1664525) + 1013904223) >>> 0;
    return Math.floor((this.#state / 2 ** 32) * below);
  }
}

export interface ChainOptions {
  /** Formats from the deepest image to the top; each but the first builds on the one before. */
  readonly formats: readonly string[];
  readonly clusterBytes?: number;
  /** Bytes of each image; DISK_BYTES where absent. */
  readonly bytes?: readonly number[];
}

/** A drive `d` over a chain of images that hold random data, and what a guest must read from it. */
export class OperationBench {
  readonly drive = new Drive(driveConfig({ id: 'd', discard: 'unmap' }));
  readonly operations = new OperationSet(() => this.drive);
  readonly folder: string;
  /** File names from the deepest image to the top. */
  readonly files: string[] = [];
  readonly dice: Dice;
  model = new Uint8Array(0);
  #number = 0;

  private constructor(folder: string, dice: Dice) {
    this.folder = folder;
    this.dice = dice;
  }

  static async make(
    t: ExecutionContext,
    seed: number,
    { formats, clusterBytes = 64 * KiB, bytes = [] }: ChainOptions,
  ): Promise<OperationBench> {
    const bench = new OperationBench(directory(t), new Dice(seed));
    for (const [index, format] of formats.entries()) {
      const file = join(bench.folder, `${index}.${format}`);
      const backing = index === 0 ? undefined : bench.files[index - 1];
      await createImage({
        fileName: file,
        format,
        bytes: bytes[index] ?? DISK_BYTES,
        backingFile: backing,
        backingFormat: backing === undefined ? undefined : formats[index - 1],
        formatOptions: format === 'qcow2' ? [['cluster_size', String(clusterBytes)]] : [],
      });
      bench.files.push(file);
      await bench.drive.changeMedium(file, format);
      const old = bench.model;
      bench.model = new Uint8Array(bench.drive.node?.bytes ?? 0);
      bench.model.set(old.subarray(0, bench.model.length));
      for (let count = 0; count < 6; count++) await bench.guestWrites();
    }
    return bench;
  }

  file(name: string): string {
    return join(this.folder, name);
  }

  /** One write, zeroing or discarding of a random range. */
  async guestWrites(): Promise<void> {
    const { model, dice } = this;
    const sectors = model.length / SECTOR;
    const offset = dice.roll(sectors) * SECTOR;
    const bytes = Math.min((1 + dice.roll(dice.roll(4) === 0 ? 600 : 40)) * SECTOR, model.length - offset);
    if (dice.roll(6) === 0) {
      model.fill(0, offset, offset + bytes);
      await this.drive.writeZeroes(offset, bytes);
      return;
    }
    const data = new Uint8Array(bytes).fill(++this.#number & 0xff);
    data[0] = this.#number >> 8;
    model.set(data, offset);
    await this.drive.write(offset, [data], bytes);
  }

  /** The guest's view of the disk. */
  async contents(): Promise<Uint8Array> {
    const { node } = this.drive;
    const data = new Uint8Array(node?.bytes ?? 0);
    await node?.read(0, [data]);
    return data;
  }

  async isAsExpected(): Promise<boolean> {
    return equal(await this.contents(), this.model);
  }

  /** Carries an operation through, with the guest's writes in between and beside. @returns the disk at its beginning */
  async run(plan: OperationPlan, pivot = true): Promise<Uint8Array> {
    const { operations, dice } = this;
    const before = this.model.slice();
    const { asks } = operations;
    const info = await asks.beginOperation(plan);
    const { operation, bytes, bitmap, follows, needsScan } = info;
    let guest: Promise<void> = Promise.resolve();
    const beside = async <T>(work: Promise<T>): Promise<T> => {
      // One at a time: what overlapping writes leave behind is not defined.
      guest = guest.then(() => this.guestWrites());
      if (dice.roll(2) === 0) await guest;
      return work;
    };
    for (let at = 0; needsScan && at < bytes; ) {
      at = (await beside(asks.scanOperation({ operation, offset: at }))).next;
    }
    const shared = bitmap === undefined ? undefined : new DirtyBitmap(bitmap);
    for (let at = 0; at < bytes; ) {
      const found = follows
        ? shared?.take(at, 128 * KiB)
        : { offset: at, bytes: Math.min(128 * KiB, bytes - at) };
      if (found === undefined) break;
      const done = await beside(asks.transfer({ operation, ...found }));
      if (done.outcome !== 0) throw new Error(`transfer: ${done.operation} ${done.outcome}`);
      at = found.offset + done.bytes;
    }
    await guest;
    for (let done = false; !done; ) {
      const found = shared?.take(0, bytes);
      if (follows && found !== undefined) await asks.transfer({ operation, ...found });
      const finish = await asks.finishOperation({ operation, pivot });
      if (finish.outcome !== 0) throw new Error(`finish: ${finish.operation} ${finish.outcome}`);
      done = finish.done;
    }
    return before;
  }
}
