/** What a format has to say of how images of it are made: qemu-img's `create -f FORMAT -o OPTIONS`. */
import type { OptionPair } from '../options/option-list.ts';
import { BlockError, EINVAL } from './block-error.ts';

export interface CreateImageOptions {
  readonly fileName: string;
  /** A format that images can be made of. */
  readonly format: string;
  /** Bytes; that of the backing file when undefined. */
  readonly bytes: number | undefined;
  readonly backingFile: string | undefined;
  readonly backingFormat: string | undefined;
  /** The backing file is not looked at: it need not be there yet. */
  readonly unsafe?: boolean;
  /** `-o`: options of the format. */
  readonly formatOptions: readonly OptionPair[];
}

/** Options whose length is known, and whole sectors. */
export interface SizedImageOptions extends CreateImageOptions {
  readonly bytes: number;
}

export interface CreateOption {
  readonly name: string;
  readonly type: 'str' | 'size' | 'num' | 'bool';
  readonly help: string;
}

/** An image that is about to be made. */
export interface PreparedImage {
  /** What there will be, in the order in which qemu-img tells it. */
  readonly description: readonly OptionPair[];
  /** Makes it, replacing a file of that name. Throws BlockError and HostError. */
  write(): Promise<void>;
}

export interface ImageCreator {
  readonly format: string;
  /** In the order of their names; `size` and, where they are known, `backing_file` and `backing_fmt` are among them. */
  readonly options: readonly CreateOption[];
  /** Whether an image can name a backing file. */
  readonly takesBacking: boolean;
  /**
   * Checks the options' values; their names are known to be right.
   * Throws BlockError `ERR_BLOCK_CREATE`, `ERR_BLOCK_UNAVAILABLE`, or OptionError.
   */
  prepare(options: SizedImageOptions): PreparedImage;
}

export function invalidOption(message: string): BlockError {
  return new BlockError('ERR_BLOCK_CREATE', message, { errno: EINVAL });
}

export const SIZE_OPTION: CreateOption = { name: 'size', type: 'size', help: 'Virtual disk size' };
